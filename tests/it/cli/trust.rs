//! Restricted mode in the terminal: what is said, the exit code, and the word that lets a plan run.

use super::runs::{Azure, sandbox_plan};
use super::{keys, say};

#[test]
fn a_file_that_nobody_trusts_is_not_run_and_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let plan = sandbox_plan(home.path());
    let shown = say(home.path(), &["plan", &plan, "--json"]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    let shown = shown.json();
    assert_eq!((shown["trust"].as_str(), shown["plan"].as_str()), (Some("restricted"), Some("sandbox-chat")));
    assert_eq!(shown["foreign"], serde_json::json!([plan]));
    let digest = shown["digest"].as_str().unwrap().to_owned();
    let page = say(home.path(), &["plan", &plan]).out;
    assert!(page.contains(&digest) && page.contains("restricted: nobody here trusts"), "{page}");

    for args in [&["run", &plan][..], &["run", &plan, "--dry-run"], &["health", "--plan", &plan]] {
        let said = say(home.path(), args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        assert!(said.err.contains("restricted") && said.err.contains(&format!("--trust {digest}")), "{}", said.err);
    }
    for wrong in [&digest[..16], &"0".repeat(64)] {
        let said = say(home.path(), &["run", &plan, "--trust", wrong]);
        assert_eq!(said.code, 2);
        assert!(said.err.contains("nothing was trusted") && said.err.contains(&digest), "{}", said.err);
    }
    assert!(!home.path().join("trusted.json").exists());

    // Trusted, it gets as far as the Azure that is not connected.
    let said = say(home.path(), &["run", &plan, "--trust", &digest]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("no Azure is connected"), "{}", said.err);
    assert_eq!(say(home.path(), &["run", &plan, "--dry-run"]).code, 3, "the word is kept");
    let shown = say(home.path(), &["plan", &plan, "--json"]).json();
    assert_eq!(shown["trust"], "trusted");
    assert!(say(home.path(), &["plan", &plan]).out.contains("trusted by Ada at "));

    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, text + "\n").unwrap();
    assert_eq!(say(home.path(), &["run", &plan]).code, 2, "one byte more, and it is asked again");
    assert_eq!(say(home.path(), &["plan", "prod-chat", "--json"]).json()["trust"], "built in");
}

#[test]
fn a_simulated_azure_needs_no_trust_and_its_runs_stay_in_it() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(home.path(), "sandbox");
    let (plan, cloud) = (sandbox_plan(home.path()), cloud.to_str().unwrap());
    let said = say(home.path(), &["run", &plan, "--cloud", cloud]);
    assert_eq!(said.code, 1, "left open at the end of input: {}", said.err);
    let row = say(home.path(), &["runs", "--json"]).json()["runs"][0].clone();
    assert!(keys(&row).contains(&"mode") && row["open"] == true, "{row}");
    let run = row["run"].as_str().unwrap();

    let said = say(home.path(), &["run", "--resume", run]);
    assert_eq!(said.code, 2, "without the simulated one: {}", said.err);
    assert!(said.err.contains(&format!("lifeboat run --resume {run} --trust ")), "{}", said.err);
    let digest = said.err.trim().rsplit(' ').next().unwrap().to_owned();
    std::fs::create_dir_all(home.path().join("plans")).unwrap();
    let said = say(home.path(), &["run", "--resume", run, "--trust", &digest]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("is rehearsal, and the Azure that is connected is AzureCloud"), "{}", said.err);
    assert_eq!(say(home.path(), &["run", "--resume", run, "--cloud", cloud]).code, 1, "its own Azure takes it back");
}
