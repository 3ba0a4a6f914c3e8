//! The one step that is looked at: what it is, what it changes, what may go wrong, what can be done.

use eframe::egui::{self, FontId, ScrollArea, Ui, text::LayoutJob, text::TextFormat};

use super::{notices, second};
use crate::desk::snapshot::{ChangeView, NoteView, ReadingView, RunView, StepCard, StepState};
use crate::ui::intent::{self, Intent};
use crate::ui::overlay;
use crate::ui::theme::{self, SMALL};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{
    self, Button, badge, banner, before_after, body, bold, heading, link, mono, mono_bold, row, secondary, step_mark,
    title, verdict,
};
use crate::units::utc_clock;

/// Longest line of running text: longer ones are hard to read when tired.
const MEASURE: f32 = 560.0;
/// Letters of a command that are shown.
const SHOWN: usize = 600;
/// Column of the labels.
const LABEL: f32 = 112.0;

/// Draws it: the text scrolls, the buttons stay in the window.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let Some(card) = view.card(run).cloned() else {
        wrapped(ui, secondary(ui, "This run has no steps."));
        return;
    };
    let over = run.closed.is_some() || run.papers.handed_over.is_some();
    let below = if over { 0.0 } else { view.actions_height + 16.0 };
    let room = (ui.available_height() - below).max(80.0);
    ScrollArea::vertical().id_salt(&card.id).max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        crate::ui::screens::scroll_by_key(ui, view);
        ui.set_max_width(MEASURE.min(ui.available_width() - 16.0));
        ui.spacing_mut().item_spacing.y = 4.0;
        notices::show(ui, cx, run);
        step(ui, cx, view, run, &card);
    });
    if !over {
        ui.add_space(12.0);
        let top = ui.cursor().top();
        actions(ui, cx, view, run, &card);
        view.actions_height = (ui.cursor().top() - top).max(theme::CONTROL);
    }
}

fn step(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, card: &StepCard) {
    let current = run.current.as_deref() == Some(card.id.as_str());
    ui.horizontal_wrapped(|ui| {
        ui.label(small(ui, &card.eyebrow));
        if !current && let Some(id) = &run.current {
            ui.add_space(8.0);
            if link(ui, "Back to the current step", &intent::key_text(Intent::StepCurrent)) {
                cx.act(Act::Select(id.clone()));
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
    if let Some(progress) = &card.progress {
        banner(ui, theme::of(ui).accent, |ui| wrapped(ui, body(progress)));
        ui.add_space(8.0);
    }
    if let Some(p) = &card.problem {
        banner(ui, theme::of(ui).down, |ui| overlay::problem(ui, cx, p));
        ui.add_space(12.0);
    }
    let asked = cx.snap.approvals.asked.iter().find(|a| a.step == card.id);
    if let Some(asked) = asked.filter(|_| run.closed.is_none() && run.papers.handed_over.is_none()) {
        second::show(ui, cx, view, asked);
        ui.add_space(14.0);
    }
    if !card.changes.is_empty() {
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
    for r in &card.rows {
        row(ui, LABEL, r.label, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                if r.ok.is_some() {
                    verdict(ui, r.ok);
                }
                copyable(ui, body(&r.text));
            });
        });
    }
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

fn actions(ui: &mut Ui, cx: &Cx, view: &View, run: &RunView, card: &StepCard) {
    // In a narrow column the keys of the lesser actions give way: F1 and the palette have them.
    let roomy = ui.available_width() >= 480.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
        for (i, a) in card.actions.iter().enumerate() {
            let primary = i == 0 && intent::primary(a);
            let intent = match i {
                0 if primary && a.changes_azure => Intent::Change,
                0 if primary => Intent::Confirm,
                _ => intent::intent_of(i, &a.intent),
            };
            let refused = a.refused.as_deref().or(run.read_only.as_deref());
            let key = if roomy || i == 0 { intent::key_text(intent) } else { String::new() };
            let mut b = Button::new(&a.label).key(key).guarded(a.changes_azure).refused(refused);
            if primary {
                b = b.primary();
            }
            if b.id((&card.id, &a.label)).show(ui) {
                cx.act(Act::Action(i));
            }
        }
        let more = [(Intent::BreakGlass, "Break the glass…"), (Intent::TakeBackTo, "Take back to here…")];
        for (intent, label) in more.into_iter().filter(|(i, _)| intent::available(*i, cx.snap, view)) {
            let key = if roomy { intent::key_text(intent) } else { String::new() };
            if Button::new(label).key(key).id((&card.id, label)).show(ui) {
                cx.act(Act::Do(intent));
            }
        }
    });
    // Why it cannot be done stands in words, not only on hover.
    for why in card.actions.iter().take(1).filter_map(|a| a.refused.as_deref()) {
        ui.add_space(2.0);
        wrapped(ui, small(ui, why));
    }
}

/// With its first letter a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
