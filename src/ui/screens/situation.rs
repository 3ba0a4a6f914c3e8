//! What is wrong, since when, and what to do: the verdict first, the evidence under it.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Align, FontId, Layout, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::desk::protocol::Command;
use crate::desk::snapshot::{Mark, Reason, RegionRow, RunRow, Situation, Snapshot};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, CARD_RADIUS, SMALL};
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::text::{copyable, line, small, wrapped};
use crate::ui::widgets::{
    Button, card, empty, hairline, heading, layout::edge, link, mark, paint_mark, secondary, title,
};
use crate::ui::{map, plot};

/// A run that was left open, perhaps by a crash: taking it up comes before anything else.
pub fn unfinished(snap: &Snapshot) -> Option<&RunRow> {
    let free = snap.run.is_none() && !snap.situation.watching;
    snap.audit.runs.iter().find(|r| r.open).filter(|_| free)
}

/// A plan is recommended, and no run is open that would be in its way.
pub fn offers_plan(snap: &Snapshot) -> bool {
    snap.situation.open_plan.is_some() && snap.run.is_none()
}

/// Width of the column of regions.
const SIDE: f32 = 328.0;
const GAP: f32 = 16.0;
/// Margins and hairlines above and below a card's content.
const CARD_AROUND: f32 = 34.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let s = &cx.snap.situation;
    if !s.watching {
        super::page(ui, view, "nothing", |ui, _| nothing(ui, cx));
        return;
    }
    let room = ui.available_height();
    super::page(ui, view, "situation", |ui, _| {
        let top = ui.cursor().top();
        verdict(ui, cx, s);
        ui.add_space(12.0);
        let width = ui.available_width();
        let rest = room - 44.0 - (ui.cursor().top() - top);
        if width >= 700.0 {
            let side = SIDE.min(width * 0.36);
            super::columns(ui, [width - side - GAP, side], GAP, |left, right| {
                pictures(left, s, rest);
                lists(right, cx, s, left.min_rect().height());
            });
        } else {
            lists(ui, cx, s, 0.0);
            ui.add_space(GAP);
            pictures(ui, s, 0.0);
        }
    });
}

fn nothing(ui: &mut Ui, cx: &Cx) {
    if let Some(r) = unfinished(cx.snap) {
        let title = format!("Run {} is open", r.short);
        let text = format!(
            "{}, {}. It goes on where it stood; what was caught half way is read from Azure first.",
            r.title, r.mode
        );
        empty(ui, &title, &text, |ui| {
            ui.horizontal(|ui| {
                if Button::new("Go on with it").primary().key(intent::key_text(Intent::Confirm)).show(ui) {
                    cx.send(Command::OpenRun(r.id.clone()));
                }
                let key = intent::key_text(Intent::Go(Screen::Audit));
                if Button::new("Read its record").key(key).show(ui) {
                    cx.act(Act::Go(Screen::Audit));
                }
            });
        });
        return;
    }
    empty(
        ui,
        "Nothing is watched",
        "Once a plan is bound, its regions are probed from this computer, and what they say stands here.",
        |ui| {
            ui.horizontal(|ui| {
                let key = intent::key_text(Intent::Go(Screen::Rehearse));
                if Button::new("Rehearse").primary().key(key).show(ui) {
                    cx.act(Act::Go(Screen::Rehearse));
                }
                let key = intent::key_text(Intent::Go(Screen::Settings));
                if Button::new("Connect Azure").key(key).show(ui) {
                    cx.act(Act::Go(Screen::Settings));
                }
            });
        },
    );
}

fn verdict(ui: &mut Ui, cx: &Cx, s: &Situation) {
    let t = theme::of(ui);
    let worst = s.mark.unwrap_or(Mark::Unknown);
    let before = ui.cursor().min;
    card(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let (rect, response) = ui.allocate_exact_size(vec2(52.0, 36.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, worst.word()));
            paint_mark(ui.painter(), pos2(rect.left() + 20.0, rect.top() + 18.0), 10.0, worst, t.status(worst));
            let button = offers_plan(cx.snap) || cx.snap.run.is_some();
            // Beside the words where there is room, else under them.
            let beside = button && ui.available_width() > 760.0;
            let width = ui.available_width() - if beside { 232.0 } else { 0.0 };
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 2.0;
                title(ui, &s.headline);
                copyable(ui, secondary(ui, &s.explanation));
                if !s.recommendation.is_empty() {
                    copyable(ui, crate::ui::widgets::body(&s.recommendation));
                }
                ui.add_space(8.0);
                for r in s.reasons.iter().take(4) {
                    reason(ui, cx, r);
                }
                if button && !beside {
                    ui.add_space(8.0);
                    primary(ui, cx, s);
                }
            });
            if beside {
                ui.with_layout(Layout::right_to_left(Align::TOP), |ui| primary(ui, cx, s));
            }
        });
    });
    let after = ui.min_rect();
    edge(
        ui,
        egui::Rect::from_min_max(before, pos2(after.right(), ui.cursor().top() - 4.0)),
        t.status(worst),
        4.0,
        CARD_RADIUS,
    );
}

fn primary(ui: &mut Ui, cx: &Cx, s: &Situation) {
    if let (Some(plan), None) = (&s.open_plan, &cx.snap.run) {
        let label = format!("Open plan {plan}");
        if Button::new(&label).primary().key(intent::key_text(Intent::Confirm)).show(ui) {
            cx.act(Act::Do(Intent::OpenPlan));
        }
    } else if cx.snap.run.is_some() {
        let key = intent::key_text(Intent::Go(Screen::Run));
        if Button::new("Go to the run").primary().key(key).show(ui) {
            cx.act(Act::Go(Screen::Run));
        }
    }
}

/// One line of evidence with its age.
fn reason(ui: &mut Ui, cx: &Cx, r: &Reason) {
    let t = theme::of(ui);
    let age = cx.ago(r.at);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {}, {age}", r.mark.word(), r.text)));
    let y = rect.center().y;
    paint_mark(ui.painter(), pos2(rect.left() + 7.0, y), 5.0, r.mark, t.status(r.mark));
    let age = line(ui, &age, FontId::proportional(SMALL), t.secondary, 120.0);
    let end = rect.right() - age.size().x;
    let words = line(ui, &r.text, FontId::proportional(BODY), t.text, end - 16.0 - rect.left() - 26.0);
    let elided = words.elided;
    ui.painter().galley(pos2(rect.left() + 26.0, y - words.size().y / 2.0), words, t.text);
    ui.painter().galley(pos2(end, y - age.size().y / 2.0), age, t.secondary);
    if elided {
        response.on_hover_text(&r.text);
    }
}

fn pictures(ui: &mut Ui, s: &Situation, rest: f32) {
    const PLOT: f32 = 112.0;
    // Card margins, headings and the gap between the two cards.
    const AROUND: f32 = 116.0;
    let inside = ui.available_width() - 32.0;
    let ideal = inside * map::SHAPE;
    let height = if rest > 360.0 { (rest - AROUND - PLOT).clamp(120.0, ideal) } else { ideal.min(260.0) };
    card(ui, |ui| map::map(ui, vec2(ui.available_width(), height), &s.regions));
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.horizontal(|ui| {
            heading(ui, "Answer time");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| legend(ui, s));
        });
        ui.add_space(4.0);
        if s.series.iter().any(|x| !x.points.is_empty()) {
            let plot_height = (rest - AROUND - height).clamp(PLOT, 170.0);
            plot::answers(ui, plot_height, &s.series);
        } else {
            wrapped(ui, small(ui, "No endpoint has been called yet."));
        }
    });
}

fn legend(ui: &mut Ui, s: &Situation) {
    for x in s.series.iter().rev().take(4) {
        ui.label(small(ui, &x.region));
        mark(ui, x.mark);
    }
}

fn lists(ui: &mut Ui, cx: &Cx, s: &Situation, rest: f32) {
    card(ui, |ui| {
        if rest > 200.0 {
            ui.set_min_height(rest - CARD_AROUND);
        }
        heading(ui, "Regions");
        for (i, r) in s.regions.iter().enumerate() {
            ui.push_id(&r.region, |ui| {
                if i > 0 {
                    hairline(ui, 4.0);
                }
                region(ui, r);
            });
        }
        let silence = match s.notices_read {
            Some(_) => "Nothing is posted for the watched regions.",
            None => "Not read yet: nothing can be said.",
        };
        notices(ui, cx, "Service Health", silence, &s.notices);
        notices(ui, cx, "Colleagues", "", &s.colleagues);
        if cx.snap.run.is_some() {
            ui.add_space(8.0);
            if link(ui, "Freeze as evidence", &intent::key_text(Intent::Freeze)) {
                cx.act(Act::Do(Intent::Freeze));
            }
        }
    });
}

fn notices(ui: &mut Ui, cx: &Cx, name: &str, none: &str, list: &[Reason]) {
    if list.is_empty() && none.is_empty() {
        return;
    }
    hairline(ui, 8.0);
    heading(ui, name);
    if list.is_empty() {
        wrapped(ui, small(ui, none));
    }
    for n in list {
        ui.horizontal_top(|ui| {
            mark(ui, n.mark);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                copyable(ui, small(ui, format!("{} ({})", n.text, cx.ago(n.at))));
            });
        });
    }
}

/// Two lines: name and figure, word and calls.
pub fn region(ui: &mut Ui, r: &RegionRow) {
    let t = theme::of(ui);
    let control = r.control.as_ref().map_or_else(String::new, |(m, text)| format!("ARM {}: {text}", m.word()));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    let role = if r.role.is_empty() { String::new() } else { format!(", {}", r.role) };
    let sentence = format!("{}{role}: {}, {}, {}. {control}", r.display, r.word, r.figure, r.calls);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    let (first, second) = (rect.top() + 10.0, rect.top() + 30.0);
    paint_mark(ui.painter(), pos2(rect.left() + 7.0, first), 5.0, r.mark, t.status(r.mark));
    let left = rect.left() + 28.0;
    let put = |y: f32, text: &str, size: f32, ink, right: bool, room: f32| {
        let g = line(ui, text, FontId::proportional(size), ink, room);
        let width = g.size().x;
        let x = if right { rect.right() - width } else { left };
        ui.painter().galley(pos2(x, y - g.size().y / 2.0), g, ink);
        width
    };
    let half = (rect.right() - left) * 0.55;
    let w = put(first, &r.figure, BODY, t.text, true, half);
    put(first, &r.display, BODY, t.text, false, rect.right() - left - w - 8.0);
    let w = put(second, &r.calls, SMALL, t.secondary, true, half);
    let narrow = rect.width() < 260.0;
    let word = if r.role.is_empty() || narrow { r.word.clone() } else { format!("{} · {}", r.word, r.role) };
    put(second, &word, SMALL, t.secondary, false, rect.right() - left - w - 8.0);
    response.on_hover_text(sentence);
}
