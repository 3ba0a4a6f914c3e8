//! The Audit screen: filtered and read by keyboard, verified in the verifier's own words, exported, kept and held; and with a
//! hundred thousand entries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lifeboat::desk::protocol::{AuditIntent, Command};
use lifeboat::desk::snapshot::{Class, CompareLine, Comparison, ExportState, ExportView, Record, Snapshot, Wish};
use lifeboat::journal::RealDisk;
use lifeboat::run::reconcile::{Foreign, Reconciled};
use lifeboat::ui::App;
use lifeboat::ui::screens::audit::{Format, Found, Part, Wanted};
use lifeboat::ui::view::Screen;

use super::{Window, sample};
use crate::crash::{desk_with, until};

fn on(change: impl FnOnce(&mut Snapshot)) -> Window {
    let mut s = sample::on_call();
    change(&mut s);
    Window::on(s, Screen::Audit)
}

/// All of the screen at once, to look at: with a real record, two runs compared, and an export that is over.
pub fn pictured() -> Snapshot {
    let mut s = sample::on_call();
    let (run, journal) = crate::export::one();
    let mut record = lifeboat::desk::record_of(&RealDisk, journal, &[]).unwrap();
    let told = |hide| lifeboat::desk::exporting::dossier(&RealDisk, journal, &[], hide).unwrap();
    let mut other = told(true);
    other.short = "2QXM".into();
    other.story.as_mut().unwrap().steps.iter_mut().step_by(3).for_each(|s| s.to = s.to.map(|t| t + 75_000));
    let audit = Arc::make_mut(&mut s.audit);
    audit.compared = Some(Arc::new(lifeboat::desk::view::comparison::comparison(&told(false), &other)));
    record.run = "run-2qxm".into();
    record.checked_at = sample::NOW - 12_000;
    audit.shown = Some(Arc::new(record));
    audit.clock = "Counted by this computer's clock, which nothing outside confirms now: whoever sets it forward ends a retention \
                   early. The register keeps the time that was believed."
        .into();
    audit.export = Some(ExportView {
        run: run.clone(),
        out: "/home/dana/.local/share/lifeboat/exports/run-2qxm.zip".into(),
        state: ExportState::Done {
            bytes: 1_482_113,
            sha256: lifeboat::units::sha256_hex(b"a file"),
            notes: vec![
                "the evidence photo.png is missing, or is not what the record says, and did not go along".into(),
            ],
        },
    });
    s
}

/// That part of the screen.
pub fn turn(app: &mut App, screen: &str) {
    let part = match screen {
        "entry" => Part::Entries,
        "chart" => Part::Timeline,
        "integrity" => Part::Integrity,
        "compare" => Part::Compare,
        "keeping" => Part::Keeping,
        "export" => Part::Export,
        _ => return,
    };
    app.show(Screen::Audit);
    let view = &mut app.view_mut().audit;
    view.part = part;
    if screen == "entry" {
        view.open("run-2qxm", 12);
    }
}

fn part(w: &mut Window, part: Part) {
    w.harness.state_mut().view_mut().audit.part = part;
    w.harness.run();
}

// ---- filtering ----

fn big(n: u64) -> Arc<Record> {
    let small = sample::audit().shown.unwrap();
    let rows = (0..n).map(|i| {
        let mut row = small.rows[(i % 2_000) as usize].clone();
        row.seq = i;
        row.find = format!("request {i} was accepted\n{}\n{}", row.kind, row.actor.to_lowercase());
        row
    });
    Arc::new(Record { rows: rows.collect(), ..(*small).clone() })
}

fn all(found: &mut Found, record: &Arc<Record>, wanted: &Wanted) -> Vec<u32> {
    let mut frames = 0;
    while !found.look(record, wanted) {
        frames += 1;
        assert!(frames < 1_000);
    }
    found.rows().to_vec()
}

#[test]
fn entries_are_found_by_words_kind_step_and_person() {
    let record = big(6_000);
    let slow = |w: &Wanted| -> Vec<u32> {
        let passes = |r: &lifeboat::desk::snapshot::RecordRow| {
            (w.family.is_empty() || r.kind.starts_with(&format!("{}.", w.family)) || r.kind == w.family)
                && (w.step.is_empty() || r.step == w.step)
                && (w.actor.is_empty() || r.actor == w.actor)
                && r.find.contains(&w.text.trim().to_lowercase())
        };
        (0..record.rows.len() as u32).filter(|i| passes(&record.rows[*i as usize])).collect()
    };
    let wanted = |text: &str, family: &str, step: &str, actor: &str| Wanted {
        text: text.into(),
        family: family.into(),
        step: step.into(),
        actor: actor.into(),
    };
    let mut found = Found::default();
    // In this order each follows from the one before, or does not; both must give what a fresh look gives.
    for w in [
        wanted("", "", "", ""),
        wanted("Request 5", "", "", ""),
        wanted("request 59", "", "", ""),
        wanted("request 59", "step", "", ""),
        wanted("request 59", "step", "F2", "Dana"),
        wanted("request 59", "run", "", ""),
        wanted("request 9", "", "", "Lifeboat"),
        wanted("", "", "", ""),
    ] {
        assert_eq!(all(&mut found, &record, &w), slow(&w), "{w:?}");
    }
}

#[test]
fn a_hundred_thousand_entries_hold_no_frame_up() {
    let record = big(100_000);
    let mut found = Found::default();
    for text in ["9", "99", "999", "4", ""] {
        let wanted = Wanted { text: text.into(), ..Wanted::default() };
        let mut frames = 1;
        loop {
            if found.look(&record, &wanted) {
                break;
            }
            frames += 1;
        }
        assert!(frames <= 5, "{text}: {frames} frames");
    }
    assert!(found.look(&record, &Wanted::default()), "nothing is looked at again while nothing changes");
}

#[test]
fn a_slash_goes_to_the_filter_and_the_keys_walk_what_is_found() {
    let mut w = on(|_| {});
    w.key(Key::Slash);
    w.type_text("request 199");
    assert!(w.sees("11 of 2000 entries"), "itself and 1990 to 1999");
    w.key(Key::Enter);
    w.key(Key::ArrowDown);
    assert_eq!(w.harness.state().view().audit.selected, Some(199));
    w.key(Key::ArrowDown);
    assert_eq!(w.harness.state().view().audit.selected, Some(1990));
    assert!(!w.sees("Entry 1990"), "only chosen");
    w.key(Key::Enter);
    assert!(w.sees("Entry 1990"));
    assert!(w.reads("the bytes below do NOT have this hash"), "sample bytes have none");
    w.key(Key::Escape);
    assert!(!w.sees("Entry 1990"));
    w.key(Key::ArrowUp);
    assert_eq!(w.harness.state().view().audit.selected, Some(199));
}

// ---- what verification says ----

#[test]
fn the_window_says_what_the_verifier_prints() {
    let (run, journal) = crate::export::one();
    let said = crate::cli::say(crate::export::home(), &["verify", journal.to_str().unwrap()]);
    let home = lifeboat::desk::Home::find(Some(crate::export::home())).unwrap();
    let pins = lifeboat::desk::examining::pins(&home);
    let record = lifeboat::desk::record_of(&RealDisk, journal, &pins).unwrap();
    assert_eq!(record.run, *run);
    assert!(record.rows.iter().all(lifeboat::desk::snapshot::RecordRow::holds), "every hash is that of its bytes");
    assert!(record.rows.windows(2).all(|w| w[1].prev == w[0].hash), "each names the one before");
    let mut w = on(|s| Arc::make_mut(&mut s.audit).shown = Some(Arc::new(record.clone())));
    part(&mut w, Part::Integrity);
    for (name, text) in &record.report {
        assert!(said.out.contains(&format!("{name}: {text}\n")), "{name}: {text}\n{}", said.out);
        assert!(w.sees(text), "{text}");
    }
    assert!(said.out.contains(&format!("Verdict: {}\n", record.verdict)));
    assert!(w.sees(&format!("Verdict: {}", record.verdict)));
    assert!(w.reads("nobody acted outside this tool"), "the promise stands there");
    w.key(Key::Num7);
    assert_eq!(w.told(), [Command::ShowRecord(run.clone())]);
}

#[test]
fn the_timeline_is_drawn_from_the_record_that_is_read() {
    let (_, journal) = crate::export::one();
    let record = lifeboat::desk::record_of(&RealDisk, journal, &[]).unwrap();
    let gantt = record.gantt.clone().unwrap();
    let end = record.rows.iter().find(|r| r.kind == "run.end").unwrap();
    assert_eq!(lifeboat::units::utc_clock(gantt.ended.unwrap()), end.time);
    let steps: std::collections::BTreeSet<&str> = record.rows.iter().map(|r| r.step.as_str()).collect();
    for lane in gantt.lanes.iter().filter(|l| !l.bars.is_empty()) {
        assert!(steps.contains(lane.id.as_str()), "{} is drawn, and in no entry", lane.id);
    }
    assert!(gantt.lanes.iter().any(|l| !l.bars.is_empty()) && gantt.t0.is_some() && gantt.deadline.is_some());
    let mut w = on(|s| Arc::make_mut(&mut s.audit).shown = Some(Arc::new(record)));
    w.key(Key::ArrowRight);
    assert_eq!(w.harness.state().view().audit.part, Part::Timeline);
    assert!(w.sees(&gantt.sentence) && w.sees(&gantt.lanes[0].sentence));
    w.key(Key::ArrowDown);
    assert_eq!(w.harness.state().view().audit.selected, None, "no entry out of sight is chosen");
    // What tells no run has none, and says so.
    w.publish(|s| {
        let shown = Arc::make_mut(&mut s.audit).shown.as_mut().unwrap();
        Arc::make_mut(shown).gantt = None;
    });
    assert!(w.reads("so there is no timeline") && !w.sees(&gantt.sentence));
}

#[test]
fn a_run_that_goes_on_is_drawn_as_far_as_its_record_goes() {
    let (_, journal) = crate::export::one();
    let mut records = lifeboat::journal::read_run(&RealDisk, journal).unwrap();
    let whole = lifeboat::desk::view::gantt::recorded(&lifeboat::desk::replay(&records).unwrap()).unwrap();
    records.truncate(records.iter().rposition(|r| r.body.kind.as_str() == "run.end").unwrap());
    let run = lifeboat::desk::replay(&records).unwrap();
    let part = lifeboat::desk::view::gantt::recorded(&run).unwrap();
    assert_eq!((part.ended, whole.ended.is_some()), (Some(run.last_at), true));
    assert!(part.sentence.contains("is not closed") && !whole.sentence.contains("is not closed"));
}

#[test]
fn the_list_says_in_a_word_what_each_record_is_worth() {
    let w = on(|s| Arc::make_mut(&mut s.audit).runs[2].outcome = "Recovered, with findings".into());
    assert!(w.sees("Record") && w.sees("has limits") && w.sees("not verified"), "and of one nobody looked at");
    let cut = w.harness.query_all_by_label("Recovered, with findings").next().unwrap();
    assert!(cut.rect().width() > 130.0, "whole: {:?}", cut.rect());
}

#[test]
fn a_run_is_held_against_the_activity_log_from_here() {
    let mut run = String::new();
    let mut w = on(|s| {
        run = s.audit.shown.as_ref().unwrap().run.clone();
        let foreign = Foreign {
            at: 0,
            caller: "somebody@contoso.com".to_owned(),
            operation: "Microsoft.CognitiveServices/accounts/write".to_owned(),
            target: "/subscriptions/0/resourceGroups/rg/providers/p/t/oai-prod-eastus".to_owned(),
        };
        let found = Reconciled { matched: 3, foreign: vec![foreign], ..Reconciled::default() };
        Arc::make_mut(&mut s.comparisons).insert(run.clone(), Ok(found));
    });
    part(&mut w, Part::Integrity);
    assert!(w.reads("3 matched, 0 missing, 1 by others") && w.reads("oai-prod-eastus by somebody@contoso.com"));
    w.click("Compare with the Activity Log");
    assert_eq!(w.told(), [Command::CompareWithActivityLog(run)]);
}

#[test]
fn altered_bytes_are_not_their_hash() {
    let (_, journal) = crate::export::one();
    let record = lifeboat::desk::record_of(&RealDisk, journal, &[]).unwrap();
    let mut row = record.rows[5].clone();
    assert!(row.holds());
    row.raw = row.raw.replace("\"seq\":5", "\"seq\":6").into();
    assert!(!row.holds());
}

// ---- side by side ----

#[test]
fn two_runs_are_put_side_by_side_by_keyboard() {
    let mut w = on(|_| {});
    w.key(Key::Num6);
    w.ctrl(Key::Enter);
    let told = w.told();
    let [Command::Audit(AuditIntent::Compare(Some(both)))] = &told[..] else { panic!("{told:?}") };
    assert_eq!(both, &["run-7f3k".to_owned(), "run-2qxm".to_owned()], "the same plan first");
    let line = |name: &str, difference: &str| CompareLine {
        name: name.into(),
        sides: ["done · took 4 min".into(), "done · took 5 min".into()],
        difference: difference.into(),
    };
    let compared = Comparison {
        runs: both.clone(),
        heads: ["7F3K · rehearsal".into(), "2QXM · rehearsal".into()],
        lines: vec![line("F2 Look", ""), line("F1 Move", "1 min longer")],
    };
    w.publish(|s| Arc::make_mut(&mut s.audit).compared = Some(Arc::new(compared)));
    part(&mut w, Part::Compare);
    assert!(w.reads("1 of 2 differ") && w.sees("≠ 1 min longer"));
    assert!(!w.reads("F2 Look"), "what is the same is not in the way");
    w.click("Only what differs");
    assert!(w.reads("F1 Move") && w.reads("F2 Look: done · took 4 min; done · took 5 min: the same"));
    w.click("Put it away");
    assert_eq!(w.told(), [Command::Audit(AuditIntent::Compare(None))]);
}

// ---- keeping ----

#[test]
fn retention_and_holds_want_a_reason() {
    let mut w = on(|_| {});
    w.key(Key::Num8);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "no reason yet");
    w.type_text("card data");
    w.click("12 months (PCI DSS)");
    w.ctrl(Key::Enter);
    let keep = AuditIntent::Keep { run: Some("run-2qxm".into()), class: Some(Class::Pci), reason: "card data".into() };
    assert_eq!(w.told(), [Command::Audit(keep)]);
    w.key(Key::Num9);
    w.type_text("case 12");
    w.key(Key::Enter);
    let hold = AuditIntent::Hold { run: "run-2qxm".into(), held: true, reason: "case 12".into() };
    assert_eq!(w.told(), [Command::Audit(hold)]);
}

#[test]
fn a_run_that_is_kept_is_not_disposed_of_and_says_until_when() {
    let mut w = on(|_| {});
    w.key(Key::Num0);
    assert!(w.harness.state().view().ask.is_none());
    let said = w.harness.state().view().said.clone().unwrap();
    assert!(said.contains("kept until 2033-11-18"), "{said}");
    part(&mut w, Part::Keeping);
    assert!(w.reads("Not to be disposed of now: the run is kept until 2033-11-18"));
}

#[test]
fn a_run_whose_time_is_over_goes_with_its_id_typed_and_a_reason() {
    let mut w = on(|s| {
        let audit = Arc::make_mut(&mut s.audit);
        audit.runs[1].kept.stays = None;
    });
    w.key(Key::Num0);
    w.type_text("run-2qx");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    w.type_text("m");
    w.key(Key::Tab);
    w.type_text("its time is over");
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "Enter alone does not do it");
    w.ctrl(Key::Enter);
    let dispose =
        AuditIntent::Dispose { run: "run-2qxm".into(), typed: "run-2qxm".into(), reason: "its time is over".into() };
    assert_eq!(w.told(), [Command::Audit(dispose)]);
}

// ---- export ----

#[test]
fn an_export_is_asked_for_by_keyboard_alone() {
    let mut w = on(|_| {});
    w.key(Key::Num5);
    w.key(Key::Enter);
    let told = w.told();
    let [Command::Audit(AuditIntent::Export { run, wish, pseudonyms, out })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((run.as_str(), wish, *pseudonyms), ("run-2qxm", &Wish::Bundle(vec![]), false));
    assert!(out.ends_with("exports/run-2qxm.zip"), "{}", out.display());
    w.harness.state_mut().view_mut().audit.export.format = Format::Excerpt;
    w.harness.run();
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "which entries was not said");
    assert!(w.harness.state().view().said.as_ref().is_some_and(|s| s.contains("12,40-44")));
}

/// The whole way with a real desk behind the window: the record, an entry, a file, and where it went.
#[test]
fn filter_detail_export_and_where_it_went() {
    let (run, journal) = crate::export::one();
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("runs").join(run);
    std::fs::create_dir_all(&to).unwrap();
    for file in std::fs::read_dir(journal).unwrap().map(Result::unwrap).filter(|f| f.file_type().unwrap().is_file()) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    let desk = desk_with(dir.path(), Arc::new(RealDisk), None);
    until(&desk, "the run", |s| !s.audit.runs.is_empty());
    let link = desk.link();
    let mut h = Harness::builder().with_size([960.0, 600.0]).build_eframe(|cc| App::new(cc, link));
    let press = |h: &mut Harness<'static, App>, key: Key, modifiers: Modifiers| {
        h.event(Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers });
        h.event(Event::Key { key, physical_key: None, pressed: false, repeat: false, modifiers });
        (0..3).for_each(|_| h.step());
    };
    let sees = |h: &mut Harness<'static, App>, what: &str| {
        let since = Instant::now();
        while h.query_all_by_label_contains(what).next().is_none() {
            let notice = desk.snapshot().notice.clone();
            assert!(
                since.elapsed() < crate::PATIENCE,
                "{what} was not seen; {notice:?} {:?}",
                desk.snapshot().audit.export
            );
            std::thread::sleep(Duration::from_millis(20));
            h.step();
        }
    };
    h.step();
    press(&mut h, Key::Num6, Modifiers::COMMAND);
    sees(&mut h, "Record intact");
    press(&mut h, Key::Slash, Modifiers::NONE);
    h.event(Event::Text("checkpoint".to_owned()));
    (0..3).for_each(|_| h.step());
    press(&mut h, Key::Enter, Modifiers::NONE);
    press(&mut h, Key::ArrowDown, Modifiers::NONE);
    press(&mut h, Key::Enter, Modifiers::NONE);
    sees(&mut h, "the hash was computed from the bytes below");
    press(&mut h, Key::Escape, Modifiers::NONE);
    press(&mut h, Key::Num5, Modifiers::NONE);
    sees(&mut h, "New file");
    press(&mut h, Key::Enter, Modifiers::NONE);
    sees(&mut h, "Exported, ");
    let out = desk.snapshot().audit.export.clone().unwrap().out;
    let bytes = std::fs::read(&out).unwrap();
    assert!(bytes.starts_with(b"PK"));
    sees(&mut h, &lifeboat::units::sha256_hex(&bytes));
    sees(&mut h, "Copy path");
    // The same place again: what is there stays as it is, and that is said.
    press(&mut h, Key::Enter, Modifiers::NONE);
    sees(&mut h, "is there already");
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    // Closed: the register has it, and the list shows the register.
    assert!(desk.snapshot().audit.runs.iter().any(|r| r.title == "Register of this computer"));
    let rest: Vec<_> = std::fs::read_dir(out.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(rest.len(), 1, "nothing half is left: {rest:?}");
}

#[test]
fn a_stopped_export_leaves_nothing() {
    use lifeboat::desk::exporting::{Source, Stage, Watched};
    use std::sync::atomic::{AtomicBool, Ordering};
    let home = lifeboat::desk::Home::find(Some(crate::export::home())).unwrap();
    let disk: Arc<dyn lifeboat::journal::Disk> = Arc::new(RealDisk);
    let source = Source { home: &home, disk: &disk, operator: "Ada", signs: None };
    let dir = tempfile::tempdir().unwrap();
    for at in 0..3 {
        let (stopped, told) = (AtomicBool::new(false), std::cell::Cell::new(0));
        let stage = |_: Stage| {
            if told.replace(told.get() + 1) == at {
                stopped.store(true, Ordering::Relaxed);
            }
        };
        let watched = Watched { tell: Some(&stage), stopped: Some(&stopped) };
        let out = dir.path().join(format!("{at}.zip"));
        let made = source.make(crate::export::one().0, &Wish::Bundle(vec![]), false, &out, &watched);
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        match made {
            Err(e) => assert_eq!((e.to_string().as_str(), left), ("the export was stopped: nothing was written", 0)),
            Ok(_) => assert!(at == 2 && out.is_file(), "it was over before"),
        }
    }
}
