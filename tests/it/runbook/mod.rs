//! Runbooks: what is read, what is refused, and where the finger points.

use std::collections::BTreeMap;

use lifeboat::plan::order;
use lifeboat::runbook::Source;
use lifeboat::runbook::model::{Phase, Runbook, Strategy};
use lifeboat::runbook::{self, Diagnostic};

mod actions;
mod fuzz;
mod hostile;
mod includes;
mod language;
mod meaning;
mod mistakes;

const BUILT_IN: &str = include_str!("../../../runbooks/azure-openai.ron");

/// The smallest runbook with one step of each kind.
const SMALL: &str = r##"#![enable(implicit_some)]
Runbook(
    schema: 2,
    id: "small",
    title: "Small",
    about: "For tests.",
    system: AzureOpenAI,
    objectives: {
        HotHot: (rto: "30m", rpo: "0s", tier: T1, source: Judgement("test")),
        HotCold: (rto: "2h", rpo: "0s", tier: T2, source: Judgement("test")),
    },
    parameters: {
        "primary": Region(about: "from", role: Primary),
        "secondary": Region(about: "to", differs_from: "primary", role: Secondary),
        "primary_account": Resource(kind: "Microsoft.CognitiveServices/accounts", about: "from", role: Primary),
        "secondary_account": Resource(kind: "Microsoft.CognitiveServices/accounts", about: "to", differs_from: "primary_account", role: Secondary),
        "store": Resource(kind: "Microsoft.AppConfiguration/configurationStores", about: "weights"),
        "baseline": Duration(about: "p95", default: "400ms"),
    },
    components: {
        "models": (title: "Models", strategies: [HotHot, HotCold], usual: HotHot),
    },
    gate: "G1",
    orders: { HotHot: ["F2", "F1"] },
    steps: [
        Step(
            id: "G1", phase: Decide, kind: Verification, title: "Look at {secondary.display}",
            why: "Nobody moves into a hole.", do_in: [HotHot, HotCold], target: "{secondary}", expect: "1m",
            verify: [Answers(region: "{secondary}", calls: 3, within: "1m"), LatencyWithin(region: "{secondary}", baseline: "{baseline}", percent: 200)],
            source: Judgement("test"),
        ),
        Step(
            id: "M1", phase: Decide, kind: Manual, title: "Decide", why: "Think.", decision: true,
            do_in: [HotHot, HotCold], target: "users", expect: "1m", needs: ["G1"], source: Judgement("test"),
        ),
        Step(
            id: "F1", phase: FailOver, component: "models", kind: Automatic, title: "Move to {store.name}",
            why: "Users wait.", do_in: [HotHot, HotCold], target: "{store}", expect: "1m", risk: Reversible,
            needs: ["M1"],
            action: SetAppConfiguration(store: "{store}", values: { "weight-{primary}": "0" }),
            guards: [AtLeastOneRegionServes(region: "{secondary}")],
            verify: [AppConfigurationIs(store: "{store}", values: { "weight-{primary}": "0" }, within: "1m")],
            undo: RestorePrevious, by_hand: ["az appconfig kv set -n {store.name}"], source: Judgement("test"),
        ),
        Step(
            id: "F2", phase: FailOver, kind: Verification, title: "Compare", why: "See.", do_in: [HotHot],
            must_hold_in: [HotCold], target: "models", expect: "1m",
            verify: [DeploymentsMatch(account: "{secondary_account}", like: "{primary_account}", within: "1m")],
            source: Judgement("test"),
        ),
    ],
)
"##;

fn load(text: &str) -> (Option<Runbook>, Vec<Diagnostic>) {
    runbook::load(&Source::new("small.ron", text))
}

/// Where `‸` stands in the text, from 1, and the text without it.
fn marked(text: &str) -> (String, usize, usize) {
    let before = text.split('‸').next().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (text.replace('‸', ""), line, column)
}

#[test]
fn the_small_runbook_is_clean() {
    let (runbook, found) = load(SMALL);
    assert_eq!(found, []);
    let runbook = runbook.unwrap();
    assert_eq!(runbook.steps.len(), 4);
    // A manual step that names no check asks a person.
    assert!(
        matches!(&runbook.steps[1].verify[0].condition, runbook::model::Condition::Person(q) if q.contains("Decide"))
    );
}

#[test]
fn all_mistakes_come_in_one_pass_in_the_order_of_the_text() {
    let text = SMALL
        .replace("tier: T2", "tier: T7")
        .replace("calls: 3", "calls: many")
        .replace("needs: [\"G1\"]", "needs: [\"G7\"], risk: Risky")
        .replace("undo: RestorePrevious", "undo: RestorePrevius")
        .replace("like: \"{primary_account}\"", "like: \"{primary_acount}\"")
        .replace("must_hold_in: [HotCold]", "must_hold_in: [HotColdish]");
    let (runbook, found) = load(&text);
    assert!(runbook.is_none());
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB008", "RB007", "RB012", "RB008", "RB008", "RB008", "RB017"]);
    assert!(found.is_sorted_by_key(|d| (d.line, d.column)));
    // To a terminal or an editor, one line says it all.
    let line = found[2].to_string();
    assert!(
        line.starts_with("small.ron:") && line.contains("error RB012") && line.contains("did you mean `G1`?"),
        "{line}"
    );
}

#[test]
fn columns_count_characters_and_bytes_are_exact() {
    let text = SMALL.replace("needs: [\"G1\"]", "/* größer ✓ */ needs: [\"Q9\"]");
    let found = load(&text).1;
    let d = found.iter().find(|d| d.code == "RB012").unwrap();
    assert_eq!(&text[d.span.clone()], "\"Q9\"");
    let line = text.lines().nth(d.line - 1).unwrap();
    assert_eq!(line.chars().skip(d.column - 1).take(d.end_column - d.column).collect::<String>(), "\"Q9\"");
}

#[test]
fn a_cycle_is_named_at_each_of_its_steps_and_nowhere_else() {
    let text = SMALL.replace("target: \"{secondary}\"", "needs: [\"M1\"], target: \"{secondary}\"");
    let found = load(&text).1;
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB013", "RB013"], "{found:#?}");
}

/// Ids of the steps of a phase, as a run would go through them.
fn ids(runbook: &Runbook, strategy: Strategy, phase: Phase) -> Vec<String> {
    let components = order::components(runbook, strategy, &BTreeMap::new());
    order::slots(runbook, strategy, &components, &BTreeMap::new())
        .into_iter()
        .filter(|s| s.phase == phase)
        .map(|s| s.id)
        .collect()
}

#[test]
fn an_order_moves_fail_over_steps_and_what_must_hold_is_checked_twice() {
    let runbook = load(SMALL).0.unwrap();
    assert_eq!(ids(&runbook, Strategy::HotHot, Phase::FailOver), ["F2", "F1"]);
    assert_eq!(ids(&runbook, Strategy::HotCold, Phase::Prepare), ["F2/prepare"]);
    assert_eq!(ids(&runbook, Strategy::HotCold, Phase::Decide), ["F2", "G1", "M1"]);
    assert_eq!(ids(&runbook, Strategy::HotCold, Phase::FailOver), ["F1"]);
}

#[test]
fn the_built_in_runbook_is_clean_and_follows_the_index() {
    let (runbook, found) = runbook::load(&crate::plan::source("azure-openai.ron", BUILT_IN));
    assert_eq!(found, [], "{}", found.iter().map(|d| format!("{d}\n")).collect::<String>());
    let runbook = runbook.unwrap();
    let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let common = "CP1 CP2 CP3 CP4 CP5 CP6 CP7 CP8 CP9 CP10 CP11";
    let rows: [(Strategy, Phase, String); 12] = [
        (Strategy::HotHot, Phase::Prepare, format!("{common} AO-P1 AO-P2 AO-P3 AO-P4 AO-P5 AO-P6 AO-F2/prepare")),
        (Strategy::HotWarm, Phase::Prepare, format!("{common} AO-P1 AO-P2 AO-P3 AO-P4 AO-P5 AO-P6 AO-F2/prepare")),
        (Strategy::HotCold, Phase::Prepare, format!("{common} AO-P1 AO-P2 AO-P5 AO-P6")),
        (Strategy::HotHot, Phase::Decide, "D1 D2 D3 D4 D5 D6 D7 AO-F2 D8 D9 D10".into()),
        (Strategy::HotWarm, Phase::Decide, "D1 D2 D3 D4 D5 D6 D7 AO-F2 D8 D9 D10".into()),
        (Strategy::HotCold, Phase::Decide, "D1 D2 D3 D4 D5 D6 D7 D8 D9 D10".into()),
        (Strategy::HotHot, Phase::FailOver, "AO-F1 AO-F4 AO-F5 AO-F6 AO-F7".into()),
        (Strategy::HotWarm, Phase::FailOver, "AO-F1 AO-F4 AO-F5 AO-F6 AO-F7".into()),
        (Strategy::HotCold, Phase::FailOver, "AO-F1 AO-F2 AO-F3 AO-F4 AO-F5 AO-F6 AO-F7".into()),
        (Strategy::HotHot, Phase::FailBack, "CB1 CB2 CB3 AO-B1a AO-B1b AO-B1d CB5 CB6 CB7 CB8".into()),
        (Strategy::HotWarm, Phase::FailBack, "CB1 CB2 CB3 AO-B1a AO-B1b AO-B1c CB5 CB6 CB7 CB8".into()),
        (Strategy::HotCold, Phase::FailBack, "CB1 CB2 CB3 AO-B1a AO-B1b AO-B1c AO-B2 CB5 CB6 CB7 CB8".into()),
    ];
    for (strategy, phase, expected) in rows {
        assert_eq!(ids(&runbook, strategy, phase), words(&expected), "{strategy:?} {phase:?}");
    }
    for strategy in [Strategy::HotHot, Strategy::HotWarm, Strategy::HotCold] {
        assert_eq!(ids(&runbook, strategy, Phase::Verify), words("CV1 CV2 CV3 CV4 CV5 CV6 CV7 AO-V1"));
        assert_eq!(ids(&runbook, strategy, Phase::Operate), words("CO1 CO2 CO3 CO4 CO5 AO-O1"));
        assert_eq!(ids(&runbook, strategy, Phase::Review), words("CA1 CA2 CA3 CA4 CA5 CA6"));
    }
}

#[test]
fn the_built_in_runbook_says_what_a_tired_person_needs() {
    let runbook = runbook::load(&crate::plan::source("azure-openai.ron", BUILT_IN)).0.unwrap();
    for s in &runbook.steps {
        assert!(s.why.len() > 60 && s.why.ends_with('.'), "{} has no instruction", s.id);
        assert!(!s.degraded.is_empty(), "{} says nothing for when the portal is down", s.id);
        assert!(!s.title.ends_with('.') && s.title.len() < 100, "{} has a long title", s.id);
        for word in ["Oops", "simply", "just click", "resume"] {
            assert!(!s.why.contains(word) && !s.title.contains(word), "{} says `{word}`", s.id);
        }
        // The domain's own column of who must agree.
        let two = ["D9", "AO-F3", "AO-F6", "AO-B1a", "AO-B1b", "AO-B1c", "AO-B1d", "CO4", "CB2"];
        assert_eq!(s.second_person.is_some(), two.contains(&s.id.as_str()), "{}", s.id);
    }
}

#[test]
fn an_rto_shorter_than_what_is_planned_is_a_warning() {
    // Hot/hot and hot/warm are planned for half an hour, and for little less.
    let short = BUILT_IN.replace("rto: \"30m\"", "rto: \"25m\"");
    let codes: Vec<&str> = runbook::load(&crate::plan::source("r.ron", &short)).1.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB027", "RB027"]);
}

#[test]
fn a_plan_has_one_answer_to_a_choice_and_its_components_steps() {
    use meaning::WIDE;
    let codes = |text: &str| load(text).1.iter().map(|d| d.code).collect::<Vec<_>>();
    // Deciding 5 m, F1 1 m, F2 or F3, V1 1 m.
    let of = |f2: &str, f3: &str, rto: &str| {
        let text = WIDE.replace("HotHot: (rto: \"2h\"", &format!("HotHot: (rto: \"{rto}\""));
        let step = |text: String, id: &str, takes: &str| {
            let at = text.find(&format!("id: \"{id}\"")).unwrap();
            let (before, after) = text.split_at(at);
            format!("{before}{}", after.replacen("expect: \"1m\"", &format!("expect: \"{takes}\""), 1))
        };
        step(step(text, "F2", f2), "F3", f3)
    };
    assert_eq!(codes(&of("10m", "20m", "27m")), Vec::<&str>::new(), "only one of the two is in a plan");
    assert_eq!(codes(&of("10m", "20m", "26m")), ["RB027"], "and it may be the longer one");
    assert_eq!(codes(&of("20m", "10m", "26m")), ["RB027"]);
    // A component that is never hot/hot is moved as usual.
    let component = |takes: &str| {
        of("10m", "20m", "30m").replace(
            "steps: [\n",
            &format!(
                "components: {{ \"db\": (title: \"Base\", strategies: [HotCold], usual: HotCold) }}, steps: [\n
            Step(id: \"B1\", phase: FailOver, component: \"db\", do_in: [HotCold], kind: Manual, needs: [\"D1\"],
            title: \"Base\", why: \"x\", target: \"x\", expect: \"{takes}\", source: Judgement(\"x\")),"
            ),
        )
    };
    assert_eq!(codes(&component("3m")), Vec::<&str>::new());
    assert_eq!(codes(&component("4m")), ["RB027"]);
}

#[test]
fn an_unknown_strategy_is_said_once() {
    let text = SMALL.replace(
        "do_in: [HotHot],\n            must_hold_in: [HotCold], target",
        "do_in: [HotWarm], needs: [\"M1\"], target",
    );
    let text = text.replace("orders: { HotHot: [\"F2\", \"F1\"] },", "");
    let codes: Vec<&str> = load(&text).1.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB020"]);
}

#[test]
fn a_part_with_a_bare_duration_is_refused_by_itself_and_counted_when_clean() {
    let part = |expect: &str| {
        format!(
            "Part(schema: 2, about: \"x\", steps: [Step(id: \"A\", phase: Prepare, kind: Manual, title: \"x\", why: \"x\", target: \"x\", expect: {expect}, source: Judgement(\"x\"))])"
        )
    };
    assert_eq!(runbook::check_part("p.ron", &part("\"1m\"")), (Some(1), Vec::new()));
    let (steps, found) = runbook::check_part("p.ron", &part("60"));
    assert_eq!((steps, found[0].code), (None, "RB009"));
}

#[test]
fn strange_but_valid_ron_is_read() {
    let text = SMALL
        .replace("title: \"Small\"", "title: r#\"Sm\"all\"#")
        .replace(
            "about: \"For tests.\"",
            "/* a /* nested */ comment ( */ about: \"\\\"For\\u{21} (tests) // no comment\"",
        )
        .replace("why: \"Think.\"", "why: Some(\"Think.\"), may_lose: None");
    let (runbook, found) = load(&text);
    assert_eq!(found, []);
    let runbook = runbook.unwrap();
    assert_eq!((runbook.title.as_str(), runbook.about.as_str()), ("Sm\"all", "\"For! (tests) // no comment"));
    let crlf = SMALL.replace('\n', "\r\n");
    assert_eq!(load(&format!("\u{feff}{crlf}")).1.iter().filter(|d| d.code != "RB001").count(), 0);
}
