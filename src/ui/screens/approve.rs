//! The second person's screen: a colleague's request, exactly what it would do and on which Azure, the answer to send back;
//! and whose keys are known here. Nothing is signed that was not shown.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    FontId, Frame, Key, Label, Margin, Modifiers, Panel, RichText, Sense, Stroke, Ui, WidgetInfo, vec2,
};

use super::run::{block, change, time_left};
use crate::desk::protocol::{ApprovalIntent, Command};
use crate::desk::snapshot::{ApprovalVerdict, Approvals, Mode, RequestView, RosterRow};
use crate::ui::ask::Ask;
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, TITLE};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{
    self, Button, banner, body, bold, card, heading, in_line, mono, row, secondary, title, verdict,
};

/// Column of the labels.
const LABEL: f32 = 148.0;
/// Widest text.
const MEASURE: f32 = 720.0;
/// Seconds before a request that just appeared can be answered by a key: a press may have been for what was there before.
const TIME_TO_SEE: f64 = 0.7;
/// Height of the mode over a request.
const BAND: f32 = 44.0;

/// What is being typed.
#[derive(Debug, Default)]
pub struct ApproveView {
    /// A request, or the challenge that was read.
    pub paste: String,
    /// The name that has to be typed.
    pub typed: String,
    /// The line of a colleague's key.
    pub key: String,
    /// The request that `typed` is for: a name typed for another one counts for nothing.
    pub seen: Option<RequestView>,
    /// Since when it is on show, in seconds of the window.
    pub since: f64,
    /// Height of the answers in the last frame, so that they never leave the window.
    foot: f32,
    /// Not all of the request is in sight.
    more: bool,
}

impl ApproveView {
    /// Whether this is what is on show, and there was time to see that it is.
    pub fn can_be_meant(&self, request: &RequestView, now: f64) -> bool {
        self.seen.as_ref() == Some(request) && now - self.since >= TIME_TO_SEE
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let a = &cx.snap.approvals;
    if let Some(request) = &a.request {
        on_show(ui, view, request);
        if request.answer.is_none() && request.code.is_none() {
            foot(ui, cx, view, request);
        }
    }
    super::page(ui, view, "approve", |ui, view| {
        ui.set_max_width(ui.available_width().min(MEASURE));
        ui.spacing_mut().item_spacing.y = 6.0;
        match &a.request {
            Some(request) => asked(ui, cx, view, request),
            None => waiting(ui, cx, view),
        }
        ui.add_space(12.0);
        card(ui, |ui| keys(ui, cx, view, a));
    });
}

/// No request is here yet: how one comes.
fn waiting(ui: &mut Ui, cx: &Cx, view: &mut View) {
    title(ui, "Approve for a colleague");
    let text = "A colleague is about to change something, and the runbook wants a second person. Nothing is approved before you \
                have seen exactly what would be done.";
    wrapped(ui, secondary(ui, text));
    ui.add_space(8.0);
    card(ui, |ui| {
        let label = "Paste their request, or type the challenge they read to you";
        let field = widgets::field(ui, label, &mut view.approve.paste, true, f32::INFINITY);
        if std::mem::take(&mut view.focus_field) {
            field.request_focus();
        }
        let entered = field.has_focus() && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
        let text = view.approve.paste.trim();
        let refused = text.is_empty().then_some("Paste the request first");
        ui.horizontal_wrapped(|ui| {
            if (Button::new("Read the request").primary().refused(refused).show(ui) || entered) && refused.is_none() {
                cx.send(Command::Approval(ApprovalIntent::Read(text.to_owned())));
            }
            let key = intent::key_text(Intent::OpenPictures);
            if Button::new("Open pictures…").key(key).show(ui) {
                cx.act(Act::Do(Intent::OpenPictures));
            }
        });
        wrapped(ui, small(ui, "Photographs of the request can also be dropped onto this window."));
    });
}

/// What was begun for another request counts for nothing.
fn on_show(ui: &Ui, view: &mut View, r: &RequestView) {
    if view.approve.seen.as_ref() != Some(r) {
        view.approve.seen = Some(r.clone());
        view.approve.since = ui.input(|i| i.time);
        view.approve.typed.clear();
        view.approve.paste.clear();
    }
}

/// The request: mode, who, what.
fn asked(ui: &mut Ui, cx: &Cx, view: &mut View, r: &RequestView) {
    band(ui, r);
    ui.add_space(6.0);
    if r.answer.is_some() || r.code.is_some() {
        // What is left to do comes first; what was answered stands below it.
        answered(ui, cx, r);
        ui.add_space(6.0);
    }
    title(ui, &r.step);
    facts(ui, cx, r);
    ui.add_space(6.0);
    if let Some(why) = &r.refused {
        banner(ui, theme::of(ui).down, |ui| {
            ui.label(bold("This cannot be approved"));
            copyable(ui, body(why));
        });
        ui.add_space(6.0);
    }
    if !(r.changes.is_empty() && r.words.is_empty()) {
        card(ui, |ui| what(ui, r));
        ui.add_space(6.0);
    }
    for (i, line) in r.rows.iter().enumerate() {
        ui.push_id(("row", i), |ui| {
            row(ui, LABEL, line.label, |ui| widgets::judged(ui, line.ok, &line.text));
        });
    }
    let more = ui.cursor().top() > ui.clip_rect().bottom();
    if more != view.approve.more {
        view.approve.more = more;
        ui.ctx().request_discard("the answers say whether there is more to read");
    }
    if r.answer.is_none() && r.code.is_none() {
        ui.add_space(4.0);
        let text =
            "Enter alone does not approve. Your answer is signed with this device's key, and counts for this alone.";
        wrapped(ui, small(ui, text));
    }
}

/// The requests that would be sent, or the words that would be recorded.
fn what(ui: &mut Ui, r: &RequestView) {
    heading(ui, if r.changes.is_empty() { "What would be recorded" } else { "What would be done" });
    for (i, c) in r.changes.iter().enumerate() {
        if i > 0 {
            widgets::hairline(ui, 2.0);
        }
        ui.push_id(i, |ui| change(ui, c));
    }
    for (i, words) in r.words.iter().enumerate() {
        ui.push_id(("words", i), |ui| copyable(ui, body(words)));
    }
}

/// Whether it is real: the first thing to be seen, in the colours of the band over the window.
fn band(ui: &mut Ui, r: &RequestView) {
    let t = theme::of(ui);
    let words = match r.mode {
        Mode::Live => "changes real resources",
        Mode::DryRun => "reads only",
        Mode::Rehearsal => "simulated Azure, nothing real changes",
        Mode::Tabletop => "people only, no Azure",
    };
    let text = format!("{} · {words}", r.mode.word());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAND), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("This request is {text}")));
    let p = ui.painter_at(rect);
    let ink = widgets::paint_band(&p, rect, Some(r.mode), t);
    let font = FontId::new(18.0, theme::bold());
    let line = widgets::text::line(ui, &text, font, ink, rect.width() - 32.0);
    p.galley(rect.left_center() + vec2(16.0, -line.size().y / 2.0), line, ink);
}

fn facts(ui: &mut Ui, cx: &Cx, r: &RequestView) {
    row(ui, LABEL, "asked by", |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            verdict(ui, Some(r.known));
            let who = if r.known {
                format!("{}, whose key is known here", r.from)
            } else {
                format!("{}, as they call themselves: this key is not known here. Ask them by a way you trust.", r.from)
            };
            copyable(ui, body(who));
        });
    });
    row(ui, LABEL, "plan", |ui| copyable(ui, body(&r.plan)));
    if !r.run.is_empty() {
        row(ui, LABEL, "run", |ui| copyable(ui, body(&r.run)));
    }
    if let Some((text, over)) = time_left(cx, r.until, cx.now.wall).filter(|_| r.answer.is_none() && r.code.is_none()) {
        let t = theme::of(ui);
        row(ui, LABEL, "time", |ui| ui.label(bold(text).color(if over { t.down } else { t.text })));
    }
}

/// The answers: in sight whatever is above them.
fn foot(ui: &mut Ui, cx: &Cx, view: &mut View, r: &RequestView) {
    let t = theme::of(ui);
    let air = Margin { left: 24, right: 24, top: 9, bottom: 10 };
    let height = view.approve.foot.max(theme::CONTROL) + air.sum().y;
    Panel::bottom("approve-answers")
        .exact_size(height)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background).inner_margin(air))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(24.0, 9.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            let used = ui.scope(|ui| answer(ui, cx, view, r)).response.rect.height();
            if used != view.approve.foot {
                view.approve.foot = used;
                ui.ctx().request_discard("the answers take another height");
            }
        });
}

fn answer(ui: &mut Ui, cx: &Cx, view: &mut View, r: &RequestView) {
    let over = time_left(cx, r.until, cx.now.wall).is_some_and(|(_, over)| over);
    let mut why = r.refused.as_deref().or(over.then_some("The time to answer is over"));
    if let Some(why) = why {
        ui.horizontal_top(|ui| {
            verdict(ui, Some(false));
            wrapped(ui, body(why));
        });
        ui.add_space(4.0);
    } else if let Some(name) = &r.typed_name {
        let label = format!("Type {name} to approve");
        let field = widgets::field(ui, &label, &mut view.approve.typed, false, 360.0);
        if std::mem::take(&mut view.focus_field) {
            field.request_focus();
        }
        if view.approve.typed.trim() != name {
            why = Some("Type the name first");
        }
        ui.add_space(4.0);
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        let key = intent::key_text(Intent::Change);
        let go = Button::new("Approve exactly this").primary().key(key).guarded(true).refused(why);
        if go.id("approve").show(ui) {
            cx.act(Act::Do(Intent::Change));
        }
        let key = intent::key_text(Intent::Refuse);
        if Button::new("Refuse…").key(key).id("refuse").show(ui) {
            cx.act(Act::Do(Intent::Refuse));
        }
        put_away(ui, cx);
        // It stays in sight while what is agreed to does not.
        if view.approve.more {
            ui.add(Label::new(small(ui, format!("The request goes on: {}", intent::key_text(Intent::PageDown)))));
        }
    });
}

fn put_away(ui: &mut Ui, cx: &Cx) {
    let key = intent::key_text(Intent::PutAway);
    if Button::new("Put away").key(key).id("put away").show(ui) {
        cx.act(Act::Do(Intent::PutAway));
    }
}

/// The answer is there: it has to reach whoever asked.
fn answered(ui: &mut Ui, cx: &Cx, r: &RequestView) {
    banner(ui, theme::of(ui).accent, |ui| {
        ui.horizontal_top(|ui| {
            let (ok, words) = match &r.verdict {
                Some(ApprovalVerdict::Refused(why)) => (Some(false), format!("You refused this: {why}")),
                Some(ApprovalVerdict::Agreed) => (Some(true), "You approved this".to_owned()),
                None => (None, "You answered this".to_owned()),
            };
            verdict(ui, ok);
            copyable(ui, bold(words));
        });
        wrapped(ui, body("Now your answer has to reach them."));
        if let Some(text) = &r.answer {
            wrapped(ui, body("Send this block back by chat or mail."));
            block(ui, "answer", text);
            ui.add_space(4.0);
        }
        if let Some(code) = &r.code {
            wrapped(ui, body("Read this code to them over the phone:"));
            let font = FontId::new(TITLE, theme::mono_bold());
            copyable(ui, RichText::new(code).font(font).line_height(Some(30.0)));
            ui.add_space(4.0);
        }
        ui.horizontal_wrapped(|ui| {
            let key = intent::key_text(Intent::CopyRequest);
            if r.answer.is_some() && Button::new("Copy the answer").primary().key(key).show(ui) {
                cx.act(Act::Do(Intent::CopyRequest));
            }
            put_away(ui, cx);
        });
    });
}

fn keys(ui: &mut Ui, cx: &Cx, view: &mut View, a: &Approvals) {
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Your key");
    if let Some(why) = &a.cannot_sign {
        copyable(ui, body(capital(why)).color(theme::of(ui).down));
    }
    match &a.mine {
        Some(line) => {
            wrapped(
                ui,
                secondary(
                    ui,
                    "Give this line to your colleagues once, by a way they trust: their Lifeboat then knows your answers.",
                ),
            );
            block(ui, "mine", line);
            if Button::new("Copy your key line").small().show(ui) {
                cx.act(Act::Copy(line.clone(), "Your key line"));
            }
        }
        None => {
            let text =
                "This device has no key yet. It is made once and stays in the keyring; nobody can take it from a file.";
            wrapped(ui, secondary(ui, text));
            if Button::new("Make this device's key").small().show(ui) {
                cx.send(Command::Approval(ApprovalIntent::MakeKey));
            }
        }
    }
    widgets::hairline(ui, 6.0);
    heading(ui, "Colleagues");
    if a.roster.iter().all(|r| r.own) {
        wrapped(ui, secondary(ui, "Nobody's key is known here yet: nobody's answer can be taken."));
    }
    for r in &a.roster {
        ui.push_id(&r.whole, |ui| colleague(ui, cx, r));
    }
    let field = widgets::field(ui, "A colleague's key line", &mut view.approve.key, false, f32::INFINITY);
    // Ctrl+Enter here is about the line, and answers no request.
    view.second.typing |= field.has_focus();
    let line = view.approve.key.trim();
    let refused = line.is_empty().then_some("Paste the line that their Lifeboat shows");
    if Button::new("Know this key").small().refused(refused).show(ui) {
        cx.send(Command::Approval(ApprovalIntent::Know(line.to_owned())));
        view.approve.key.clear();
    }
}

fn colleague(ui: &mut Ui, cx: &Cx, r: &RosterRow) {
    in_line(ui, |ui| {
        copyable(ui, body(&r.name));
        copyable(ui, mono(&r.key).color(theme::of(ui).secondary)).on_hover_text(&r.whole);
        if r.own {
            ui.label(small(ui, "this device"));
            return;
        }
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            let name = format!("Forget {}", r.name);
            if Button::new("Forget…").name(&name).small().id(("forget", &r.whole)).show(ui) {
                cx.act(Act::Ask(Ask::forget_key(&r.name)));
            }
        });
    });
}
