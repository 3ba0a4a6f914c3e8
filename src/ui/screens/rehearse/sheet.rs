//! The score sheet of one rehearsal, in the order in which it is read out: the result, what was missed and why, what was
//! right, and where the time went. What is not known is said to be so.

use std::fmt::Write as _;

use eframe::egui::accesskit::Role;
use eframe::egui::{CentralPanel, Frame, Margin, Panel, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{Part, Past, duration, on_sheet, past};
use crate::desk::protocol::Command;
use crate::desk::snapshot::{Library, Mark, Mode};
use crate::runbook::model::Strategy;
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen, View, utc_minute};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, body, bold, card, empty, heading, in_line, paint_mark, secondary, title, verdict};
use crate::units::Millis;

/// Points and time stand side by side from here on.
const TWO: f32 = 860.0;
const GAP: f32 = 16.0;

/// What was expected, points, of how many, why.
type Line = (String, u32, u32, String);

/// What is read out.
pub struct Sheet<'a> {
    /// Run id.
    pub run: &'a str,
    /// Scenario, in words.
    pub title: &'a str,
    /// `REHEARSAL, simulated Azure · plan prod-chat, hot/warm · run 7F3K · 20 Nov 2026`.
    pub about: String,
    /// How it was closed; empty where an older Lifeboat did not keep it.
    pub closed: &'a str,
    /// Points, and of how many.
    pub points: Option<(u32, u32)>,
    /// Lines.
    pub lines: &'a [Line],
    /// Name and duration of each segment.
    pub segments: &'a [(&'static str, Option<u64>)],
    /// Recovery time actual in ms.
    pub rta: Option<u64>,
    /// Agreed RTO in ms.
    pub rto: u64,
    /// From the impact to the decision, in ms.
    pub decided: Option<u64>,
}

impl<'a> Sheet<'a> {
    /// Of a rehearsal that is over.
    pub fn of(past: Past<'a>, library: &'a Library) -> Self {
        let mode = |tabletop| if tabletop { "TABLETOP, no Azure" } else { "REHEARSAL, simulated Azure" };
        let about = |tabletop, plan: &str, strategy: Strategy, short: &str, at: Option<i64>| {
            let at = at.map_or_else(String::new, |at| format!(" · {} UTC", utc_minute(at)));
            format!("{} · plan {plan}, {} · run {short}{at}", mode(tabletop), strategy.display())
        };
        match past {
            Past::Run(r) => {
                let c = &r.clocks;
                let decided = c.t[4].zip(c.t[0]).map(|(d, t0)| u64::try_from(d - t0).unwrap_or(0));
                Self {
                    run: &r.id,
                    title: r.scenario.as_deref().unwrap_or(&r.title),
                    about: about(r.mode == Mode::Tabletop, &r.title, r.strategy, &r.short, None),
                    closed: r.closed.as_deref().unwrap_or_default(),
                    points: r.score.as_ref().map(|s| (s.points, s.of)),
                    lines: r.score.as_ref().map_or(&[], |s| &s.lines),
                    segments: &c.segments,
                    rta: c.rta,
                    rto: c.rto,
                    decided: decided.or_else(|| first_three(&c.segments)),
                }
            }
            Past::Kept(t, r) => Self {
                run: &r.run,
                title: library.scenarios.iter().find(|s| s.id == r.scenario).map_or(&r.scenario, |s| &s.title),
                about: about(r.tabletop, &t.title, r.strategy, &r.short, Some(r.at)),
                closed: &r.closed,
                points: r.score,
                lines: &r.lines,
                segments: &r.segments,
                rta: r.rta,
                rto: r.rto,
                decided: first_three(&r.segments),
            },
        }
    }

    /// `A region is lost: 86 of 100 points`.
    pub fn headline(&self) -> String {
        match self.points {
            Some((p, of)) => format!("{}: {p} of {of} points", self.title),
            None => format!("{}: not scored", self.title),
        }
    }

    /// `RTA 12 min 30 s, within the RTO of 30 min: 17 min 30 s to spare`.
    pub fn verdict(&self) -> String {
        let rto = Millis(self.rto);
        match self.rta {
            None => format!("RTA not known: users were not moved, or nobody saw them served again. RTO {rto}"),
            Some(rta) if rta <= self.rto => {
                let spare = duration(Some(self.rto - rta));
                format!("RTA {}, within the RTO of {rto}: {spare} to spare", duration(Some(rta)))
            }
            Some(rta) => {
                let over = duration(Some(rta - self.rto));
                format!("RTA {}, {over} over the RTO of {rto}", duration(Some(rta)))
            }
        }
    }

    /// `Decided 5 min 31 s after the impact`.
    pub fn decision(&self) -> String {
        match self.decided {
            Some(ms) => format!("Decided {} after the impact", duration(Some(ms))),
            None => "When it was decided is not known".to_owned(),
        }
    }

    fn missed(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|l| l.1 < l.2)
    }

    fn met(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|l| l.1 >= l.2)
    }

    /// All of it as plain text.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n{}\n", self.headline(), self.about);
        let mut line = |l: std::fmt::Arguments| {
            let _ = out.write_fmt(l);
            out.push('\n');
        };
        if !self.closed.is_empty() {
            line(format_args!("{}", self.closed));
        }
        for (name, lines) in [("Points lost", self.missed().collect::<Vec<_>>()), ("Met in full", self.met().collect())]
        {
            if !lines.is_empty() {
                line(format_args!("\n{name}"));
            }
            for (what, points, of, why) in lines {
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                line(format_args!("- {what} ({points} of {of}){why}"));
            }
        }
        line(format_args!("\nTime\n{}\n{}", self.verdict(), self.decision()));
        for (name, ms) in self.segments {
            line(format_args!("- {name}: {}", duration(*ms)));
        }
        out
    }
}

/// Detect, acknowledge, decide: from the impact to the decision, where each of them is known.
fn first_three(segments: &[(&'static str, Option<u64>)]) -> Option<u64> {
    segments.get(..3)?.iter().map(|(_, ms)| *ms).sum()
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(past) = on_sheet(&view.rehearse, cx.snap) else {
        super::super::page(ui, view, "no-sheet", |ui, view| {
            let text = "When a rehearsal is closed, its points stand here with their reasons, and where the time went.";
            empty(ui, "No score sheet yet", text, |ui| {
                if Button::new("Scenarios").primary().show(ui) {
                    view.rehearse.part = Part::Scenarios;
                }
            });
        });
        return;
    };
    let sheet = Sheet::of(past, &cx.snap.library);
    let t = theme::of(ui);
    Panel::bottom("sheet-actions")
        .exact_size(56.0)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background).inner_margin(Margin { left: 24, right: 24, top: 9, bottom: 10 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(24.0, 9.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            actions(ui, cx, view, &sheet);
        });
    CentralPanel::no_frame().show(ui, |ui| {
        super::super::page(ui, view, "sheet", |ui, _| {
            ui.set_max_width(ui.available_width().min(1_100.0));
            copyable(ui, small(ui, &sheet.about));
            title(ui, &sheet.headline());
            if !sheet.closed.is_empty() {
                copyable(ui, secondary(ui, sheet.closed));
            }
            ui.add_space(12.0);
            let width = ui.available_width();
            if width >= TWO {
                let left = (width - GAP) * 0.54;
                super::super::columns(ui, [left, width - GAP - left], GAP, |left, right| {
                    points(left, &sheet);
                    card(right, |ui| time(ui, &sheet));
                });
            } else {
                points(ui, &sheet);
                card(ui, |ui| time(ui, &sheet));
            }
        });
    });
}

fn actions(ui: &mut Ui, cx: &Cx, view: &mut View, sheet: &Sheet) {
    let all = past(cx.snap);
    let at = all.iter().position(|p| p.id() == sheet.run).unwrap_or(0);
    in_line(ui, |ui| {
        if Button::new("Copy the sheet").primary().key(intent::key_text(Intent::Confirm)).show(ui) {
            cx.act(Act::Copy(sheet.text(), "The score sheet"));
        }
        if Button::new("See the record").show(ui) {
            cx.send(Command::ShowRecord(sheet.run.to_owned()));
            cx.act(Act::Go(Screen::Audit));
        }
        let mut turn = |ui: &mut Ui, label: &str, to: Option<usize>, key: Intent, why: &str| {
            let to = to.and_then(|i| all.get(i));
            let refused = to.is_none().then_some(why);
            if Button::new(label).key(intent::key_text(key)).refused(refused).show(ui)
                && let Some(to) = to
            {
                view.rehearse.sheet = Some(to.id().to_owned());
            }
        };
        turn(ui, "Later", at.checked_sub(1), Intent::StepUp, "This is the newest.");
        turn(ui, "Earlier", Some(at + 1), Intent::StepDown, "This is the first.");
        ui.label(small(ui, format!("{} of {}", at + 1, all.len())));
    });
}

fn points(ui: &mut Ui, sheet: &Sheet) {
    if sheet.lines.is_empty() {
        card(ui, |ui| wrapped(ui, body("The reasons for its points are in the record.")));
        ui.add_space(12.0);
        return;
    }
    let groups = [
        ("Points lost", sheet.missed().collect::<Vec<_>>(), "Nothing: every expectation was met."),
        ("Met in full", sheet.met().collect(), "Nothing."),
    ];
    for (name, lines, none) in groups {
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            heading(ui, name);
            if lines.is_empty() {
                wrapped(ui, secondary(ui, none));
            }
            for (i, line) in lines.into_iter().enumerate() {
                ui.push_id((name, i), |ui| self::line(ui, line));
            }
        });
        ui.add_space(12.0);
    }
}

/// All, some or none of the points.
pub fn reached(ui: &mut Ui, points: u32, of: u32) {
    if points >= of || points == 0 {
        let _ = verdict(ui, Some(points >= of));
        return;
    }
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(14.0, theme::LINE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "in part"));
    paint_mark(ui.painter(), pos2(rect.left() + 6.0, rect.center().y), 5.0, Mark::Suspect, t.suspect);
}

fn line(ui: &mut Ui, (what, points, of, why): &Line) {
    const FIGURE: f32 = 72.0;
    ui.horizontal_top(|ui| {
        let met = points >= of;
        reached(ui, *points, *of);
        let text = ui.available_width() - FIGURE;
        ui.vertical(|ui| {
            ui.set_width(text);
            ui.spacing_mut().item_spacing.y = 0.0;
            copyable(ui, body(what));
            if !why.is_empty() {
                copyable(ui, small(ui, why));
            }
        });
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Min), |ui| {
            ui.label(if met { secondary(ui, format!("{points} of {of}")) } else { bold(format!("{points} of {of}")) });
        });
    });
}

/// Where the time went, against the RTO; a segment that nobody measured has no bar.
fn time(ui: &mut Ui, sheet: &Sheet) {
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Time");
    let late = sheet.rta.is_some_and(|r| r > sheet.rto);
    let ink = if late { theme::of(ui).down } else { theme::of(ui).text };
    copyable(ui, bold(sheet.verdict()).color(ink));
    copyable(ui, body(sheet.decision()));
    ui.add_space(4.0);
    let known: u64 = sheet.segments.iter().filter_map(|(_, ms)| *ms).sum();
    let whole = sheet.rto.max(known).max(sheet.rta.unwrap_or(0)).max(1);
    let mut from = 0;
    for (i, (name, ms)) in sheet.segments.iter().enumerate() {
        segment(ui, i, name, *ms, from, whole, sheet.rto);
        from += ms.unwrap_or(0);
    }
    if sheet.segments.iter().any(|(_, ms)| ms.is_none()) {
        wrapped(ui, small(ui, "What is not known was not measured, which is not the same as no time at all."));
    }
}

fn segment(ui: &mut Ui, index: usize, name: &str, ms: Option<u64>, from: u64, whole: u64, rto: u64) {
    const NAME: f32 = 92.0;
    const FIGURE: f32 = 92.0;
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let words = duration(ms);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {words}")));
    let p = ui.painter_at(rect);
    let font = eframe::egui::FontId::proportional(theme::BODY);
    let y = rect.center().y;
    p.text(pos2(rect.left(), y), eframe::egui::Align2::LEFT_CENTER, name, font.clone(), t.secondary);
    let ink = if ms.is_some() { t.text } else { t.unknown };
    p.text(pos2(rect.left() + NAME, y), eframe::egui::Align2::LEFT_CENTER, words, font, ink);
    let track = Rect::from_min_max(pos2(rect.left() + NAME + FIGURE, y - 5.0), pos2(rect.right(), y + 5.0));
    let x = |ms: u64| track.left() + track.width() * (ms as f32 / whole as f32);
    p.rect_filled(track, 3.0, t.raised);
    if let Some(ms) = ms {
        let bar = Rect::from_min_max(pos2(x(from), track.top()), pos2(x(from + ms).max(x(from) + 2.0), track.bottom()));
        p.rect_filled(bar, 2.0, super::bars::shade(t, index));
    }
    p.vline(x(rto).min(track.right() - 1.0), (track.top() - 3.0)..=(track.bottom() + 3.0), Stroke::new(2.0, t.text));
}

/// What a closed rehearsal on show says beside the screen's name.
pub fn count(snap: &crate::desk::snapshot::Snapshot) -> String {
    super::closed(snap).and_then(|r| r.score.as_ref()).map_or_else(String::new, |s| format!("{} of {}", s.points, s.of))
}
