//! What is always in sight: mode band, navigation with counts, reachability ladder, activity line.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Align2, FontId, Frame, Galley, Key, Layout, Margin, Panel, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::intent::{self, Intent};
use super::theme::{self, BODY, RADIUS, SMALL};
use super::view::{Act, Cx, Screen, View, local_clock};
use super::widgets::{button::focus_ring, named_part, paint_band, paint_mark, text};
use crate::clock::Speed;
use crate::desk::snapshot::{Lamp, Library, Mark, PlanRow, RunbookRow};
use crate::units::utc_clock;

const BAND: f32 = 32.0;
const LINE: f32 = 28.0;
/// Width of the navigation.
pub const NAV: f32 = 184.0;
const NAV_ROW: f32 = 36.0;
/// The same in a low window, where the ladder below wants the room.
const LOW_NAV_ROW: f32 = 30.0;
/// From this height on there is room for both.
const LOW: f32 = 600.0;

/// Draws band, activity line and navigation; what is left of `ui` is the screen.
pub fn show(ui: &mut Ui, cx: &Cx, view: &View) {
    let t = theme::of(ui);
    band(ui, cx, &cx.snap.band.text, &cx.snap.band.run);
    Panel::bottom("activity")
        .exact_size(LINE)
        .frame(Frame::new().fill(t.panel).inner_margin(Margin::symmetric(16, 0)))
        .show_separator_line(false)
        .show(ui, |ui| activity(ui, cx, view));
    Panel::left("navigation")
        .exact_size(NAV)
        .resizable(false)
        .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 8, right: 8, top: 12, bottom: 16 }))
        .show_separator_line(false)
        .show(ui, |ui| {
            let edge = ui.max_rect().expand2(vec2(8.0, 0.0));
            named_part(ui, Role::Navigation, "Navigation");
            navigation(ui, cx, view);
            ui.painter().vline(edge.right() - 0.5, ui.clip_rect().y_range(), Stroke::new(1.0, t.line));
        });
}

/// The mode band over everything else in a window, with these words.
pub fn band(ui: &mut Ui, cx: &Cx, words: &str, run: &str) {
    Panel::top("band")
        .exact_size(BAND)
        .frame(Frame::NONE)
        .show_separator_line(false)
        .show(ui, |ui| band_line(ui, cx, words, run));
}

fn band_line(ui: &mut Ui, cx: &Cx, said: &str, run_said: &str) {
    let t = theme::of(ui);
    let rect = ui.max_rect();
    let band = &cx.snap.band;
    let p = ui.painter_at(rect);
    let ink = paint_band(&p, rect, band.mode, t);
    if band.mode.is_none() {
        p.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
    }
    let seconds = cx.ticking();
    cx.changes_every(0, if seconds { 1 } else { 60 });
    let utc = utc_clock(cx.now.utc);
    let utc = if seconds { utc.as_str() } else { utc.get(..5).unwrap_or_default() };
    let mut times = format!("{utc} UTC · {} local", local_clock(cx.now.utc, false));
    if cx.snap.clock.is_scenario() && seconds {
        times = format!("{}{times}", speed(cx.snap.clock.speed()));
    }
    let times = p.layout_no_wrap(times, FontId::proportional(BODY), ink);
    let times_rect = Align2::RIGHT_CENTER.anchor_size(pos2(rect.right() - 16.0, rect.center().y), times.size());
    p.galley(times_rect.min, times, ink);
    let strong = FontId::new(BODY, theme::bold());
    let room = times_rect.left() - 16.0 - 20.0;
    // In a narrow window the mode outranks the name of the run.
    let run = if room > 460.0 { run_said } else { "" };
    let run = text::line(ui, run, FontId::proportional(BODY), ink, room * 0.42);
    let run_left = times_rect.left() - 20.0 - run.size().x;
    p.galley(pos2(run_left, rect.center().y - run.size().y / 2.0), run, ink);
    let words = text::line(ui, said, strong, ink, run_left - 32.0 - rect.left());
    p.galley(pos2(rect.left() + 16.0, rect.center().y - words.size().y / 2.0), words, ink);
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{said}. {run_said}")));
}

/// The clock's speed, where it is not the usual one.
fn speed(speed: Speed) -> String {
    match speed {
        Speed::Times(1) => String::new(),
        Speed::Times(0) => "clock stopped · ".to_owned(),
        other => format!("{other} · "),
    }
}

/// What stands beside a screen's name.
fn count(cx: &Cx, screen: Screen) -> String {
    let snap = cx.snap;
    match screen {
        Screen::Situation => {
            let n = |m: Mark| snap.situation.regions.iter().filter(|r| r.mark == m).count();
            [Mark::Down, Mark::Degraded, Mark::Suspect, Mark::Blind]
                .into_iter()
                .map(|m| (n(m), m))
                .find(|(n, _)| *n > 0)
                .map_or_else(String::new, |(n, m)| format!("{n} {}", m.word()))
        }
        Screen::Run => {
            let at = snap.run.as_ref().map_or_else(String::new, |r| format!("{} / {}", r.progress.0, r.progress.1));
            match snap.open_runs.iter().filter(|r| r.calls && !r.shown).count() {
                0 => at,
                // Short: it stands beside the screen's name.
                1 => format!("{at} · 1 waits"),
                n => format!("{at} · {n} wait"),
            }
        }
        Screen::Runbooks => {
            let library = &snap.library;
            let others = library.diagnostics.iter().filter(|d| d.severity == "error").count();
            let books: usize = library.runbooks.iter().map(|r| r.findings.0).sum();
            let wrong = others + books + library.plans.iter().map(|p| own_errors(library, p)).sum::<usize>();
            if wrong > 0 { format!("{wrong} {}", if wrong == 1 { "error" } else { "errors" }) } else { String::new() }
        }
        Screen::Recovery => super::screens::recovery::count(snap, cx.now.wall),
        Screen::Audit => {
            let open = snap.audit.runs.iter().filter(|r| r.open).count();
            if open > 0 { format!("{open} open") } else { String::new() }
        }
        Screen::Approve => {
            let waiting = snap.approvals.request.as_ref().is_some_and(|r| r.answer.is_none());
            if waiting { "a request".to_owned() } else { String::new() }
        }
        Screen::Rehearse => super::screens::rehearse::count(snap),
        Screen::Settings | Screen::Commander => String::new(),
    }
}

/// Errors of a plan's own file: each plan repeats those of its runbook, which are counted there.
fn own_errors(library: &Library, plan: &PlanRow) -> usize {
    let of = |r: &&RunbookRow| [&r.id, &r.title, &r.name].contains(&&plan.runbook);
    let repeated = library.runbooks.iter().filter(of).map(|r| r.findings.0).max().unwrap_or(0);
    plan.errors.saturating_sub(repeated)
}

fn navigation(ui: &mut Ui, cx: &Cx, view: &View) {
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.y = 2.0;
    let passed_by = view.arrived && ui.input(|i| i.key_pressed(Key::Tab));
    let height = if ui.available_height() < LOW { LOW_NAV_ROW } else { NAV_ROW };
    let sense = if passed_by { Sense::CLICK } else { Sense::click() };
    for screen in Screen::ALL {
        ui.push_id(screen, |ui| {
            let count = count(cx, screen);
            let selected = view.screen == screen;
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), sense);
            let name = if count.is_empty() { screen.name().to_owned() } else { format!("{}, {count}", screen.name()) };
            response.widget_info(|| WidgetInfo::selected(Role::Tab, true, selected, &name));
            if selected || response.hovered() {
                let fill = if selected { t.raised } else { t.hovered() };
                ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
            }
            let (ink, font) = if selected {
                (t.text, FontId::new(BODY, theme::bold()))
            } else {
                (t.secondary, FontId::proportional(BODY))
            };
            ui.painter().text(rect.left_center() + vec2(12.0, 0.0), Align2::LEFT_CENTER, screen.name(), font, ink);
            let at = rect.right_center() - vec2(12.0, 0.0);
            ui.painter().text(at, Align2::RIGHT_CENTER, count, FontId::proportional(SMALL), t.secondary);
            focus_ring(ui, &response, rect.shrink(2.0));
            if response.clicked() {
                cx.act(Act::Go(screen));
            }
            response.on_hover_text(intent::key_text(Intent::Go(screen)));
        });
    }
    ladder(ui, &cx.snap.ladder);
}

/// The height of a rung, and of one where there is little room; between two of them.
const LAMP: f32 = 22.0;
const TIGHT_LAMP: f32 = 18.0;
const LAMP_GAP: f32 = 2.0;
/// Above the ladder: a line, and air.
const LADDER_HEAD: f32 = 16.0;
/// More rungs than this no longer read as a ladder; the Situation screen has them all.
const MOST_LAMPS: usize = 12;

/// How far each thing can be seen, at the foot of the navigation. What has no room is said; the worst has it first.
fn ladder(ui: &mut Ui, all: &[Lamp]) {
    if all.is_empty() {
        return;
    }
    let room = ui.available_height() - LADDER_HEAD;
    let whole: Vec<f32> = all.iter().map(|l| name_of(ui, l, None).size().y + 7.0).map(|h| h.max(LAMP)).collect();
    let tall = |heights: &[f32]| heights.iter().map(|h| h + LAMP_GAP).sum::<f32>();
    // A long name takes a second line rather than lose its end, as long as no rung goes for it.
    let (heights, tight) = match () {
        () if tall(&whole) <= room => (whole, None),
        () if all.len() as f32 * (LAMP + LAMP_GAP) <= room => (vec![LAMP; all.len()], Some(LAMP)),
        () => (vec![TIGHT_LAMP; all.len()], Some(TIGHT_LAMP)),
    };
    let fit = if tall(&heights) <= room { all.len() } else { (room / (TIGHT_LAMP + LAMP_GAP)).max(1.0) as usize };
    let fit = fit.min(MOST_LAMPS);
    // The last line says how many more there are.
    let kept = if fit < all.len() { worst(all, fit.saturating_sub(1)) } else { (0..all.len()).collect() };
    let missing = all.len() - kept.len();
    let used = tall(&kept.iter().map(|i| heights[*i]).collect::<Vec<_>>());
    let used = used + if missing > 0 { TIGHT_LAMP + LAMP_GAP } else { 0.0 };
    ui.add_space((room - used).max(0.0));
    ui.scope(|ui| {
        named_part(ui, Role::Group, "Reachability");
        ui.spacing_mut().item_spacing.y = LAMP_GAP;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
        ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, theme::of(ui).line));
        ui.add_space(8.0);
        for i in &kept {
            ui.push_id(&all[*i].name, |ui| rung(ui, &all[*i], heights[*i], tight));
        }
        if missing > 0 {
            more(ui, all, &kept);
        }
    });
}

/// The places of so many of the worst rungs, in the order of the ladder.
fn worst(all: &[Lamp], so_many: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by_key(|i| std::cmp::Reverse(all[*i].mark.weight()));
    places.truncate(so_many);
    places.sort_unstable();
    places
}

/// What has no room, in a word; by name for the screen reader, and on hover.
fn more(ui: &mut Ui, all: &[Lamp], kept: &[usize]) {
    let left_out: Vec<&str> =
        all.iter().enumerate().filter(|(i, _)| !kept.contains(i)).map(|(_, l)| l.sentence.as_str()).collect();
    let words = format!("+{} more", left_out.len());
    let name = format!("{words}: {}", left_out.join("; "));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), TIGHT_LAMP), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    let at = rect.left_center() + vec2(36.0, 0.0);
    let font = FontId::proportional(SMALL);
    ui.painter().text(at, Align2::LEFT_CENTER, words, font, theme::of(ui).secondary);
    response.on_hover_text(left_out.join("\n"));
}

/// The name of a rung beside its figure: in one line of this height, or in as many as it takes.
fn name_of(ui: &Ui, lamp: &Lamp, tight: Option<f32>) -> std::sync::Arc<Galley> {
    let t = theme::of(ui);
    let font = FontId::proportional(SMALL);
    let room = (ui.available_width() - 36.0 - 8.0 - figure_of(ui, lamp).size().x - 12.0).max(40.0);
    match tight {
        Some(_) => text::line(ui, &lamp.name, font, t.text, room),
        None => ui.painter().layout(lamp.name.clone(), font, t.text, room),
    }
}

fn figure_of(ui: &Ui, lamp: &Lamp) -> std::sync::Arc<Galley> {
    text::line(ui, &lamp.text, FontId::proportional(SMALL), theme::of(ui).secondary, 72.0)
}

fn rung(ui: &mut Ui, lamp: &Lamp, height: f32, tight: Option<f32>) {
    let t = theme::of(ui);
    let (name, figure) = (name_of(ui, lamp, tight), figure_of(ui, lamp));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &lamp.sentence));
    let y = rect.top() + tight.unwrap_or(LAMP) / 2.0;
    let top = y - figure.size().y / 2.0;
    paint_mark(ui.painter(), pos2(rect.left() + 19.0, y), 5.0, lamp.mark, t.status(lamp.mark));
    ui.painter().galley(pos2(rect.left() + 36.0, top), name, t.text);
    ui.painter().galley(pos2(rect.right() - 12.0 - figure.size().x, top), figure, t.secondary);
    response.on_hover_text(&lamp.sentence);
}

/// A key with its word, to press as well; Tab passes it by, it has the key.
fn hint(ui: &mut Ui, cx: &Cx, intent: Intent) {
    let t = theme::of(ui);
    let word = intent::find(intent).map_or("", |r| r.label);
    let words = format!("{} {}", intent::key_text(intent), word.to_lowercase());
    let galley = ui.painter().layout_no_wrap(words, FontId::proportional(SMALL), t.secondary);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x, 20.0), Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
    let ink = if response.hovered() { t.text } else { t.secondary };
    ui.painter().galley_with_override_text_color(
        pos2(rect.left(), rect.center().y - galley.size().y / 2.0),
        galley,
        ink,
    );
    if response.clicked() {
        cx.act(Act::Do(intent));
    }
}

fn activity(ui: &mut Ui, cx: &Cx, view: &View) {
    let t = theme::of(ui);
    let rect = ui.max_rect();
    let outer = rect.expand2(vec2(16.0, 0.0));
    ui.painter().hline(outer.x_range(), outer.top() + 0.5, Stroke::new(1.0, t.line));
    ui.horizontal_centered(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            for intent in [Intent::Help, Intent::Palette] {
                hint(ui, cx, intent);
            }
            ui.add_space(24.0);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let newest = cx.snap.activity.last();
                let said = match (&cx.snap.busy, &view.said, newest) {
                    (Some(busy), _, _) => busy.clone(),
                    (None, Some(said), _) => text::capital(said),
                    (None, None, Some(a)) => format!("{} {}", utc_clock(a.at), a.text),
                    (None, None, None) => String::new(),
                };
                let record = cx.snap.run.as_ref().map(|r| match &r.read_only {
                    Some(_) => "The record cannot be written: actions are refused".to_owned(),
                    None => format!("Record: {} entries, all on disk", r.records),
                });
                let room = ui.available_width();
                let tail = record.map(|r| text::line(ui, &r, FontId::proportional(SMALL), t.secondary, 320.0));
                let tail_width = tail.as_ref().map_or(0.0, |g| g.size().x + 24.0);
                let ink = if cx.snap.busy.is_some() || view.said.is_some() { t.text } else { t.secondary };
                let line = text::line(ui, &said, FontId::proportional(SMALL), ink, room - tail_width);
                let (at, response) = ui.allocate_exact_size(vec2(line.size().x, rect.height()), Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
                if view.said.is_some() || cx.snap.busy.is_some() {
                    // What the window answers to a key is heard without walking here.
                    ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(Live::Polite));
                }
                ui.painter().galley(pos2(at.left(), at.center().y - line.size().y / 2.0), line, ink);
                if let Some(tail) = tail
                    && room > tail_width + 80.0
                {
                    let x = at.right() + 24.0;
                    ui.painter().galley(pos2(x, at.center().y - tail.size().y / 2.0), tail, t.secondary);
                }
            });
        });
    });
}
