//! The palette finds what was meant, and the help sheet explains the screen on show.

use eframe::egui::Key;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Mode, Snapshot};
use lifeboat::ui::help;
use lifeboat::ui::intent::{Intent, TABLE, available, find, key_text};
use lifeboat::ui::memory::Looks;
use lifeboat::ui::overlay::fuzzy;
use lifeboat::ui::view::{Screen, View};

use super::{Window, audit, facilitator, pair, recovery, sample, situations};

fn best(query: &str, of: &[&'static str]) -> &'static str {
    of.iter().filter_map(|t| fuzzy(t, query).map(|c| (c, *t))).min_by_key(|(c, _)| *c).map_or("", |(_, t)| t)
}

#[test]
fn word_starts_and_letters_side_by_side_come_first() {
    let labels = ["Freeze health as evidence", "Filter the list", "Read what was deleted", "Pause or go on"];
    assert_eq!(best("frz", &labels), "Freeze health as evidence");
    assert_eq!(best("rwd", &labels), "Read what was deleted");
    assert_eq!(best("fl", &["Awful", "Filter the list"]), "Filter the list");
    assert_eq!(best("run", &["Retry until next", "Close the run"]), "Close the run");
    assert_eq!(fuzzy("Pause", "zz"), None);
    assert_eq!(fuzzy("Pause", "esuap"), None, "in this order");
    for row in TABLE {
        assert!(fuzzy(row.label, row.label).is_some(), "{}", row.label);
    }
}

#[test]
fn a_step_and_a_plan_are_found_by_their_names() {
    let mut w = Window::on(sample::snapshot(), Screen::Audit);
    w.told();
    w.ctrl(Key::K);
    w.type_text("resubmit bat");
    w.key(Key::Enter);
    assert_eq!(w.harness.state().view().screen, Screen::Run);
    assert_eq!(w.harness.state().view().selected.as_deref(), Some("F5"));
    assert_eq!(w.told(), []);
    w.ctrl(Key::K);
    w.type_text("production sear");
    w.key(Key::Enter);
    assert_eq!(w.harness.state().view().screen, Screen::Runbooks);
    assert_eq!(w.told(), [Command::PreviewPlan { plan: "prod-search".into(), strategy: None }]);
}

#[test]
fn what_a_step_offers_is_found_by_its_own_name() {
    let snap = sample::at("D4");
    let cards = &snap.run.as_ref().unwrap().cards;
    let second = cards.iter().find(|c| c.id == "D4").unwrap().actions[1].label.clone();
    let mut w = Window::on(snap, Screen::Run);
    w.ctrl(Key::K);
    w.type_text(&second);
    let all = w.harness.query_all_by_role(Role::ListBoxOption).filter_map(|n| n.accesskit_node().label());
    let all: Vec<String> = all.collect();
    assert!(all.contains(&second) && !all.contains(&"Second choice".to_owned()), "{second} among {all:?}");
}

#[test]
fn each_screen_has_its_help_with_keys_of_the_table() {
    let mut all = std::collections::BTreeSet::new();
    for screen in Screen::ALL {
        let about = help::of(screen);
        assert!(about.what.len() > 60 && about.shapes.len() > 30, "{screen:?}");
        assert!(all.insert(about.what), "{screen:?} says the same as another");
        assert!(!about.keys.is_empty());
        let mut w = Window::on(sample::on_call(), screen);
        w.key(Key::F1);
        assert!(w.reads(about.what) && w.reads(about.shapes), "{screen:?}");
        for intent in about.keys {
            assert!(find(*intent).is_some_and(|r| r.key.is_some()), "{screen:?}: {intent:?} has no key");
            assert!(w.sees(&key_text(*intent)), "{screen:?}: {}", key_text(*intent));
        }
        assert!(w.sees("On this screen") && w.sees("Everywhere"), "{screen:?}");
        for row in TABLE.iter().filter(|r| r.key.is_some()) {
            assert!(w.sees(row.help), "{}", row.label);
        }
    }
}

/// Every place where a key could do something.
fn grounds() -> Vec<(Snapshot, Screen)> {
    let snaps = [
        sample::snapshot(),
        sample::on_call(),
        sample::first_start(),
        sample::restricted(),
        sample::at("V1"),
        sample::at("D4"),
        sample::at("F2"),
        sample::closed(),
        pair::full(),
        pair::waiting(),
        pair::refused(),
        pair::taking_back(),
        pair::handed_over(),
        pair::answered(),
        pair::approving(pair::request(Mode::Live)),
        recovery::snapshot(),
        audit::pictured(),
        facilitator::led(),
        situations::on(situations::down()),
    ];
    snaps.iter().flat_map(|s| Screen::ALL.map(|screen| (s.clone(), screen))).collect()
}

#[test]
fn the_sheet_has_each_key_where_it_does_something() {
    let mut used = std::collections::BTreeSet::new();
    for (snap, screen) in grounds() {
        let view = View::new(screen, Looks::Dark);
        for row in TABLE.iter().filter(|r| available(r.intent, &snap, &view)) {
            let on_board = row.intent == Intent::Freeze && screen == Screen::Situation;
            let fits = match help::place(row.intent) {
                help::Place::Everywhere => true,
                help::Place::InARun => snap.run.is_some() || snap.open_runs.len() > 1 || on_board,
                help::Place::On(screens) => screens.contains(&screen),
            };
            assert!(fits, "`{}` can be used on {screen:?}", row.label);
            used.insert((row.label, screen.name()));
        }
    }
    // Once one of its endpoints is chosen.
    used.insert(("Current step", Screen::Situation.name()));
    // What stands under a screen can be used on it in one state or another.
    // What the samples have no moment for.
    let rare = [
        Intent::Nth(3),
        Intent::Nth(4),
        Intent::Preview,
        Intent::Undo,
        Intent::SecondPerson,
        Intent::TakeBackTo,
        Intent::Pin,
    ];
    let mut idle = Vec::new();
    for row in TABLE.iter().filter(|r| r.key.is_some() && !rare.contains(&r.intent)) {
        if let help::Place::On(screens) = help::place(row.intent) {
            let never = screens.iter().filter(|s| !used.contains(&(row.label, s.name())));
            // In the parts of the Audit screen, which have tests of their own.
            idle.extend(never.filter(|s| **s != Screen::Audit).map(|s| (row.label, s.name())));
        }
    }
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn the_sheet_of_a_run_has_the_keys_of_a_run_first_and_other_sheets_do_not_call_them_everywhere() {
    let group = |screen, wanted: &str| -> Vec<Intent> {
        let all = help::groups(screen);
        all.iter().find(|(n, _)| n == wanted).map(|(_, r)| r.iter().map(|r| r.intent).collect()).unwrap_or_default()
    };
    let run = group(Screen::Run, "On this screen");
    for intent in [Intent::Skip, Intent::Note, Intent::Pause, Intent::Preview, Intent::Undo, Intent::Change] {
        assert!(run.contains(&intent), "{intent:?}");
    }
    for screen in Screen::ALL {
        for intent in [Intent::Preview, Intent::Check, Intent::ByHand, Intent::Skip, Intent::Retry, Intent::Undo] {
            assert!(!group(screen, "Everywhere").contains(&intent), "{screen:?}: {intent:?}");
            let shown = group(screen, "On this screen").contains(&intent);
            assert_eq!(shown, screen == Screen::Run, "{screen:?}: {intent:?}");
        }
        let all: Vec<Intent> = help::groups(screen).iter().flat_map(|(_, r)| r.iter().map(|r| r.intent)).collect();
        let keyed = TABLE.iter().filter(|r| r.key.is_some()).count();
        assert!(all.len() == keyed && all.iter().enumerate().all(|(i, a)| !all[..i].contains(a)), "each once");
    }
}
