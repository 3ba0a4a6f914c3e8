//! The Rehearse screen: what can be rehearsed, the sheet of what was, and the trend.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, OutputCommand, Pos2, Rect, accesskit::Role};
use egui_kittest::kittest::Queryable;
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::*;
use lifeboat::runbook::model::{Strategy, System};
use lifeboat::ui::screens::rehearse::{Part, Sheet, past, shown};
use lifeboat::ui::view::Screen;
use lifeboat::units::Millis;

use super::{Window, sample, with_run};

const NAMES: [&str; 5] = ["detect", "acknowledge", "decide", "execute", "verify"];

fn rehearsed(short: &str, days: i64, rta: Option<u64>, parts: [Option<u64>; 5], points: u32) -> TrendRun {
    let line = |what: &str, points, of, why: &str| (what.to_owned(), points, of, why.to_owned());
    TrendRun {
        run: format!("run-{}", short.to_lowercase()),
        short: short.into(),
        scenario: if days % 2 == 0 { "region-loss" } else { "own-network" }.into(),
        strategy: if days % 3 == 0 { Strategy::HotHot } else { Strategy::HotWarm },
        at: sample::NOW - days * 86_400_000,
        segments: NAMES.into_iter().zip(parts.map(|p| p.map(|s| s * 1_000))).collect(),
        rto: if days % 3 == 0 { 900_000 } else { 1_800_000 },
        rta: rta.map(|s| s * 1_000),
        score: Some((points, 17)),
        lines: vec![
            line("Decision: fail over", 3, 3, "fail over"),
            line("Decided within 15 min", u32::from(points > 16) * 2, 2, "decided after 21 min"),
        ],
        closed: String::new(),
        tabletop: days == 9,
    }
}

/// Rehearsals of two plans: one over the RTO, one that nobody measured, one with a gap.
pub fn trends() -> Vec<Trend> {
    let all = |a, b, c, d, e| [Some(a), Some(b), Some(c), Some(d), Some(e)];
    vec![
        Trend {
            plan: "prod-chat".into(),
            title: "Production chat".into(),
            runs: vec![
                rehearsed("4HTR", 93, Some(2_460), all(240, 190, 850, 760, 330), 9),
                rehearsed("9BBQ", 64, Some(2_010), all(200, 150, 640, 600, 300), 11),
                rehearsed("77XA", 35, None, [Some(180), None, Some(500), Some(540), None], 10),
                rehearsed("K0PE", 9, Some(1_500), [Some(150), None, Some(420), Some(480), Some(240)], 14),
                rehearsed("2QXM", 3, Some(1_275), all(120, 70, 340, 450, 235), 17),
            ],
        },
        Trend {
            plan: "prod-search".into(),
            title: "Production search".into(),
            runs: vec![rehearsed("AA01", 12, Some(640), all(60, 40, 120, 220, 100), 16)],
        },
    ]
}

/// As many scenarios as come with the program, on two plans.
pub fn on_call() -> Snapshot {
    let mut library = sample::library();
    let about = "Uploads hang and the queue in front of the models grows, while every portal page is green and the status page \
                 says nothing. What do you believe, and for how long?";
    for n in 0..12 {
        library.scenarios.push(ScenarioRow {
            id: format!("more-{n}"),
            title: format!("Service Health is green, users are not, case {n}"),
            about: about.into(),
            plan: if n % 3 == 0 { "prod-search" } else { "somebody's own" }.into(),
            strategies: vec![Strategy::ActiveActive, Strategy::ActivePassive],
            minutes: 20 + n * 5,
            tabletop: n % 2 == 0,
        });
    }
    library.plans[1].system = Some(System::MultiRegionAI);
    Snapshot { library: Arc::new(library), trends: Arc::new(trends()), ..sample::on_call() }
}

fn on(part: Part) -> Window {
    let mut w = Window::on(on_call(), Screen::Rehearse);
    for _ in 0..Part::ALL.iter().position(|(p, _)| *p == part).unwrap() {
        w.key(Key::ArrowRight);
    }
    w
}

/// What a key puts into the clipboard.
fn copied(w: &mut Window, key: Key) -> String {
    // The press alone: a frame later the clipboard's command is gone.
    let (physical_key, modifiers) = (None, Modifiers::NONE);
    w.harness.event(Event::Key { key, physical_key, pressed: true, repeat: false, modifiers });
    w.harness.step();
    let commands = &w.harness.output().platform_output.commands;
    let copied = commands.iter().find_map(|c| if let OutputCommand::CopyText(t) = c { Some(t.clone()) } else { None });
    copied.unwrap_or_default()
}

#[test]
fn scenarios_stand_by_system_and_are_found_by_their_words() {
    let snap = on_call();
    let systems: Vec<_> = shown(&snap.library, "").into_iter().map(|(s, _)| s).collect();
    let mut once = systems.clone();
    once.dedup();
    assert_eq!(once, [Some(System::AzureOpenAI), Some(System::MultiRegionAI), None]);
    assert_eq!(systems.len(), 17);
    let mut w = Window::on(snap, Screen::Rehearse);
    w.ctrl(Key::F);
    w.type_text("429 hot/cold");
    assert!(w.reads("The secondary is too small. ") && !w.reads("A region is lost. "));
    w.type_text(" nowhere");
    assert!(w.sees("No scenario has these words."));
    w.click("Show all");
    assert!(w.reads("A region is lost. "));
}

#[test]
fn a_rehearsal_is_chosen_and_set_up_by_keyboard_and_starts_exactly_so() {
    let mut w = on(Part::Scenarios);
    w.key(Key::ArrowDown);
    w.key(Key::Enter);
    let expected = |scenario: &str, strategy, speed, seed, tabletop| {
        let scenario = scenario.to_owned();
        [Command::StartRehearsal { scenario, strategy: Some(strategy), speed, seed, tabletop }]
    };
    assert_eq!(w.told(), expected("own-network", Strategy::HotHot, Speed::Times(1), 1, false));
    w.key(Key::ArrowUp);
    for label in ["hot/cold", "In steps", "Tabletop"] {
        w.harness.get_by_role_and_label(Role::RadioButton, label).click();
        w.harness.run();
    }
    w.harness.get_by_label("Seed").focus();
    w.harness.run();
    w.type_text("7");
    w.click("Start A region is lost");
    let told = w.told();
    assert!(
        told == expected("region-loss", Strategy::HotCold, Speed::Times(0), 17, true)
            || told == expected("region-loss", Strategy::HotCold, Speed::Times(0), 71, true),
        "{told:?}"
    );
}

#[test]
fn a_seed_that_is_no_number_starts_nothing() {
    let mut w = on(Part::Scenarios);
    w.harness.get_by_label("Seed").focus();
    w.harness.run();
    w.type_text("x");
    w.harness.get_by_label("Start A region is lost").focus();
    w.harness.run();
    w.key(Key::Enter);
    w.click("Start A region is lost");
    assert_eq!(w.told(), []);
    assert!(w.sees("The seed is a whole number."));
}

#[test]
fn while_a_run_is_open_nothing_starts_and_the_reason_is_there() {
    let snap = Snapshot { run: Some(Arc::new(sample::run())), ..on_call() };
    let mut w = Window::on(snap, Screen::Rehearse);
    w.key(Key::Enter);
    w.click("Start A region is lost");
    assert_eq!(w.told(), []);
    assert!(w.reads("A run is open"));
}

#[test]
fn nothing_is_lost_in_a_small_window() {
    for size in [[1280.0, 800.0], [960.0, 600.0], [640.0, 480.0]] {
        let mut w = Window::sized(on_call(), size);
        w.harness.state_mut().show(Screen::Rehearse);
        w.harness.run();
        let window = Rect::from_min_size(Pos2::ZERO, size.into());
        if size[0] < 700.0 {
            w.harness.get_all_by_label_contains("A region is lost. ").next().unwrap().click();
            w.harness.run();
        }
        for label in ["Start A region is lost", "Copy the sheet", "Open its score sheet"] {
            let at = w.harness.get_by_role_and_label(Role::Button, label).rect();
            assert!(window.contains_rect(at), "{label} at {at:?} in {size:?}");
            w.key(Key::ArrowRight);
        }
    }
}

#[test]
fn the_sheet_of_a_closed_rehearsal_can_be_read_out() {
    let mut w = Window::on(Snapshot { trends: Arc::new(trends()), ..sample::closed() }, Screen::Rehearse);
    assert!(w.sees("A region is lost: 86 of 100 points") && w.sees("Rehearse, 86 of 100"));
    assert!(w.sees("verify: not known"), "unknown is not zero");
    assert!(w.sees("Decided 5 min 31 s after the impact"));
    let text = copied(&mut w, Key::Enter);
    let places = [
        "REHEARSAL, simulated Azure",
        "Points lost",
        "16 of 20",
        "Met in full",
        "RTA 12 min 30 s, within the RTO of 30 min",
    ];
    let at: Vec<_> = places.iter().map(|p| text.find(p)).collect();
    assert!(at.is_sorted() && at.iter().all(Option::is_some), "{at:?} in {text}");
    w.key(Key::ArrowDown);
    assert!(w.reads("run 2QXM") && w.reads("17 of 17 points"), "the one before it");
    w.click("See the record");
    assert!(w.told().contains(&Command::ShowRecord("run-2qxm".into())));
}

#[test]
fn a_sheet_says_its_mode_and_what_it_does_not_know() {
    let snap = on_call();
    let texts: Vec<String> = past(&snap).into_iter().map(|p| Sheet::of(p, &snap.library).text()).collect();
    assert_eq!(texts.len(), 6);
    assert_eq!(texts.iter().filter(|t| t.contains("TABLETOP, no Azure")).count(), 1);
    let unknown = texts.iter().find(|t| t.contains("77XA")).unwrap();
    for words in ["RTA not known", "When it was decided is not known", "acknowledge: not known", "verify: not known"] {
        assert!(unknown.contains(words), "{words} in {unknown}");
    }
    assert!(texts.iter().any(|t| t.contains("RTA 41 min, 26 min over the RTO of 15 min")));
}

#[test]
fn the_trend_is_a_table_too_and_opens_each_sheet() {
    let mut w = on(Part::Trend);
    assert!(w.reads("RTA not known, 10 of 17 points; detect 3 min, acknowledge not known, decide 8 min 20 s"));
    assert!(w.reads("RTA 41 min, over the RTO, 9 of 17 points; detect 4 min, acknowledge 3 min 10 s"));
    w.key(Key::ArrowDown);
    w.key(Key::Enter);
    assert!(w.reads("run K0PE") && w.reads("TABLETOP, no Azure"));
    w.key(Key::ArrowRight);
    w.harness.get_by_role_and_label(Role::RadioButton, "hot/hot").click();
    w.harness.run();
    assert!(!w.reads("hot/warm, RTA"), "only the chosen strategy");
}

#[test]
fn a_clock_that_stands_still_is_stepped_by_key() {
    let mut snap = with_run(|r| r.mode = Mode::Tabletop);
    snap.band.mode = Some(Mode::Tabletop);
    let mut w = Window::on(snap, Screen::Run);
    w.key(Key::Period);
    w.key(Key::Comma);
    assert_eq!(w.told(), [1, 5].map(|n| Command::StepClock(Millis::from_mins(n))));
    w.publish(|s| s.clock = Clock::scenario(sample::NOW, Millis(0), Speed::Times(10)));
    w.key(Key::Period);
    assert_eq!(w.told(), [], "a clock that runs is not stepped by a key pressed in passing");
}

#[test]
fn the_screen_rests() {
    for part in [Part::Scenarios, Part::Sheet, Part::Trend] {
        let w = on(part);
        let delay = w.harness.output().viewport_output.values().map(|v| v.repaint_delay).min().unwrap();
        assert!(delay.as_secs() > 3, "{part:?}: {delay:?}");
    }
}
