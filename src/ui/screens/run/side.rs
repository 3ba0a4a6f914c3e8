//! Clocks, regions, waiting, messages, notes.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Color32, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::card::note;
use crate::clock::Speed;
use crate::desk::snapshot::{Clocks, Mode, RunView};
use crate::run::clocks::NAMES;
use crate::ui::intent::{self, Intent};
use crate::ui::screens::situation;
use crate::ui::theme;
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{self, body, bold, hairline, heading, link, row};
use crate::units::{Millis, countdown, utc_clock};

/// The one clock, in words.
pub struct ClockText {
    /// Above the figure.
    pub caption: String,
    /// Beside it, where there is little room.
    pub short: String,
    /// The same in a word, where there is less.
    pub least: &'static str,
    /// `21:43`.
    pub figure: String,
    /// The RTO is used up.
    pub late: bool,
}

/// What the clock says now.
pub fn clock_text(cx: &Cx, run: &RunView) -> ClockText {
    clock_at(run, cx.now.utc)
}

/// What the clock says at this time (UTC ms on the run's clock).
pub fn clock_at(run: &RunView, now: i64) -> ClockText {
    let c = &run.clocks;
    let rto = Millis(c.rto);
    let text = |caption: String, (least, short): (&'static str, String), ms: u64, late| ClockText {
        caption,
        short,
        least,
        figure: countdown(ms),
        late,
    };
    if let Some(rta) = c.rta {
        return text(format!("Served again after; RTO {rto}"), ("taken", format!("taken of {rto}")), rta, rta > c.rto);
    }
    let Some(deadline) = c.deadline else {
        return text("RTO; the clock starts with the impact".to_owned(), ("RTO", "RTO".to_owned()), c.rto, false);
    };
    let left = deadline - now;
    let ms = left.unsigned_abs();
    if left < 0 {
        text(format!("Over the RTO of {rto}"), ("over", format!("over {rto}")), ms, true)
    } else {
        text(format!("Left until the RTO of {rto}"), ("left", format!("left of {rto}")), ms, false)
    }
}

/// The one clock, with what it comes to.
pub fn clock(ui: &mut Ui, cx: &Cx, run: &RunView) {
    ui.spacing_mut().item_spacing.y = 4.0;
    let t = theme::of(ui);
    let ClockText { caption, figure, late, .. } = clock_text(cx, run);
    wrapped(ui, small(ui, &caption));
    widgets::clock(ui, &figure, late);
    bar(ui, cx, &run.clocks);
    if let Some(breach) = &run.clocks.breach {
        copyable(ui, bold(breach).color(t.down));
    }
    if !run.clocks.forecast.is_empty() {
        wrapped(ui, small(ui, &run.clocks.forecast));
    }
    if cx.snap.clock.is_scenario() && run.closed.is_none() {
        speed(ui, cx);
    }
}

/// What is waited for, the times, the regions, what was said.
pub fn show(ui: &mut Ui, cx: &Cx, run: &RunView) {
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Waiting for");
    let c = &run.clocks;
    if run.closed.is_none() {
        // One line or two: what stands below stays where it is.
        ui.scope(|ui| {
            ui.set_min_height(2.0 * theme::LINE);
            if !run.waits.is_empty() {
                copyable(ui, body(capital(&run.waits)));
            }
        });
    }
    wrapped(ui, small(ui, format!("People {} · Azure {}", seconds(c.waited_people), seconds(c.waited_azure))));

    let regions: Vec<_> = cx.snap.situation.regions.iter().filter(|r| !r.role.is_empty()).collect();
    if !regions.is_empty() {
        hairline(ui, 8.0);
        heading(ui, "Regions");
        for r in regions {
            ui.push_id(&r.region, |ui| situation::region(ui, r));
        }
    }
    // What is pressed comes before what grows while one looks: messages, notes, times.
    if run.closed.is_none() && run.papers.handed_over.is_none() {
        hairline(ui, 8.0);
        doings(ui, cx, run);
    }
    hairline(ui, 8.0);
    times(ui, c);

    if !run.injects.is_empty() {
        hairline(ui, 8.0);
        let drill = matches!(run.mode, Mode::Rehearsal | Mode::Tabletop);
        heading(ui, if drill { "Messages" } else { "From colleagues" });
        for (i, n) in run.injects.iter().rev().take(MOST).enumerate() {
            ui.push_id(("inject", i), |ui| note(ui, n));
        }
    }
    if run.notes.is_empty() {
        return;
    }
    hairline(ui, 8.0);
    heading(ui, "Notes");
    let skip = run.notes.len().saturating_sub(MOST);
    for (i, n) in run.notes.iter().enumerate().skip(skip) {
        ui.push_id(("note", i), |ui| note(ui, n));
    }
    if skip > 0 {
        ui.label(small(ui, format!("{skip} older ones are in the record")));
    }
}

/// Column of the two short names.
const SHORT: f32 = 40.0;

/// How long each part took, what may be lost, and the moments themselves, folded.
fn times(ui: &mut Ui, c: &Clocks) {
    heading(ui, "Times");
    // A duration is not torn apart at the end of a line.
    let took = |(name, d): &(&str, Option<u64>)| {
        format!("{name} {}", d.map_or_else(|| "not yet".to_owned(), seconds)).replace(' ', "\u{a0}")
    };
    let all: Vec<String> = c.segments.iter().map(took).collect();
    copyable(ui, small(ui, all.join(", ")));
    if let Some(rta) = c.rta {
        row(ui, SHORT, "RTA", |ui| copyable(ui, body(seconds(rta))));
    }
    if !c.rpa.is_empty() {
        row(ui, SHORT, "RPA", |ui| copyable(ui, body(&c.rpa)));
    }
    if c.t.iter().all(Option::is_none) {
        return;
    }
    let shown = egui::CollapsingHeader::new(small(ui, "Moments, T0 to T12")).id_salt("moments").show(ui, |ui| {
        for (name, at) in NAMES.iter().zip(c.t) {
            let time = at.map_or_else(|| "not yet".to_owned(), |at| format!("{} UTC", utc_clock(at)));
            wrapped(ui, small(ui, format!("{name}: {time}")));
        }
    });
    focus_ring(ui, &shown.header_response, shown.header_response.rect);
}

/// So many messages and notes are shown; the record has all.
const MOST: usize = 20;

fn doings(ui: &mut Ui, cx: &Cx, run: &RunView) {
    let act = |ui: &mut Ui, label: &str, intent| {
        if link(ui, label, &intent::key_text(intent)) {
            cx.act(Act::Do(intent));
        }
    };
    heading(ui, "The run");
    ui.spacing_mut().item_spacing.y = 2.0;
    act(ui, "Add a note", Intent::Note);
    act(ui, if run.paused.is_some() { "Go on" } else { "Pause" }, Intent::Pause);
    act(ui, if run.degraded { "Normal instructions" } else { "Degraded instructions" }, Intent::Degraded);
    act(ui, "Impact began earlier", Intent::Impact);
    act(ui, "Freeze health as evidence", Intent::Freeze);
    act(ui, "Hand the run over", Intent::HandOver);
    act(ui, "Commander's window", Intent::Projector);
    act(ui, "Close the run", Intent::Close);
    ui.spacing_mut().item_spacing.y = 4.0;
}

fn speed(ui: &mut Ui, cx: &Cx) {
    ui.horizontal(|ui| {
        let now = cx.snap.clock.speed();
        ui.spacing_mut().item_spacing.x = 12.0;
        let words = if now == Speed::Times(0) { "Clock stopped".to_owned() } else { format!("Clock {now}") };
        ui.label(small(ui, words));
        if link(ui, "slower", &intent::key_text(Intent::Slower)) {
            cx.act(Act::Do(Intent::Slower));
        }
        if link(ui, "faster", &intent::key_text(Intent::Faster)) {
            cx.act(Act::Do(Intent::Faster));
        }
    });
    if cx.snap.clock.speed() == Speed::Times(0) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for (intent, label) in [(Intent::StepClock(1), "on by 1 min"), (Intent::StepClock(5), "on by 5 min")] {
                if link(ui, label, &intent::key_text(intent)) {
                    cx.act(Act::Do(intent));
                }
            }
        });
    }
}

/// The next speed up or down the usual ones.
pub fn other_speed(now: Speed, faster: bool) -> Speed {
    const USUAL: [u32; 6] = [1, 2, 5, 10, 30, 60];
    let n = match now {
        Speed::Times(n) => n,
        Speed::Max => return Speed::Times(if faster { 60 } else { 30 }),
    };
    let next = if faster { USUAL.iter().find(|s| **s > n) } else { USUAL.iter().rev().find(|s| **s < n) };
    Speed::Times(next.copied().unwrap_or(n))
}

fn seconds(ms: u64) -> String {
    Millis::from_secs(ms / 1_000).to_string()
}

/// What has passed since the impact, segment by segment, as a part of the RTO.
fn bar(ui: &mut Ui, cx: &Cx, c: &Clocks) {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
    let passed: Vec<(&str, u64)> = c.segments.iter().filter_map(|(n, d)| d.map(|d| (*n, d))).collect();
    let words: Vec<String> = passed.iter().map(|(n, d)| format!("{n} {}", seconds(*d))).collect();
    let spent = || format!("Spent: {}", words.join(", "));
    let said = if words.is_empty() { "No part of the time is spent yet".to_owned() } else { spent() };
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &said));
    let p = ui.painter_at(rect);
    p.rect_filled(rect, 3.0, t.raised);
    let used = c.deadline.map_or(0, |d| u64::try_from(cx.now.utc - d + c.rto as i64).unwrap_or(0));
    let known: u64 = passed.iter().map(|(_, d)| d).sum();
    let whole = c.rto.max(known).max(c.rta.unwrap_or(used)).max(1) as f32;
    let shades: [Color32; 5] = [t.faint, t.secondary, t.faint, t.accent, t.secondary];
    let mut x = rect.left();
    let mut part = |ms: u64, color: Color32| {
        let to = (x + rect.width() * ms as f32 / whole).min(rect.right());
        p.rect_filled(Rect::from_min_max(pos2(x, rect.top()), pos2((to - 1.0).max(x), rect.bottom())), 1.0, color);
        x = to;
    };
    for ((name, d), shade) in c.segments.iter().zip(shades) {
        if let Some(d) = d {
            let shade = if *name == "execute" { t.accent } else { shade };
            part(*d, shade);
        }
    }
    if c.rta.is_none() && used > known {
        part(used - known, t.past());
    }
    response.on_hover_ui(|ui| {
        for w in &words {
            ui.label(egui::RichText::new(w));
        }
    });
}
