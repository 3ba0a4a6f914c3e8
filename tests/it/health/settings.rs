//! What may be set of the watch, and what is said to somebody who sets it wrong.

use lifeboat::health::{Adjustment, Amount, Knob, OwnEndpoint, Thresholds, WatchSettings};
use lifeboat::runbook::model::Tier;
use lifeboat::units::Millis;

fn own(name: &str, url: &str, region: &str) -> OwnEndpoint {
    OwnEndpoint { name: name.to_owned(), url: url.to_owned(), region: region.to_owned() }
}

/// What is wrong, as `field: sentence`.
fn wrong(change: impl FnOnce(&mut WatchSettings)) -> Vec<String> {
    let mut s = WatchSettings::default();
    change(&mut s);
    s.check().iter().map(ToString::to_string).collect()
}

fn tier(tier: Tier, set: &[(Knob, u64)]) -> Vec<String> {
    let set = Adjustment(set.iter().map(|(k, n)| (*k, Amount(*n))).collect());
    wrong(|s| drop(s.tiers.insert(tier, set)))
}

#[test]
fn the_defaults_are_good_and_a_file_that_says_nothing_changes_nothing() {
    let s: WatchSettings = serde_json::from_str("{}").unwrap();
    assert_eq!((&s, s.check()), (&WatchSettings::default(), vec![]));
    for t in [Tier::T1, Tier::T2, Tier::T3] {
        assert_eq!(s.thresholds(t), Thresholds::of(t));
    }
    let text = r#"{"tiers": {"T1": {"window": "10m", "persistent_after": 12}, "T3": {"hold": 600000}}}"#;
    let s: WatchSettings = serde_json::from_str(text).unwrap();
    assert_eq!(s.check(), []);
    let t1 = s.thresholds(Tier::T1);
    assert_eq!((t1.window, t1.persistent_after, t1.window_calls), (Millis::from_mins(10), Some(12), 20));
    assert_eq!(s.thresholds(Tier::T3).hold, Millis::from_mins(10));
    assert_eq!(s.thresholds(Tier::T2), Thresholds::of(Tier::T2));
    let again: WatchSettings = serde_json::from_str(&serde_json::to_string(&s).unwrap()).unwrap();
    assert_eq!(again, s);
    assert!(serde_json::from_str::<WatchSettings>(r#"{"tiers": {"T1": {"windw": 1}}}"#).is_err());
}

#[test]
fn every_witness_is_looked_at() {
    let with = |hosts: &[&str]| wrong(|s| s.witnesses = hosts.iter().map(|h| (*h).to_owned()).collect());
    let good = ["www.wikipedia.org", "one.one.one.one", "dns.google", "example.co.uk"];
    assert_eq!(with(&good), [] as [&str; 0]);
    for (host, word) in [
        ("", "is no public host name"),
        ("localhost", "is no public host name"),
        ("https://dns.google", "is no public host name"),
        ("dns.google/x", "is no public host name"),
        ("-a.example.org", "is no public host name"),
        ("8.8.8.8", "is an address"),
        ("::1", "is an address"),
        ("a.1", "is an address"),
        ("management.azure.com", "would fail together with Azure"),
        ("AZURE.COM.", "would fail together with Azure"),
        ("www.microsoft.com", "would fail together with Azure"),
        ("microsoftonline.de", "would fail together with Azure"),
        ("x.blob.core.windows.net", "would fail together with Azure"),
        ("shop.azurewebsites.net", "would fail together with Azure"),
        ("api.github.com", "would fail together with Azure"),
        ("DNS.google", "is there twice"),
    ] {
        let found = with(&["www.wikipedia.org", "dns.google", host]);
        assert_eq!(found.len(), 1, "{host}: {found:?}");
        assert!(found[0].starts_with("witnesses: ") && found[0].contains(word), "{host}: {}", found[0]);
    }
    // No Azure host by part of a word only.
    assert_eq!(with(&["notazure.com", "mywindows.net"]), [] as [&str; 0]);
    for few in [&[][..], &["dns.google"], &["dns.google", "www.dns.google"]] {
        let found = with(few);
        assert!(found.iter().any(|f| f.contains("different companies") && f.contains("one.one.one.one")), "{found:?}");
    }
    let many: Vec<String> = (0..11).map(|i| format!("www.example{i}.org")).collect();
    assert!(wrong(|s| s.witnesses = many)[0].contains("11 hosts are more than 10"));
}

#[test]
fn every_address_is_looked_at() {
    let with = |e: &[OwnEndpoint]| wrong(|s| s.endpoints = e.to_vec());
    let good = [
        own("shop", "https://shop.example.org/health", "eastus"),
        own("mine", "http://127.0.0.1:8080/", ""),
        own("six", "http://[::1]/", "West Europe"),
        own("name", "http://localhost/x", ""),
    ];
    assert_eq!(with(&good), [] as [&str; 0]);
    for (e, place, word) in [
        (own("a", "http://shop.example.org/", ""), "endpoints.a", "Use https"),
        (own("a", "http://localhost.example.org/", ""), "endpoints.a", "Use https"),
        (own("a", "ftp://x.example.org", ""), "endpoints.a", "begins with ftp"),
        (own("a", "shop.example.org", ""), "endpoints.a", "https://host/path"),
        (own("a", "https://me:key@x.example.org/", ""), "endpoints.a", "no place for secrets"),
        (own("a", "https://x.example.org/", "eastsu"), "endpoints.a", "no Azure region"),
        (own("", "https://x.example.org/", ""), "endpoints", "no name"),
        (own("a\nb", "https://x.example.org/", ""), "endpoints", "no name"),
        (own("SHOP", "https://x.example.org/", ""), "endpoints.SHOP", "twice"),
    ] {
        let found = with(&[good[0].clone(), e.clone()]);
        assert_eq!(found.len(), 1, "{e:?}: {found:?}");
        assert!(found[0].starts_with(&format!("{place}: ")) && found[0].contains(word), "{}", found[0]);
    }
    for mib in [0, 7, 5_000] {
        assert!(wrong(|s| s.keep_mib = mib)[0].contains("not between 8 and 4096"));
    }
    assert!(wrong(|s| s.schema = 2)[0].starts_with("schema: 2 is not known"));
}

#[test]
fn thresholds_stay_within_their_range_and_make_sense_together() {
    assert_eq!(tier(Tier::T1, &[(Knob::PersistentAfter, 5), (Knob::Hold, 60_000)]), [] as [&str; 0]);
    for (t, set, said) in [
        (Tier::T1, &[(Knob::WindowPercent, 5)][..], "tiers.T1.window_percent: 5 % is not within 30 to 100 %."),
        (Tier::T1, &[(Knob::Interval, 1_000)], "tiers.T1.interval: 1 s is not within 5 s to 1 min."),
        (Tier::T2, &[(Knob::Window, 300_000)], "tiers.T2.window: 5 min is not within 10 min to 1 h."),
        (Tier::T3, &[(Knob::PersistentAfter, 8)], "tiers.T3.persistent_after: T3 has no such rule"),
        (Tier::T1, &[(Knob::Interval, 60_000)], "tiers.T1.window_calls: 20 calls never come together in 5 min"),
        (Tier::T1, &[(Knob::SuspectAfter, 8)], "tiers.T1.persistent_after: it must be more than the 8 failures"),
    ] {
        let found = tier(t, set);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(said), "{}", found[0]);
    }
    // A file that was never checked cannot make nonsense of it either.
    let mut s = WatchSettings::default();
    let nonsense = Knob::ALL.map(|k| (k, Amount(0)));
    s.tiers = [Tier::T1, Tier::T2, Tier::T3].map(|t| (t, Adjustment(nonsense.into()))).into();
    let t = s.thresholds(Tier::T2);
    assert_eq!((t.window, t.window_percent, t.persistent_after), (Millis::from_mins(10), 60, None));
}

#[test]
fn every_threshold_tells_its_default_its_range_and_its_reason() {
    let mut s = WatchSettings::default();
    s.tiers.insert(Tier::T1, Adjustment([(Knob::PersistentAfter, Amount(12))].into()));
    let all = s.explained();
    assert_eq!(all.len(), 34, "twelve of T1, eleven of the others");
    let row = all.iter().find(|e| e.knob == Knob::PersistentAfter).unwrap();
    assert_eq!(
        (row.default.as_str(), row.value.as_str(), row.changed),
        ("8 failures in a row", "12 failures in a row", true)
    );
    assert_eq!(row.allowed, "4 to 40");
    assert_eq!(all.iter().filter(|e| e.changed).count(), 1);
    for e in &all {
        let range = e.knob.range(e.tier).unwrap();
        let default = e.knob.get(&Thresholds::of(e.tier)).unwrap();
        assert!(range.contains(&default), "{e:?}");
        assert!(e.reason.len() > 20 && !e.source.is_empty() && !e.reason.ends_with('.'), "{e:?}");
    }
}
