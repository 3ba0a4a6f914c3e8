//! Files that were made to hang, to fill the memory, or to say something else on the terminal than what they are.

use std::process::Command;
use std::time::{Duration, Instant};

use lifeboat::plan;
use lifeboat::runbook::diagnostic::MAX_DIAGNOSTICS;
use lifeboat::runbook::{self, Diagnostic, Source};
use lifeboat::units::hidden;

use super::meaning::WIDE;
use super::{SMALL, load};

/// The largest file that is read.
const MIB: usize = 1 << 20;
/// On a busy machine and unoptimised; what is meant to be caught takes minutes.
const HANGING: Duration = Duration::from_secs(5);

/// As much of this as fits.
fn full(unit: &str, around: usize) -> String {
    unit.repeat((MIB - around) / unit.len())
}

/// The small runbook with something at a place, up to the limit.
fn stuffed(at: &str, unit: &str) -> String {
    assert!(SMALL.contains(at));
    SMALL.replacen(at, &format!("{at}{}", full(unit, SMALL.len())), 1)
}

/// Numbered steps, each made by a function of its number, as many as fit or are allowed.
fn steps(count: usize, one: impl Fn(usize) -> String) -> String {
    let mut more = String::new();
    for i in 0..count {
        let step = one(i);
        if SMALL.len() + more.len() + step.len() > MIB {
            break;
        }
        more.push_str(&step);
    }
    SMALL.replacen("    ],\n)", &format!("{more}    ],\n)"), 1)
}

fn step(id: &str, more: &str) -> String {
    format!(
        "Step(id:\"{id}\",phase:Review,kind:Manual,title:\"T\",why:\"W.\",target:\"t\",expect:\"1m\",\
         source:Judgement(\"t\"),{more}),"
    )
}

fn nasty() -> Vec<(&'static str, String)> {
    let texts = full("\"{primary}\"", 0).replace("\"\"", "");
    vec![
        ("square brackets", full("[", 0)),
        ("curly brackets", full("{", 0)),
        ("round brackets", full("(", 0)),
        ("brackets in a runbook", stuffed("about: ", "[")),
        ("maps in maps", stuffed("about: ", "{1:")),
        ("calls in calls", stuffed("about: ", "a(")),
        ("open comments", full("/*", 0)),
        ("nested comments in a row", full("/*/**/*/", 0)),
        ("nothing but quotes", full("\"", 0)),
        ("raw strings", full("r#\"", 0)),
        ("hashes", format!("r{}", full("#", 1))),
        ("one huge text", stuffed("about: \"", "x")),
        ("one huge text of braces", stuffed("about: \"", "{primary}")),
        ("one long line of escapes", stuffed("about: \"", "\\u{41}")),
        ("hidden characters", stuffed("about: \"", "\u{200b}x")),
        ("one huge word", stuffed("system: ", "A")),
        ("empty steps", stuffed("    steps: [", "(),")),
        ("steps without anything", stuffed("    steps: [", "Step(),")),
        ("unknown fields", stuffed("schema: 2,", "a:1,")),
        (
            "different unknown fields",
            SMALL.replace("schema: 2,", &format!("schema: 2,{}", numbered(MIB / 12, |i| format!("f{i}:1,")))),
        ),
        ("parameters", stuffed("    parameters: {", "\"a\":Text(about:\"a\"),")),
        ("components", stuffed("    components: {", "\"a\":(title:\"a\"),")),
        ("objectives", stuffed("    objectives: {", "HotHot:(),")),
        ("wrong objectives", stuffed("    objectives: {", "HotHit:(),")),
        ("needs of one step", stuffed("needs: [", "\"G1\",")),
        ("wrong needs of one step", stuffed("needs: [", "\"NO\",")),
        ("strategies of one step", stuffed("do_in: [", "HotHot,")),
        ("an order", stuffed("HotHot: [", "\"F1\",")),
        ("a wrong order", stuffed("HotHot: [", "\"F7\",")),
        ("values of an action", stuffed("values: {", "\"{primary}\":\"{primary}\",")),
        ("conditions", stuffed("verify: [", "Answers(region:\"x\",calls:1),")),
        ("unknown conditions", stuffed("verify: [", "Answer(),")),
        ("commands", stuffed("by_hand: [", "\"{store} {stor}\",")),
        ("texts that begin as templates", stuffed("by_hand: [", "\"{\",")),
        ("includes", stuffed("    steps: [", "Include(file:\"x.ron\"),")),
        (
            "a circle through every step",
            steps(1_990, |i| step(&format!("S{i}"), &format!("needs:[\"S{}\"]", (i + 1) % 1_990))),
        ),
        ("a chain of needs", steps(1_990, |i| step(&format!("S{}", i + 1), &format!("needs:[\"S{i}\"]")))),
        (
            "everything needs everything",
            steps(300, |i| {
                let all: String = (0..300).map(|k| format!("\"S{k}\",")).collect();
                step(&format!("S{i}"), &format!("needs:[{all}]"))
            }),
        ),
        ("one id for all", steps(1_990, |_| step("S", "needs:[\"S\"]"))),
        ("groups", steps(1_990, |i| step(&format!("S{i}"), &format!("group:\"g{}\"", i % 3)))),
        ("one group", steps(1_990, |i| step(&format!("S{i}"), "group:\"g\""))),
        ("wrong choices", steps(1_990, |i| step(&format!("S{i}"), "when:{\"a\":\"b\",\"c\":\"d\"}"))),
        ("decisions", steps(1_990, |i| step(&format!("S{i}"), "decision:true"))),
        (
            "ids that are nearly known",
            steps(1_990, |i| step(&format!("{i:036}"), &format!("needs:[\"{:036}\"]", i + 5_000))),
        ),
        (
            "undeclared names",
            steps(1_990, |i| step(&format!("S{i}"), &format!("degraded:\"{}\"", format!("{{n{i}}}").repeat(30)))),
        ),
        ("lines", full("\n", 0)),
        ("texts after another", texts),
        ("too much", " ".repeat(MIB + 1)),
    ]
}

fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn no_file_hangs_the_loader() {
    for (name, text) in nasty() {
        let started = Instant::now();
        let outline = runbook::outline(&text);
        let (runbook, found) = load(&text);
        println!("{name}: {} KiB, {:?}, {} findings", text.len() >> 10, started.elapsed(), found.len());
        assert!(started.elapsed() < HANGING, "{name}: {:?}", started.elapsed());
        assert_eq!(runbook.is_none(), found.iter().any(Diagnostic::is_error), "{name}: {found:#?}");
        assert!(found.len() <= MAX_DIAGNOSTICS && outline.is_none_or(|o| o.includes.len() < 2), "{name}");
        assert!(found.iter().all(|d| d.message.len() < 4_000 && text.get(d.span.clone()).is_some()), "{name}");
    }
}

#[test]
fn limits_hold_before_anything_is_read() {
    let refused = |text: &str, word: &str| {
        let found = load(text).1;
        assert!(found.iter().any(|d| d.code == "RB002" && d.message.contains(word)), "{word}: {found:#?}");
        assert!(found.iter().all(|d| d.code == "RB002"), "{word}: {found:#?}");
    };
    refused(&" ".repeat(MIB + 1), "bytes");
    refused(&format!("Runbook(about: {}{})", "[".repeat(200), "]".repeat(200)), "deeper");
    refused(&SMALL.replace("For tests.", &"x".repeat((64 << 10) + 1)), "a text may have");
    refused(&SMALL.replace("    steps: [", &format!("    steps: [{}", "Step(),".repeat(2_001))), "steps");
    refused(&SMALL.replace("    steps: [", &format!("    steps: [{}", "(),".repeat(200_000))), "values");
    let parameters = numbered(200, |i| format!("\"p{i}\": Text(about: \"a\"),"));
    refused(&SMALL.replace("    parameters: {", &format!("    parameters: {{{parameters}")), "parameters");
    let components = numbered(100, |i| format!("\"c{i}\": (title: \"a\", strategies: [HotHot], usual: HotHot),"));
    refused(&SMALL.replace("    components: {", &format!("    components: {{{components}")), "components");
    let part = format!("Part(schema: 2, steps: [{}])", "Step(),".repeat(2_001));
    assert!(runbook::check_part("p.ron", &part).1.iter().any(|d| d.code == "RB002" && d.message.contains("steps")));
}

#[test]
fn more_than_can_be_shown_is_said_and_still_an_error() {
    let wrong = SMALL.replace("    steps: [", &format!("    steps: [{}", "Step(),".repeat(1_000)));
    let found = load(&wrong).1;
    assert_eq!(found.len(), MAX_DIAGNOSTICS);
    assert!(found.last().unwrap().message.contains("more wrong than is shown"));
    // An error after as many warnings is not forgotten.
    let long = "x".repeat(81);
    let warned = steps(600, |i| {
        step(&format!("S{i}"), &format!("degraded:\"\",title:\"{long}\"")).replacen("title:\"T\",", "", 1)
    });
    let broken = warned.replacen("    ],\n)", &format!("{}    ],\n)", step("S-last", "needs:[\"nobody\"]")), 1);
    assert!(load(&warned).1.iter().filter(|d| !d.is_error()).count() >= MAX_DIAGNOSTICS - 1);
    let (runbook, found) = load(&broken);
    assert!(runbook.is_none() && found.iter().any(Diagnostic::is_error));
}

#[test]
fn values_cannot_blow_a_plan_up() {
    let many = SMALL.replace("by_hand: [", &format!("by_hand: [{}", "\"{store}{store}{store}{store}\",".repeat(2_000)));
    let small = "Plan(schema: 1, id: \"p\", title: \"P\", environment: \"e\", runbook: \"small\", strategy: HotHot, values: {
        \"primary\": \"eastus\", \"secondary\": \"westus\", \"primary_account\": \"PA\", \"secondary_account\": \"SA\", \"store\": \"ST\" })";
    let id = |kind: &str, name: &str| format!("/subscriptions/s/resourceGroups/g/providers/{kind}/{name}");
    let account = |name: &str| id("Microsoft.CognitiveServices/accounts", name);
    let store = |name: &str| id("Microsoft.AppConfiguration/configurationStores", name);
    let bind = |runbook: &str, name: &str| {
        let text = small.replace("PA", &account("a")).replace("SA", &account("b")).replace("ST", &store(name));
        plan::bind("p.ron", &text, &Source::new("small.ron", runbook), None)
    };
    let (plan, found) = bind(SMALL, "s");
    assert!(plan.is_some(), "{found:#?}");
    assert_eq!(bind(&many, "s").1, []);
    let (plan, found) = bind(&many, &"s".repeat(3_000));
    assert!(plan.is_none());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["PL010"], "{found:#?}");
    let (plan, found) = bind(SMALL, &"s".repeat(5_000));
    assert!(plan.is_none() && found[0].code == "PL004" && found[0].message.contains("bytes"), "{found:#?}");
}

/// What would move the cursor, change colours, rewrite the line or turn its direction.
const TRICKS: &str = "\u{1b}[31m\u{1b}]0;x\u{7}\u{8}\r\u{9b}2J\u{202e}\u{2066}\u{200b}\u{2028}\u{e0041}\u{7f}";

#[test]
fn hostile_text_never_reaches_the_terminal_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let escaped: String = TRICKS.chars().map(|c| format!("\\u{{{:x}}}", c as u32)).collect();
    let texts = [
        SMALL.replace("\"Small\"", &format!("\"Sm{TRICKS}all\"")),
        SMALL.replace("\"Small\"", &format!("\"Sm{escaped}all\"")),
        SMALL.replace("needs: [\"M1\"]", &format!("needs: [\"M{TRICKS}1\"]")),
        SMALL.replace("needs: [\"M1\"]", &format!("needs: [\"M{escaped}1\"]")),
        SMALL.replace("system: AzureOpenAI", &format!("system: Azure{TRICKS}")),
        SMALL.replace("abuot", TRICKS).replace("about:", &format!("r#{TRICKS}:")),
        SMALL.replace("\"small\"", &format!("\"{TRICKS}\"")),
        WIDE.replace("file: \"", TRICKS).replace("\"vaults\": \"own\"", &format!("\"v{escaped}\": \"own\"")),
        SMALL.replace("steps: [", &format!("steps: [Include(file: \"{escaped}.ron\"),")),
        format!("Plan(schema: 1, id: \"{escaped}\", runbook: \"{escaped}\", values: {{ \"{escaped}\": \"x\" }})"),
        format!("Scenario(id: \"{TRICKS}\", {TRICKS})"),
        format!("Part(schema: 2, steps: [Step(id: \"{escaped}\", {TRICKS})])"),
        format!("{TRICKS}(\n{TRICKS}\n)"),
    ];
    for (n, text) in texts.iter().enumerate() {
        let path = folder.path().join(format!("{n}.ron"));
        std::fs::write(&path, text).unwrap();
        for json in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
            command.arg("check").arg(&path).args(json.then_some("--json"));
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{n} is refused");
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let raw: Vec<char> = said.chars().filter(|c| hidden(*c)).collect();
            assert!(said.len() > 50 && raw.is_empty(), "{n}, json {json}: {raw:?}\n{}", said.escape_debug());
        }
        // The window shows the sentences themselves.
        for d in load(text).1 {
            let sentence = format!("{}{}", d.message, d.suggestion.unwrap_or_default());
            assert!(!sentence.contains(hidden) && !sentence.contains(['\n', '\t']), "{sentence:?}");
        }
    }
}
