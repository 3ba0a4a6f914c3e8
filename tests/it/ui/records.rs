//! The Audit screen as sample data: three runs, and the record of one.

use std::sync::Arc;

use lifeboat::desk::snapshot::*;

use super::NOW;

pub fn audit() -> Audit {
    let run = |short: &str, title: &str, mode: &str, ago: i64, outcome: &str, open| RunRow {
        id: format!("run-{}", short.to_lowercase()),
        short: short.into(),
        title: title.into(),
        mode: mode.into(),
        started: NOW - ago * 3_600_000,
        outcome: outcome.into(),
        open,
        ended: (!open).then_some(NOW - ago * 3_600_000 + 2_400_000),
        kept: lifeboat::desk::auditing::kept(
            &lifeboat::desk::keeping::Keeping::default(),
            short,
            (!open).then_some(NOW - ago * 3_600_000 + 2_400_000),
            NOW,
        ),
        check: (!open).then(|| Check {
            proven: None,
            word: "has limits",
            verdict: "consistent, with limits that are named".into(),
            at: NOW - 12_000,
        }),
    };
    let kinds = ["run.start", "step.intended", "step.sent", "step.verified", "note", "health.frozen"];
    let rows = (0..2_000u64)
        .map(|i| RecordRow {
            seq: i,
            time: lifeboat::units::utc_clock(NOW - 900_000 + i as i64 * 400),
            kind: kinds[(i % 6) as usize].into(),
            step: format!("F{}", i % 5),
            actor: if i % 3 == 0 { "Dana" } else { "Lifeboat" }.into(),
            text: format!("Point clients at Sweden Central: request {i} was accepted with status 200"),
            more: Vec::new(),
            raw: format!(r#"{{"seq":{i},"t":"2026-11-20T03:14:07Z","d":{{"step":"F4","status":200}}}}"#).into(),
            hash: lifeboat::units::sha256_hex(&i.to_le_bytes()),
            ts: NOW - 900_000 + i as i64 * 400,
            prev: lifeboat::units::sha256_hex(&i.saturating_sub(1).to_le_bytes()),
            file: "000001.jsonl".into(),
            find: format!("point clients at sweden central: request {i} was accepted with status 200"),
        })
        .collect();
    Audit {
        runs: vec![
            run("7F3K", "prod-chat", "rehearsal", 0, "open", true),
            run("2QXM", "prod-chat", "rehearsal", 71, "Recovered", false),
            run("9B1C", "prod-search", "dry run", 200, "Recovered, with findings", false),
        ],
        shown: Some(Arc::new(Record {
            gantt: None,
            word: "has limits",
            run: "run-2qxm".into(),
            badge: [(Some(true), "consistent"), (None, "not signed"), (None, "not anchored elsewhere")]
                .map(|(proven, word)| Verdict { proven, word: word.into(), sentence: word.into() })
                .to_vec(),
            summary: "Record intact, 2,000 entries".into(),
            report: vec![
                ("Log", "run-2qxm: 2000 records in 1 file, 2026-11-17T04:14:07Z to 2026-11-17T04:54:07Z".into()),
                ("Consistent", format!("hashes, chain and tree; root {}", lifeboat::units::sha256_hex(b"root"))),
                ("Signed", "80 checkpoints, the newest over 1998 records, by the key 9f3a-12bc-44de-0a71-55c0; pinned (this device)".into()),
                ("Anchored", "nothing from outside this computer was compared (lifeboat verify --checkpoint takes a checkpoint that was kept elsewhere)".into()),
                ("Unanchored tail", "2000 records: rewriting or cutting them off would not show".into()),
                ("Reconciled with Activity Log", "not checked: nobody has compared the run with it yet (lifeboat reconcile does)".into()),
                ("Indeterminate actions", "none".into()),
                ("Clock", "no jump; correctness of the computer's clock was not checked".into()),
                ("Gaps and recoveries", "none".into()),
                ("Evidence", "no files named".into()),
            ],
            verdict: "consistent, with limits that are named".into(),
            proven: None,
            checked_at: jiff::Timestamp::now().as_millisecond() - 12_000,
            families: ["health", "note", "run", "step"].map(String::from).to_vec(),
            steps: (0..5).map(|i| format!("F{i}")).collect(),
            actors: ["Dana", "Lifeboat"].map(String::from).to_vec(),
            rows,
        })),
        ..Audit::default()
    }
}
