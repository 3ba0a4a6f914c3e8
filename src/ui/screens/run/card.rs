//! The one step that is looked at: what it is, what it changes, what may go wrong, what can be done.

use eframe::egui::{self, FontId, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, text::LayoutJob, text::TextFormat};

use super::{foot, notices, outcome, second};
use crate::desk::snapshot::{CardRow, ChangeView, NoteView, ReadingView, RunView, StepCard, StepState};
use crate::ui::intent::{self, Intent};
use crate::ui::overlay;
use crate::ui::theme::{self, SMALL};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{
    self, badge, banner, before_after, body, bold, heading, link, mono, mono_bold, row, secondary, step_mark, title,
    verdict,
};
use crate::units::utc_clock;

/// Longest line of running text: longer ones are hard to read when tired.
const MEASURE: f32 = 560.0;
/// Letters of a command that are shown.
const SHOWN: usize = 600;
/// Column of the labels.
const LABEL: f32 = 112.0;
/// At the right of the text, for the scroll bar.
const GUTTER: f32 = 12.0;
/// Above and below the buttons.
const AIR: f32 = 10.0;
/// In less height, what changes, what holds a step up and what it may lose come before what it is good for.
const LOW: f32 = 500.0;
/// The rows that then come first.
const FIRST: [&str; 2] = ["guard", "may lose"];

/// Draws it: the text scrolls, the buttons stay where they are, at the foot of the window.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, (left, top): (f32, f32)) {
    let Some(card) = view.card(run).cloned() else {
        wrapped(ui, secondary(ui, "This run has no steps."));
        return;
    };
    let all = ui.available_rect_before_wrap();
    let has_foot = foot::wanted(cx, view, run, &card);
    let split = if has_foot { all.bottom() - view.actions_height - 2.0 * AIR } else { all.bottom() };
    let inner = Rect::from_x_y_ranges(all.left() + left..=all.right() - 8.0, all.y_range());
    let width = MEASURE.min(inner.width() - GUTTER);
    // The text before the buttons, as they are read.
    let part = |ui: &mut Ui, salt: &str, at: Rect| ui.new_child(UiBuilder::new().id_salt(salt).max_rect(at));
    let ui_above = &mut part(ui, "text", inner.with_max_y(split));
    let scroll = ScrollArea::vertical().id_salt((&card.id, outcome::shown(view, run))).auto_shrink([false, false]);
    scroll.show(ui_above, |ui| {
        crate::ui::screens::scroll_by_key(ui, view);
        ui.set_max_width(width);
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.add_space(top);
        let low = split - all.top() < LOW;
        let ahead = changes_first(&card, low) && !outcome::shown(view, run);
        if !ahead {
            notices::show(ui, cx, view, run);
        }
        if outcome::shown(view, run) {
            outcome::show(ui, run);
        } else {
            step(ui, cx, view, run, &card, low);
        }
        ui.add_space(12.0);
    });
    if has_foot {
        ui.painter().hline(all.x_range(), split + 0.5, Stroke::new(1.0, theme::of(ui).line));
        let at = inner.with_min_y(split + AIR).with_max_x(inner.left() + width);
        let ui_below = &mut part(ui, "foot", at);
        foot::show(ui_below, cx, view, run, &card);
        let height = ui_below.min_rect().height();
        if (height - view.actions_height).abs() > 0.5 {
            view.actions_height = height;
            ui.ctx().request_discard("the height of the step's buttons is not known yet");
        }
    }
    ui.allocate_rect(all, Sense::hover());
}

/// What is sent is seen before it is sent: in little height what changes comes before everything that could push it out of
/// sight while its key is live.
fn changes_first(card: &StepCard, low: bool) -> bool {
    low && !card.changes.is_empty() && card.actions.first().is_some_and(|a| a.changes_azure)
}

fn step(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, card: &StepCard, low: bool) {
    let current = run.closed.is_none() && run.current.as_deref() == Some(card.id.as_str());
    ui.horizontal_wrapped(|ui| {
        ui.label(small(ui, &card.eyebrow));
        let back = match (run.closed.is_some(), &run.current) {
            (true, _) => Some("Back to the outcome"),
            (false, Some(_)) if !current => Some("Back to the current step"),
            _ => None,
        };
        if let Some(label) = back {
            ui.add_space(8.0);
            if link(ui, label, &intent::key_text(Intent::StepCurrent)) {
                cx.act(Act::Do(Intent::StepCurrent));
            }
        }
    });
    title(ui, &card.title);
    // What stands ready is said by its buttons; every other state has its word.
    if !current || card.state != StepState::Ready || card.progress.is_some() {
        ui.horizontal(|ui| {
            step_mark(ui, card.state, false);
            ui.label(body(capital(card.state.word())));
        });
    }
    let ahead = changes_first(card, low);
    if ahead {
        ui.add_space(6.0);
        widgets::card(ui, |ui| changes(ui, cx, card));
        ui.add_space(10.0);
        notices::show(ui, cx, view, run);
    }
    let first = |r: &&CardRow| low && FIRST.contains(&r.label);
    if low {
        ui.add_space(6.0);
        card.rows.iter().filter(first).for_each(|r| fact(ui, r));
        ui.add_space(6.0);
    }
    copyable(ui, secondary(ui, &card.why));
    if let Some(on) =
        card.degraded.filter(|_| !card.state.over() && intent::available(Intent::DegradedStep, cx.snap, view))
    {
        let other = if on { "Normal instructions" } else { "If portal, ARM or sign-in is down too" };
        if link(ui, other, &intent::key_text(Intent::DegradedStep)) {
            cx.act(Act::Do(Intent::DegradedStep));
        }
    }
    if !card.target.is_empty() && card.changes.is_empty() {
        ui.add_space(4.0);
        copyable(ui, mono(&card.target).color(theme::of(ui).secondary));
    }
    ui.add_space(10.0);
    let asked = cx.snap.approvals.asked.iter().find(|a| a.step == card.id);
    let asked = asked.filter(|_| run.closed.is_none() && run.papers.handed_over.is_none());
    // Who is asked, and what, stands in a card of its own.
    if let Some(progress) = card.progress.as_ref().filter(|_| asked.is_none()) {
        banner(ui, theme::of(ui).accent, |ui| wrapped(ui, body(progress)));
        ui.add_space(8.0);
    }
    if let Some(p) = &card.problem {
        banner(ui, theme::of(ui).down, |ui| overlay::problem(ui, cx, p));
        ui.add_space(12.0);
    }
    if let Some(asked) = asked {
        second::show(ui, cx, view, asked);
        ui.add_space(14.0);
    }
    if !card.changes.is_empty() && !ahead {
        widgets::card(ui, |ui| changes(ui, cx, card));
        ui.add_space(14.0);
    }
    if let Some(d) = &card.decision {
        widgets::card(ui, |ui| {
            heading(ui, "The arithmetic");
            copyable(ui, body(&d.arithmetic));
            if let Some(choice) = d.recommends {
                ui.add_space(4.0);
                ui.horizontal_wrapped(|ui| {
                    ui.label(secondary(ui, "The assessment recommends:"));
                    ui.label(bold(choice.display()));
                });
            }
        });
        ui.add_space(14.0);
    }
    ui.spacing_mut().item_spacing.y = 8.0;
    card.rows.iter().filter(|r| !first(r)).for_each(|r| fact(ui, r));
    for (i, r) in card.readings.iter().enumerate() {
        ui.push_id(("reading", i), |ui| row(ui, LABEL, if i == 0 { "checked" } else { "" }, |ui| reading(ui, cx, r)));
    }
    if !(card.by_hand.is_empty() && card.by_hand_now.is_empty()) {
        row(ui, LABEL, "by hand", |ui| by_hand(ui, cx, card));
    }
    for (i, h) in card.history.iter().enumerate() {
        row(ui, LABEL, if i == 0 { "recorded" } else { "" }, |ui| note(ui, h));
    }
}

/// What is known of the step in one respect, and whether that is as it should be.
fn fact(ui: &mut Ui, r: &CardRow) {
    row(ui, LABEL, r.label, |ui| widgets::judged(ui, r.ok, &r.text));
}

fn changes(ui: &mut Ui, cx: &Cx, card: &StepCard) {
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, if card.takes_back { "What taking it back changes" } else { "What changes" });
    for (i, change) in card.changes.iter().enumerate() {
        if i > 0 {
            widgets::hairline(ui, 2.0);
        }
        ui.push_id(i, |ui| self::change(ui, change));
    }
    let mut note = card.changes_note.clone();
    if let Some(at) = card.changes_read_at {
        note = format!("Read {}. {note}", cx.ago(at));
    }
    if !note.is_empty() {
        ui.add_space(2.0);
        wrapped(ui, small(ui, note));
    }
}

/// One request, field by field, before and after.
pub fn change(ui: &mut Ui, c: &ChangeView) {
    ui.horizontal_wrapped(|ui| {
        copyable(ui, body(&c.what));
        if !c.state.is_empty() {
            badge(ui, &c.state);
        }
    });
    for (name, before, after) in &c.fields {
        row(ui, LABEL, name, |ui| before_after(ui, before.as_deref(), after.as_deref()));
    }
}

fn reading(ui: &mut Ui, cx: &Cx, r: &ReadingView) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        verdict(ui, r.ok);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.horizontal_wrapped(|ui| {
                copyable(ui, body(&r.name));
                copyable(ui, mono_bold(&r.value));
            });
            copyable(ui, small(ui, format!("{}, {}", r.source, cx.ago(r.at))));
        });
    });
}

/// The runbook's own commands; below them, folded, the very requests that were read.
fn by_hand(ui: &mut Ui, cx: &Cx, card: &StepCard) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let line = |ui: &mut Ui, l: &str| copyable(ui, mono(l).color(theme::of(ui).secondary));
    for l in &card.by_hand {
        line(ui, l);
    }
    if !card.by_hand_now.is_empty() {
        let own = !card.by_hand.is_empty();
        let title = small(ui, if own { "The same for exactly what was read" } else { "For exactly what was read" });
        let fold = egui::CollapsingHeader::new(title).id_salt(("by hand now", own));
        fold.default_open(!own).show(ui, |ui| {
            for l in &card.by_hand_now {
                line(ui, &shortened(l));
            }
        });
    }
    let copies = if card.by_hand_now.is_empty() { "Copy" } else { "Copy for what was read" };
    if link(ui, copies, &intent::key_text(Intent::CopyByHand)) {
        cx.act(Act::Do(Intent::CopyByHand));
    }
}

/// A request with a long body is shown in part; it is copied whole.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} KB; “Copy” takes all of it)", &line[..end], line.len().div_ceil(1024)),
        None => line.to_owned(),
    }
}

/// Time, who, what.
pub fn note(ui: &mut Ui, n: &NoteView) {
    let t = theme::of(ui);
    let clock = utc_clock(n.at);
    let time = clock.get(..5).unwrap_or_default();
    let mut job = LayoutJob::default();
    let format = |color| TextFormat {
        font_id: FontId::proportional(SMALL),
        color,
        line_height: Some(theme::SMALL_LINE),
        ..Default::default()
    };
    job.append(&format!("{time} {} ", n.who), 0.0, format(t.secondary));
    job.append(&n.text, 0.0, format(t.text));
    job.wrap.max_width = ui.available_width();
    ui.add(egui::Label::new(job).wrap().selectable(true));
}
