//! The watch: what is asked for a plan, and how it is set.

use super::sign_in::{Azure, at};
use super::*;

use lifeboat::desk::protocol::{WatchIntent, WatchSettings};
use lifeboat::desk::snapshot::{EndpointRow, Mark, Snapshot};
use lifeboat::health::OwnEndpoint;

fn row<'s>(s: &'s Snapshot, id: &str) -> Option<&'s EndpointRow> {
    s.situation.endpoints.iter().find(|e| e.id == id)
}

fn all_asked(s: &Snapshot) -> bool {
    !s.situation.endpoints.is_empty() && s.situation.endpoints.iter().all(|e| e.at.is_some())
}

#[test]
fn everything_that_a_plan_depends_on_is_asked_at_once_and_said_of() {
    let (place, azure) = (Place::new(), Azure::new());
    let began = std::time::Instant::now();
    let desk = at(&place, Some(azure.cloud()));
    let s = until(&desk, "everything asked", all_asked);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let kinds: Vec<(&str, &str)> = s.situation.endpoints.iter().map(|e| (e.kind, e.region.as_str())).collect();
    for wanted in [
        ("data plane", "East US"),
        ("deployment", "East US"),
        ("control plane", "East US"),
        ("data plane", "Sweden Central"),
        ("control plane", "Sweden Central"),
        ("witness", ""),
        ("sign-in", ""),
        ("control plane", ""),
        ("configuration", ""),
    ] {
        assert!(kinds.contains(&wanted), "{wanted:?} of {kinds:?}");
    }
    assert!(kinds.iter().rposition(|k| k.1 == "East US") < kinds.iter().position(|k| k.1 == "Sweden Central"));
    let front = row(&s, "oai-prod-eastus").unwrap();
    assert_eq!((front.mark, front.word.as_str(), front.calls), (Mark::Ok, "answers", (1, 1)), "{front:?}");
    assert!(front.stages.total.is_some() && front.stages.first_byte.is_some(), "{front:?}");
    assert!(front.address.starts_with("oai-prod-eastus.openai.azure.com/openai/models"), "{}", front.address);
    assert!(front.facts.iter().any(|f| f.0 == "Address" && f.1.starts_with("127.0.0.1:")), "{:?}", front.facts);
    // Chat and embeddings are different questions; each deployment was asked the one that it takes.
    for name in ["chat", "embed"] {
        let d = row(&s, &format!("{name} at oai-prod-eastus")).unwrap();
        assert_eq!(d.word, "answers", "{d:?}");
    }
    let s = until(&desk, "what Azure says", |s| s.situation.notices_read.is_some());
    assert!(
        s.situation.posted.iter().any(|p| p.source == "Resource Health" && p.region == "East US"),
        "{:?}",
        s.situation.posted
    );
    assert!(s.situation.regions.iter().all(|r| r.control.as_ref().is_some_and(|c| c.0 == Mark::Ok)));
    assert!(s.situation.gaps.is_empty());
}

#[test]
fn the_watch_is_set_while_it_goes_on_and_what_stays_keeps_its_history() {
    let (place, azure) = (Place::new(), Azure::new());
    let desk = at(&place, Some(azure.cloud()));
    until(&desk, "everything asked", all_asked);
    let set = |s: WatchSettings| assert!(desk.send(Command::Watch(WatchIntent::Set(Box::new(s)))));
    let own = |name: &str, url: String| OwnEndpoint { name: name.to_owned(), url, region: String::new() };
    // What cannot be is refused, and changes nothing.
    set(WatchSettings { witnesses: vec!["dns.google".to_owned()], ..WatchSettings::default() });
    let s = until(&desk, "refused", |s| s.notice.is_some());
    assert!(s.notice.as_ref().unwrap().what.contains("at least 2 hosts of different companies"), "{:?}", s.notice);
    assert!(!place.home().join("watch.json").exists());

    // The simulated Azure plays this host: an address of one's own that a rehearsal may ask.
    let endpoints = vec![own("store", "https://appcs-prod-chat.azconfig.io/".to_owned())];
    set(WatchSettings { endpoints, keep_mib: 32, ..WatchSettings::default() });
    let s = until(&desk, "the new one asked", |s| row(s, "store").is_some_and(|r| r.at.is_some()));
    assert_eq!(row(&s, "store").unwrap().kind, "own");
    assert!(row(&s, "oai-prod-eastus").unwrap().calls.1 >= 1, "its history is kept");
    assert_eq!(s.settings.watch.keep_mib, 32);
    assert!(s.notice.is_none());
    desk.send(Command::Watch(WatchIntent::Pin("store".to_owned(), true)));
    until(&desk, "pinned", |s| row(s, "store").is_some_and(|r| r.pinned));
    drop(desk);

    let desk = at(&place, Some(azure.cloud()));
    let s = until(&desk, "as it was set", |s| row(s, "store").is_some_and(|r| r.pinned));
    assert_eq!(s.settings.watch.endpoints.len(), 1);
    drop(desk);

    // A file that cannot be used is left as it is, and the defaults hold.
    let file = place.home().join("watch.json");
    for (text, said) in [
        ("{ not json", "watch.json is not used"),
        (r#"{"schema": 1, "witness": []}"#, "unknown field"),
        (r#"{"schema": 7}"#, "7 is not known"),
        (r#"{"endpoints": [{"name": "x", "url": "http://example.org"}]}"#, "is not encrypted"),
    ] {
        fs::write(&file, text).unwrap();
        let desk = at(&place, Some(azure.cloud()));
        let s = until(&desk, "what is wrong with the file", |s| s.notice.is_some());
        let notice = s.notice.as_ref().unwrap();
        assert!(notice.what.contains(said) && notice.what.contains("watch.json"), "{text}: {notice:?}");
        assert_eq!(*s.settings.watch, WatchSettings::default());
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        until(&desk, "watching all the same", all_asked);
    }
}
