//! Up to when data is safe: by what Azure tells of the copy when a step looks at it, and unknown where it tells nothing.

use super::*;

use lifeboat::azure::reading::synced;
use lifeboat::run::event::Reading;
use lifeboat::runbook::model::Condition;

const ACCOUNT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/sthubdata";

#[test]
fn the_age_of_a_copy_that_a_step_read_is_the_recovery_point() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    desk.send(start("only-the-storage", Strategy::HotHot, Speed::Max));
    let s = closed(&desk);
    let run = s.run.as_ref().unwrap();
    // The copy was 41 minutes behind when the region died, and T0 is the first failed probe.
    assert!(run.clocks.rpa.starts_with("41 min"), "{}", run.clocks.rpa);
    let records = read_run(&RealDisk, &place.run(&run.id)).unwrap();
    let measured = |name: &str| -> Vec<&Value> {
        records.iter().filter(|r| is(r, "measure") && r.body.d["name"] == name).map(|r| &r.body.d).collect()
    };
    let point = measured("RPO point sthubdata");
    assert_eq!(point.len(), 1, "once, for it was read once");
    assert!(point[0]["how"].as_str().unwrap().contains("lastSyncTime"), "{}", point[0]);
    assert_eq!(measured("RPA").len(), 1, "it is in the books");
    desk.send(Command::ShowRecord(run.id.clone()));
    let s = until(&desk, "the record", |s| s.audit.shown.is_some());
    let shown = s.audit.shown.clone().unwrap();
    let line =
        shown.rows.iter().find(|r| r.text.starts_with("RPO point sthubdata at ")).expect("a time, not a duration");
    assert!(line.text.contains("everything written before is in the copy"), "{}", line.text);
}

#[test]
fn what_is_not_told_of_a_copy_is_unknown() {
    let asks = |path: &str| Condition::ArmProperty {
        resource: ACCOUNT.to_owned(),
        path: path.to_owned(),
        is: None,
        is_not: None,
        at_least: None,
    };
    let path = "properties.geoReplicationStats.lastSyncTime";
    let read = |path: &str, value: &str| {
        let name = format!("{path} of storageAccounts sthubdata");
        let (value, source) = (value.to_owned(), String::new());
        vec![Reading { name, value, ok: Some(true), source, at_utc: 0, latency: None, raw: None }]
    };
    let of = |at| Some(("sthubdata".to_owned(), at));
    for (what, asked, readings, wanted) in [
        ("told", path, read(path, "1970-01-01T00:00:01Z"), of(Some(1_000))),
        ("not set", path, read(path, "not set"), of(None)),
        ("unread", path, read(path, "could not be read: no answer"), of(None)),
        ("not looked at yet", path, Vec::new(), None),
        ("something else", "properties.primaryLocation", read("properties.primaryLocation", "eastus"), None),
    ] {
        assert_eq!(synced(&asks(asked), &readings), wanted, "{what}");
    }
}
