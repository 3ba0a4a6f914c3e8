//! The palette finds what was meant, and the help sheet explains the screen on show.

use eframe::egui::Key;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::protocol::Command;
use lifeboat::ui::help;
use lifeboat::ui::intent::{TABLE, find, key_text};
use lifeboat::ui::overlay::fuzzy;
use lifeboat::ui::view::Screen;

use super::{Window, sample};

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
