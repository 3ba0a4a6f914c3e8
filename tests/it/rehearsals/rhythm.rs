//! Where the record of a rehearsal has its checkpoints.

use lifeboat::record::{CHECKPOINT_RECORDS, Kind, Stored};
use lifeboat::runbook::model::Risk;

/// Where a checkpoint was due and none stands: behind the beginning and what a second person says, before what cannot be
/// taken back, every 25 records, and at the end.
pub fn overdue(records: &[Stored]) -> Vec<u64> {
    let run = lifeboat::desk::replay(records).unwrap();
    let plan = run.plan.as_ref().unwrap();
    let is = |r: &Stored| r.body.kind == Kind::LogCheckpoint;
    // Records of one write stand together: nothing can come between them.
    let first = |r: &Stored| r.body.first.unwrap_or(r.body.seq);
    let (mut out, mut last) = (Vec::new(), 0);
    for (i, r) in records.iter().enumerate() {
        let next = records[i + 1..].iter().find(|n| first(n) != first(r));
        let marks = ["run.start", "gate.requested", "gate.approved", "gate.denied", "gate.glass"];
        let risk = r.body.step.as_deref().and_then(|id| plan.step(id)).map(|p| p.risk);
        let is_final = matches!(r.body.kind, Kind::StepStarted | Kind::ActionIntent)
            && matches!(risk, Some(Risk::Lossy | Risk::Irreversible));
        let before = usize::try_from(first(r)).ok().and_then(|n| n.checked_sub(1)).map(|n| &records[n]);
        let missed = (marks.contains(&r.body.kind.as_str()) && next.is_some_and(|n| !is(n)))
            || (is_final && before.is_some_and(|b| !is(b)))
            || (first(r) == r.body.seq && r.body.seq > last + CHECKPOINT_RECORDS + 1 && !is(r));
        if missed {
            out.push(r.body.seq);
        }
        if is(r) {
            last = r.body.seq;
        }
    }
    out.extend(records.last().filter(|r| !is(r)).map(|r| r.body.seq));
    out
}
