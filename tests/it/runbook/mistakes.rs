//! Every finding there is: a text that shows it and one like it that does not.

use std::collections::BTreeSet;

use lifeboat::catalog::{Catalog, File};
use lifeboat::runbook::{self, Diagnostic, Part, Source};

use super::meaning::{PAIRS, WIDE};
use super::{SMALL, load, marked};

/// What is replaced, by what that is wrong (`‸` marks where the finding must point), by what that is right, the code, and
/// words of the message or suggestion.
pub type Pair = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// On the small runbook, which is itself the text that does not show it: what is replaced, by what, the code, and words
/// of the message or suggestion.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // --- shape
    ("title: \"Small\",", "title: \"Small\"", "RB001", "comma"),
    ("schema: 2", "schema: ‸3", "RB003", "use a newer Lifeboat, or write `schema: 2`"),
    ("schema: 2", "schema: ‸0", "RB003", "write `schema: 2`"),
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
    ("calls: 3", "calls: ‸\"{baseline}\"", "RB007", "bounds are plain numbers; no placeholders here"),
    ("calls: 3", "calls: ‸\"3\"", "RB007", "without quotes"),
    ("kind: Manual", "kind: ‸\"Manual\"", "RB008", "write it without quotes: `Manual`"),
    ("system: AzureOpenAI", "system: ‸\"AzureOpenAI\"", "RB008", "write it without quotes"),
    // --- durations without quotes
    ("expect: \"1m\", needs: [\"G1\"]", "expect: ‸60, needs: [\"G1\"]", "RB009", "in quotes: \"60s\""),
    ("rpo: \"0s\", tier: T1", "rpo: ‸0, tier: T1", "RB009", "in quotes: \"0s\""),
    ("within: \"1m\"), LatencyWithin", "within: ‸90), LatencyWithin", "RB009", "in quotes: \"90s\""),
    ("guards: [AtLeast", "guards: [WaitSinceLastSwitch(at_least: ‸600), AtLeast", "RB009", "in quotes: \"600s\""),
    (
        "Answers(region: \"{secondary}\", calls: 3, within: \"1m\")",
        "SteadyFor(region: \"{secondary}\", hold: ‸10)",
        "RB009",
        "in quotes",
    ),
    // --- syntax
    (
        "G1\"], source: Judgement(\"test\"),\n        ),",
        "G1\"], source: Judgement(\"test\"),\n",
        "RB001",
        "the `Step(` of line 32 is not closed",
    ),
    ("needs: [\"M1\"],", "needs: [\"M1\",", "RB001", "is not closed"),
    ("why: \"Think.\"", "why: \"Think.", "RB001", "a quote is missing before this"),
    ("title: \"Small\",", "title: Small\",", "RB001", "a quote is missing before this"),
    ("title: \"Small\"", "title: ‸“Small”", "RB001", "use straight quotes"),
    ("title: \"Small\"", "title: ‸„Small“", "RB001", "`„` is no quote"),
    ("title: \"Small\"", "title: ‸‘Small’", "RB001", "use straight quotes"),
    ("title: \"Small\"", "title: \"Small‸”", "RB001", "use straight quotes"),
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
    ("title: \"Decide\", why", "title: ‸'Decide', why", "RB001", "in double quotes"),
    ("title: \"Decide\", why", "title: Decide now\", why", "RB001", "a quote is missing before this"),
    ("expect: \"1m\", needs: [\"G1\"]", "expect: 1m, needs: [\"G1\"]", "RB001", "in quotes: \"1m\""),
    ("needs: [\"M1\"],", "needs: [\"M1\"]),", "RB001", "or a `)` is one too many before line"),
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
    ("Look at {secondary.display}", "Look at ‸{elsewhere}", "RB017", "known are `primary`, `secondary`,"),
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
    (
        "about: \"from\", role: Primary),\n        \"secondary\"",
        "about: \"from\"),\n        \"secondary\"",
        "RB038",
        "no region is the Primary",
    ),
    (
        "\"baseline\": Duration(",
        "\"third\": ‸Region(about: \"x\", role: Primary), \"baseline\": Duration(",
        "RB038",
        "already",
    ),
    ("    parameters: {\n", "    parameters: {\n        ‸\"extra\": Text(about: \"unused\"),\n", "RB018", "extra"),
    // --- strategies, components, orders, gate
    ("component: \"models\"", "component: ‸\"model\"", "RB019", "did you mean `models`"),
    (
        "do_in: [HotHot],",
        "do_in: [HotHot, ‸HotWarm],",
        "RB020",
        "HotWarm has no objective objectives are given for HotHot, HotCold",
    ),
    ("strategies: [HotHot, HotCold]", "strategies: [HotHot, ‸HotWarm, HotCold]", "RB020", "no objective"),
    (
        "        HotCold: (rto",
        "        ‸HotWarm: (rto: \"1h\", rpo: \"0s\", tier: T1, source: Judgement(\"x\")),\n        HotCold: (rto",
        "RB021",
        "no step",
    ),
    ("usual: HotHot", "usual: ‸HotWarm", "RB041", "HotWarm, which is not among"),
    ("gate: \"G1\"", "gate: ‸\"G2\"", "RB034", "no step"),
    ("    gate: \"G1\",\n", "", "RB034", "`gate: \"M1\"`"),
    ("gate: \"G1\"", "gate: ‸\"F1\"", "RB077", "for example `M1`"),
    ("[\"F2\", \"F1\"]", "[\"F2\", \"F1\", ‸\"F9\"]", "RB028", "F9"),
    ("HotHot: [\"F2\", \"F1\"]", "‸HotHot: [\"F2\"]", "RB029", "leaves out `F1`"),
    ("must_hold_in: [HotCold]", "must_hold_in: ‸[HotCold, HotHot]", "RB033", "`F2` cannot both"),
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
        "add `Person(\"Is …?\")` to `verify`",
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

/// What no replaced word can show: the code, what shows it and what does not.
type Special = (&'static str, fn() -> Vec<Diagnostic>, fn() -> Vec<Diagnostic>);

const SPECIAL: &[Special] = &[
    ("RB000", || of_file("Recipe(salt: 1)"), || of_file(SMALL)),
    ("RB002", || load(&about(64 << 10)).1, || load(&about((64 << 10) - 2)).1),
    ("RB010", || load(&SMALL.replace("percent: 200", "percent: 1001")).1, || load(&SMALL.replace("200", "1000")).1),
    ("RB047", || with_part("parts/missing.ron"), || with_part("parts/x.ron")),
    ("RB048", || with_part("../x.ron"), || with_part("parts/x.ron")),
    ("RB049", || with_part("parts/x.ron\", from: \"X9"), || with_part("parts/x.ron\", from: \"X1")),
    ("RB053", || load(&SMALL.replace("schema: 2", "schema: 1")).1, || load(SMALL).1),
    ("RB077", || load(&SMALL.replace("gate: \"G1\"", "gate: \"F1\"")).1, || load(&late_gate_of_a_recovery()).1),
    ("RB067", || load(&why(4_001)).1, || load(&why(4_000)).1),
];

fn of_file(text: &str) -> Vec<Diagnostic> {
    Catalog::builtin().check(&File { name: "x.ron".to_owned(), text: text.to_owned(), path: None })
}

fn about(bytes: usize) -> String {
    SMALL.replace("For tests.", &"x".repeat(bytes))
}

fn why(characters: usize) -> String {
    SMALL.replace("Users wait.", &"é".repeat(characters))
}

/// Nothing moves when something deleted is recovered.
fn late_gate_of_a_recovery() -> String {
    SMALL.replace("gate: \"G1\"", "gate: \"F1\"").replace("system: AzureOpenAI", "system: SoftDelete")
}

/// The small runbook with a part included from this path.
fn with_part(path: &str) -> Vec<Diagnostic> {
    let step = "Step(id: \"X1\", phase: Review, kind: Manual, title: \"X\", why: \"Y.\", target: \"z\", expect: \"1m\", \
                source: Judgement(\"t\"))";
    let mut source =
        Source::new("small.ron", SMALL.replace("steps: [", &format!("steps: [Include(file: \"{path}\"),")));
    let text = Ok(format!("Part(schema: 2, steps: [{step}])"));
    source.parts.push(Part { path: "parts/x.ron".to_owned(), name: "parts/x.ron".to_owned(), text });
    runbook::load(&source).1
}

/// One text that shows a finding: what was found, and the place that was marked.
fn shows(base: &str, (old, new, code, word): (&str, &str, &str, &str)) -> Vec<Diagnostic> {
    assert!(base.contains(old), "there is no `{old}`");
    let with = base.replacen(old, new, 1);
    let (text, line, column) = marked(&with);
    let (runbook, found) = load(&text);
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    if code == "ok" {
        assert!(all.is_empty(), "`{new}`: {all:#?}");
        return found;
    }
    let hit = found.iter().find(|d| d.code == code).unwrap_or_else(|| panic!("`{new}`: no {code} in {all:#?}"));
    let said = format!("{} {}", hit.message, hit.suggestion.clone().unwrap_or_default());
    assert!(said.contains(word), "`{new}`: `{word}` is not in `{said}`");
    if with.contains('‸') {
        assert_eq!((hit.line, hit.column), (line, column), "`{new}`: {all:#?}");
    }
    assert_eq!(runbook.is_none(), found.iter().any(Diagnostic::is_error), "`{new}`: {all:#?}");
    found
}

#[test]
fn every_mistake_is_named_where_it_stands() {
    for (old, new, code, word) in MISTAKES {
        shows(SMALL, (old, new, code, word));
    }
}

#[test]
fn every_lint_of_meaning_has_a_text_that_shows_it_and_one_that_does_not() {
    assert_eq!(load(WIDE).1, []);
    for (old, wrong, right, code, word) in PAIRS {
        shows(WIDE, (old, wrong, code, word));
        let found = load(&WIDE.replacen(old, right, 1)).1;
        assert!(found.iter().all(|d| d.code != *code), "`{right}`: {found:#?}");
        assert!(found.iter().all(|d| !d.is_error()), "`{right}` is to be right: {found:#?}");
    }
}

#[test]
fn what_no_word_can_show_is_shown_by_a_whole_text() {
    for (code, wrong, right) in SPECIAL {
        assert!(wrong().iter().any(|d| d.code == *code), "{code}: {:#?}", wrong());
        assert!(right().iter().all(|d| d.code != *code), "{code}: {:#?}", right());
    }
}

/// Codes that stand in the sources of what reads files.
fn codes_of_the_sources() -> BTreeSet<String> {
    fn walk(dir: &std::path::Path, out: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for word in text.split('"').filter(|w| w.len() == 5 && (w.starts_with("RB") || w.starts_with("PL"))) {
                if word[2..].chars().all(|c| c.is_ascii_digit()) {
                    out.insert(word.to_owned());
                }
            }
        }
    }
    let mut out = BTreeSet::new();
    for room in ["runbook", "plan", "catalog"] {
        walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room), &mut out);
    }
    out
}

#[test]
fn no_finding_is_without_a_text_that_shows_it_and_one_that_does_not() {
    let tabled = MISTAKES.iter().map(|m| m.2).chain(PAIRS.iter().map(|p| p.3)).chain(SPECIAL.iter().map(|s| s.0));
    // Those of values that cannot be right by what there is are shown in `inventory.rs`.
    const INVENTORY: [&str; 6] = ["PL011", "PL012", "PL013", "PL014", "PL015", "PL016"];
    let plans = crate::plan::MISTAKES.iter().map(|m| m.2).chain(["PL009", "PL010", "PL017"]).chain(INVENTORY);
    let shown: BTreeSet<String> = tabled.chain(plans).filter(|c| *c != "ok").map(str::to_owned).collect();
    let there = codes_of_the_sources();
    assert!(there.len() >= 70, "{there:?}");
    assert_eq!(there.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a text");
    assert_eq!(shown.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "texts of codes that are gone");
}

#[test]
fn every_finding_says_what_to_do_or_names_what_is_wrong() {
    for (old, wrong, _, code, _) in PAIRS {
        for d in shows(WIDE, (old, wrong, code, "")).iter().filter(|d| d.code == *code && d.code >= "RB050") {
            assert!(d.suggestion.is_some() || d.code == "RB055", "{d}");
            assert!(!d.message.ends_with('.') && d.message.len() < 160, "{d}");
        }
    }
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
