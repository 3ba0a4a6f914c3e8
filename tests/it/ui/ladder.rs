//! The ladder of reachability is always in sight: all of its rungs where they fit, else the worst, and how many more.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::NodeT;
use lifeboat::desk::snapshot::{Lamp, Mark, Snapshot};
use lifeboat::ui::view::Screen;

use super::{Window, bounds, sample};

fn lamp(name: &str, mark: Mark) -> Lamp {
    Lamp { name: name.into(), mark, text: "61 ms".into(), sentence: format!("{name}: {}, 61 ms", mark.word()) }
}

fn with(lamps: Vec<Lamp>) -> Snapshot {
    Snapshot { ladder: Arc::new(lamps), ..sample::snapshot() }
}

fn usual() -> Vec<Lamp> {
    let mut all = vec![
        lamp("This laptop", Mark::Ok),
        lamp("Witnesses", Mark::Ok),
        lamp("Entra ID", Mark::Ok),
        lamp("ARM", Mark::Degraded),
        lamp("Key Vault of the platform team", Mark::Ok),
        lamp("East US", Mark::Down),
        lamp("West Europe", Mark::Ok),
    ];
    all.push(lamp("Sweden Central", Mark::Ok));
    all
}

/// The rungs as they are read, with the heights at which they stand.
fn rungs(w: &Window) -> Vec<(String, f32, f32)> {
    let all = w.harness.root().children_recursive().filter_map(|n| {
        let node = n.accesskit_node();
        let name = node.label().or_else(|| node.value()).unwrap_or_default();
        let rung = n.accesskit_node().role() == Role::Label && (name.ends_with(", 61 ms") || name.starts_with('+'));
        let at = bounds(&n)?;
        (rung && at.right() < 184.0).then_some((name, at.top(), at.bottom()))
    });
    all.collect()
}

#[test]
fn every_rung_is_in_sight_in_the_least_window_and_read_from_the_top() {
    for size in [[1280.0, 800.0], [960.0, 600.0]] {
        let mut w = Window::sized(with(usual()), size);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        let seen = rungs(&w);
        let names: Vec<&str> = seen.iter().map(|(n, ..)| n.as_str()).collect();
        let wanted: Vec<String> = usual().into_iter().map(|l| l.sentence).collect();
        assert_eq!(names, wanted, "{size:?}");
        assert!(seen.windows(2).all(|w| w[0].2 <= w[1].1 + 0.5), "{seen:?}");
        assert!(seen.iter().all(|(_, _, bottom)| *bottom <= size[1] - 28.0), "{seen:?}");
    }
}

#[test]
fn where_they_cannot_fit_the_worst_stay_and_the_rest_is_counted() {
    let mut all = usual();
    all.extend(["North Europe", "UK South", "Japan East", "Norway East"].map(|n| lamp(n, Mark::Ok)));
    all.push(lamp("Far", Mark::Suspect));
    let mut w = Window::sized(with(all), [640.0, 480.0]);
    w.harness.run();
    let seen = rungs(&w);
    let names: Vec<&str> = seen.iter().map(|(n, ..)| n.as_str()).collect();
    assert!(seen.iter().all(|(_, _, bottom)| *bottom <= 480.0 - 28.0), "{seen:?}");
    for bad in ["ARM: degraded, 61 ms", "East US: down, 61 ms", "Far: suspect, 61 ms"] {
        assert!(names.contains(&bad), "{bad} among {names:?}");
    }
    let rest = names.last().unwrap();
    assert!(rest.starts_with('+') && rest.contains(" more: ") && rest.contains("Sweden Central: ok"), "{names:?}");
}
