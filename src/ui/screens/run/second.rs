//! Asking the second person, as the operator sees it: the request in whatever form reaches them, and the ways their answer
//! comes back. Sent by message, photographed, read over the phone, or given on this device.

use eframe::egui::{FontId, Key, Modifiers, RichText, ScrollArea, Ui};

use crate::desk::protocol::{ApprovalIntent, Command};
use crate::desk::snapshot::AskedView;
use crate::ui::intent::{self, Intent};
use crate::ui::overlay;
use crate::ui::theme::{self, TITLE};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{self, Button, body, bold, card, heading, link, mono, qr, secondary};
use crate::units::Millis;

/// How the second person is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// The request as text, by whatever carries text.
    #[default]
    Message,
    /// The request as pictures, photographed from this screen.
    Pictures,
    /// A challenge and a code, read aloud.
    Phone,
    /// The second person stands here.
    Here,
}

impl Way {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Message, "By message"),
        (Self::Pictures, "By picture"),
        (Self::Phone, "By phone"),
        (Self::Here, "On this device"),
    ];
}

/// What is being typed and looked at.
#[derive(Debug, Default)]
pub struct SecondView {
    /// How they are reached.
    pub way: Way,
    /// Which of the pictures.
    pub picture: usize,
    /// The pictures lie over the window, as large as they go.
    pub large: bool,
    /// Draft of the answer block.
    pub answer: String,
    /// Draft of the code read over the phone.
    pub code: String,
    /// Whose code.
    pub approver: String,
    /// The answer is being typed: Ctrl+Enter takes it, and does nothing else.
    pub typing: bool,
}

/// What each way is, said alike in a window and in a terminal.
pub const MESSAGE: &str = "Send them this block by chat or mail. Their Lifeboat shows exactly what would be done, and makes a block to send back.";
/// See [`MESSAGE`].
pub const PICTURES: &str = "They photograph it, and open the photo in their Lifeboat: Approve.";
/// See [`MESSAGE`].
pub const NO_PICTURES: &str = "This request is too long for pictures: send it as a message.";
/// See [`MESSAGE`].
pub const PHONE: &str = "Works when both laptops have the same plan. Read this to them; their Lifeboat shows what it stands for, and a code to \
     read back. It proves less than a signed block, and the record says so.";
/// See [`MESSAGE`].
pub const NO_CHALLENGE: &str = "No challenge can be made for this question: send it as a message.";
/// See [`MESSAGE`].
pub const NOBODY_KNOWN: &str = "Nobody's key is known here: add a colleague's under Approve first.";

/// Side of the picture beside the other ways; the large one fills the window.
const PICTURE: f32 = 440.0;
/// Height of the block: it is copied, not read.
const BLOCK: f32 = 76.0;

/// What there is still time for; `now` is the clock that `until` is of.
pub fn time_left(cx: &Cx, until: Option<i64>, now: i64) -> Option<(String, bool)> {
    let (text, over) = left_to_answer(until?, now);
    cx.changes_every(0, 1);
    Some((text, over))
}

/// The same in words, and whether it is over.
pub fn left_to_answer(until: i64, now: i64) -> (String, bool) {
    let left = u64::try_from(until - now).unwrap_or(0);
    let text =
        if left > 0 { format!("{} left to answer", whole(left)) } else { "The time to answer is over".to_owned() };
    (text, left == 0)
}

/// Without the fractions of a second.
fn whole(ms: u64) -> Millis {
    Millis::from_secs(ms / 1_000)
}

/// Draws the card.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, asked: &AskedView) {
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        ui.horizontal_wrapped(|ui| {
            heading(ui, "The second person is asked");
            if let Some((text, over)) = time_left(cx, asked.until, cx.now.utc) {
                let t = theme::of(ui);
                ui.label(bold(text).color(if over { t.down } else { t.suspect }));
            }
        });
        copyable(ui, body(&asked.what));
        if asked.nonce.is_empty() {
            return by_script(ui, cx, asked);
        }
        if !asked.approvers.is_empty() {
            wrapped(ui, small(ui, format!("Can answer: {}", asked.approvers.join(", "))));
        }
        ui.horizontal_wrapped(|ui| {
            for (way, name) in Way::ALL {
                if Button::new(name).small().selected(view.second.way == way).id(("way", name)).show(ui) {
                    view.second.way = way;
                }
            }
        });
        // The key that goes to the answer's field goes to a way that has one.
        let none = match view.second.way {
            Way::Message => false,
            Way::Pictures => asked.pictures.is_empty(),
            Way::Phone => asked.challenge.is_empty() || asked.approvers.is_empty(),
            Way::Here => true,
        };
        if view.focus_field && none {
            view.second.way = Way::Message;
        }
        ui.add_space(2.0);
        match view.second.way {
            Way::Message => message(ui, cx, view, asked),
            Way::Pictures => pictures(ui, cx, view, asked),
            Way::Phone => phone(ui, cx, view, asked),
            Way::Here => here(ui, cx),
        }
        widgets::hairline(ui, 4.0);
        withdraw(ui, cx);
    });
}

fn withdraw(ui: &mut Ui, cx: &Cx) {
    let key = intent::key_text(Intent::Withdraw);
    if Button::new("Withdraw the question").small().key(key).show(ui) {
        cx.act(Act::Do(Intent::Withdraw));
    }
}

/// In a rehearsal without colleagues: a script stands in for whoever is asked, who may be away like anybody.
fn by_script(ui: &mut Ui, cx: &Cx, asked: &AskedView) {
    let Some((first, others)) = asked.approvers.split_first() else { return };
    wrapped(
        ui,
        secondary(ui, format!("{first} is asked, as the scenario has it. If no answer comes, ask somebody else.")),
    );
    ui.horizontal_wrapped(|ui| {
        for name in others {
            if Button::new(&format!("Ask {name}")).small().id(("another", name)).show(ui) {
                let (step, name) = (asked.step.clone(), name.clone());
                cx.send(Command::Approval(ApprovalIntent::AskAnother { step, name }));
            }
        }
        withdraw(ui, cx);
    });
}

fn message(ui: &mut Ui, cx: &Cx, view: &mut View, asked: &AskedView) {
    wrapped(ui, secondary(ui, MESSAGE));
    block(ui, "request", &asked.block);
    answer(ui, cx, view);
}

/// A block of text to copy: it can be seen to be whole, and takes little room.
pub fn block(ui: &mut Ui, salt: &str, text: &str) {
    let t = theme::of(ui);
    eframe::egui::Frame::new().fill(t.raised).corner_radius(6.0).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ScrollArea::vertical().id_salt(salt).max_height(BLOCK).auto_shrink([false, true]).show(ui, |ui| {
            copyable(ui, mono(text).color(t.secondary));
        });
    });
}

/// The field that their block comes back into.
fn answer(ui: &mut Ui, cx: &Cx, view: &mut View) {
    ui.add_space(4.0);
    let key = intent::key_text(Intent::TakeAnswer);
    let field =
        widgets::field(ui, &format!("Paste their answer here ({key})"), &mut view.second.answer, true, f32::INFINITY);
    if std::mem::take(&mut view.focus_field) {
        field.request_focus();
        field.scroll_to_me(None);
    }
    view.second.typing = field.has_focus();
    let entered = field.has_focus() && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
    let text = view.second.answer.trim();
    let refused = text.is_empty().then_some("Paste their answer first");
    if (Button::new("Take the answer").small().refused(refused).show(ui) || entered) && refused.is_none() {
        cx.send(Command::Approval(ApprovalIntent::TakeAnswer(text.to_owned())));
        view.second.answer.clear();
    }
}

fn pictures(ui: &mut Ui, cx: &Cx, view: &mut View, asked: &AskedView) {
    if asked.pictures.is_empty() {
        wrapped(ui, secondary(ui, NO_PICTURES));
        return;
    }
    wrapped(ui, secondary(ui, PICTURES));
    let side = PICTURE.min(ui.available_width());
    ui.horizontal_wrapped(|ui| {
        turn(ui, &mut view.second, asked);
        if Button::new("Large").small().key(intent::key_text(Intent::Pictures)).show(ui) {
            cx.act(Act::Do(Intent::Pictures));
        }
        if Button::new("Save as a file…").small().show(ui) {
            cx.act(Act::SavePicture(asked.step.clone()));
        }
    });
    picture(ui, &view.second, asked, side);
    answer(ui, cx, view);
}

/// One of the pictures.
fn picture(ui: &mut Ui, second: &SecondView, asked: &AskedView, side: f32) {
    let Some(code) = asked.pictures.get(second.picture) else { return };
    qr(ui, code, side, &format!("Picture {} of {} of the request", second.picture + 1, asked.pictures.len()));
}

/// Which of them, and the way to the others.
fn turn(ui: &mut Ui, second: &mut SecondView, asked: &AskedView) {
    let all = asked.pictures.len();
    second.picture = second.picture.min(all.saturating_sub(1));
    if all < 2 {
        return;
    }
    let first = (second.picture == 0).then_some("This is the first");
    if Button::new("Before").small().refused(first).show(ui) {
        second.picture -= 1;
    }
    ui.label(body(format!("Picture {} of {all}", second.picture + 1)));
    let last = (second.picture + 1 == all).then_some("This is the last");
    if Button::new("Next").small().refused(last).show(ui) {
        second.picture += 1;
    }
}

/// The pictures over the whole window, to be photographed from an arm's length.
pub fn large(ui: &Ui, cx: &Cx, view: &mut View) {
    let asked = intent::on_run_asked(cx.snap, view).filter(|a| !a.pictures.is_empty());
    let Some(asked) = asked else {
        view.second.large = false;
        return;
    };
    let room = ui.ctx().content_rect().size();
    let side = (room.y - 130.0).min(room.x - 130.0);
    let (next, before) = ui.ctx().input_mut(|i| {
        let none = Modifiers::NONE;
        (i.consume_key(none, Key::ArrowRight), i.consume_key(none, Key::ArrowLeft))
    });
    if next {
        view.second.picture += 1;
    }
    if before {
        view.second.picture = view.second.picture.saturating_sub(1);
    }
    let (done, closed) = overlay::modal(ui, "pictures", "Pictures of the request", side, |ui| {
        let pressed = ui.horizontal_wrapped(|ui| {
            turn(ui, &mut view.second, asked);
            let close = Button::new("Close").small().key(intent::key_text(Intent::Back));
            let (response, pressed) = close.show_response(ui);
            if ui.memory(|m| m.focused().is_none()) {
                response.request_focus();
            }
            pressed
        });
        ui.add_space(4.0);
        ui.vertical_centered(|ui| picture(ui, &view.second, asked, side));
        pressed.inner
    });
    if done || closed {
        view.second.large = false;
    }
}

fn phone(ui: &mut Ui, cx: &Cx, view: &mut View, asked: &AskedView) {
    wrapped(ui, secondary(ui, PHONE));
    if asked.challenge.is_empty() {
        wrapped(ui, body(NO_CHALLENGE));
        return;
    }
    let font = FontId::new(TITLE, theme::mono_bold());
    copyable(ui, RichText::new(&asked.challenge).font(font).line_height(Some(30.0)));
    let second = &mut view.second;
    if asked.approvers.is_empty() {
        wrapped(ui, secondary(ui, NOBODY_KNOWN));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(secondary(ui, "Who reads it"));
        for name in &asked.approvers {
            if Button::new(name).small().selected(second.approver == *name).id(("whose", name)).show(ui) {
                second.approver.clone_from(name);
            }
        }
    });
    let field = widgets::field(ui, "The code they read", &mut second.code, false, 260.0);
    if std::mem::take(&mut view.focus_field) {
        field.request_focus();
        field.scroll_to_me(None);
    }
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    let known = asked.approvers.contains(&second.approver);
    let refused = match (known, second.code.trim().is_empty()) {
        (false, _) => Some("Say who reads it first"),
        (true, true) => Some("Type the code first"),
        (true, false) => None,
    };
    if (Button::new("Take the code").small().refused(refused).show(ui) || entered) && refused.is_none() {
        let (step, nonce, approver) = (asked.step.clone(), asked.nonce.clone(), second.approver.clone());
        let code = std::mem::take(&mut second.code).trim().to_owned();
        cx.send(Command::Approval(ApprovalIntent::TakeCode { step, nonce, approver, code }));
    }
}

fn here(ui: &mut Ui, cx: &Cx) {
    let text = "The second person reads this screen and types their name. The record says “on the same device”: nothing but the name \
                tells two people from one.";
    wrapped(ui, secondary(ui, text));
    if link(ui, "They agree on this device…", &intent::key_text(Intent::SameDevice)) {
        cx.act(Act::Do(Intent::SameDevice));
    }
}
