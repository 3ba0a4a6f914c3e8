//! The open runs, where there are several: which is on show, which of them calls, and the way to the others.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, FontId, Frame, Margin, Panel, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::desk::protocol::{Command, RunIntent};
use crate::desk::snapshot::OpenRun;
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, RADIUS, ROW, SMALL};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::line;
use crate::ui::widgets::{at_end, end_width, link};

/// Widest name of a run.
const NAME: f32 = 190.0;
/// Narrowest: the four characters that people say.
const LEAST: f32 = 40.0;
/// Mode, call and gaps around a name.
const AROUND: f32 = 138.0;
/// What stands behind the name of a run that needs somebody.
const WAITS: &str = "waits";

/// Draws the strip, where there is anything to switch to.
pub fn show(ui: &mut Ui, cx: &Cx) {
    let runs = &cx.snap.open_runs;
    if runs.len() < 2 {
        return;
    }
    let t = theme::of(ui);
    Panel::top("runs")
        .exact_size(40.0)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 16, right: 16, top: 6, bottom: 6 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(16.0, 6.0));
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
            ui.horizontal_centered(|ui| {
                let room = ui.available_width() - end_width(ui, "next") - 8.0;
                ui.scope(|ui| {
                    ui.set_max_width(room.max(LEAST));
                    // As wide as fits; what does not fit even so is scrolled to, or reached by the key.
                    let each = (ui.available_width() / runs.len() as f32 - AROUND).clamp(LEAST, NAME);
                    ScrollArea::horizontal().id_salt("runs").auto_shrink([false, true]).show(ui, |ui| {
                        ui.horizontal_centered(|ui| {
                            for r in runs.iter() {
                                ui.push_id(&r.id, |ui| run(ui, cx, r, each));
                            }
                        });
                    });
                });
                at_end(ui, "next", |ui| {
                    if link(ui, "Next run", &intent::key_text(Intent::NextRun)) {
                        cx.act(Act::Do(Intent::NextRun));
                    }
                });
            });
        });
}

/// What a screen reader says of it.
pub fn sentence(r: &OpenRun) -> String {
    let calls = if r.calls { ", needs you" } else { "" };
    format!("Run {} {}, {}{calls}. {}", r.short, r.title, r.mode.word(), r.waits)
}

fn run(ui: &mut Ui, cx: &Cx, r: &OpenRun, most: f32) {
    let t = theme::of(ui);
    let font = if r.shown { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let ink = if r.shown { t.text } else { t.secondary };
    let name = line(ui, &format!("{} · {}", r.short, r.title), font, ink, most);
    let strong = FontId::new(SMALL, theme::bold());
    let mode = line(ui, r.mode.word(), strong.clone(), t.on_band, f32::INFINITY);
    let waits = r.calls.then(|| line(ui, WAITS, strong, t.text, f32::INFINITY));
    let chip = mode.size() + vec2(10.0, 2.0);
    let width = 6.0 + chip.x + 8.0 + name.size().x + 10.0 + waits.as_ref().map_or(0.0, |w| w.size().x + 8.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let sentence = sentence(r);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, r.shown, &sentence));
    let edge = if r.shown { t.accent } else { t.line };
    let fill = if r.shown || response.hovered() { t.raised } else { t.panel };
    ui.painter().rect(rect, f32::from(RADIUS), fill, Stroke::new(1.0, edge), egui::StrokeKind::Inside);
    // The band's word and colour, so that a live run is never taken for a rehearsal.
    let y = rect.center().y;
    let chip = Rect::from_center_size(pos2(rect.left() + 6.0 + chip.x / 2.0, y), chip);
    ui.painter().rect_filled(chip, 3.0, t.band(r.mode));
    ui.painter().galley(chip.center() - mode.size() / 2.0, mode, t.on_band);
    let at = pos2(chip.right() + 8.0, y - name.size().y / 2.0);
    let end = at.x + name.size().x;
    ui.painter().galley(at, name, ink);
    if let Some(waits) = waits {
        ui.painter().galley(pos2(end + 8.0, y - waits.size().y / 2.0), waits, t.text);
    }
    focus_ring(ui, &response, rect.shrink(2.0));
    if response.clicked() && !r.shown {
        cx.send(Command::Run(RunIntent::Focus(r.id.clone())));
    }
    response.on_hover_text(sentence);
}
