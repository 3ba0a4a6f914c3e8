//! Where the time went, what verification says, two runs side by side, and how long a run is kept.

use eframe::egui::{CentralPanel, Frame, Margin, Ui};

use super::super::run::{capital, gantt};
use super::{Key, put_away, shown_run, verdict_line};
use crate::desk::protocol::Command;
use crate::desk::snapshot::{Class, Mark, PROMISE, REGISTER, Record};
use crate::run::reconcile::Reconciled;
use crate::ui::ask::Ask;
use crate::ui::intent::{self, Intent};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::table::table;
use crate::ui::widgets::text::{copyable, cut, small, wrapped};
use crate::ui::widgets::{Button, body, bold, card, heading, in_line, mark, row, secondary};

fn key(key: Key) -> String {
    intent::key_text(Intent::Audit(key))
}

/// The run's timeline, as its record tells it.
pub fn timeline(ui: &mut Ui, cx: &Cx, view: &mut View, record: &Record) {
    let frame = Frame::new().inner_margin(Margin { left: 24, right: 24, top: 8, bottom: 12 });
    CentralPanel::no_frame().frame(frame).show(ui, |ui| match &record.gantt {
        Some(g) => gantt::chart(ui, cx, view, g, (None, None)),
        None if record.run == REGISTER => {
            wrapped(ui, secondary(ui, "The register is about no run: it has no timeline."));
        }
        None => {
            let why = "The record does not tell a run from its beginning on, so there is no timeline. Its entries can be read.";
            wrapped(ui, secondary(ui, why));
        }
    });
}

/// What `lifeboat verify` prints, and when that was found.
pub fn integrity(ui: &mut Ui, cx: &Cx, record: &Record) {
    ui.horizontal_wrapped(|ui| verdict_line(ui, cx, record));
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        if Button::new("Verify again").small().key(key(Key::Verify)).show(ui) {
            cx.act(Act::Do(Intent::Audit(Key::Verify)));
        }
        if Button::new("Copy the report").small().show(ui) {
            cx.act(Act::Copy(text(record), "The report"));
        }
        let register = (record.run == REGISTER).then_some("The register is about no change in Azure");
        if Button::new("Compare with the Activity Log").small().refused(register).show(ui) {
            cx.send(Command::CompareWithActivityLog(record.run.clone()));
        }
    });
    if let Some(found) = cx.snap.comparisons.get(&record.run) {
        ui.add_space(12.0);
        activity(ui, found);
    }
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for (name, text) in &record.report {
            row(ui, 216.0, name, |ui| copyable(ui, body(text)));
        }
        row(ui, 216.0, "Verdict", |ui| copyable(ui, bold(&record.verdict)));
    });
    ui.add_space(12.0);
    for (head, text) in PROMISE {
        heading(ui, head);
        copyable(ui, secondary(ui, text));
        ui.add_space(8.0);
    }
}

/// How the run compares with what Azure logged itself.
fn activity(ui: &mut Ui, found: &Result<Reconciled, String>) {
    card(ui, |ui| {
        heading(ui, "Azure's Activity Log");
        match found {
            Ok(r) => {
                let sign = if r.agrees() { Mark::Ok } else { Mark::Degraded };
                ui.horizontal_wrapped(|ui| {
                    mark(ui, sign);
                    copyable(ui, bold(r.text()));
                });
                for line in r.lines() {
                    copyable(ui, body(&line));
                }
            }
            Err(why) => {
                wrapped(ui, body(format!("It could not be compared: {why}")));
            }
        }
    });
}

/// As the terminal prints it.
fn text(record: &Record) -> String {
    let lines: String = record.report.iter().map(|(name, text)| format!("{name}: {text}\n")).collect();
    format!("{lines}Verdict: {}\n", record.verdict)
}

/// Two runs side by side.
pub fn compare(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(c) = &cx.snap.audit.compared else {
        super::super::page(ui, view, "compare", |ui, _| {
            let why = "Another run of the same plan beside this one shows what took longer, who did it, and which objective was \
                       kept: from rehearsal to rehearsal, and year after year.";
            wrapped(ui, secondary(ui, why));
            ui.add_space(12.0);
            let none =
                super::ask::others(cx.snap).is_empty().then_some("There is no other run to compare this one with.");
            if Button::new("Compare with…").primary().key(key(Key::Compare)).refused(none).show(ui) {
                cx.act(Act::Do(Intent::Audit(Key::Compare)));
            }
            if let Some(none) = none {
                ui.label(small(ui, none));
            }
        });
        return;
    };
    let frame = Frame::new().inner_margin(Margin { left: 24, right: 24, top: 8, bottom: 12 });
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        let short = |n: usize| c.heads[n].split(" · ").next().unwrap_or_default();
        let differing = || (0..c.lines.len()).filter(|i| c.lines.get(*i).is_some_and(|l| !l.difference.is_empty()));
        let differ = differing().count();
        let wide = ui.available_width() >= 640.0;
        let head = |ui: &mut Ui| {
            ui.label(bold(format!("{} and {}: {differ} of {} differ", short(0), short(1), c.lines.len())));
            ui.add_space(8.0);
            let only = differ > 0 && !view.audit.same_too;
            let none = (differ == 0).then_some("Nothing differs");
            if Button::new("Only what differs").small().selected(only).refused(none).show(ui) {
                view.audit.same_too = only;
            }
            if Button::new("Another…").small().key(key(Key::Compare)).show(ui) {
                cx.act(Act::Do(Intent::Audit(Key::Compare)));
            }
            if Button::new("Put it away").small().show(ui) {
                put_away(cx);
            }
        };
        match wide {
            true => in_line(ui, head),
            false => ui.horizontal_wrapped(head).inner,
        }
        let rows: Vec<usize> =
            if differ > 0 && !view.audit.same_too { differing().collect() } else { (0..c.lines.len()).collect() };
        let at = |i: usize| rows.get(i).and_then(|i| c.lines.get(*i));
        let width = ui.available_width();
        let columns = [
            ("What", Some(width * 0.26)),
            (c.heads[0].as_str(), Some(width * 0.22)),
            (c.heads[1].as_str(), Some(width * 0.22)),
            ("Difference", None),
        ];
        let side = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
        table(
            ui,
            "compared",
            &columns,
            rows.len(),
            |_| false,
            |i| {
                at(i).map_or_else(String::new, |l| {
                    let difference = if l.difference.is_empty() { "the same" } else { &l.difference };
                    format!("{}: {}; {}: {difference}", l.name, side(&l.sides[0]), side(&l.sides[1]))
                })
            },
            |ui, i, n| {
                let Some(l) = at(i) else { return };
                match (n, l.difference.is_empty()) {
                    (0, true) => cut(ui, body(&l.name)),
                    (0, false) => cut(ui, bold(&l.name)),
                    (1 | 2, _) => cut(ui, body(side(&l.sides[n - 1]))),
                    (_, true) => cut(ui, secondary(ui, "=")),
                    (_, false) => cut(ui, bold(format!("≠ {}", l.difference))),
                };
            },
        );
    });
}

/// How long the run is kept, and its end.
pub fn keeping(ui: &mut Ui, cx: &Cx) {
    let audit = &cx.snap.audit;
    let Some(run) = shown_run(cx.snap) else {
        wrapped(ui, secondary(ui, "The register itself is kept for good: it says what became of the runs."));
        general(ui, cx);
        return;
    };
    let k = &run.kept;
    heading(ui, &format!("Run {}", run.short));
    copyable(ui, body(format!("{}.", capital(&k.words))));
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        if Button::new("Keep it for…").small().key(key(Key::Keep)).show(ui) {
            cx.act(Act::Do(Intent::Audit(Key::Keep)));
        }
        let held = if k.hold.is_some() { "Lift the legal hold…" } else { "Legal hold…" };
        if Button::new(held).small().key(key(Key::Hold)).show(ui) {
            cx.act(Act::Do(Intent::Audit(Key::Hold)));
        }
        if Button::new("Dispose of it…").small().key(key(Key::Dispose)).refused(k.stays.as_deref()).show(ui) {
            cx.act(Act::Do(Intent::Audit(Key::Dispose)));
        }
    });
    if let Some(hold) = &k.hold {
        ui.add_space(8.0);
        copyable(ui, bold(format!("Legal hold {hold}")));
    }
    if let Some(why) = &k.stays {
        ui.add_space(4.0);
        copyable(ui, secondary(ui, format!("Not to be disposed of now: {why}.")));
    }
    ui.add_space(4.0);
    copyable(ui, secondary(ui, &audit.clock));
    general(ui, cx);
}

fn general(ui: &mut Ui, cx: &Cx) {
    let audit = &cx.snap.audit;
    ui.add_space(16.0);
    heading(ui, "All runs of this computer");
    copyable(ui, body(format!("Kept {}, where nothing else is chosen for a run.", audit.general.words())));
    ui.add_space(8.0);
    if Button::new("Change it…").small().show(ui) {
        cx.act(Act::Ask(Ask::keep(None, cx.snap)));
    }
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for class in Class::ALL {
            row(ui, 88.0, class.display(), |ui| copyable(ui, body(class.source())));
        }
    });
    ui.add_space(8.0);
    let text = "Nothing is ever removed by itself. Each choice, hold and disposal stands in the register of this computer with \
                who and why; it is signed and verified like a run. Which rule applies to you, your auditor \
                decides.";
    wrapped(ui, small(ui, text));
}
