//! What can be done now, at the foot of the window: one of it first, and above it why that cannot be done.

use eframe::egui::{Ui, vec2};

use crate::desk::protocol::Command;
use crate::desk::snapshot::{PAUSED, RunView, StepCard};
use crate::ui::intent::{self, Intent};
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::{Button, judged};

/// In less width the keys of the lesser actions give way: F1 and the palette have them.
const ROOMY: f32 = 480.0;

/// Nothing is done here any more.
fn over(run: &RunView) -> bool {
    run.closed.is_some() || run.papers.handed_over.is_some()
}

/// What comes before the step itself: to go on, or to hand the request to the second person.
fn leads(cx: &Cx, view: &View, run: &RunView) -> Option<(Intent, &'static str)> {
    if run.paused.is_some() {
        return Some((Intent::Pause, "Go on"));
    }
    let asked = intent::on_run_asked(cx.snap, view).is_some_and(|a| !a.nonce.is_empty());
    asked.then_some((Intent::CopyRequest, "Copy the request"))
}

/// Whether there is anything to do.
pub fn wanted(cx: &Cx, view: &View, run: &RunView, card: &StepCard) -> bool {
    over(run) || !card.actions.is_empty() || leads(cx, view, run).is_some() || more(cx, view).next().is_some()
}

fn more(cx: &Cx, view: &View) -> impl Iterator<Item = (Intent, &'static str)> {
    let all = [(Intent::BreakGlass, "Break the glass…"), (Intent::TakeBackTo, "Take back to here…")];
    all.into_iter().filter(|(intent, _)| intent::available(*intent, cx.snap, view))
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &View, run: &RunView, card: &StepCard) {
    ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
    if over(run) {
        ui.horizontal_wrapped(|ui| afterwards(ui, cx, run));
        return;
    }
    // Why it cannot be done stands in words, not only on hover, and before what cannot be pressed.
    if let Some(why) = card.actions.first().and_then(|a| a.refused.as_deref()) {
        judged(ui, Some(false), why);
    }
    ui.horizontal_wrapped(|ui| actions(ui, cx, view, run, card));
}

fn actions(ui: &mut Ui, cx: &Cx, view: &View, run: &RunView, card: &StepCard) {
    let roomy = ui.available_width() >= ROOMY;
    let leads = leads(cx, view, run);
    if let Some((intent, label)) = leads
        && Button::new(label).primary().key(intent::key_text(intent)).show(ui)
    {
        cx.act(Act::Do(intent));
    }
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
        if primary && leads.is_none() {
            b = b.primary();
        }
        if b.id((&card.id, &a.label)).show(ui) {
            cx.act(Act::Action(i));
        }
    }
    for (intent, label) in more(cx, view) {
        let key = if roomy { intent::key_text(intent) } else { String::new() };
        let paused = run.paused.as_ref().map(|_| PAUSED);
        if Button::new(label).key(key).refused(paused).id((&card.id, label)).show(ui) {
            cx.act(Act::Do(intent));
        }
    }
}

/// Of a run that is only read.
fn afterwards(ui: &mut Ui, cx: &Cx, run: &RunView) {
    if Button::new("See the record").primary().show(ui) {
        // The screen asks for the newest record by itself: this one is asked for after it.
        cx.act(Act::Go(Screen::Audit));
        cx.send(Command::ShowRecord(run.id.clone()));
    }
    let back = run.closed.is_none().then_some((Intent::TakeRunBack, "Take the run back…"));
    for (intent, label) in back.into_iter().chain([(Intent::Leave, "Leave the run")]) {
        if Button::new(label).key(intent::key_text(intent)).show(ui) {
            cx.act(Act::Do(intent));
        }
    }
}
