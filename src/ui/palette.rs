//! The palette: everything that can be wanted now, every step of the run and every plan, found by a few letters.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Align2, Key, Modifiers, ScrollArea, Ui, vec2};

use super::intent::{self, Intent, TABLE};
use super::overlay::{Fate, Palette, modal_from_top};
use super::theme;
use super::view::{Act, Cx, Screen, View};
use super::widgets::text::{small, wrapped};
use super::widgets::{self, secondary};
use crate::desk::protocol::Command;

/// The list at its longest, and the whole with it.
const LIST: f32 = 336.0;
const TALL: f32 = LIST + 120.0;

/// Letters in order, anywhere; the beginnings of words and letters side by side are better. Less is better.
pub fn fuzzy(text: &str, query: &str) -> Option<usize> {
    const MIDDLE: usize = 8;
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let starts = |j: usize| j == 0 || text.get(j - 1).is_some_and(|c| !c.is_alphanumeric());
    // The least cost of everything up to this letter, where it stands at each place.
    let mut best: Vec<Option<usize>> = Vec::new();
    for (n, c) in query.to_lowercase().chars().filter(|c| !c.is_whitespace()).enumerate() {
        let (mut next, mut before) = (vec![None; text.len()], (n == 0).then_some(0));
        for j in 0..text.len() {
            let beside = j.checked_sub(1).and_then(|k| best.get(k).copied().flatten());
            if text[j] == c {
                let jump =
                    before.map(|b: usize| b + if starts(j) { usize::from(j > 0) } else { MIDDLE + j.min(MIDDLE) });
                next[j] = [beside, jump].into_iter().flatten().min();
            }
            // From the next place on, this one has been passed.
            before = [before, best.get(j).copied().flatten()].into_iter().flatten().min();
        }
        best = next;
    }
    let cost = if query.trim().is_empty() { Some(0) } else { best.into_iter().flatten().min() };
    cost.map(|c| c * 256 + text.len())
}

/// Something that was found.
enum Hit<'a> {
    /// A line of the table, and how it is called here.
    Row(&'a intent::Row, &'a str),
    /// A step of the run: id and title.
    Step(&'a str, &'a str),
    /// A plan: its name and title.
    Plan(&'a str, &'a str),
}

impl Hit<'_> {
    fn label(&self) -> &str {
        match self {
            Self::Row(_, label) => label,
            Self::Step(_, title) | Self::Plan(_, title) => title,
        }
    }

    /// What stands at its end: the key, or what it is.
    fn tail(&self) -> String {
        match self {
            Self::Row(r, _) => intent::key_text(r.intent),
            Self::Step(..) => "step".to_owned(),
            Self::Plan(..) => "plan".to_owned(),
        }
    }

    fn wish(&self, cx: &Cx) {
        match self {
            Self::Row(r, _) => cx.act(Act::Do(r.intent)),
            Self::Step(id, _) => {
                cx.act(Act::Go(Screen::Run));
                cx.act(Act::Select((*id).to_owned()));
            }
            Self::Plan(name, _) => {
                cx.act(Act::Go(Screen::Runbooks));
                cx.send(Command::PreviewPlan { plan: (*name).to_owned(), strategy: None });
            }
        }
    }
}

/// Of several that a step offers, each by its own name.
fn called<'a>(cx: &Cx<'a>, view: &View, row: &'static intent::Row) -> &'a str {
    let offered = matches!(row.intent, Intent::Nth(_)).then(|| {
        let action = intent::action_index(row.intent, cx.snap, view)?;
        view.card(cx.snap.run.as_ref()?)?.actions.get(action)
    });
    offered.flatten().map_or(row.label, |action| &action.label)
}

/// What fits to what was typed, the best first. Steps and plans are many: they come when something is typed.
fn hits<'a>(cx: &Cx<'a>, view: &View, typed: &str) -> Vec<(usize, Hit<'a>)> {
    let rows = TABLE.iter().filter(|r| !matches!(r.intent, Intent::Palette | Intent::Back));
    let rows = rows.filter(|r| intent::available(r.intent, cx.snap, view));
    let rows = rows.map(|r| Hit::Row(r, called(cx, view, r)));
    let steps = cx.snap.run.as_deref().into_iter().flat_map(|r| r.phases.iter().flat_map(|p| &p.steps));
    let steps = steps.map(|s| Hit::Step(&s.id, &s.title));
    let plans = cx.snap.library.plans.iter().map(|p| Hit::Plan(&p.name, &p.title));
    let more = steps.chain(plans).filter(|_| !typed.trim().is_empty());
    let mut hits: Vec<_> = rows.chain(more).filter_map(|h| fuzzy(h.label(), typed).map(|c| (c, h))).collect();
    if !typed.trim().is_empty() {
        hits.sort_by_key(|(cost, _)| *cost);
    }
    hits
}

/// Draws it.
pub(super) fn show<'a>(ui: &Ui, cx: &Cx<'a>, view: &View, palette: &mut Palette) -> Fate {
    let hits = hits(cx, view, &palette.text);
    let (mut up, mut down, mut go, mut sure) = (false, false, false, false);
    ui.ctx().input_mut(|i| {
        up = i.consume_key(Modifiers::NONE, Key::ArrowUp);
        down = i.consume_key(Modifiers::NONE, Key::ArrowDown);
        go = i.consume_key(Modifiers::NONE, Key::Enter);
        sure = i.consume_key(Modifiers::COMMAND, Key::Enter);
    });
    let last = hits.len().saturating_sub(1);
    palette.chosen = palette.chosen.min(last);
    if down {
        palette.chosen = (palette.chosen + 1).min(last);
    }
    if up {
        palette.chosen = palette.chosen.saturating_sub(1);
    }
    let chosen = hits.get(palette.chosen).map(|(_, h)| h);
    // Enter alone changes nothing in Azure and signs nothing, from here neither.
    let guarded = matches!(chosen, Some(Hit::Row(r, _)) if r.intent == Intent::Change);
    let mut wanted = chosen.filter(|_| sure || go && !guarded);
    let ((), closed) = modal_from_top(ui, "palette", "Commands", [520.0, TALL], |ui| {
        let before = palette.text.clone();
        let field = widgets::field(ui, "Find a command, a step or a plan", &mut palette.text, false, f32::INFINITY);
        field.request_focus();
        if before != palette.text {
            palette.chosen = 0;
        }
        ui.add_space(8.0);
        ScrollArea::vertical().max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (i, (_, found)) in hits.iter().enumerate() {
                let chosen = i == palette.chosen;
                ui.push_id((found.label(), i), |ui| {
                    let response = hit(ui, found, chosen);
                    if chosen && (up || down) {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        wanted = Some(found);
                    }
                });
            }
            if hits.is_empty() {
                ui.label(secondary(ui, "Nothing has these letters in this order."));
            }
        });
        if guarded {
            ui.add_space(8.0);
            wrapped(ui, small(ui, "Enter alone does not do this: it takes Ctrl+Enter, or a click."));
        }
    });
    if let Some(hit) = wanted {
        hit.wish(cx);
        return Fate::Goes;
    }
    if closed { Fate::Goes } else { Fate::Stays }
}

fn hit(ui: &mut Ui, found: &Hit<'_>, chosen: bool) -> egui::Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, chosen, found.label()));
    if chosen || response.hovered() {
        let fill = if chosen { t.chosen } else { t.hovered() };
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), fill);
    }
    if chosen {
        widgets::layout::edge(ui, rect, t.accent, 2.0, theme::RADIUS);
    }
    let key = found.tail();
    let p = ui.painter();
    let font = egui::FontId::proportional(theme::BODY);
    p.text(rect.left_center() + vec2(12.0, 0.0), Align2::LEFT_CENTER, found.label(), font, t.text);
    let font = egui::FontId::proportional(theme::SMALL);
    p.text(rect.right_center() - vec2(12.0, 0.0), Align2::RIGHT_CENTER, key, font, t.secondary);
    response
}
