//! The library at the left; at the right the plan, the runbook, the plan being filled in, or the page on the language.

mod book;
mod checks;
mod editor;
mod language;
mod list;
mod plan;
mod ready;
pub mod trust;

use eframe::egui::{Frame, Margin, Panel, ScrollArea, Stroke, Ui, vec2};

use crate::desk::protocol::Draft;
use crate::desk::snapshot::{DiagnosticRow, Mark};
use crate::runbook::model::{Strategy, System};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::button::link_named;
use crate::ui::widgets::text::copyable;
use crate::ui::widgets::{Button, body, card, empty, mark, mono, secondary};

const LIST: f32 = 308.0;
/// More than this is a file of another kind.
const MOST_DIAGNOSTICS: usize = 50;

/// The screen's own state.
#[derive(Default)]
pub struct LibraryView {
    /// What is searched for.
    pub query: String,
    /// Only runbooks and plans of this system.
    pub system: Option<System>,
    /// Only those that know this strategy.
    pub strategy: Option<Strategy>,
    /// The page on the language is shown.
    pub language: bool,
    /// A runbook's text is shown instead of its steps.
    pub text: bool,
    /// Which of its files.
    pub part: usize,
    /// What is wrong with files is shown in full.
    pub findings: bool,
    /// Line to scroll to.
    pub jump: Option<usize>,
    /// The plan being filled in: the desk's number for it, what it says, where it goes.
    pub draft: Option<(u64, Draft, String)>,
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let t = theme::of(ui);
    let library = &cx.snap.library;
    let width = if ui.available_width() < 800.0 { 260.0 } else { LIST };
    Panel::left("library")
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter().vline(rect.right() - 0.5, rect.y_range(), Stroke::new(1.0, t.line));
            ScrollArea::vertical().id_salt("list").auto_shrink([false, false]).show(ui, |ui| {
                Frame::new().inner_margin(Margin { left: 16, right: 13, top: 12, bottom: 16 }).show(ui, |ui| {
                    list::show(ui, cx, view, library);
                });
            });
        });
    if view.library.language {
        return super::page(ui, view, "language", language::show);
    }
    match (&library.draft, &library.book, &library.preview) {
        (Some(draft), ..) => super::page(ui, view, "draft", |ui, view| editor::show(ui, cx, view, draft)),
        // What cannot be used has no steps to show, only its text.
        (None, Some(book), _) if view.library.text || book.system.is_none() => book::text(ui, cx, view, book),
        (None, Some(book), _) => super::page(ui, view, "book", |ui, view| book::show(ui, cx, view, book)),
        (None, None, Some(preview)) => super::page(ui, view, "preview", |ui, view| {
            diagnostics(ui, view, &library.diagnostics);
            plan::show(ui, cx, preview);
        }),
        (None, None, None) => super::page(ui, view, "nothing", |ui, view| {
            diagnostics(ui, view, &library.diagnostics);
            let text = "A plan is a runbook bound to your resources. Choose one at the left to see its steps, its total \
                        against the RTO, and who has to agree. Or open a runbook or plan of your own.";
            empty(ui, "What would be done", text, |ui| {
                if Button::new("Open a file or folder").key(intent::key_text(Intent::OpenPath)).show(ui) {
                    view.focus_field = true;
                }
            });
        }),
    }
}

/// What is wrong with files: one line, since it is seldom about the plan on show, and on demand each finding, to copy.
fn diagnostics(ui: &mut Ui, view: &mut View, list: &[DiagnosticRow]) {
    let Some(worst) = list.iter().map(severity).max_by_key(|m| m.weight()) else { return };
    let open = view.library.findings;
    ui.horizontal_wrapped(|ui| {
        mark(ui, worst);
        let several = if list.len() == 1 { "finding" } else { "findings" };
        ui.label(body(format!("{} {several} in the files of the library", list.len())));
        let (label, name) = if open { ("Hide", "Hide the findings") } else { ("Show", "Show the findings") };
        if link_named(ui, label, "", name) {
            view.library.findings = !open;
        }
    });
    ui.add_space(8.0);
    if !open {
        return;
    }
    card(ui, |ui| {
        for (i, d) in list.iter().enumerate().take(MOST_DIAGNOSTICS) {
            ui.push_id(i, |ui| finding(ui, d));
        }
        if list.len() > MOST_DIAGNOSTICS {
            let more = format!("And {} more; `lifeboat check` shows all of them.", list.len() - MOST_DIAGNOSTICS);
            language::coded(ui, &more, false);
        }
    });
    ui.add_space(20.0);
}

/// One finding: shape, sentence, place.
fn finding(ui: &mut Ui, d: &DiagnosticRow) {
    ui.horizontal_top(|ui| {
        mark(ui, severity(d)).on_hover_text(d.severity);
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            language::coded(ui, &d.message, false);
            let place = format!("{} {} {}", d.severity, d.place, d.code);
            copyable(ui, mono(place).color(theme::of(ui).secondary));
        });
    });
}

fn severity(d: &DiagnosticRow) -> Mark {
    match d.severity {
        "error" => Mark::Down,
        "warning" => Mark::Degraded,
        _ => Mark::Unknown,
    }
}

/// Buttons for the strategies, the shown one marked.
fn strategies(ui: &mut Ui, all: &[Strategy], shown: Option<Strategy>, mut chosen: impl FnMut(Strategy)) {
    if all.len() < 2 {
        return;
    }
    ui.scope(|ui| {
        // The label stands in the middle of its line, as high as the buttons.
        ui.spacing_mut().interact_size.y = theme::ROW;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            ui.label(secondary(ui, "strategy"));
            for s in all {
                if Button::new(s.display()).small().selected(Some(*s) == shown).show(ui) {
                    chosen(*s);
                }
            }
        });
    });
    ui.add_space(8.0);
}

/// Says that a file dialog is wanted.
fn choose(cx: &Cx, folder: bool) {
    cx.act(Act::Choose { folder });
}
