//! A run's changes against Azure's own log: whatever order, case and lag it has.

use lifeboat::run::reconcile::{KEPT, LAG, Logged, MARGIN, Sent, reconcile, window};

const NOW: i64 = 1_800_000_000_000;
const ACCOUNT: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/a";

fn sent(seq: u64, ids: &[&str], back: i64) -> Sent {
    Sent {
        seq,
        step: format!("S-{seq}"),
        n: 0,
        at: NOW - back,
        target: format!("{ACCOUNT}/deployments/chat"),
        ids: ids.iter().map(|i| (*i).to_owned()).collect(),
        taken: true,
        logged: true,
    }
}

fn logged(ids: &[&str], request: &str, target: &str, verb: &str) -> Logged {
    Logged {
        at: NOW - 50,
        target: target.to_owned(),
        operation: format!("Microsoft.CognitiveServices/accounts/{verb}"),
        caller: "ana@contoso.com".to_owned(),
        ids: ids.iter().map(|i| (*i).to_owned()).collect(),
        request: request.to_owned(),
        failed: false,
    }
}

fn about() -> Vec<String> {
    vec![ACCOUNT.to_owned()]
}

const HOUR: i64 = 3_600_000;
const ALL: (i64, i64) = (NOW - 24 * HOUR, NOW);

#[test]
fn what_was_sent_is_found_by_any_id_and_what_is_not_there_is_missing_or_not_yet() {
    let all = [
        sent(1, &["ONE"], HOUR),
        sent(2, &["two", "request-2"], HOUR),
        sent(3, &["three"], HOUR),
        sent(4, &["four"], LAG.0 as i64 - 1),
        sent(5, &["five"], LAG.0 as i64),
        Sent { taken: false, ..sent(6, &["six"], HOUR) },
        Sent { logged: false, ..sent(7, &["seven"], HOUR) },
        sent(8, &[""], HOUR),
    ];
    let log = [logged(&["one"], "", ACCOUNT, "write"), logged(&["else", "REQUEST-2"], "", ACCOUNT, "write")];
    let r = reconcile(&all, &log, &about(), ALL, NOW);
    let seqs = |of: &[lifeboat::run::reconcile::Own]| of.iter().map(|o| o.seq).collect::<Vec<_>>();
    assert_eq!((r.matched, seqs(&r.missing), seqs(&r.pending)), (2, vec![3, 5, 8], vec![4]));
    assert_eq!((r.unlogged, r.foreign.len()), (1, 0), "data is in another log; nobody else was there: {r:?}");
    assert_eq!(r.state(), "differs");
    assert!(r.text().contains("2 matched, 3 missing, 0 by others, 1 not there yet"), "{}", r.text());
    assert!(r.lines()[0].starts_with("MISSING: accounts/a/deployments/chat of S-3, record 3"), "{:?}", r.lines());
}

#[test]
fn others_are_told_by_who_when_and_what_and_one_request_counts_once() {
    let own = [sent(1, &["one"], HOUR)];
    let at = |at: i64, l: Logged| Logged { at, ..l };
    let child = format!("{ACCOUNT}/deployments/mini");
    let group = "/subscriptions/s/resourceGroups/RG";
    let log = [
        // The run's own: its request, and what Azure logged beside it under other ids.
        logged(&["one"], "c1", ACCOUNT, "write"),
        logged(&["other"], "C1", &child, "write"),
        // Somebody's request, when it began and when it ended; in other case.
        at(NOW - 40, logged(&["x"], "c2", &child.to_uppercase(), "write")),
        at(NOW - 90, logged(&[], "c2", &child, "write")),
        // One that failed, however it began.
        logged(&["y"], "c3", ACCOUNT, "delete"),
        Logged { failed: true, ..logged(&["y"], "c3", ACCOUNT, "delete") },
        // One that failed, and was tried again under the same id until it did not.
        at(NOW - 80, Logged { failed: true, ..logged(&["t"], "c8", &child, "delete") }),
        at(NOW - 70, logged(&["t"], "c8", &child, "delete")),
        // The group that all of it is in: deleted counts, a tag on it does not. Neighbours never do.
        logged(&["z"], "c4", group, "delete"),
        logged(&["w"], "c5", group, "write"),
        logged(&["v"], "c6", &format!("{ACCOUNT}b"), "write"),
        // Out of the span; without any id; by Azure itself.
        at(NOW - 25 * HOUR, logged(&["u"], "c7", ACCOUNT, "write")),
        Logged { caller: String::new(), ..logged(&[], "", ACCOUNT, "failover/action") },
    ];
    let r = reconcile(&own, &log, &about(), ALL, NOW);
    let told: Vec<(i64, &str)> =
        r.foreign.iter().map(|f| (f.at - NOW, f.operation.rsplit('/').next().unwrap())).collect();
    assert_eq!(told, [(-90, "write"), (-80, "delete"), (-50, "action"), (-50, "delete")], "{:#?}", r.foreign);
    assert_eq!((r.matched, r.missing.len()), (1, 0));
    let lines = r.lines().join("\n");
    assert!(lines.contains("by Azure itself") && lines.contains("by ana@contoso.com"), "{lines}");
    let nothing = reconcile(&own, &log[..1], &about(), ALL, NOW);
    assert!(nothing.agrees() && nothing.state() == "agrees", "{nothing:?}");
}

#[test]
fn the_span_has_a_margin_and_ends_where_azure_forgets() {
    let (kept, margin) = (KEPT.0 as i64, MARGIN.0 as i64);
    assert_eq!(window(NOW - HOUR, NOW - HOUR / 2, NOW), Some((NOW - HOUR - margin, NOW - HOUR / 2 + margin)));
    assert_eq!(window(NOW - HOUR, NOW, NOW), Some((NOW - HOUR - margin, NOW)), "nothing is asked of the future");
    // A clock that lags behind the run's own must not hide the run.
    assert_eq!(window(NOW, NOW + HOUR, NOW), Some((NOW - margin, NOW + HOUR)));
    assert_eq!(window(NOW - kept - HOUR, NOW, NOW).unwrap().0, NOW - kept);
    assert_eq!(window(NOW - kept - 2 * HOUR, NOW - kept - HOUR, NOW), None);
}
