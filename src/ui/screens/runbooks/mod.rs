//! The library: plans and runbooks at the left, the chosen plan phase by phase at the right.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, FontId, Frame, Margin, Panel, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

mod ready;
pub mod trust;

use super::run::{checklist_heading, checklist_row};
use crate::desk::protocol::Command;
use crate::desk::snapshot::{DiagnosticRow, Library, Mark, PlanPreview, PlanRow, RunbookRow};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, RADIUS, ROW, SMALL};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::{copyable, line, small, wrapped};
use crate::ui::widgets::{self, Button, body, card, empty, heading, mark, mono, row, secondary, title};

const LIST: f32 = 308.0;

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
                    list(ui, cx, view, library);
                });
            });
        });
    super::page(ui, view, "preview", |ui, view| {
        diagnostics(ui, &library.diagnostics);
        match &library.preview {
            Some(preview) => self::preview(ui, cx, preview),
            None => {
                let text = "A plan is a runbook bound to your resources. Choose one at the left to see its steps, its total \
                            against the RTO, and who has to agree. Or open a runbook or plan of your own.";
                empty(ui, "What would be done", text, |ui| {
                    if Button::new("Open a file or folder").key(intent::key_text(Intent::OpenPath)).show(ui) {
                        view.focus_field = true;
                    }
                });
            }
        }
    });
}

fn list(ui: &mut Ui, cx: &Cx, view: &mut View, library: &Library) {
    ui.spacing_mut().item_spacing.y = 2.0;
    heading(ui, "Plans");
    if library.plans.is_empty() {
        wrapped(ui, small(ui, "None yet."));
    }
    for p in &library.plans {
        ui.push_id(("plan", &p.id), |ui| plan(ui, cx, library, p));
    }
    ui.add_space(16.0);
    heading(ui, "Runbooks");
    for r in &library.runbooks {
        ui.push_id(("runbook", &r.id), |ui| runbook(ui, r));
    }
    ui.add_space(16.0);
    heading(ui, "Open");
    wrapped(ui, small(ui, "Drop files or a folder on the window, or give a path."));
    ui.add_space(4.0);
    let field = widgets::field(ui, "Path of a file or folder", &mut view.path, false, f32::INFINITY);
    if view.focus_field {
        field.request_focus();
        field.scroll_to_me(None);
        view.focus_field = false;
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    ui.add_space(4.0);
    let path = view.path.trim().to_owned();
    let refused = path.is_empty().then_some("Give a path first");
    if (Button::new("Open").small().refused(refused).show(ui) || entered) && !path.is_empty() {
        cx.act(Act::Open(path.into()));
    }
}

fn entry(ui: &mut Ui, chosen: bool, name: &str, under: &str, right: &str, sense: Sense) -> egui::Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 46.0), sense);
    let role = if sense.senses_click() { Role::ListBoxOption } else { Role::Label };
    response.widget_info(|| WidgetInfo::selected(role, true, chosen, format!("{name}. {under}. {right}")));
    if chosen || response.hovered() && sense.senses_click() {
        let fill = if chosen { t.raised } else { t.raised.gamma_multiply(0.5) };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    if chosen {
        widgets::layout::edge(ui, rect, t.accent, 2.0, RADIUS);
    }
    let (left, end) = (rect.left() + 10.0, rect.right() - 8.0);
    let note = line(ui, right, FontId::proportional(SMALL), t.secondary, 120.0);
    let note_left = end - note.size().x;
    let font = if chosen { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let first = line(ui, name, font, t.text, note_left - 8.0 - left);
    let second = line(ui, under, FontId::proportional(SMALL), t.secondary, end - left);
    let put = |g: std::sync::Arc<egui::Galley>, x: f32, y: f32| {
        let at = pos2(x, y - g.size().y / 2.0);
        ui.painter().galley(at, g, t.text);
    };
    put(first, left, rect.top() + 14.0);
    put(note, note_left, rect.top() + 14.0);
    put(second, left, rect.top() + 33.0);
    focus_ring(ui, &response, rect.shrink(3.0));
    response
}

fn plan(ui: &mut Ui, cx: &Cx, library: &Library, p: &PlanRow) {
    let chosen = library.preview.as_ref().is_some_and(|v| v.plan == p.id);
    let under = format!("{} · {}", ready::short(cx, &p.readiness), p.runbook);
    let under = if p.restricted { format!("Restricted · {under}") } else { under };
    let response = entry(ui, chosen, &p.title, &under, p.strategy.display(), Sense::click());
    if response.clicked() {
        cx.send(Command::PreviewPlan { plan: p.id.clone(), strategy: None });
    }
    response.on_hover_text(format!("{under}\n{}", p.file));
}

fn runbook(ui: &mut Ui, r: &RunbookRow) {
    let strategies: Vec<&str> = r.strategies.iter().map(|s| s.display()).collect();
    let under = format!("{} · {} steps · {}", r.system, r.steps, r.file);
    let note = match r.findings {
        (0, 0) => String::new(),
        (0, 1) => "1 warning".to_owned(),
        (0, w) => format!("{w} warnings"),
        (1, _) => "1 error".to_owned(),
        (e, _) => format!("{e} errors"),
    };
    entry(ui, false, &r.title, &under, &note, Sense::hover())
        .on_hover_text(format!("{under}\n{}", strategies.join(", ")));
}

fn diagnostics(ui: &mut Ui, list: &[DiagnosticRow]) {
    if list.is_empty() {
        return;
    }
    card(ui, |ui| {
        heading(ui, "What is wrong with the files");
        ui.add_space(4.0);
        for (i, d) in list.iter().enumerate().take(MOST_DIAGNOSTICS) {
            let kind = match d.severity {
                "error" => Mark::Down,
                "warning" => Mark::Degraded,
                _ => Mark::Unknown,
            };
            ui.push_id(i, |ui| {
                ui.horizontal_top(|ui| {
                    mark(ui, kind).on_hover_text(d.severity);
                    ui.vertical(|ui| {
                        ui.set_width(ui.available_width());
                        ui.spacing_mut().item_spacing.y = 0.0;
                        copyable(ui, body(&d.message));
                        copyable(
                            ui,
                            mono(format!("{} {} {}", d.severity, d.place, d.code)).color(theme::of(ui).secondary),
                        );
                    });
                });
            });
        }
        if list.len() > MOST_DIAGNOSTICS {
            let more = format!("And {} more; `lifeboat check` shows all of them.", list.len() - MOST_DIAGNOSTICS);
            ui.label(small(ui, more));
        }
    });
    ui.add_space(20.0);
}

/// More than this is a file of another kind.
const MOST_DIAGNOSTICS: usize = 50;

fn preview(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    ui.set_max_width(ui.available_width().min(860.0));
    ui.label(small(ui, format!("Plan {} · {}", p.plan, p.strategy.display())));
    title(ui, &p.title);
    ui.label(secondary(ui, &p.totals));
    ui.add_space(12.0);
    trust::banner(ui, cx, p);
    ui.horizontal_wrapped(|ui| {
        if p.strategies.len() > 1 {
            for s in &p.strategies {
                if Button::new(s.display()).small().selected(*s == p.strategy).show(ui) {
                    cx.send(Command::PreviewPlan { plan: p.plan.clone(), strategy: Some(*s) });
                }
            }
        }
    });
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let busy = super::cannot_start(cx.snap).or(trust::cannot_start(p));
        let key = intent::key_text(Intent::Confirm);
        if Button::new("Start a dry run").primary().key(key).refused(busy).show(ui) {
            cx.act(Act::Do(Intent::Confirm));
        }
        let key = intent::key_text(Intent::Change);
        let live = format!("Start live run… · {}", ready::short(cx, &p.readiness));
        if Button::new(&live).key(key).guarded(true).refused(busy).show(ui) {
            cx.act(Act::Do(Intent::Change));
        }
    });
    if let Some(why) = super::cannot_start(cx.snap).or(trust::cannot_start(p)) {
        ui.label(small(ui, why));
    }
    ui.add_space(8.0);
    ready::line(ui, cx, &p.readiness);
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for (label, text) in &p.facts {
            row(ui, 168.0, label, |ui| copyable(ui, body(text)));
        }
    });
    ui.add_space(12.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for (i, phase) in p.phases.iter().enumerate() {
        ui.push_id((i, &phase.name), |ui| {
            ui.add_space(8.0);
            checklist_heading(ui, phase);
            for s in &phase.steps {
                ui.push_id(&s.id, |ui| {
                    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &s.sentence));
                    checklist_row(ui, rect, s, false);
                });
            }
        });
    }
}
