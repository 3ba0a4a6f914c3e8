//! What the record says about itself, in words for people.

use lifeboat::desk::view::audit;
use lifeboat::record::Kind;
use lifeboat::units::{PublicKey, unhex};
use serde_json::{Value, json};

use super::told;

#[test]
fn nothing_of_a_rehearsal_is_told_by_the_name_of_its_kind() {
    let d = told();
    let unsaid: Vec<_> = d.rows.iter().filter(|r| r.text == *r.kind || r.text.is_empty()).map(|r| &r.kind).collect();
    assert!(unsaid.is_empty(), "{unsaid:?}");
    assert!(d.rows.iter().any(|r| r.text.starts_with("checkpoints are signed from here on: ")));
}

#[test]
fn keys_clocks_and_checkpoints_are_told() {
    let key = "254e1f961ef62003f7886c0df7922e9e3ee3773736fe1680a96e1a9841fc8324";
    let short = PublicKey::of(&unhex(key).unwrap()).unwrap().fingerprint();
    let says = |kind: Kind, d: Value| audit::told(kind.as_str(), &d);
    let cases = [
        (Kind::LogOpen, json!({ "again": false }), "record begun".to_owned()),
        (Kind::LogOpen, json!({ "again": true }), "record opened again".to_owned()),
        (
            Kind::LogKey,
            json!({ "event": "used", "key": key, "kept": "keyring" }),
            format!("checkpoints are signed from here on: {short}"),
        ),
        (
            Kind::LogKey,
            json!({ "event": "rotated", "key": key, "kept": "memory" }),
            format!("another key signs from here on: {short}, which is in memory only: no keyring holds it"),
        ),
        (
            Kind::LogKey,
            json!({ "event": "used", "key": "none" }),
            "checkpoints are signed from here on: none".to_owned(),
        ),
        (
            Kind::LogAnchor,
            json!({ "outcome": "held", "where": "ticket INC-123" }),
            "a checkpoint is outside this computer: ticket INC-123".to_owned(),
        ),
        (
            Kind::LogAnchor,
            json!({ "outcome": "failed", "where": "blob", "why": "no answer in time" }),
            "no checkpoint could be left outside (blob): no answer in time".to_owned(),
        ),
        (Kind::ClockJump, json!({ "by": -3_600_000 }), "the clock was set back by 1 h".to_owned()),
        (Kind::ClockJump, json!({ "by": 90_000 }), "the clock was set forward by 1 min 30 s".to_owned()),
    ];
    for (kind, d, wanted) in cases {
        assert_eq!(says(kind, d.clone()), wanted, "{d}");
        // A record of another hand says less, and is told all the same.
        assert!(!says(kind, json!(7)).is_empty());
    }
    assert_eq!(audit::told("log.later", &json!({})), "log.later", "written by a newer Lifeboat");
}
