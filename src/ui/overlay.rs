//! What lies over the screen: dialogs, the palette, the help sheet, notices. Each takes the focus when it opens; the
//! app gives it back when it closes.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    self, Align2, Area, Color32, Frame, Id, Key, Margin, Modal, Modifiers, Order, ScrollArea, Stroke, Ui, vec2,
};

use super::ask::{Ask, Field, Must};
use super::intent::{self, Intent, TABLE};
use super::theme::{self, CARD_RADIUS};
use super::view::{Act, Cx, View};
use super::widgets::text::{copyable, small, wrapped};
use super::widgets::{self, Button, body, bold, secondary, title};
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
enum Fate {
    Stays,
    Goes,
}

/// Over everything, in the middle; whether it is to be closed.
pub(super) fn modal<R>(ui: &Ui, id: &str, width: f32, add: impl FnOnce(&mut Ui) -> R) -> (R, bool) {
    let t = theme::of(ui);
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(f32::from(CARD_RADIUS))
        .inner_margin(Margin::same(24));
    let width = width.min(ui.ctx().content_rect().width() - 80.0);
    let shade = if ui.visuals().dark_mode { Color32::from_black_alpha(150) } else { Color32::from_black_alpha(90) };
    let shown = Modal::new(Id::unique(id)).frame(frame).backdrop_color(shade).show(ui.ctx(), |ui| {
        ui.set_width(width);
        add(ui)
    });
    let close = shown.should_close();
    (shown.inner, close)
}

/// Draws whatever is open.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    if let Some(notice) = &cx.snap.notice {
        self::notice(ui, cx, notice);
    } else if let Some(busy) = &cx.snap.busy {
        corner(ui, "busy", theme::of(ui).accent, |ui| {
            wrapped(ui, body(busy));
        });
    }
    if let Some(mut ask) = view.ask.take() {
        if let Some(path) = view.picked.lock().ok().and_then(|mut p| p.take())
            && let Some(field) = ask.fields.iter_mut().find(|f| f.browse.is_some())
        {
            field.text = path.to_string_lossy().into_owned();
        }
        match dialog(ui, cx, &mut ask) {
            Fate::Stays => view.ask = Some(ask),
            Fate::Goes => forget_secrets(ui, &ask),
        }
    }
    if view.second.large {
        super::screens::run::large_pictures(ui, cx, view);
    }
    if let Some(mut palette) = view.palette.take()
        && matches!(self::palette(ui, cx, view, &mut palette), Fate::Stays)
    {
        view.palette = Some(palette);
    }
    if view.help && matches!(help(ui), Fate::Goes) {
        view.help = false;
    }
}

fn dialog(ui: &Ui, cx: &Cx, ask: &mut Ask) -> Fate {
    // Before the fields see it: in a tall one, Enter is a new line.
    let mut sent = ui.ctx().input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
    // The first field that still needs something has the focus.
    let first = (0..ask.fields.len()).find(|i| !ask.field_good(*i)).unwrap_or(0);
    let mut cancelled = false;
    let opened = ask.open;
    let ((), closed) = modal(ui, "ask", 480.0, |ui| {
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
                super::screens::run::checkpoint(ui, cx, c);
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
                    let response = self::field(ui, cx, field);
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
    });
    if sent && let Some(command) = ask.command(cx.now.utc) {
        cx.send(command.of(ask.run.as_deref()));
        return Fate::Goes;
    }
    if sent {
        ask.open = false;
    }
    if closed || cancelled { Fate::Goes } else { Fate::Stays }
}

/// A field of a dialog, with dots for what is secret and a button where the system's dialog helps.
fn field(ui: &mut Ui, cx: &Cx, field: &mut Field) -> egui::Response {
    if field.secret {
        let response = widgets::layout::secret(ui, &field.label, &mut field.text);
        field.drawn = Some(response.id);
        return response;
    }
    let response = widgets::field(ui, &field.label, &mut field.text, field.tall, f32::INFINITY);
    if let Some(how) = field.browse {
        ui.add_space(4.0);
        if Button::new("Choose…").name("Choose the file").small().show(ui) {
            cx.act(Act::Browse(how));
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

/// Letters in order, anywhere; closer together and earlier is better.
pub fn fuzzy(text: &str, query: &str) -> Option<usize> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut cost) = (0, 0);
    for c in query.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let step = text.get(at..)?.iter().position(|t| *t == c)?;
        cost += step;
        at += step + 1;
    }
    Some(cost * 64 + text.len())
}

fn palette(ui: &Ui, cx: &Cx, view: &View, palette: &mut Palette) -> Fate {
    let mut hits: Vec<(usize, &intent::Row)> = TABLE
        .iter()
        .filter(|r| !matches!(r.intent, Intent::Palette | Intent::Back))
        .filter(|r| intent::available(r.intent, cx.snap, view))
        .filter_map(|r| fuzzy(r.label, &palette.text).map(|cost| (cost, r)))
        .collect();
    if !palette.text.is_empty() {
        hits.sort_by_key(|(cost, _)| *cost);
    }
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
    let chosen = hits.get(palette.chosen).map(|(_, r)| r.intent);
    // Enter alone changes nothing in Azure and signs nothing, from here neither.
    let guarded = chosen == Some(Intent::Change);
    let mut wanted = chosen.filter(|_| sure || go && !guarded);
    let ((), closed) = modal(ui, "palette", 520.0, |ui| {
        let before = palette.text.clone();
        let field = widgets::field(ui, "Find a command", &mut palette.text, false, f32::INFINITY);
        field.request_focus();
        if before != palette.text {
            palette.chosen = 0;
        }
        ui.add_space(8.0);
        ScrollArea::vertical().max_height(336.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (i, (_, row)) in hits.iter().enumerate() {
                let chosen = i == palette.chosen;
                ui.push_id(row.label, |ui| {
                    let response = hit(ui, row, chosen);
                    if chosen && (up || down) {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        wanted = Some(row.intent);
                    }
                });
            }
            if hits.is_empty() {
                ui.label(secondary(ui, "No command has these letters in this order."));
            }
        });
        if guarded {
            ui.add_space(8.0);
            wrapped(ui, small(ui, "Enter alone does not do this: it takes Ctrl+Enter, or a click."));
        }
    });
    if let Some(intent) = wanted {
        cx.act(Act::Do(intent));
        return Fate::Goes;
    }
    if closed { Fate::Goes } else { Fate::Stays }
}

fn hit(ui: &mut Ui, row: &intent::Row, chosen: bool) -> egui::Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, chosen, row.label));
    if chosen || response.hovered() {
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), t.raised);
    }
    if chosen {
        widgets::layout::edge(ui, rect, t.accent, 2.0, theme::RADIUS);
    }
    let key = intent::key_text(row.intent);
    let p = ui.painter();
    let font = egui::FontId::proportional(theme::BODY);
    p.text(rect.left_center() + vec2(12.0, 0.0), Align2::LEFT_CENTER, row.label, font, t.text);
    let font = egui::FontId::proportional(theme::SMALL);
    p.text(rect.right_center() - vec2(12.0, 0.0), Align2::RIGHT_CENTER, key, font, t.secondary);
    response
}

fn help(ui: &Ui) -> Fate {
    let tall = ui.ctx().content_rect().height() - 200.0;
    let (done, closed) = modal(ui, "help", 620.0, |ui| {
        title(ui, "Keys");
        ui.add_space(4.0);
        let rule = "Enter alone never changes anything in Azure. A reversible change takes Ctrl+Enter or a click; one that \
                    cannot be undone, or loses something, wants the name of its target typed.";
        wrapped(ui, secondary(ui, rule));
        ui.add_space(12.0);
        ScrollArea::vertical().max_height(tall).auto_shrink([false, true]).show(ui, |ui| {
            scroll_by_key(ui, tall);
            for row in TABLE.iter().filter(|r| r.key.is_some()) {
                widgets::row(ui, 104.0, &intent::key_text(row.intent), |ui| {
                    ui.horizontal_wrapped(|ui| {
                        ui.label(body(row.label.trim_end_matches('…')));
                        ui.label(secondary(ui, row.help));
                    });
                });
            }
        });
        ui.add_space(16.0);
        let (response, pressed) = Button::new("Close").key(intent::key_text(Intent::Back)).show_response(ui);
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
        pressed
    });
    if done || closed { Fate::Goes } else { Fate::Stays }
}

/// The sheet is longer than a small window, and has nothing in it for Tab to walk to.
fn scroll_by_key(ui: &Ui, page: f32) {
    let keys = [(Key::PageDown, -page), (Key::PageUp, page), (Key::ArrowDown, -48.0), (Key::ArrowUp, 48.0)];
    for (key, by) in keys {
        if ui.ctx().input_mut(|i| i.consume_key(Modifiers::NONE, key)) {
            ui.scroll_with_delta(vec2(0.0, by));
        }
    }
}

/// Over the foot of the second column: it neither pushes nor covers what one is about to press.
fn corner(ui: &Ui, id: &str, hue: Color32, add: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    let at = vec2(super::shell::NAV + 8.0, -36.0);
    Area::new(Id::unique(id)).order(Order::Middle).anchor(Align2::LEFT_BOTTOM, at).show(ui.ctx(), |ui| {
        ui.set_width(300.0);
        let frame = Frame::new()
            .fill(t.panel)
            .stroke(Stroke::new(1.0, t.faint))
            .corner_radius(f32::from(CARD_RADIUS))
            .inner_margin(Margin { left: 20, right: 16, top: 14, bottom: 14 });
        let shown = frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            add(ui);
        });
        widgets::layout::edge(ui, shown.response.rect, hue, 4.0, CARD_RADIUS);
    });
}

fn notice(ui: &Ui, cx: &Cx, problem: &Problem) {
    corner(ui, "notice", theme::of(ui).down, |ui| {
        self::problem(ui, cx, problem);
        ui.add_space(8.0);
        if Button::new("Dismiss").small().key(intent::key_text(Intent::Back)).show(ui) {
            cx.send(crate::desk::protocol::Command::DismissNotice);
        }
    });
}

/// What happened, what it means, what to do next; the raw cause folded away, and to copy.
pub fn problem(ui: &mut Ui, cx: &Cx, p: &Problem) {
    copyable(ui, bold(&p.what));
    if !p.means.is_empty() {
        copyable(ui, body(&p.means));
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
            cx.act(Act::Copy(p.raw.clone(), "The cause"));
        }
    });
    if open {
        copyable(ui, widgets::mono(&p.raw).color(theme::of(ui).secondary));
    }
}
