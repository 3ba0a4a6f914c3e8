//! Every runbook in the binary against the checklists it was written from: which rows, in which order, who must agree,
//! what may be lost.
//!
//! The table is made by hand from the checklists and never from the runbooks, so that a row lost in a runbook is seen.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat::catalog::Catalog;
use lifeboat::plan::order;
use lifeboat::runbook::model::{Provenance, Runbook, Step, Strategy};
use lifeboat::units::Millis;

// Rows of every move to a second region. The gate is D8; the system's own rows stand in place of CB4.
const PREPARE: &str = "CP1 CP2 CP3 CP4 CP5 CP6 CP7 CP8 CP9 CP10 CP11";
const DETECT: &str = "D1 D2 D3 D4 D5 D6 D7";
const DECIDE: &str = "D8 D9 D10";
const VERIFY: &str = "CV1 CV2 CV3 CV4 CV5 CV6 CV7";
const OPERATE: &str = "CO1 CO2 CO3 CO4 CO5";
const RETURN: &str = "CB1 CB2 CB3";
const RETURNED: &str = "CB5 CB6 CB7 CB8";
const REVIEW: &str = "CA1 CA2 CA3 CA4 CA5 CA6";
/// Rows of every recovery from soft delete.
const RECOVER: &str = "RC1 RC2 RC3 RC4 RC5 RC6";

/// A system's own rows in one strategy.
struct Column {
    strategy: Strategy,
    prepare: &'static str,
    /// They must hold already: looked at on a quiet day, and again right before the gate.
    held: &'static str,
    fail_over: &'static str,
    verify: &'static str,
    operate: &'static str,
    fail_back: &'static str,
}

/// Moves, by runbook.
const MOVES: &[(&str, &[Column])] = &[
    (
        "azure-openai",
        &[
            Column {
                strategy: Strategy::HotHot,
                prepare: "AO-P1 AO-P2 AO-P3 AO-P4 AO-P5 AO-P6",
                held: "AO-F2",
                fail_over: "AO-F1 AO-F4 AO-F5 AO-F6 AO-F7",
                verify: "AO-V1",
                operate: "AO-O1",
                // The way back ends at equal weights here.
                fail_back: "AO-B1a AO-B1b AO-B1d",
            },
            Column {
                strategy: Strategy::HotWarm,
                prepare: "AO-P1 AO-P2 AO-P3 AO-P4 AO-P5 AO-P6",
                held: "AO-F2",
                fail_over: "AO-F1 AO-F4 AO-F5 AO-F6 AO-F7",
                verify: "AO-V1",
                operate: "AO-O1",
                fail_back: "AO-B1a AO-B1b AO-B1c",
            },
            Column {
                strategy: Strategy::HotCold,
                prepare: "AO-P1 AO-P2 AO-P5 AO-P6",
                held: "",
                fail_over: "AO-F1 AO-F2 AO-F3 AO-F4 AO-F5 AO-F6 AO-F7",
                verify: "AO-V1",
                operate: "AO-O1",
                fail_back: "AO-B1a AO-B1b AO-B1c AO-B2",
            },
        ],
    ),
    // A hub has connections (P6, F8) and no assets to copy (P9); a workspace the other way round. F7 is a for critical
    // endpoints and b for the rest, and SF1 to SF7 are the failover of a data account.
    (
        "ai-foundry",
        &[
            Column {
                strategy: Strategy::HotHot,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P6 MF-P7 MF-P8 MF-P10 MF-P11",
                held: "MF-F5 MF-F6 MF-F8 MF-F12",
                fail_over: "MF-F10 MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F9 MF-F11",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
            Column {
                strategy: Strategy::HotWarm,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P6 MF-P7 MF-P8 MF-P10",
                held: "MF-F5",
                fail_over: "MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F9 MF-F10 MF-F6 MF-F7b MF-F8 \
                            MF-F11 MF-F12",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
            Column {
                strategy: Strategy::HotCold,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P6 MF-P7 MF-P8",
                held: "",
                fail_over: "MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F5 MF-F6 MF-F7a MF-F8 MF-F9 MF-F10 \
                        MF-F7b MF-F11 MF-F12",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
        ],
    ),
    (
        "azure-ml",
        &[
            Column {
                strategy: Strategy::HotHot,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P7 MF-P8 MF-P9 MF-P10 MF-P11",
                held: "MF-F5 MF-F6 MF-F12",
                fail_over: "MF-F10 MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F9 MF-F11",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
            Column {
                strategy: Strategy::HotWarm,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P7 MF-P8 MF-P9 MF-P10",
                held: "MF-F5",
                fail_over: "MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F9 MF-F10 MF-F6 MF-F7b MF-F11 MF-F12",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
            Column {
                strategy: Strategy::HotCold,
                prepare: "MF-P1 MF-P2 MF-P3 MF-P4 MF-P5 MF-P7 MF-P8 MF-P9",
                held: "",
                fail_over: "MF-F1 MF-F2 MF-F3 MF-F4 SF1 SF2 SF3 SF4 SF5 SF6 MF-F5 MF-F6 MF-F7a MF-F9 MF-F10 MF-F7b \
                        MF-F11 MF-F12",
                verify: "MF-V1",
                operate: "MF-O1",
                fail_back: "MF-B1 MF-B2 SF7 MF-B3 MF-B4",
            },
        ],
    ),
    (
        "operator-insights",
        &[
            Column {
                strategy: Strategy::ActiveActive,
                prepare: "OI-P1 OI-P2 OI-P3 OI-P5 OI-P6",
                held: "",
                fail_over: "OI-F1 OI-F2 OI-F5",
                verify: "OI-V1",
                operate: "OI-O1",
                fail_back: "OI-B1 OI-B4",
            },
            Column {
                strategy: Strategy::ActivePassive,
                prepare: "OI-P1 OI-P2 OI-P4 OI-P5 OI-P6",
                held: "",
                fail_over: "OI-F1 OI-F3 OI-F4 OI-F5",
                verify: "OI-V1",
                operate: "OI-O1",
                fail_back: "OI-B1 OI-B2 OI-B3",
            },
        ],
    ),
    (
        "multi-region-ai",
        &[
            Column {
                strategy: Strategy::Priority,
                prepare: "SR-P1 SR-P2 SR-P3 SR-P4 SR-P5 SR-P6",
                held: "",
                fail_over: "SR-F1 SR-F2 SR-F3 SR-F4 SR-F5 SR-F6",
                verify: "SR-V1",
                operate: "",
                fail_back: "SR-B1 SR-B2",
            },
            Column {
                strategy: Strategy::Performance,
                prepare: "SR-P1 SR-P2 SR-P4 SR-P5 SR-P6",
                held: "",
                fail_over: "SR-F1 SR-F2 SR-F3 SR-F4 SR-F5 SR-F6",
                verify: "SR-V1",
                operate: "SR-O1",
                fail_back: "SR-B1 SR-B2",
            },
            Column {
                strategy: Strategy::Weighted,
                prepare: "SR-P1 SR-P2 SR-P3 SR-P4 SR-P5 SR-P6",
                held: "",
                fail_over: "SR-F1 SR-F2 SR-F3 SR-F4 SR-F5 SR-F6",
                verify: "SR-V1",
                operate: "SR-O1",
                fail_back: "SR-B1 SR-B2",
            },
        ],
    ),
];

/// Recoveries, by runbook: what follows the common rows.
const RECOVERIES: [(&str, &str); 5] = [
    ("recover-hub", "R-HUB-1 R-HUB-2 R-HUB-3 R-HUB-4 R-HUB-5 R-HUB-6 R-HUB-7 R-HUB-8"),
    ("recover-workspace", "R-AML-1 R-AML-2 R-AML-3 R-AML-4 R-AML-5 R-AML-6 R-AML-7"),
    ("recover-ai-account", "R-AIS-1 R-AIS-2 R-AIS-3 R-AIS-4 R-AIS-5 R-AIS-6"),
    ("recover-storage", "R-SA-1 R-SA-2 R-SA-3 R-SA-4 R-SA-5 R-SA-6"),
    ("recover-vault", "R-KV-1 R-KV-2 R-KV-3 R-KV-4 R-KV-5 R-KV-6 R-KV-7"),
];

/// Rows that a second person must agree to. SF5 has no way back, which asks for one too.
const SECOND_PERSON: &str = "D9 CO4 CB2 AO-F3 AO-F6 AO-B1a AO-B1b AO-B1c AO-B1d \
                             MF-F2 MF-F4 SF3 SF5 MF-F9 MF-F10 MF-B3 MF-B4 OI-F3 OI-B2 SR-F3 SR-B2 \
                             R-HUB-3 R-AML-3 R-AIS-3 R-SA-4 R-KV-2";

/// Rows that may lose something. The decision says what is expected to be lost.
const MAY_LOSE: &str = "D9 CB3 AO-F6 AO-F7 MF-F1 MF-F4 SF3 SF5 MF-F11 MF-B1 MF-B3 OI-F3 OI-O1 OI-B2 SR-B1 \
                        R-HUB-1 R-AML-6 R-AML-7 R-KV-7";

/// A runbook's rows by strategy.
type Rows = Vec<(Strategy, Vec<String>)>;

/// Every runbook of the table with its strategies and the ids each has, in order.
fn table() -> Vec<(&'static str, Rows)> {
    let mut out = Vec::new();
    for (runbook, columns) in MOVES {
        let rows = columns.iter().map(|c| (c.strategy, expected(c))).collect();
        out.push((*runbook, rows));
    }
    for (runbook, own) in RECOVERIES {
        out.push((runbook, vec![(Strategy::Recover, words(&[RECOVER, own]))]));
    }
    out
}

fn words(lines: &[&str]) -> Vec<String> {
    lines.iter().flat_map(|l| l.split_whitespace()).map(str::to_owned).collect()
}

fn expected(c: &Column) -> Vec<String> {
    let mut rows = words(&[PREPARE, c.prepare]);
    rows.extend(c.held.split_whitespace().map(|id| format!("{id}/prepare")));
    rows.extend(words(&[DETECT, c.held, DECIDE, c.fail_over, VERIFY, c.verify, OPERATE, c.operate]));
    rows.extend(words(&[RETURN, c.fail_back, RETURNED, REVIEW]));
    rows
}

fn loaded(id: &str) -> Result<Runbook, String> {
    Catalog::builtin().runbook(id).map_err(|e| format!("{id}: {e}"))
}

/// The row that a step is. What is done in two ways, as a choice says, is one row: `SR-F3` one way, `SR-F3m` the other.
fn row<'r>(runbook: &'r Runbook, step: &'r Step) -> &'r str {
    let shorter = step.id.strip_suffix(|c: char| c.is_ascii_lowercase());
    let base = shorter.and_then(|id| runbook.steps.iter().find(|s| s.id == id));
    let other_way = |s: &&Step| step.when.iter().any(|(name, value)| s.when.get(name).is_some_and(|v| v != value));
    base.filter(other_way).unwrap_or(step).id.as_str()
}

/// Rows of a plan made of this runbook before anything is chosen, in order.
fn found(runbook: &Runbook, strategy: Strategy) -> Vec<String> {
    let components = order::components(runbook, strategy, &BTreeMap::new());
    let slots = order::slots(runbook, strategy, &components, &BTreeMap::new());
    let name = |slot: &order::Slot| {
        let step = &runbook.steps[slot.index];
        slot.id.replacen(step.id.as_str(), row(runbook, step), 1)
    };
    let mut rows: Vec<String> = slots.iter().map(name).collect();
    rows.dedup();
    rows
}

/// The first row that is missing, surplus or misplaced.
fn difference(expected: &[String], found: &[String]) -> Option<String> {
    let place = |rows: &[String], i: usize| match i.checked_sub(1) {
        Some(before) => format!("after {}", rows[before]),
        None => "at the start".to_owned(),
    };
    if let Some(i) = (0..expected.len()).find(|&i| !found.contains(&expected[i])) {
        return Some(format!("{} is missing {}", expected[i], place(expected, i)));
    }
    if let Some(i) = (0..found.len()).find(|&i| !expected.contains(&found[i])) {
        return Some(format!("{} is surplus {}", found[i], place(found, i)));
    }
    let i = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i))?;
    let at = |rows: &[String]| rows.get(i).map_or("the end", String::as_str).to_owned();
    Some(format!("{} stands where {} belongs", at(found), at(expected)))
}

#[test]
fn every_runbook_has_the_rows_of_its_checklist_in_order() {
    let mut wrong = Vec::new();
    for (id, columns) in table() {
        let runbook = match loaded(id) {
            Ok(runbook) => runbook,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        let agreed: BTreeSet<Strategy> = runbook.objectives.keys().copied().collect();
        let listed: BTreeSet<Strategy> = columns.iter().map(|(s, _)| *s).collect();
        if agreed != listed {
            wrong.push(format!("{id}: its strategies are {agreed:?}, the checklist has {listed:?}"));
        }
        for (strategy, rows) in columns {
            if let Some(what) = difference(&rows, &found(&runbook, strategy)) {
                wrong.push(format!("{id}, {}: {what}", strategy.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with any step of any runbook, one line each.
fn complaints(of: impl Fn(&Runbook, &Step) -> Vec<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, _) in table() {
        match loaded(id) {
            Ok(runbook) => {
                let all = runbook.steps.iter().flat_map(|s| of(&runbook, s));
                wrong.extend(all.map(|what| format!("{id}: {what}")));
            }
            Err(why) => wrong.push(why),
        }
    }
    wrong
}

#[test]
fn every_row_says_why_what_else_how_long_and_where_from() {
    let wrong = complaints(|_, s| {
        let said = |text: &str| !text.trim().is_empty();
        let from = match &s.source {
            Provenance::Seed(a, b) | Provenance::Doc(a, b) => said(a) && said(b),
            Provenance::Judgement(a) | Provenance::Known(a) => said(a),
        };
        let rules = [
            (said(&s.why), "why it is done"),
            (said(&s.degraded), "what to do when the portal is down too"),
            (s.expect > Millis(0), "how long it takes"),
            (from, "where it comes from"),
        ];
        let missing = rules.iter().filter(|(holds, _)| !holds);
        missing.map(|(_, what)| format!("{} does not say {what}", s.id)).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_that_need_two_or_lose_something_say_so() {
    let (two, lose) = (words(&[SECOND_PERSON]), words(&[MAY_LOSE]));
    let said = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let wrong = complaints(|runbook, s| {
        let mut out = Vec::new();
        let is_in = |list: &[String]| list.iter().any(|id| id == row(runbook, s));
        if is_in(&two) && !said(&s.second_person) {
            out.push(format!("{} does not say why a second person must agree", s.id));
        }
        if is_in(&lose) && !said(&s.may_lose) {
            out.push(format!("{} does not say what may be lost", s.id));
        }
        out
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The two lists name rows that the table has, so that neither guards nothing.
    let all: BTreeSet<String> = table().into_iter().flat_map(|(_, c)| c).flat_map(|(_, rows)| rows).collect();
    let strangers: Vec<&String> = two.iter().chain(&lose).filter(|id| !all.contains(*id)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

#[test]
fn the_first_difference_is_named() {
    let rows = words(&["A B C"]);
    let differs = |text: &str| difference(&rows, &words(&[text]));
    assert_eq!(differs("A B C"), None);
    assert_eq!(differs("A C").unwrap(), "B is missing after A");
    assert_eq!(differs("X A B C").unwrap(), "X is surplus at the start");
    assert_eq!(differs("A C B").unwrap(), "C stands where B belongs");
    assert_eq!(differs("A B C C").unwrap(), "C stands where the end belongs");
}
