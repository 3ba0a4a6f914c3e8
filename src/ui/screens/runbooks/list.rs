//! What is in the library: search and filters, plans, runbooks, and the files and folders they come from.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, ComboBox, FontId, Sense, Ui, WidgetInfo, pos2, vec2};

use super::choose;
use crate::desk::protocol::Command;
use crate::desk::snapshot::{Library, PlaceRow, PlanRow, RunbookRow};
use crate::runbook::model::{Strategy, System};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, RADIUS, SMALL};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::{capital, cut, line, small, wrapped};
use crate::ui::widgets::{self, Button, heading, link};

use super::{LibraryView, ready};

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, library: &Library) {
    ui.spacing_mut().item_spacing.y = 2.0;
    filters(ui, &mut view.library);
    ui.add_space(12.0);
    heading(ui, "Plans");
    let plans: Vec<&PlanRow> = library.plans.iter().filter(|p| plan_fits(&view.library, p)).collect();
    if plans.is_empty() {
        let none = if library.plans.is_empty() { "None yet. Choose a runbook and make one." } else { "None fits." };
        wrapped(ui, small(ui, none));
    }
    for p in plans {
        plan(ui, cx, view, library, p);
    }
    ui.add_space(16.0);
    heading(ui, "Runbooks");
    let books: Vec<&RunbookRow> = library.runbooks.iter().filter(|r| book_fits(&view.library, r)).collect();
    if books.is_empty() {
        wrapped(ui, small(ui, "None fits."));
    }
    for r in books {
        runbook(ui, cx, view, library, r);
    }
    ui.add_space(4.0);
    if link(ui, "How to write a runbook", "") {
        view.library.language = true;
    }
    ui.add_space(16.0);
    heading(ui, "Files and folders");
    for p in &library.places {
        ui.push_id(("place", &p.path), |ui| place(ui, cx, p));
    }
    open(ui, cx, view);
}

fn filters(ui: &mut Ui, view: &mut LibraryView) {
    widgets::field(ui, "Search", &mut view.query, false, f32::INFINITY);
    ui.add_space(6.0);
    let half = (ui.available_width() - 6.0) / 2.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.vertical(|ui| {
            ui.set_width(half);
            let name = ui.label(small(ui, "System"));
            let shown = view.system.map_or("All", System::display);
            let combo =
                ComboBox::from_id_salt("system").selected_text(shown).width(half).truncate().show_ui(ui, |ui| {
                    ui.selectable_value(&mut view.system, None, "All");
                    for s in System::ALL {
                        ui.selectable_value(&mut view.system, Some(s), s.display());
                    }
                });
            let _ = combo.response.labelled_by(name.id);
        });
        ui.vertical(|ui| {
            ui.set_width(half);
            let name = ui.label(small(ui, "Strategy"));
            let shown = view.strategy.map_or("All", Strategy::display);
            let combo = ComboBox::from_id_salt("strategy").selected_text(shown).width(half).show_ui(ui, |ui| {
                ui.selectable_value(&mut view.strategy, None, "All");
                for s in Strategy::ALL {
                    ui.selectable_value(&mut view.strategy, Some(s), s.display());
                }
            });
            let _ = combo.response.labelled_by(name.id);
        });
    });
}

/// Every word of the query occurs somewhere in these texts.
fn has(query: &str, texts: &[&str]) -> bool {
    if query.trim().is_empty() {
        return true;
    }
    let all = texts.join(" ").to_lowercase();
    query.to_lowercase().split_whitespace().all(|w| all.contains(w))
}

fn plan_fits(v: &LibraryView, p: &PlanRow) -> bool {
    has(&v.query, &[&p.id, &p.title, &p.runbook, &p.file])
        && v.system.is_none_or(|s| p.system == Some(s))
        && v.strategy.is_none_or(|s| p.strategy == s)
}

fn book_fits(v: &LibraryView, r: &RunbookRow) -> bool {
    has(&v.query, &[&r.id, &r.title, &r.file, r.system.map_or("", System::display)])
        && v.system.is_none_or(|s| r.system == Some(s))
        && v.strategy.is_none_or(|s| r.strategies.contains(&s))
}

/// What a row of the list says.
struct Entry<'a> {
    name: &'a str,
    under: String,
    right: String,
    /// On hover, below what stands under the name.
    more: String,
}

/// Draws one, and says whether it was pressed. A row out of sight has its place in the order of Tab and its sentence for
/// the screen reader, but costs no text.
fn entry<'a>(ui: &mut Ui, id: (&str, &str), chosen: bool, says: impl Fn() -> Entry<'a>) -> bool {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), 46.0));
    let response = ui.interact(rect, ui.scope_id().with(id), Sense::click());
    response.widget_info(|| {
        let Entry { name, under, right, .. } = says();
        let said: Vec<&str> = [name, &under, &right].into_iter().filter(|t| !t.is_empty()).collect();
        WidgetInfo::selected(Role::ListBoxOption, true, chosen, said.join(". "))
    });
    let clicked = response.clicked();
    if !ui.is_rect_visible(rect) {
        return clicked;
    }
    let t = theme::of(ui);
    if chosen || response.hovered() {
        let fill = if chosen { t.raised } else { t.hovered() };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    if chosen {
        widgets::layout::edge(ui, rect, t.accent, 2.0, RADIUS);
    }
    let Entry { name, under, right, more } = says();
    let (left, end) = (rect.left() + 10.0, rect.right() - 8.0);
    let note = line(ui, &right, FontId::proportional(SMALL), t.secondary, 120.0);
    let note_left = end - note.size().x;
    let font = if chosen { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let first = line(ui, name, font, t.text, note_left - 8.0 - left);
    let second = line(ui, &under, FontId::proportional(SMALL), t.secondary, end - left);
    let put = |g: std::sync::Arc<egui::Galley>, x: f32, y: f32| {
        let at = pos2(x, y - g.size().y / 2.0);
        ui.painter().galley(at, g, t.text);
    };
    put(first, left, rect.top() + 14.0);
    put(note, note_left, rect.top() + 14.0);
    put(second, left, rect.top() + 33.0);
    focus_ring(ui, &response, rect.shrink(3.0));
    response.on_hover_text(format!("{name}\n{under}\n{more}"));
    clicked
}

/// `2 errors`, `1 warning`, or nothing.
fn count(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (0, 0) => String::new(),
        (0, 1) => "1 warning".to_owned(),
        (0, w) => format!("{w} warnings"),
        (1, _) => "1 error".to_owned(),
        (e, _) => format!("{e} errors"),
    }
}

fn plan(ui: &mut Ui, cx: &Cx, view: &mut View, library: &Library, p: &PlanRow) {
    let shown = library.book.is_none() && library.draft.is_none() && !view.library.language;
    let chosen = shown && library.preview.as_ref().is_some_and(|v| v.name == p.name);
    let clicked = entry(ui, ("plan", &p.name), chosen, || {
        let under = format!("{} · {}", ready::short(cx, &p.readiness), p.runbook);
        Entry {
            name: &p.title,
            under: if p.restricted { format!("Restricted · {under}") } else { under },
            right: if p.errors > 0 { count(p.errors, 0) } else { p.strategy.display().to_owned() },
            more: p.file.clone(),
        }
    });
    if clicked {
        view.library.language = false;
        cx.send(Command::PreviewPlan { plan: p.name.clone(), strategy: None });
    }
}

fn runbook(ui: &mut Ui, cx: &Cx, view: &mut View, library: &Library, r: &RunbookRow) {
    let shown = library.draft.is_none() && !view.library.language;
    let chosen = shown && library.book.as_ref().is_some_and(|b| b.name == r.name);
    let clicked = entry(ui, ("runbook", &r.name), chosen, || {
        let system = r.system.map_or("cannot be used yet", System::display);
        let strategies: Vec<&str> = r.strategies.iter().map(|s| s.display()).collect();
        Entry {
            name: &r.title,
            under: format!("{system} · {} steps · {}", r.steps, r.file),
            right: count(r.findings.0, r.findings.1),
            more: strategies.join(", "),
        }
    });
    if clicked {
        view.library.language = false;
        view.library.part = 0;
        cx.send(Command::PreviewRunbook { file: r.name.clone(), strategy: None });
    }
}

fn place(ui: &mut Ui, cx: &Cx, p: &PlaceRow) {
    let t = theme::of(ui);
    let name = p.path.file_name().map_or_else(|| p.path.display().to_string(), |n| n.to_string_lossy().into_owned());
    ui.horizontal(|ui| {
        let width = ui.available_width() - 84.0;
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            cut(ui, widgets::body(name)).on_hover_text(p.path.display().to_string());
            let note = small(ui, if p.failed { capital(&p.note) } else { p.note.clone() });
            cut(ui, if p.failed { note.color(t.down) } else { note }).on_hover_text(&p.note);
        });
        if Button::new("Remove").small().id(&p.path).show(ui) {
            cx.send(Command::ForgetPath(p.path.clone()));
        }
    });
}

fn open(ui: &mut Ui, cx: &Cx, view: &mut View) {
    wrapped(
        ui,
        small(ui, "Files that are open here are read again whenever they are saved. Drop files or folders anywhere."),
    );
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if Button::new("Choose file…").small().show(ui) {
            choose(cx, false);
        }
        if Button::new("Choose folder…").small().show(ui) {
            choose(cx, true);
        }
    });
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
    let key = intent::key_text(Intent::OpenPath);
    let pressed = Button::new("Open").small().refused(refused).show(ui);
    if (pressed || entered) && !path.is_empty() {
        view.path.clear();
        cx.act(Act::Open(path.into()));
    }
    ui.label(small(ui, format!("{key} comes here.")));
}
