//! Rehearsals from start to verified record, and the simulated Azure that other commands connect to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use super::{keys, lifeboat, say};
use serde_json::Value;

fn rehearse(home: &Path, scenario: &str, strategy: &str) -> Value {
    let said = say(home, &["rehearse", scenario, "--strategy", strategy, "--scripted", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{scenario} {strategy}: {}", said.out);
    let v = said.json();
    for key in ["clocks", "journal", "outcome", "rta_ms", "rto_ms", "run", "score", "summary"] {
        assert!(v.get(key).is_some(), "{key}: {v}");
    }
    assert_eq!(v["score"]["points"], v["score"]["of"], "{v}");
    assert!(v["score"]["of"].as_u64().unwrap() >= 8);
    assert_eq!(keys(&v["clocks"]).len(), 13);
    v
}

/// The record of a run: intact, not anchored outside; and not to be altered unseen.
fn proven(home: &Path, v: &Value) {
    let journal = v["journal"].as_str().unwrap();
    let said = say(home, &["verify", journal, "--json"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{}", said.out);
    assert_eq!(said.json()["exit_code"], 1);
    let segment = Path::new(journal).join("1.jsonl");
    let segment = if segment.is_file() {
        segment
    } else {
        std::fs::read_dir(journal)
            .unwrap()
            .map(|e| e.unwrap().path())
            .find(|p| p.extension().is_some_and(|x| x == "jsonl"))
            .unwrap()
    };
    let copy = home.join("copy.jsonl");
    let text = std::fs::read_to_string(segment).unwrap();
    std::fs::write(&copy, text.replacen("Dana", "Dona", 1)).unwrap();
    let said = say(home, &["verify", copy.to_str().unwrap()]);
    assert_eq!(said.code, 2, "a changed name shows: {}", said.out);
}

#[test]
fn a_region_lost_hot_warm() {
    let home = tempfile::tempdir().unwrap();
    let v = rehearse(home.path(), "region-loss", "hot/warm");
    assert_eq!((v["outcome"].as_str(), v["strategy"].as_str()), (Some("Recovered"), Some("hot/warm")));
    assert!(v["rta_ms"].as_u64().unwrap() <= v["rto_ms"].as_u64().unwrap());
    assert!(v["clocks"].as_object().unwrap().values().all(Value::is_string), "{}", v["clocks"]);
    proven(home.path(), &v);
    let runs = say(home.path(), &["runs", "--json"]);
    assert_eq!((runs.code, runs.err.as_str()), (0, ""));
    let row = runs.json()["runs"][0].clone();
    let all = [
        "digest",
        "hold",
        "journal",
        "mode",
        "open",
        "outcome",
        "plan",
        "proves_plan",
        "retention",
        "rta_ms",
        "run",
        "started",
        "title",
    ];
    assert_eq!(keys(&row), all);
    assert_eq!((&row["proves_plan"], &row["rta_ms"]), (&Value::Bool(true), &v["rta_ms"]));
    let plan = say(home.path(), &["plan", "prod-chat", "--json"]).json();
    let ready = &plan["readiness"];
    assert_eq!((ready["state"].as_str(), ready["advice"].is_null()), (Some("verified"), true), "{plan}");
    assert!(say(home.path(), &["plan", "prod-chat"]).out.contains("Verified under an hour ago by rehearsal "));
    let cold = say(home.path(), &["plan", "prod-chat", "--strategy", "hot/cold", "--json"]).json();
    assert_eq!(cold["readiness"]["state"], "never-rehearsed", "another strategy is another proof");
    assert_eq!((&row["run"], &row["journal"], &row["open"]), (&v["run"], &v["journal"], &Value::Bool(false)));
    assert_eq!(say(home.path(), &["runs"]).out.lines().count(), 1);
    // It is closed; there is nothing to continue, and its result is told again.
    let again = say(home.path(), &["rehearse", "--resume", v["run"].as_str().unwrap(), "--json"]);
    assert!(again.err.contains("nothing to continue"), "{}", again.err);
    assert_eq!(again.json()["outcome"], "Recovered");
}

#[test]
fn a_region_lost_hot_hot_and_hot_cold() {
    let home = tempfile::tempdir().unwrap();
    for strategy in ["hot/hot", "hot/cold"] {
        let v = rehearse(home.path(), "region-loss", strategy);
        assert_eq!(v["outcome"], "Recovered");
        assert!(v["rta_ms"].as_u64().unwrap() <= v["rto_ms"].as_u64().unwrap());
    }
    assert_eq!(say(home.path(), &["runs", "--json"]).json()["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn quota_exhausted_and_a_fault_of_our_own() {
    let home = tempfile::tempdir().unwrap();
    let v = rehearse(home.path(), "quota-exhausted", "hot/cold");
    assert_eq!(v["outcome"], "Recovered, with findings");
    proven(home.path(), &v);
    for strategy in ["hot/hot", "hot/warm", "hot/cold"] {
        let v = rehearse(home.path(), "own-network", strategy);
        assert_eq!(v["outcome"], "False alarm");
        assert!(v["rta_ms"].is_null() && v["clocks"]["T4"].is_null(), "nothing was moved: {v}");
    }
}

#[test]
fn other_answers_are_scored_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("answers.ron");
    let answers = r#"[
        (step: "D1", when: Failed, answer: Skip("blind")),
        (step: "*", when: FailedAgain, answer: Skip("blind")),
        (step: "D9", answer: Decide(choice: Abort, reason: "not convinced", expected_loss: "none")),
        (step: "*", when: Failed, answer: Skip("not now")),
        (step: "AO-F1", answer: Skip("stays")),
        (step: "close", answer: Close(outcome: FalseAlarm, summary: "nothing")),
        (step: "*", answer: Skip("left out")),
    ]"#;
    std::fs::write(&file, answers).unwrap();
    let file = file.to_str().unwrap();
    let args = ["rehearse", "region-loss", "--strategy", "hot/warm", "--scripted", "--json", "--answers", file];
    let said = say(home.path(), &args);
    assert_eq!(said.code, 1, "a finding: {}{}", said.out, said.err);
    let v = said.json();
    assert_eq!((v["outcome"].as_str(), v["score"]["lines"][0]["points"].as_u64()), (Some("False alarm"), Some(0)));
    std::fs::write(file, "[(step: 5)]").unwrap();
    let said = say(home.path(), &args);
    assert_eq!(said.code, 2);
    assert!(said.err.contains(&format!("{file}:1:")), "{}", said.err);
}

/// A team's own scenario is held to what it says of its wrong ways, as a built-in one is.
#[test]
fn a_wrong_way_of_ones_own_has_to_be_scored_as_well() {
    let home = tempfile::tempdir().unwrap();
    let plans = home.path().join("plans");
    std::fs::create_dir_all(&plans).unwrap();
    let text = include_str!("../../../assets/scenarios/throttling-storm.ron");
    let (rest, wrong) = text.split_once("    wrong: [\n").unwrap();
    let wrong = wrong.strip_suffix("    ],\n)\n").unwrap();
    let other = wrong.replace("\"obeys\"", "\"waits\"").replace("choice: FailOver", "choice: Wait");
    let own = format!("{rest}    wrong: [\n{wrong}{other}    ],\n)\n").replace("\"throttling-storm\"", "\"our-storm\"");
    std::fs::write(plans.join("our-storm.ron"), own).unwrap();
    let play = |wrong| say(home.path(), &["rehearse", "our-storm", "--scripted", "--json", "--wrong", wrong]);
    let said = play("obeys");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert_eq!(said.json()["score"]["mistakes"], serde_json::json!(["overloads-secondary", "declares-outage"]));
    // Nobody decides to fail over in this one, though it says that it shows just that.
    let said = play("waits");
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("not scored: overloads-secondary"), "{}", said.err);
}

#[test]
fn without_a_display_and_without_a_terminal_the_script_runs() {
    let home = tempfile::tempdir().unwrap();
    let said = say(home.path(), &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.starts_with("No display was found"), "{}", said.err);
    assert!(said.out.contains("Record intact") && said.out.contains("closed: Recovered"), "{}", said.out);
    assert!(said.err.contains("Score 14 of 14"), "{}", said.err);
}

/// A simulated Azure that ends with the test.
pub struct Azure(Child);

impl Azure {
    pub fn serve(home: &Path, scenario: &str) -> (Self, std::path::PathBuf) {
        let mut child = lifeboat(home).args(["simulate", scenario]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let file = home.join(format!("{scenario}.json"));
        serde_json::from_str::<Value>(&line).unwrap();
        std::fs::write(&file, line).unwrap();
        (Self(child), file)
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The chat plan with the names of the sandbox.
pub fn sandbox_plan(home: &Path) -> String {
    let file = home.join("sandbox-plan.ron");
    let text = include_str!("../../../assets/plans/prod-chat.ron")
        .replace("prod-chat\",\n    title", "sandbox-chat\",\n    title")
        .replace("oai-prod-", "oai-sandbox-")
        .replace("rg-chat-", "rg-sandbox-")
        .replace("swedencentral", "westeurope")
        .replace("appcs-prod-chat", "appcs-sandbox");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}
