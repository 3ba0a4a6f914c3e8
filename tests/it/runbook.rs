//! Runbooks: what is read, what is refused, and where the finger points.

use std::collections::BTreeMap;

use lifeboat::plan::order;
use lifeboat::runbook::Source;
use lifeboat::runbook::diagnostic::MAX_DIAGNOSTICS;
use lifeboat::runbook::model::{Phase, Runbook, Strategy};
use lifeboat::runbook::{self, Diagnostic, Severity};
use proptest::prelude::*;

const BUILT_IN: &str = include_str!("../../runbooks/azure-openai.ron");

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
        "secondary_account": Resource(kind: "Microsoft.CognitiveServices/accounts", about: "to", role: Secondary),
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

/// What is replaced, by what (`‸` marks where the finding must point), its code, and words of its message or suggestion.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // --- shape
    ("title: \"Small\",", "title: \"Small\"", "RB001", "comma"),
    ("schema: 2", "schema: ‸3", "RB003", "schema 3"),
    ("about: \"For tests.\"", "‸abuot: \"For tests.\"", "RB004", "did you mean `about`"),
    ("    about: \"For tests.\",\n", "", "RB006", "`about` is missing"),
    ("title: \"Small\",", "title: \"Small\", ‸title: \"x\",", "RB005", "twice"),
    ("title: \"Small\"", "title: ‸5", "RB007", "string"),
    ("title: \"Small\"", "title: ‸\" \"", "RB011", "says nothing"),
    ("id: \"small\"", "id: ‸\"Small One\"", "RB044", "lower-case"),
    ("system: AzureOpenAI", "system: ‸AzureOpenIA", "RB008", "did you mean `AzureOpenAI`"),
    ("        Step(\n            id: \"M1\"", "        ‸Stpe(\n            id: \"M1\"", "RB007", "did you mean `Step`"),
    ("rpo: \"0s\", tier: T1", "rpo: ‸\"soon\", tier: T1", "RB009", "not a duration"),
    ("tier: T1", "tier: ‸T9", "RB008", "T1"),
    ("    steps: [", "    ‸stepps: [", "RB004", "did you mean `steps`"),
    ("phase: Decide, kind: Manual", "phase: ‸Deside, kind: Manual", "RB008", "did you mean `Decide`"),
    ("expect: \"1m\", needs: [\"G1\"]", "expect: ‸\"1 fortnight\", needs: [\"G1\"]", "RB009", "not a duration"),
    ("calls: 3", "calls: ‸many", "RB007", "integer"),
    ("percent: 200", "percent: ‸0", "RB010", "from 1 to 1000"),
    ("Answers(", "‸Answer(", "RB008", "did you mean `Answers`"),
    ("calls: 3, within", "‸cals: 3, within", "RB004", "did you mean `calls`"),
    ("Answers(region: \"{secondary}\", calls: 3,", "‸Answers(region: \"{secondary}\",", "RB006", "`calls` is missing"),
    ("within: \"1m\"), LatencyWithin", "‸witin: \"1m\"), LatencyWithin", "RB004", "witin"),
    ("within: \"1m\"), LatencyWithin", "within: ‸\"a while\"), LatencyWithin", "RB009", "not a duration"),
    ("HotCold: (rto", "‸HotCool: (rto", "RB008", "did you mean `HotCold`"),
    (
        "    objectives: {\n",
        "    objectives: {\n        HotHot: (rto: \"1h\", rpo: \"0s\", tier: T1, source: Judgement(\"x\")),\n",
        "RB005",
        "twice",
    ),
    // --- ids and needs
    ("needs: [\"M1\"]", "needs: [‸\"M2\"]", "RB012", "did you mean `M1`"),
    ("needs: [\"G1\"]", "needs: [‸\"M1\"]", "RB013", "wait for each other"),
    ("needs: [\"M1\"],", "needs: [\"M1\", \"F2\"],", "ok", ""),
    ("must_hold_in: [HotCold], target", "needs: [‸\"F1\"], must_hold_in: [HotCold], target", "RB014", "comes after"),
    ("do_in: [HotHot, HotCold], target: \"users\"", "do_in: [HotHot], needs: [], target: \"users\"", "RB005", "twice"),
    ("id: \"M1\"", "id: ‸\"G1\"", "RB016", "another step"),
    ("id: \"M1\"", "id: ‸\"M 1\"", "RB044", "letters, digits"),
    // --- parameters and templates
    ("Look at {secondary.display}", "Look at ‸{tertiary}", "RB017", "no parameter `tertiary`"),
    ("Look at {secondary.display}", "Look at ‸{secondary.name}", "RB031", "no field `name`"),
    ("title: \"Look at {secondary.display}\"", "title: ‸\"Look at {secondary\"", "RB036", "never closed"),
    ("title: \"Look at {secondary.display}\"", "title: ‸\"Look at }\"", "RB036", "never opened"),
    ("title: \"Look at {secondary.display}\"", "title: ‸\"Look at {Second One}\"", "RB036", "no parameter"),
    (
        "\"weight-{primary}\": \"0\" }),\n            guards",
        "\"weight-‸{primry}\": \"0\" }),\n            guards",
        "RB017",
        "did you mean `primary`",
    ),
    ("account: \"{secondary_account}\", like", "account: ‸\"{secondary}\", like", "RB037", "wants a resource"),
    (
        "AtLeastOneRegionServes(region: \"{secondary}\")",
        "AtLeastOneRegionServes(region: ‸\"swedencentrel\")",
        "RB037",
        "did you mean `swedencentral`",
    ),
    (
        "\"baseline\": Duration(about: \"p95\", default: \"400ms\")",
        "\"baseline\": Duration(about: \"p95\", default: ‸\"quick\")",
        "RB046",
        "not a duration",
    ),
    ("\"baseline\": Duration(", "\"baseline\": ‸Durations(", "RB008", "did you mean `Duration`"),
    ("differs_from: \"primary\"", "differs_from: ‸\"primry\"", "RB032", "did you mean `primary`"),
    ("about: \"from\", role: Primary),\n        \"secondary\"", "about: \"from\"),\n        \"secondary\"", "RB038", "no region is the Primary"),
    ("\"baseline\": Duration(", "\"third\": ‸Region(about: \"x\", role: Primary), \"baseline\": Duration(", "RB038", "already"),
    ("    parameters: {\n", "    parameters: {\n        ‸\"extra\": Text(about: \"unused\"),\n", "RB018", "extra"),
    // --- strategies, components, orders, gate
    ("component: \"models\"", "component: ‸\"model\"", "RB019", "did you mean `models`"),
    ("do_in: [HotHot],", "do_in: [HotHot, ‸HotWarm],", "RB020", "hot/warm has no objective"),
    ("strategies: [HotHot, HotCold]", "strategies: [HotHot, ‸HotWarm, HotCold]", "RB020", "no objective"),
    (
        "        HotCold: (rto",
        "        ‸HotWarm: (rto: \"1h\", rpo: \"0s\", tier: T1, source: Judgement(\"x\")),\n        HotCold: (rto",
        "RB021",
        "no step",
    ),
    ("usual: HotHot", "usual: ‸HotWarm", "RB041", "not among"),
    ("gate: \"G1\"", "gate: ‸\"G2\"", "RB034", "no step"),
    ("    gate: \"G1\",\n", "", "RB034", "has none"),
    ("[\"F2\", \"F1\"]", "[\"F2\", \"F1\", ‸\"F9\"]", "RB028", "F9"),
    ("HotHot: [\"F2\", \"F1\"]", "‸HotHot: [\"F2\"]", "RB029", "leaves out `F1`"),
    ("must_hold_in: [HotCold]", "must_hold_in: ‸[HotCold, HotHot]", "RB033", "cannot both"),
    ("do_in: [HotHot, HotCold], target: \"users\"", "do_in: [], target: \"users\"", "RB035", "in no strategy"),
    ("rto: \"30m\"", "rto: ‸\"2m\"", "RB027", "beyond the RTO"),
    // --- what a step must say
    (
        "            verify: [AppConfigurationIs(store: \"{store}\", values: { \"weight-{primary}\": \"0\" }, within: \"1m\")],\n",
        "",
        "RB022",
        "nothing verifies",
    ),
    ("risk: Reversible", "risk: ‸Irreversible", "RB023", "second person"),
    ("risk: Reversible", "second_person: \"x\", risk: ‸Lossy", "RB024", "may lose"),
    ("title: \"Decide\", why: \"Think.\"", "title: \"Decide\"", "RB025", "says nothing of how"),
    (
        "title: \"Decide\", why",
        "title: \"Decide\", verify: ‸[AccountReady(account: \"{store}\")], why",
        "RB026",
        "no person",
    ),
    ("by_hand: [\"az appconfig kv set -n {store.name}\"]", "by_hand: ‸[]", "RB030", "no way by hand"),
    (
        "kind: Verification, title: \"Compare\"",
        "kind: ‸Automatic, by_hand: [\"x\"], title: \"Compare\"",
        "RB039",
        "no action",
    ),
    ("kind: Automatic, title", "kind: Manual, title", "RB039", "not automatic"),
    ("risk: Reversible", "risk: ‸ReadOnly", "RB042", "not read-only"),
    ("undo: RestorePrevious", "undo: ‸Nothing", "RB045", "taken back"),
    ("undo: RestorePrevious", "undo: ‸Impossible", "RB045", "reversible"),
];

#[test]
fn every_mistake_is_named_where_it_stands() {
    let mut codes = std::collections::BTreeSet::new();
    for (old, new, code, word) in MISTAKES {
        assert!(SMALL.contains(old), "the small runbook has no `{old}`");
        let with = SMALL.replacen(old, new, 1);
        let (text, line, column) = marked(&with);
        let (runbook, found) = load(&text);
        let all: Vec<String> = found.iter().map(ToString::to_string).collect();
        if *code == "ok" {
            assert!(all.is_empty(), "`{new}`: {all:#?}");
            continue;
        }
        let hit = found.iter().find(|d| d.code == *code).unwrap_or_else(|| panic!("`{new}`: no {code} in {all:#?}"));
        let said = format!("{} {}", hit.message, hit.suggestion.clone().unwrap_or_default());
        assert!(said.contains(word), "`{new}`: `{word}` is not in `{said}`");
        if with.contains('‸') {
            assert_eq!((hit.line, hit.column), (line, column), "`{new}`: {all:#?}");
        }
        assert_eq!(runbook.is_some(), hit.severity != Severity::Error, "`{new}`: {all:#?}");
        codes.insert(*code);
    }
    assert!(MISTAKES.len() > 50 && codes.len() > 35, "{} mistakes, {} codes", MISTAKES.len(), codes.len());
}

#[test]
fn a_single_mistake_gives_a_single_finding() {
    for (old, new, code, _) in MISTAKES {
        // Some mistakes are two: a missing step is also missed elsewhere, and so on.
        let follows = [
            "RB006", "RB016", "RB039", "RB041", "RB038", "RB020", "RB035", "RB005", "RB004", "RB030", "RB033", "RB044",
        ];
        if follows.contains(code) || *code == "ok" {
            continue;
        }
        let (text, _, _) = marked(&SMALL.replacen(old, new, 1));
        let errors: Vec<String> = load(&text).1.iter().filter(|d| d.is_error()).map(ToString::to_string).collect();
        assert!(errors.len() <= 1, "`{new}`: {errors:#?}");
    }
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
fn limits_hold_before_anything_is_read() {
    let huge = " ".repeat((1 << 20) + 1);
    assert_eq!(load(&huge).1[0].code, "RB002");
    let deep = format!("Runbook(about: {}{})", "[".repeat(200), "]".repeat(200));
    assert_eq!(load(&deep).1[0].code, "RB002");
    let long = SMALL.replace("For tests.", &"x".repeat((64 << 10) + 1));
    assert!(load(&long).1.iter().any(|d| d.code == "RB002"));
    let many = SMALL.replace("    steps: [", &format!("    steps: [{}", "Step(),".repeat(2_001)));
    let found = load(&many).1;
    assert!(found.iter().any(|d| d.code == "RB002") && found.len() <= MAX_DIAGNOSTICS);
    let wrong = SMALL.replace("    steps: [", &format!("    steps: [{}", "Step(),".repeat(1_000)));
    assert_eq!(load(&wrong).1.len(), MAX_DIAGNOSTICS);
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
    let (runbook, found) = runbook::load(&Source::new("azure-openai.ron", BUILT_IN));
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
    let runbook = runbook::load(&Source::new("azure-openai.ron", BUILT_IN)).0.unwrap();
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
    let codes: Vec<&str> = runbook::load(&Source::new("r.ron", short.as_str())).1.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB027", "RB027"]);
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

proptest! {
    // A failing case is printed; nothing is written into the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Cut, doubled and replaced anywhere, a runbook is read or refused; nothing panics, and every place is in the text.
    #[test]
    fn no_mutation_panics(
        cuts in prop::collection::vec((0.0f64..1.0, 0usize..40, "[ -~\"(){}\\[\\]:,/*#'r\\\\é✓\n]{0,12}"), 1..4),
    ) {
        let mut text = SMALL.to_owned();
        for (at, length, new) in cuts {
            let near = |i: usize| (0..=i.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap();
            let start = near((at * text.len() as f64) as usize);
            let end = near(start + length).max(start);
            text.replace_range(start..end, &new);
        }
        let (runbook, found) = load(&text);
        prop_assert_eq!(runbook.is_none(), found.iter().any(Diagnostic::is_error));
        for d in found {
            prop_assert!(text.get(d.span.clone()).is_some(), "{d:?}");
            prop_assert!(d.line >= 1 && d.column >= 1 && (d.end_line, d.end_column) >= (d.line, d.column));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = load(&text);
        let _ = runbook::outline(&text);
        let _ = runbook::template::parse(&text);
    }

    /// One field of any step gone or emptied.
    #[test]
    fn no_missing_line_panics(skip in 0usize..70, keep in 0usize..70) {
        let lines: Vec<&str> = SMALL.lines().enumerate().filter(|(i, _)| *i != skip || *i == keep).map(|(_, l)| l).collect();
        let _ = load(&lines.join("\n"));
    }
}
