//! Notices on the desktop: what is worth one, and the way to the desktop's service on a real message bus.

use lifeboat::notify::{Notice, Seen, Turns};

fn seen(all: &[(&str, &str)]) -> Vec<Seen> {
    let one = |(region, word): &(&str, &str)| Seen {
        region: (*region).to_owned(),
        word: (*word).to_owned(),
        unknown: *word == "unknown",
        blind: *word == "blind",
    };
    all.iter().map(one).collect()
}

#[test]
fn a_turn_is_told_once_a_minute_and_only_to_who_is_away() {
    const EAST: &str = "East US: ";
    // Seconds, whether nobody looks, what is believed of two regions, and the titles that follow.
    let table: [(u64, bool, &str, &str, &[&str]); 25] = [
        (0, true, "unknown", "unknown", &[]),
        (5, true, "ok", "ok", &[]),
        (10, true, "ok", "ok", &[]),
        (15, true, "suspect", "ok", &["East US: suspect (was ok)"]),
        (20, true, "down, persistently", "ok", &[]),
        (74, true, "down, persistently", "ok", &[]),
        (75, true, "down, persistently", "ok", &["East US: down, persistently (was suspect)"]),
        (90, true, "ok", "degraded", &["West Europe: degraded (was ok)"]),
        (95, true, "down, persistently", "ok", &[]),
        (150, true, "down, persistently", "ok", &["West Europe: ok (was degraded)"]),
        (300, false, "ok", "ok", &[]),
        (310, true, "ok", "ok", &[]),
        (320, true, "blind", "blind", &["This laptop cannot see any region"]),
        (330, true, "blind", "blind", &[]),
        (340, true, "ok", "ok", &[]),
        (350, true, "blind", "blind", &[]),
        (375, true, "ok", "ok", &[]),
        (385, true, "blind", "blind", &[]),
        (390, true, "ok", "ok", &["This laptop sees the regions again"]),
        (400, true, "blind", "blind", &[]),
        (450, true, "blind", "blind", &["This laptop cannot see any region"]),
        (460, true, "down, persistently", "ok", &["East US: down, persistently (was ok)"]),
        (510, true, "down, persistently", "ok", &["This laptop sees the regions again"]),
        (600, false, "down, persistently", "ok", &[]),
        (605, true, "down, persistently", "unknown", &["West Europe: unknown (was ok)"]),
    ];
    let mut turns = Turns::default();
    for (at, away, east, west, want) in table {
        let told =
            turns.take(&seen(&[("East US", east), ("West Europe", west)]), "The headline", away, false, at * 1_000);
        let titles: Vec<&str> = told.iter().map(|n| n.title.as_str()).collect();
        assert_eq!(titles, want, "at {at} s");
        assert!(told.iter().all(|n| n.text == "The headline"));
    }
    let told = turns.take(&seen(&[("East US", "ok")]), "", true, true, 900_000);
    assert_eq!(told, [Notice { title: format!("Rehearsal: {EAST}ok (was down, persistently)"), text: String::new() }]);
    // Every five seconds another verdict, or none at all, for an hour.
    for other in ["suspect", "blind"] {
        let mut turns = turns.clone();
        let flaps = (0..720u64).map(|n| {
            let word = if n % 2 == 0 { "ok" } else { other };
            turns.take(&seen(&[("East US", word)]), "", true, false, 1_000_000 + n * 5_000).len()
        });
        assert!(flaps.sum::<usize>() <= 60, "{other}");
    }
}

#[cfg(target_os = "linux")]
mod bus {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Instant;

    use lifeboat::clock::Speed;
    use lifeboat::desk::protocol::{Command, WatchIntent};
    use lifeboat::journal::RealDisk;
    use lifeboat::notify::{Desktop, Notice, NotifyError};
    use lifeboat::runbook::model::Strategy;
    use zbus::zvariant::OwnedValue;

    use crate::crash::{desk_with, until};
    use crate::secrets::service::Person;

    /// Tells a child of this test that it is on a bus of its own.
    const CHILD: &str = "LIFEBOAT_TEST_NOTICES";

    #[test]
    fn notices_reach_a_desktop_that_shows_them_and_nothing_waits_for_one_that_does_not() {
        let Some(ada) = Person::new() else { return };
        let said = ada.with_nobody("", &format!("{CHILD}=1 $ME --exact notify::bus::when_this_is_a_child --nocapture"));
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        assert!(said.out.contains("on the bus: shown"), "{}", said.out);
    }

    /// A desktop's service that writes down what it is asked to show.
    struct Service(Sender<(String, String, usize)>);

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Service {
        #[allow(clippy::too_many_arguments)]
        fn notify(
            &self,
            _app: String,
            _replaces: u32,
            _icon: String,
            title: String,
            text: String,
            actions: Vec<String>,
            _hints: HashMap<String, OwnedValue>,
            _expires: i32,
        ) -> u32 {
            let _ = self.0.send((title, text, actions.len()));
            1
        }
    }

    fn serve() -> (zbus::blocking::Connection, Receiver<(String, String, usize)>) {
        let (to, shown) = channel();
        let service = zbus::blocking::connection::Builder::session().unwrap();
        let service = service.name("org.freedesktop.Notifications").unwrap();
        let service = service.serve_at("/org/freedesktop/Notifications", Service(to)).unwrap();
        (service.build().unwrap(), shown)
    }

    #[test]
    fn when_this_is_a_child() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let desktop = Desktop::default();
        let notice = Notice { title: "East US: ok".to_owned(), text: "a < b & c".to_owned() };
        let began = Instant::now();
        let e = runtime.block_on(desktop.show(&notice)).unwrap_err();
        assert!(matches!(&e, NotifyError::Absent(_)), "{e}");
        assert!(began.elapsed() < lifeboat::notify::ANSWERS_WITHIN, "nothing waits for a desktop without notices");

        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("watch.json"), r#"{"desktop_notices":true}"#).unwrap();
        let desk = desk_with(home.path(), Arc::new(RealDisk), None);
        desk.send(Command::Watch(WatchIntent::Hidden(true)));
        let start = |speed| Command::StartRehearsal {
            scenario: "region-loss".to_owned(),
            strategy: Some(Strategy::HotWarm),
            speed,
            seed: 1,
            tabletop: false,
        };
        // The service comes later than the desk; from then on it hears of what turns.
        let (service, shown) = serve();
        runtime.block_on(desktop.show(&notice)).unwrap();
        let got = shown.recv_timeout(crate::PATIENCE).unwrap();
        assert_eq!(got, ("East US: ok".to_owned(), "a &lt; b &amp; c".to_owned(), 0), "text alone, nothing to press");
        desk.send(start(Speed::Times(60)));
        until(&desk, "East US down", |s| s.situation.headline.starts_with("East US is down"));
        let mut titles = Vec::new();
        while !titles.iter().any(|t: &String| t.starts_with("Rehearsal: East US: ")) {
            let (title, text, buttons) = shown.recv_timeout(crate::PATIENCE).unwrap();
            assert!(title.starts_with("Rehearsal: ") && title.contains(" (was "), "{title}");
            assert!(!text.is_empty() && buttons == 0, "{title}: {text}");
            titles.push(title);
        }
        titles.extend(shown.try_iter().map(|n| n.0));
        let of = |region: &str| titles.iter().filter(|t| t.contains(region)).count();
        assert!(of("East US") == 1 && of("Sweden Central") <= 1, "one a minute, by the computer's clock: {titles:?}");
        drop((desk, service));
        println!("on the bus: shown");
    }
}
