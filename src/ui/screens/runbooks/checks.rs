//! On a plan's page: how its two sides differ, and which rights its steps have. Both are read when somebody asks, since
//! nothing real is called by looking at a page, and both carry their age.

use eframe::egui::Ui;

use crate::desk::protocol::Command;
use crate::desk::snapshot::{Difference, Drift, Mark, NOT_ASKED, PlanPreview, RightsReport, Severity, Standing};
use crate::ui::view::Cx;
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{Button, body, bold, card, hairline, heading, in_line, mark, mono, row};

/// Column of the labels.
const LABEL: f32 = 112.0;
/// More than this is read better as a list in the terminal.
const SHOWN: usize = 25;

/// Draws both.
pub fn show(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    if p.checks.comparable {
        card(ui, |ui| ui.push_id("drift", |ui| sides(ui, cx, p)));
        ui.add_space(12.0);
    }
    card(ui, |ui| ui.push_id("rights", |ui| rights(ui, cx, p)));
}

fn sides(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    let known = p.checks.drift.as_deref();
    head(
        ui,
        "Drift",
        known.map(|d| cx.ago(d.at)),
        p.checks.reading,
        |again| {
            let label = if again { "Read now" } else { "Read both sides" };
            (label, Command::ReadDrift { plan: p.name.clone(), strategy: p.strategy })
        },
        cx,
    );
    let Some(d) = known else {
        let text = "How the secondary side differs from the primary one has not been read yet.";
        return line(ui, Mark::Unknown, text);
    };
    let shape = match (d.count(Severity::Blocks), d.matters(), d.unread.is_empty()) {
        (1.., ..) => Mark::Down,
        (_, true, _) => Mark::Degraded,
        (_, _, false) => Mark::Unknown,
        _ => Mark::Ok,
    };
    line(ui, shape, &d.sentence());
    differences(ui, d);
    for (i, (what, why)) in d.unread.iter().take(SHOWN).enumerate() {
        ui.push_id(("unread", i), |ui| {
            row(ui, LABEL, if i == 0 { "not known" } else { "" }, |ui| copyable(ui, body(format!("{what}: {why}"))));
        });
    }
    more(ui, d.differences.len().max(d.unread.len()), &format!("lifeboat plan {} --drift", p.plan));
}

fn differences(ui: &mut Ui, d: &Drift) {
    for (i, x) in d.differences.iter().take(SHOWN).enumerate() {
        hairline(ui, 4.0);
        ui.push_id(("difference", i), |ui| difference(ui, x));
    }
}

fn difference(ui: &mut Ui, x: &Difference) {
    let shape = match x.severity {
        Severity::Blocks => Some(Mark::Down),
        Severity::Reduces => Some(Mark::Degraded),
        Severity::Informs => None,
    };
    ui.horizontal_top(|ui| {
        if let Some(shape) = shape {
            mark(ui, shape);
        }
        copyable(ui, bold(format!("{}: {} · {}", capital(x.severity.word()), x.subject, x.field)));
    });
    row(ui, LABEL, "primary", |ui| copyable(ui, body(&x.primary)));
    row(ui, LABEL, "secondary", |ui| copyable(ui, body(&x.secondary)));
    row(ui, LABEL, "what to do", |ui| copyable(ui, body(&x.advice)));
    if let Some(by_hand) = &x.by_hand {
        row(ui, LABEL, "by hand", |ui| copyable(ui, mono(by_hand)));
    }
    row(ui, LABEL, "source", |ui| copyable(ui, small(ui, &x.source)));
}

fn rights(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    let known = p.checks.rights.as_deref();
    head(
        ui,
        "Rights",
        known.map(|r| cx.ago(r.at)),
        p.checks.asking,
        |again| {
            let label = if again { "Ask again" } else { "Ask which rights are there" };
            (label, Command::ReadRights { plan: p.name.clone(), strategy: p.strategy })
        },
        cx,
    );
    let Some(r) = known else {
        let text = "Whether the signed-in identity may do what the steps need has not been asked yet.";
        return line(ui, Mark::Unknown, text);
    };
    let shape = match r.standing() {
        Standing::Has => Mark::Ok,
        Standing::Unknown => Mark::Unknown,
        Standing::Lacks => Mark::Down,
    };
    line(ui, shape, &r.sentence());
    copyable(ui, small(ui, NOT_ASKED));
    doubts(ui, r);
    let all = r.steps.iter().filter(|s| s.standing != Standing::Has).count();
    more(ui, all, &format!("lifeboat plan {} --rights", p.plan));
}

fn doubts(ui: &mut Ui, r: &RightsReport) {
    for s in r.steps.iter().filter(|s| s.standing != Standing::Has).take(SHOWN) {
        for (i, d) in s.doubts.iter().enumerate() {
            ui.push_id((&s.step, i), |ui| {
                row(ui, LABEL, if i == 0 { &s.step } else { "" }, |ui| {
                    copyable(ui, body(format!("{}. {}", d.sentence(), d.advice())));
                });
            });
        }
    }
}

/// Heading, age and button in a line.
fn head(
    ui: &mut Ui,
    title: &str,
    age: Option<String>,
    busy: bool,
    ask: impl FnOnce(bool) -> (&'static str, Command),
    cx: &Cx,
) {
    ui.spacing_mut().item_spacing.y = 6.0;
    in_line(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        heading(ui, title);
        let (label, command) = ask(age.is_some());
        let refused = busy.then_some("Azure is being read right now");
        if Button::new(label).small().refused(refused).show(ui) {
            cx.send(command);
        }
        match age {
            _ if busy => drop(ui.label(small(ui, "Reading …"))),
            Some(age) => drop(ui.label(small(ui, format!("read {age}")))),
            None => {}
        }
    });
}

fn line(ui: &mut Ui, shape: Mark, text: &str) {
    ui.horizontal_top(|ui| {
        mark(ui, shape);
        wrapped(ui, body(text));
    });
}

fn more(ui: &mut Ui, all: usize, command: &str) {
    if all > SHOWN {
        copyable(ui, small(ui, format!("And {} more: {command}", all - SHOWN)));
    }
}
