//! What lies over the screen: dialogs, the palette, the help sheet, notices. Each takes the focus when it opens; the
//! app gives it back when it closes.

use eframe::egui::{
    self, Align2, Area, Color32, Frame, Id, Key, Margin, Modal, Modifiers, Order, ScrollArea, Stroke, Ui, UiKind, vec2,
};

pub use super::palette::fuzzy;

use super::ask::{Ask, Field, Must};
use super::drafts::Drafts;
use super::intent::{self, Intent};
use super::theme::{self, CARD_RADIUS};
use super::view::{Act, Cx, Screen, View};
use super::widgets::text::{capital, copyable, small, wrapped};
use super::widgets::{self, Button, body, bold, secondary, title};
use super::{palette, sheet};
use crate::desk::snapshot::Problem;

/// The palette's own state.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// Which hit is chosen.
    pub chosen: usize,
}

/// Height of a dialog beside its lines: title, two fields, buttons.
const AROUND_LINES: f32 = 360.0;
/// The same beside its fields, which scroll in a window that is too low for them: title and buttons.
const AROUND_FIELDS: f32 = 210.0;
/// Three lines are always to be read.
const LEAST_LINES: f32 = 60.0;

/// What became of an overlay in this frame.
pub(super) enum Fate {
    Stays,
    Goes,
}

/// Over everything, in the middle; whether it is to be closed. A screen reader is told its `name`.
pub(super) fn modal<R>(ui: &Ui, id: &str, name: &str, width: f32, add: impl FnOnce(&mut Ui) -> R) -> (R, bool) {
    modal_in(ui, Modal::default_area(Id::unique(id)), name, width, add)
}

/// The same hung from its upper edge, where it would begin with this height: its field stays where it is when what is below
/// it shrinks.
pub(super) fn modal_from_top<R>(
    ui: &Ui,
    id: &str,
    name: &str,
    [width, height]: [f32; 2],
    add: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let window = ui.ctx().content_rect().height();
    let top = ((window - height) / 2.0).max(8.0);
    let area = Modal::default_area(Id::unique(id)).anchor(Align2::CENTER_TOP, vec2(0.0, top));
    modal_in(ui, area, name, width, add)
}

fn modal_in<R>(ui: &Ui, area: Area, name: &str, width: f32, add: impl FnOnce(&mut Ui) -> R) -> (R, bool) {
    let width = width.min(ui.ctx().content_rect().width() - 80.0);
    let shade = theme::SHADE[usize::from(!ui.visuals().dark_mode)];
    let shown =
        Modal::new(area.layer().id).area(area).frame(dialog_frame(ui)).backdrop_color(shade).show(ui.ctx(), |ui| {
            if let Some(whole) = ui.stack().iter().find(|s| s.kind() == Some(UiKind::Modal)) {
                ui.ctx().accesskit_node_builder(whole.unique_id, |node| {
                    node.set_label(name);
                    node.set_modal();
                });
            }
            ui.set_width(width);
            add(ui)
        });
    let close = shown.should_close();
    (shown.inner, close)
}

/// What a dialog stands in.
pub(super) fn dialog_frame(ui: &Ui) -> Frame {
    let t = theme::of(ui);
    Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(f32::from(CARD_RADIUS))
        .inner_margin(Margin::same(24))
}

/// Draws whatever is open.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    if let Some(notice) = &cx.snap.notice {
        self::notice(ui, cx, view.screen, notice);
    } else if let Some(busy) = &cx.snap.busy {
        corner(ui, "busy", view.screen, theme::of(ui).accent, |ui| {
            wrapped(ui, body(busy));
        });
    }
    if let Some(mut ask) = view.ask.take() {
        if let Some(path) = view.picked.lock().ok().and_then(|mut p| p.take())
            && let Some(field) = ask.fields.iter_mut().find(|f| f.browse.is_some())
        {
            field.text = path.to_string_lossy().into_owned();
        }
        match dialog(ui, cx, &mut ask, &mut view.drafts) {
            Fate::Stays => view.ask = Some(ask),
            Fate::Goes => forget_secrets(ui, &ask),
        }
    }
    if view.second.large {
        super::screens::run::large_pictures(ui, cx, view);
    }
    if let Some(mut palette) = view.palette.take()
        && matches!(palette::show(ui, cx, view, &mut palette), Fate::Stays)
    {
        view.palette = Some(palette);
    }
    if view.help && matches!(sheet::help(ui, view.screen), Fate::Goes) {
        view.help = false;
    }
}

fn dialog(ui: &Ui, cx: &Cx, ask: &mut Ask, drafts: &mut Drafts) -> Fate {
    // Before the fields see it: in a tall one, Enter is a new line.
    let sent = ui.ctx().input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
    let name = ask.title.clone();
    let (pressed, closed) = modal(ui, "ask", &name, 480.0, |ui| form(ui, &|act| cx.act(act), ask));
    let sent = sent || pressed == Some(true);
    if sent && let Some(command) = ask.command(cx.now.utc) {
        cx.send(command.of(ask.run.as_deref()));
        drafts.forget(ask);
        return Fate::Goes;
    }
    if sent {
        ask.open = false;
    }
    if closed || pressed == Some(false) {
        drafts.keep(ask);
        return Fate::Goes;
    }
    Fate::Stays
}

/// What a dialog asks, and its buttons; whether it was sent or cancelled.
pub(super) fn form(ui: &mut Ui, act: &dyn Fn(Act), ask: &mut Ask) -> Option<bool> {
    // The first field that still needs something has the focus.
    let first = (0..ask.fields.len()).find(|i| !ask.field_good(*i)).unwrap_or(0);
    let (mut sent, mut cancelled) = (false, false);
    let opened = ask.open;
    title(ui, &ask.title);
    ui.add_space(8.0);
    let whole = (ui.ctx().content_rect().height() - AROUND_FIELDS).max(LEAST_LINES);
    ScrollArea::vertical().id_salt("fields").max_height(whole).auto_shrink([false, true]).show(ui, |ui| {
        // What is asked may come from a file: however long, it never pushes the buttons out of the window.
        let tall = (ui.ctx().content_rect().height() - AROUND_LINES).max(LEAST_LINES);
        ScrollArea::vertical().id_salt("lines").max_height(tall).auto_shrink([false, true]).show(ui, |ui| {
            for line in &ask.lines {
                wrapped(ui, secondary(ui, line));
                ui.add_space(4.0);
            }
        });
        if let Some(c) = &ask.shows {
            super::screens::run::checkpoint(ui, act, c);
        }
        if let Some((choices, chosen)) = &mut ask.choice {
            ui.add_space(8.0);
            ui.horizontal_wrapped(|ui| {
                for (i, name) in choices.iter().enumerate() {
                    if Button::new(name).small().selected(*chosen == i).id(("choice", i)).show(ui) {
                        *chosen = i;
                    }
                }
            });
        }
        let states: Vec<(bool, bool)> = (0..ask.fields.len()).map(|i| (ask.asks(i), ask.field_good(i))).collect();
        for ((i, field), (asks, good)) in ask.fields.iter_mut().enumerate().zip(states) {
            if !asks {
                continue;
            }
            ui.add_space(8.0);
            ui.push_id(("field", i), |ui| {
                let response = self::field(ui, act, field);
                if i == first && !ask.open {
                    response.request_focus();
                }
                let entered = response.lost_focus() && ui.input(|k| k.key_pressed(Key::Enter));
                sent |= entered && !ask.changes_azure;
                if !field.text.is_empty() && !good {
                    let hint = match &field.must {
                        Must::Equal(_) => "Not the same yet",
                        Must::Duration => "Write for example 15m or 1h30m",
                        Must::Passphrase => "At least 10 letters: four words are good",
                        Must::Again => "Not the same as above yet",
                        Must::Any | Must::Text => "Needed",
                    };
                    ui.label(small(ui, hint));
                }
            });
        }
    });
    ask.open = true;
    ui.add_space(16.0);
    let key = if ask.changes_azure { Intent::Change } else { Intent::Confirm };
    let tall = ask.fields.iter().any(|f| f.tall);
    let key = if tall { Intent::Change } else { key };
    let refused = (!ask.good()).then_some("Fill in the fields above first");
    ui.horizontal(|ui| {
        let go = Button::new(&ask.confirm)
            .primary()
            .key(intent::key_text(key))
            .guarded(ask.changes_azure)
            .refused(refused)
            .show(ui);
        sent |= go;
        let (response, pressed) = Button::new("Cancel").key(intent::key_text(Intent::Back)).show_response(ui);
        // With nothing to fill in, the focus goes where Enter does no harm.
        if ask.fields.is_empty() && !opened {
            response.request_focus();
        }
        cancelled = pressed;
    });
    if ask.changes_azure {
        ui.add_space(8.0);
        wrapped(ui, small(ui, "Enter alone does not do this."));
    }
    (sent || cancelled).then_some(sent)
}

/// A field of a dialog, with dots for what is secret and a button where the system's dialog helps.
fn field(ui: &mut Ui, act: &dyn Fn(Act), field: &mut Field) -> egui::Response {
    if field.secret {
        let response = widgets::layout::secret(ui, &field.label, &mut field.text);
        field.drawn = Some(response.id);
        return response;
    }
    let response = widgets::field(ui, &field.label, &mut field.text, field.tall, f32::INFINITY);
    if let Some(how) = field.browse {
        ui.add_space(4.0);
        if Button::new("Choose…").name("Choose the file").small().show(ui) {
            act(Act::Browse(how));
        }
    }
    response
}

/// What egui keeps of a secret to undo typing goes with the dialog.
fn forget_secrets(ui: &Ui, ask: &Ask) {
    for id in ask.fields.iter().filter(|f| f.secret).filter_map(|f| f.drawn) {
        egui::text_edit::TextEditState::default().store(ui.ctx(), id);
    }
}

/// Over the foot of the second column: it neither pushes nor covers what one is about to press.
/// Where something that came by itself covers no button: over a list at the left, or over the head of what is read, or at the
/// right where what is to be done stands at the left.
fn corner(ui: &Ui, id: &str, screen: Screen, hue: Color32, add: impl FnOnce(&mut Ui)) {
    let left = super::shell::NAV + 8.0;
    let (anchor, at, width) = match (screen, super::screens::run::checklist_width(ui)) {
        (Screen::Run, Some(checklist)) => (Align2::LEFT_BOTTOM, vec2(super::shell::NAV, -28.0), checklist - 1.0),
        (Screen::Run, None) => (Align2::LEFT_TOP, vec2(left, 84.0), 300.0),
        (Screen::Rehearse, _) => (Align2::LEFT_BOTTOM, vec2(left, -36.0), 240.0),
        _ => (Align2::RIGHT_BOTTOM, vec2(-16.0, -36.0), 300.0),
    };
    // At the foot of a list it takes the whole width down to the edge: no half of a line looks out from under it.
    let radius = if at.x == super::shell::NAV { 0 } else { CARD_RADIUS };
    Area::new(Id::unique(id)).order(Order::Middle).anchor(anchor, at).show(ui.ctx(), |ui| {
        ui.set_width(width);
        toast(ui, hue, radius, add);
    });
}

/// Something that came by itself, with its edge.
pub(super) fn toast(ui: &mut Ui, hue: Color32, radius: u8, add: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.faint))
        .corner_radius(f32::from(radius))
        .inner_margin(Margin { left: 20, right: 16, top: 14, bottom: 14 });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        add(ui);
    });
    widgets::layout::edge(ui, shown.response.rect, hue, 4.0, radius);
}

fn notice(ui: &Ui, cx: &Cx, screen: Screen, problem: &Problem) {
    corner(ui, "notice", screen, theme::of(ui).down, |ui| {
        if told(ui, &|act| cx.act(act), problem) {
            cx.send(crate::desk::protocol::Command::DismissNotice);
        }
    });
}

/// What a notice says; whether it was dismissed.
pub(super) fn told(ui: &mut Ui, act: &dyn Fn(Act), problem: &Problem) -> bool {
    let id = Id::unique(("notice in full", &problem.what));
    let full = ui.data(|d| d.get_temp::<bool>(id)).unwrap_or(false);
    let more = !(problem.means.is_empty() && problem.next.is_empty() && problem.raw.is_empty());
    // What it comes on top of stays in sight: the rest on demand.
    if full {
        self::problem_to(ui, act, problem);
    } else {
        copyable(ui, bold(capital(&problem.what)));
    }
    ui.add_space(8.0);
    widgets::in_line(ui, |ui| {
        let dismissed = Button::new("Dismiss").small().key(intent::key_text(Intent::Back)).show(ui);
        if more && widgets::link(ui, if full { "Show less" } else { "Show more" }, "") {
            ui.data_mut(|d| d.insert_temp(id, !full));
        }
        dismissed
    })
}

/// What happened, what it means, what to do next; the raw cause folded away, and to copy.
pub fn problem(ui: &mut Ui, cx: &Cx, p: &Problem) {
    problem_to(ui, &|act| cx.act(act), p);
}

/// The same, where the wishes go elsewhere.
pub(super) fn problem_to(ui: &mut Ui, act: &dyn Fn(Act), p: &Problem) {
    copyable(ui, bold(capital(&p.what)));
    if !p.means.is_empty() {
        copyable(ui, body(capital(&p.means)));
    }
    if !p.next.is_empty() {
        copyable(ui, body(format!("Next: {}", p.next)));
    }
    if p.raw.is_empty() {
        return;
    }
    ui.add_space(2.0);
    let id = ui.make_persistent_id(("raw", &p.what));
    let mut open = ui.data(|d| d.get_temp::<bool>(id)).unwrap_or(false);
    ui.horizontal(|ui| {
        if widgets::link(ui, if open { "Hide the cause" } else { "Show the cause" }, "") {
            open = !open;
            ui.data_mut(|d| d.insert_temp(id, open));
        }
        if widgets::link(ui, "Copy the cause", "") {
            act(Act::Copy(p.raw.clone(), "The cause"));
        }
    });
    if open {
        copyable(ui, widgets::mono(&p.raw).color(theme::of(ui).secondary));
    }
}
