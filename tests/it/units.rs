//! Durations, instants, regions, ids, secrets: what people type and what they read.

use lifeboat::units::{
    Millis, Now, Region, ResourceId, Secret, countdown, hex, known_region, known_regions, misfit, sha256_hex,
    utc_clock, utc_text, visible, with_causes,
};
use proptest::prelude::*;

#[test]
fn durations_as_people_write_them() {
    for (text, ms) in [
        ("500ms", 500),
        ("30s", 30_000),
        ("15m", 900_000),
        ("15 min", 900_000),
        ("2h", 7_200_000),
        ("1h30m", 5_400_000),
        (" 7d ", 604_800_000),
        ("1d 2h 3m 4s 5ms", 93_784_005),
        ("0s", 0),
    ] {
        assert_eq!(text.parse::<Millis>(), Ok(Millis(ms)), "{text}");
    }
    for bad in [
        "",
        " ",
        "15",
        "m",
        "15x",
        "-1s",
        "1.5h",
        "30m1h",
        "1h1h",
        "1s s",
        "99999999999999999999s",
        "18446744073709551615d",
        "٣s",
        "1h–",
    ] {
        let e = bad.parse::<Millis>().unwrap_err();
        assert!(e.to_string().contains(bad) && e.to_string().contains("1h30m"), "{bad}");
    }
}

#[test]
fn durations_as_people_read_them() {
    for (ms, text) in [
        (0, "0 s"),
        (61, "61 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (1_500, "1.5 s"),
        (9_999, "9.9 s"),
        (10_900, "10 s"),
        (60_000, "1 min"),
        (250_000, "4 min 10 s"),
        (3_600_000, "1 h"),
        (7_500_000, "2 h 5 min"),
        (90_000_000, "1 d 1 h"),
    ] {
        assert_eq!(Millis(ms).to_string(), text);
    }
    assert_eq!(format!("{:?}", Millis(5)), "5ms");
    assert_eq!([Millis(u64::MAX), Millis(1)].into_iter().sum::<Millis>(), Millis(u64::MAX));
    assert_eq!(Millis(1).saturating_sub(Millis(2)), Millis(0));
}

#[test]
fn durations_in_files() {
    for (json, ms) in [("5", 5), ("\"5s\"", 5_000)] {
        assert_eq!(serde_json::from_str::<Millis>(json).unwrap(), Millis(ms));
    }
    assert_eq!(serde_json::to_string(&Millis(7)).unwrap(), "7");
    for bad in ["-5", "\"5\"", "1.5", "null", "[]"] {
        assert!(serde_json::from_str::<Millis>(bad).is_err(), "{bad}");
    }
}

#[test]
fn instants() {
    assert_eq!(utc_text(1_790_000_000_499), "2026-09-21T14:13:20Z");
    assert_eq!(utc_text(i64::MAX), "unknown time");
    assert_eq!(
        (utc_clock(0), utc_clock(-1), utc_clock(86_399_999)),
        ("00:00:00".into(), "23:59:59".into(), "23:59:59".into())
    );
    assert_eq!(
        (countdown(0), countdown(1_303_000), countdown(3_723_000)),
        ("00:00".into(), "21:43".into(), "1:02:03".into())
    );
    let now = Now { utc: 5_000, mono: 5, wall: 0 };
    assert_eq!(
        (now.since(1_000), now.since(9_000), now.since(i64::MIN)),
        (Millis(4_000), Millis(0), Millis(i64::MAX as u64))
    );
}

#[test]
fn regions_in_any_spelling() {
    for text in ["East US", "eastus", "EastUS", "east-us", " EAST US "] {
        let r = Region::new(text);
        assert_eq!((r.name(), r.display()), ("eastus", "East US".to_owned()));
    }
    assert_eq!(Region::new("Atlantis 2").display(), "atlantis2");
    assert!(known_regions().len() > 40);
    let east = known_region("eastus").unwrap();
    assert_eq!(east.geography, "United States");
    let pair = known_region(east.pair.as_deref().unwrap()).unwrap();
    assert_eq!(pair.pair.as_deref(), Some("eastus"));
    assert!(known_region("East US").is_none(), "the table goes by ARM name");
}

#[test]
fn resource_ids() {
    let text = "/subscriptions/S-1/resourceGroups/rg (1)._/providers/Microsoft.CognitiveServices/accounts/oai/deployments/chat";
    let bad = text.parse::<ResourceId>();
    assert!(bad.is_err(), "no blanks");
    let id: ResourceId = text.replace(" (1)", "(1)").parse().unwrap();
    assert_eq!((id.subscription(), id.group(), id.name()), ("S-1", "rg(1)._", "chat"));
    assert_eq!(id.kind(), "Microsoft.CognitiveServices/accounts/deployments");
    let group: ResourceId = "/subscriptions/s/resourcegroups/RG/".parse().unwrap();
    let lock: ResourceId =
        "/subscriptions/S/resourceGroups/RG/providers/Microsoft.KeyVault/vaults/kv/providers/Microsoft.Authorization/locks/x"
            .parse()
            .unwrap();
    assert_eq!(lock.kind(), "Microsoft.Authorization/locks", "what is attached to a vault is no vault");
    assert_eq!((group.group(), group.kind().as_str()), ("RG", "Microsoft.Resources/resourceGroups"));
    assert_eq!(group, "/SUBSCRIPTIONS/S/RESOURCEGROUPS/rg".parse().unwrap(), "case does not matter");
    assert_eq!(group.as_str(), "/subscriptions/s/resourcegroups/RG", "and is kept");
    let sub: ResourceId = "/subscriptions/s".parse().unwrap();
    assert_eq!((sub.group(), sub.name()), ("", "s"));
    for bad in [
        "",
        "/",
        "subscriptions/s",
        "/subscriptions",
        "/subscriptions/",
        "/subscriptions/s/resourceGroups",
        "/subscriptions//resourceGroups/g",
        "/subscriptions/s/resourceGroups/../x",
        "/subscriptions/s/resourceGroups/g?x=1",
        "/subscriptions/s/resourceGroups/g#x",
        "/subscriptions/s/resourceGroups/g%2f..",
        "https://management.azure.com/subscriptions/s",
    ] {
        assert!(bad.parse::<ResourceId>().is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<ResourceId>("\"nonsense\"").unwrap_err().to_string().contains("ARM resource id"));
}

#[test]
fn secrets_do_not_show() {
    let s = Secret::new("hunter2");
    assert_eq!((format!("{s:?}"), s.expose()), ("•••".to_owned(), "hunter2"));
    assert!(!format!("{:?}", Some(vec![s])).contains("hunter"));
}

#[test]
fn texts_cannot_pretend() {
    assert_eq!(
        visible("a\u{202e}b\u{200b}\u{feff}\u{1b}[31m\u{7}\r"),
        "a\\u{202e}b\\u{200b}\\u{feff}\\u{1b}[31m\\u{7}\\u{d}"
    );
    assert_eq!(visible("Grüße, 東京\n\t→ • 🙂"), "Grüße, 東京\n\t→ • 🙂");
    assert_eq!(hex(&[0, 15, 255]), "000fff");
    assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_panics(text in ".{0,40}") {
        let _ = text.parse::<Millis>();
        let _ = text.parse::<ResourceId>();
        let r = Region::new(&text);
        prop_assert_eq!(Region::new(r.name()), r);
        let shown = visible(&text);
        prop_assert_eq!(visible(&shown), shown);
    }

    #[test]
    fn nothing_measured_panics(ms in any::<u64>(), at in any::<i64>()) {
        let _ = (Millis(ms).to_string(), countdown(ms), utc_text(at), utc_clock(at));
    }

    #[test]
    fn what_is_read_can_be_typed(h in 0u64..24, m in 0u64..60, s in 0u64..60) {
        let d = Millis((h * 3_600 + m * 60 + s) * 1_000);
        prop_assert_eq!(format!("{h}h{m}m{s}s").parse::<Millis>(), Ok(d));
    }
}

/// What does not fit a shape is said without the values, which may be secrets.
#[test]
fn misfits_are_said_without_values() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        _count: u8,
        _id: Option<ResourceId>,
        _word: Option<Word>,
    }
    #[derive(Debug, serde::Deserialize)]
    enum Word {
        Good,
    }
    for (json, said) in [
        (r#"{}"#, "missing field `_count` at "),
        (r#"{"_count":"Hush, expected \"x\""}"#, "invalid type: string, expected u8 at "),
        (r#"{"_count":4242}"#, "invalid value: integer, expected u8 at "),
        (r#"{"_count":["Hush"]}"#, "invalid type: sequence, expected u8 at "),
        (r#"{"_count":1,"_word":"Hush"}"#, "unknown variant, expected `Good` at "),
        (r#"{"Hush":1}"#, "unknown field, expected one of `_count`, `_id`, `_word` at "),
        (r#"{"_count":1,"_id":"Hush"}"#, "a value in it is not what it should be"),
        (r#"{"_count":1"#, "EOF while parsing an object at "),
        (r#""Hush""#, "invalid type: string, expected struct Shape at "),
    ] {
        let e = serde_json::from_str::<Shape>(json).unwrap_err();
        let told = misfit(&e);
        assert!(told.starts_with(said) && !told.contains("Hush") && !told.contains("42"), "{e}: {told}");
    }
}

#[test]
fn an_error_is_said_by_its_causes_each_once() {
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Link>>);
    let chain = |all: &[&'static str]| {
        let link = all.iter().rev().fold(None, |below, text| Some(Box::new(Link(text, below))));
        with_causes("no connection".to_owned(), link.unwrap().as_ref())
    };
    assert_eq!(chain(&["error of https://x/?sig=secret"]), "no connection");
    let wrapped = ["error of https://x/?sig=secret", "client error", "client error", "refused", "refused"];
    assert_eq!(chain(&wrapped), "no connection: client error: refused");
}

#[test]
fn a_time_too_long_is_the_longest_there_is() {
    assert_eq!((Millis::from_secs(u64::MAX), Millis::from_mins(u64::MAX)), (Millis(u64::MAX), Millis(u64::MAX)));
}
