//! The commander's view: one picture to be read from across a room. What is happening and whether it is real, the time
//! left, who waits for what, the next steps, where the time goes, where. It changes nothing, and has nothing to press.

mod strip;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    self, FontFamily, FontId, Frame, Key, Modifiers, Rect, RichText, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::run::{capital, clock_text, run_sentence};
use crate::desk::snapshot::{Mark, OpenRun, RunView};
use crate::ui::map::{self, Sought};
use crate::ui::theme;
use crate::ui::view::{Cx, local_clock};
use crate::ui::widgets::text::line;
use crate::ui::widgets::{layout::edge, paint_band, paint_mark};
use crate::units::{Millis, utc_clock};

/// The window that the sizes below are for; others scale.
const DESIGN: egui::Vec2 = vec2(1280.0, 720.0);
/// Least size of any text, of a height of 720: legible from five metres on a usual projector.
const LEAST: f32 = 21.0;
/// Steps that are named.
pub const NEXT: usize = 3;
/// Runs that are named beside the one on show.
const RUNS: usize = 4;
/// Of them beside each other.
const SIDE: usize = 2;

/// As a screen of the operator's window.
pub fn show(ui: &mut Ui, cx: &Cx) {
    let rect = ui.max_rect();
    draw(ui, cx, rect, false);
}

/// As a window of its own, with its own band.
pub fn window(ui: &mut Ui, cx: &Cx) {
    let rect = ui.max_rect();
    ui.painter().rect_filled(rect, 0.0, theme::of(ui).background);
    draw(ui, cx, rect, true);
}

/// Escape and F9 close the window, F11 fills the screen and gives it back: (close, fill).
pub fn keys(ui: &Ui) -> (bool, bool) {
    ui.ctx().input_mut(|i| {
        let none = Modifiers::NONE;
        let close = i.consume_key(none, Key::Escape) || i.consume_key(none, Key::F9);
        (close, i.consume_key(none, Key::F11))
    })
}

/// Sizes of one picture.
struct Size {
    /// A point of the design, in points of this window.
    unit: f32,
    /// Everything is in one column.
    narrow: bool,
}

impl Size {
    fn of(rect: Rect) -> Self {
        let unit = (rect.width() / DESIGN.x).min(rect.height() / DESIGN.y).clamp(0.5, 6.0);
        Self { unit, narrow: rect.width() < rect.height() * 1.1 }
    }
    /// Text is never smaller than a person reads it on this screen.
    fn text(&self, size: f32) -> f32 {
        (size.max(LEAST) * self.unit).max(13.0)
    }
}

fn text(ui: &mut Ui, s: &Size, words: &str, size: f32, family: FontFamily, ink: egui::Color32) {
    let font = FontId::new(s.text(size), family);
    ui.add(egui::Label::new(RichText::new(words).font(font).color(ink)).wrap());
}

fn draw(ui: &mut Ui, cx: &Cx, rect: Rect, own_window: bool) {
    let s = Size::of(rect);
    let mut rest = rect;
    if own_window {
        let height = 56.0 * s.unit;
        let (top, below) = rect.split_top_bottom_at_y(rect.top() + height);
        band(ui, cx, &s, top);
        rest = below;
    }
    let rest = rest.shrink2(if own_window { vec2(28.0, 20.0) * s.unit } else { vec2(24.0, 20.0) });
    let gap = 32.0 * s.unit;
    // What does not fit any more is scrolled to, by whoever has a small window; a projector shows all of it.
    let whole = egui::ScrollArea::vertical().id_salt("commander").auto_shrink([false, false]);
    ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| {
        whole.show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 5.0) * s.unit;
            if s.narrow {
                what(ui, cx, &s);
                ui.add_space(gap / 2.0);
                clocks(ui, cx, &s);
                ui.add_space(gap / 2.0);
                timeline(ui, cx, &s, 0.0);
                ui.add_space(gap / 2.0);
                place(ui, cx, &s, f32::INFINITY);
                others(ui, cx, &s, 1);
                return;
            }
            let left = (rest.width() - gap) * 0.54;
            let top = ui.cursor().top();
            let height = rest.height() - others_height(cx, &s);
            super::columns(ui, [left, rest.width() - gap - left], gap, |l, r| {
                for side in [&mut *l, &mut *r] {
                    side.spacing_mut().item_spacing = vec2(8.0, 5.0) * s.unit;
                }
                what(l, cx, &s);
                l.add_space(14.0 * s.unit);
                timeline(l, cx, &s, height - (l.cursor().top() - top));
                clocks(r, cx, &s);
                let used = r.cursor().top() - top;
                let room = (height - used - 12.0 * s.unit).max(120.0 * s.unit);
                place(r, cx, &s, room);
            });
            others(ui, cx, &s, SIDE);
        });
    });
}

/// The mode, in the colours of the operator's window.
fn band(ui: &mut Ui, cx: &Cx, s: &Size, rect: Rect) {
    let t = theme::of(ui);
    let band = &cx.snap.band;
    let p = ui.painter_at(rect);
    let ink = paint_band(&p, rect, band.mode, t);
    cx.changes_every(0, if cx.ticking() { 1 } else { 60 });
    let utc = utc_clock(cx.now.utc);
    let utc = if cx.ticking() { utc.as_str() } else { utc.get(..5).unwrap_or_default() };
    let times = format!("{utc} UTC · {} local", local_clock(cx.now.utc, false));
    let pad = 28.0 * s.unit;
    let times = line(ui, &times, FontId::proportional(s.text(22.0)), ink, rect.width() * 0.45);
    let right = rect.right() - pad - times.size().x;
    p.galley(pos2(right, rect.center().y - times.size().y / 2.0), times, ink);
    let strong = FontId::new(s.text(26.0), theme::bold());
    let words = line(ui, &band.text, strong, ink, right - rect.left() - 2.0 * pad);
    p.galley(pos2(rect.left() + pad, rect.center().y - words.size().y / 2.0), words, ink);
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}. {}", band.text, band.run)));
}

/// What is happening, who waits for what, what comes next.
fn what(ui: &mut Ui, cx: &Cx, s: &Size) {
    let t = theme::of(ui);
    let situation = &cx.snap.situation;
    caption(ui, s, "What is happening");
    let worst = situation.mark.unwrap_or(Mark::Unknown);
    let headline = if situation.headline.is_empty() { "Nothing is watched yet" } else { situation.headline.as_str() };
    text(ui, s, headline, 30.0, theme::bold(), if worst == Mark::Unknown { t.text } else { t.status(worst) });
    ui.add_space(14.0 * s.unit);
    let Some(run) = cx.snap.run.as_deref() else {
        text(ui, s, "No run is open.", 28.0, FontFamily::Proportional, t.text);
        return;
    };
    caption(ui, s, &format!("Who waits for what · {}, run {}", run.title, run.short));
    let state = state(run);
    text(ui, s, &state, 30.0, theme::bold(), t.text);
    let asked = cx.snap.approvals.asked.iter().map(|a| &a.what);
    for what in asked.take(2).filter(|_| run.closed.is_none()) {
        text(ui, s, &format!("A second person is asked: {what}"), 24.0, FontFamily::Proportional, t.text);
    }
    ui.add_space(14.0 * s.unit);
    let next = next(run);
    if !next.is_empty() && run.closed.is_none() {
        let (done, all) = run.progress;
        caption(ui, s, &format!("Next · {done} of {all} steps done"));
        for (i, step) in next.iter().take(NEXT).enumerate() {
            let (ink, family) = if i == 0 { (t.text, theme::bold()) } else { (t.text, FontFamily::Proportional) };
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 14.0 * s.unit;
                text(ui, s, &(i + 1).to_string(), 26.0, family.clone(), ink);
                ui.vertical(|ui| text(ui, s, step, 26.0, family, ink));
            });
        }
    }
}

/// One sentence: ended, handed over, paused, or what is waited for.
pub fn state(run: &RunView) -> String {
    if let Some(how) = &run.closed {
        return how.clone();
    }
    if let Some(to) = &run.papers.handed_over {
        return format!("Handed over: {to}");
    }
    if let Some(why) = &run.paused {
        return format!("Paused: {why}");
    }
    if run.waits.is_empty() { "Nothing is waited for".to_owned() } else { capital(&run.waits) }
}

/// The next steps in words: as the desk says, else by the checklist.
pub fn next(run: &RunView) -> Vec<&str> {
    if !run.next.is_empty() {
        return run.next.iter().map(String::as_str).collect();
    }
    let steps = run.phases.iter().flat_map(|p| &p.steps).filter(|s| !s.state.over());
    steps.take(NEXT).map(|s| s.title.as_str()).collect()
}

/// Where the time goes.
fn timeline(ui: &mut Ui, cx: &Cx, s: &Size, height: f32) {
    if let Some(run) = cx.snap.run.as_deref() {
        strip::show(ui, cx, s, &run.gantt, height);
    }
}

/// The time left, as large as it goes, and what it comes to.
fn clocks(ui: &mut Ui, cx: &Cx, s: &Size) {
    let Some(run) = cx.snap.run.as_deref() else { return };
    let t = theme::of(ui);
    let clock = clock_text(cx, run);
    caption(ui, s, &clock.caption);
    // An hour more takes two figures more.
    let wide = if clock.figure.len() > 5 { 128.0 } else { 176.0 };
    let ink = if clock.late { t.down } else { t.text };
    let font = FontId::new(s.text(wide), theme::bold());
    ui.add(egui::Label::new(RichText::new(&clock.figure).font(font).color(ink)).extend());
    let c = &run.clocks;
    // One verdict; what it comes from stands behind it.
    if let Some(breach) = &c.breach {
        text(ui, s, breach, 25.0, theme::bold(), t.down);
    }
    if !c.forecast.is_empty() {
        let ink = if c.breach.is_some() { t.secondary } else { t.text };
        text(ui, s, &c.forecast, 23.0, FontFamily::Proportional, ink);
    }
    let spent = |ms: u64| Millis::from_secs(ms / 1_000);
    let waited = format!("Waited for people {} · for Azure {}", spent(c.waited_people), spent(c.waited_azure));
    text(ui, s, &waited, LEAST, FontFamily::Proportional, t.secondary);
    if !c.rpa.is_empty() {
        text(ui, s, &format!("Recovery point: {}", c.rpa), LEAST, FontFamily::Proportional, t.secondary);
    }
    ui.add_space(10.0 * s.unit);
}

/// The map, and the regions of the plan in words.
fn place(ui: &mut Ui, cx: &Cx, s: &Size, height: f32) {
    let t = theme::of(ui);
    let situation = &cx.snap.situation;
    for r in situation.regions.iter().filter(|r| !r.role.is_empty()) {
        ui.horizontal_wrapped(|ui| {
            let size = 22.0 * s.unit;
            let (rect, response) = ui.allocate_exact_size(vec2(size, s.text(LEAST) * 1.2), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, r.mark.word()));
            paint_mark(ui.painter(), rect.center(), size * 0.4, r.mark, t.status(r.mark));
            text(ui, s, &format!("{}: {}", r.display, r.word), LEAST, FontFamily::Proportional, t.text);
        });
    }
    if !situation.regions.is_empty() {
        let sought = Sought { chosen: None, pinned: &[] };
        let words = situation.regions.iter().filter(|r| !r.role.is_empty()).count() as f32 * s.text(LEAST) * 1.4;
        let width = ui.available_width();
        let height = (height - words).max(90.0 * s.unit).min(width * map::SHAPE);
        let _ = map::map(ui, vec2(width, height), &situation.regions, &sought);
    }
}

fn other_runs<'a>(cx: &'a Cx) -> Vec<&'a OpenRun> {
    cx.snap.open_runs.iter().filter(|r| !r.shown).collect()
}

/// What they take, where each says what it has to say in two lines.
fn others_height(cx: &Cx, s: &Size) -> f32 {
    match other_runs(cx).len().min(RUNS) {
        0 => 0.0,
        n => 46.0 * s.unit + n.div_ceil(SIDE) as f32 * (s.text(LEAST) * 2.6 + 34.0),
    }
}

/// The other runs that are open, so many beside each other.
fn others(ui: &mut Ui, cx: &Cx, s: &Size, beside: usize) {
    let all = other_runs(cx);
    if all.is_empty() {
        return;
    }
    ui.add_space(14.0 * s.unit);
    caption(ui, s, &format!("Other open runs: {}", all.len()));
    const APART: f32 = 8.0;
    for (n, few) in all.get(..RUNS).unwrap_or(&all).chunks(beside).enumerate() {
        if n > 0 {
            ui.add_space((APART - ui.spacing().item_spacing.y).max(0.0));
        }
        match few {
            [left, right] => {
                let width = (ui.available_width() - APART) / 2.0;
                super::columns(ui, [width, width], APART, |l, r| {
                    other(l, s, left);
                    other(r, s, right);
                });
            }
            few => few.iter().for_each(|r| other(ui, s, r)),
        }
    }
}

fn other(ui: &mut Ui, s: &Size, r: &OpenRun) {
    let t = theme::of(ui);
    ui.push_id(&r.id, |ui| {
        let margin = egui::Margin { left: 18, right: 10, top: 8, bottom: 8 };
        let frame = Frame::new().stroke(Stroke::new(1.0, t.line)).corner_radius(6.0).inner_margin(margin);
        let shown = frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            text(ui, s, &format!("{} {} · {}", r.mode.word(), r.short, r.title), LEAST, theme::bold(), t.text);
            if !r.waits.is_empty() {
                text(ui, s, &r.waits, LEAST, FontFamily::Proportional, t.secondary);
            }
        });
        edge(ui, shown.response.rect, t.band(r.mode), 8.0, theme::RADIUS);
        let sentence = run_sentence(r);
        shown.response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    });
}

fn caption(ui: &mut Ui, s: &Size, words: &str) {
    let t = theme::of(ui);
    text(ui, s, words, LEAST, FontFamily::Proportional, t.secondary);
}
