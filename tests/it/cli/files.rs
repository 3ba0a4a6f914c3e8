//! Commands about files and the ones that need no run: help, check, plan, lists, refusals.

use super::{keys, say};

#[test]
fn every_command_explains_itself() {
    let home = tempfile::tempdir().unwrap();
    let all = [
        "check",
        "plan",
        "run",
        "rehearse",
        "simulate",
        "health",
        "recoverable",
        "verify",
        "export",
        "approve",
        "credentials",
        "runs",
        "open",
        "completions",
    ];
    let top = say(home.path(), &["--help"]);
    assert_eq!((top.code, top.err.as_str()), (0, ""));
    assert!(top.out.contains("Exit codes: 0 fine; 1 a finding") && top.out.contains("rehearse region-loss"));
    for name in all {
        assert!(top.out.contains(&format!("  {name} ")), "{name} is not in the list");
        let help = say(home.path(), &[name, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{name}");
        assert!(help.out.contains(&format!("Usage: lifeboat {name}")), "{}", help.out);
        assert!(help.out.lines().all(|l| l.chars().count() <= 120), "{}", help.out);
    }
    assert!(say(home.path(), &["--version"]).out.starts_with("lifeboat 0."));
}

#[test]
fn wrong_usage_is_two_and_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["no-such-command"][..],
        &["check"],
        &["rehearse"],
        &["rehearse", "region-loss", "--strategy", "warm/hot"],
        &["rehearse", "region-loss", "--speed", "0"],
        &["rehearse", "region-loss", "--answers", "x.ron"],
        &["rehearse", "no-such-scenario", "--scripted"],
        &["rehearse", "quota-exhausted", "--strategy", "hot/hot", "--scripted"],
        &["rehearse", "region-loss", "--scripted", "--answers", "/no/such/file.ron"],
        &["rehearse", "sandbox", "--scripted"],
        &["rehearse", "region-loss", "--scripted", "--cloud", "/no/such/line.json"],
        &["simulate", "no-such-world"],
        &["plan", "no-such-plan"],
        &["health", "--plan", "no-such-plan"],
        &["credentials", "set"],
        &["credentials", "set", "Not.A.System"],
        &["credentials", "set", "azure-openai", "eastus", "--expires", "soon"],
        &["credentials", "test", "sign-in", "--url", "no address"],
    ] {
        let said = say(home.path(), args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
        assert_eq!(said.out, "", "{args:?}: words are for stderr");
        assert!(said.err.trim().len() > 20, "{args:?}: {:?}", said.err);
    }
    let said = say(home.path(), &["rehearse", "no-such-scenario", "--scripted"]);
    assert!(
        said.err.contains("no-such-scenario") && said.err.contains("region-loss"),
        "it names what there is: {}",
        said.err
    );
    let said = say(home.path(), &["rehearse", "quota-exhausted", "--strategy", "hot/hot"]);
    assert!(said.err.contains("hot/hot") && said.err.contains("hot/cold"), "{}", said.err);
}

#[test]
fn the_built_in_files_are_clean() {
    let home = tempfile::tempdir().unwrap();
    let said = say(home.path(), &["check", "runbooks", "assets/plans", "assets/scenarios"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.trim_end().ends_with(" files, 0 errors, 0 warnings"), "{}", said.out);
    let said = say(home.path(), &["check", "--json", "runbooks", "assets/plans", "assets/scenarios"]);
    let all = said.json();
    assert_eq!(keys(&all), ["diagnostics", "files", "parts", "plans", "runbooks", "scenarios"]);
    let ours = all["runbooks"].as_array().unwrap().iter().find(|r| r["id"] == "azure-openai").unwrap();
    assert!(ours["strategies"]["hot/warm"].as_array().unwrap().len() > 20);
    assert_eq!(keys(&all["plans"][0]), ["digest", "id", "runbook", "steps", "strategy"]);
    assert_eq!(all["scenarios"].as_array().unwrap().len(), 19);
    assert_eq!(all["diagnostics"].as_array().unwrap().len(), 0);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let home = tempfile::tempdir().unwrap();
    let text = include_str!("../../../runbooks/azure-openai.ron");
    let file = home.path().join("mine.ron");
    // Two mistakes: a step that nobody has, and a strategy that is none.
    let broken =
        text.replacen("needs: [\"D9\"]", "needs: [\"D99\"]", 1).replacen("do_in: [HotHot,", "do_in: [Hothot,", 1);
    assert_ne!(broken, text);
    std::fs::write(&file, &broken).unwrap();
    std::fs::create_dir(home.path().join("parts")).unwrap();
    std::fs::write(home.path().join("parts/common.ron"), crate::plan::COMMON).unwrap();
    let path = file.to_str().unwrap();
    let said = say(home.path(), &["check", path]);
    assert_eq!(said.code, 2);
    let place = |needle: &str| {
        let at = broken.find(needle).unwrap();
        let line = broken[..at].lines().count();
        format!("{path}:{line}:")
    };
    assert!(said.err.contains(&place("Hothot")), "{}", said.err);
    let json = say(home.path(), &["check", "--json", path]);
    assert_eq!((json.code, json.err.as_str()), (2, ""));
    let first = json.json()["diagnostics"][0].clone();
    for key in ["code", "column", "file", "line", "message", "severity"] {
        assert!(first.get(key).is_some(), "{key}: {first}");
    }
    // With the syntax mended, the meaning is looked at.
    std::fs::write(&file, broken.replace("Hothot", "HotHot")).unwrap();
    let said = say(home.path(), &["check", path]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("D99") && said.err.contains(&place("D99")), "{}", said.err);
}

#[test]
fn a_plan_is_shown_with_its_values() {
    let home = tempfile::tempdir().unwrap();
    for strategy in ["hot/hot", "hot-warm", "HotCold"] {
        let said = say(home.path(), &["plan", "prod-chat", "--strategy", strategy]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        assert!(said.out.contains("AO-F6") && said.out.contains("oai-prod-swedencentral"));
        assert!(!said.out.contains("{secondary"), "everything is filled in");
    }
    let by_file = say(home.path(), &["plan", "assets/plans/prod-chat.ron"]);
    assert_eq!(by_file.out, say(home.path(), &["plan", "prod-chat"]).out);
}

#[test]
fn scenarios_are_listed() {
    let home = tempfile::tempdir().unwrap();
    let said = say(home.path(), &["rehearse", "--list", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let all = said.json();
    let ids: Vec<&str> = all["scenarios"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[0]), (18, "region-loss"));
    let quota = ids.iter().position(|id| *id == "quota-exhausted").unwrap();
    assert_eq!(all["scenarios"][quota]["strategies"], serde_json::json!(["hot/cold"]));
    assert_eq!(say(home.path(), &["rehearse", "--list"]).out.lines().count(), ids.len());
    let none = say(home.path(), &["runs", "--json"]);
    assert_eq!((none.code, none.out.trim()), (0, "{\"runs\":[]}"));
}

/// Who reads has seen enough, or there is nobody: the exit code says the same. A file that could not take it all is no result.
#[test]
#[cfg(target_os = "linux")]
fn a_closed_pipe_changes_no_exit_code_and_a_full_disk_does() {
    let home = tempfile::tempdir().unwrap();
    let bad = home.path().join("bad.ron");
    std::fs::write(&bad, "Plan(").unwrap();
    let bad = bad.to_str().unwrap();
    let cases: [(&[&str], i32); 4] = [
        (&["plan", "prod-chat"], 0),
        (&["check", bad], 2),
        (&["check", bad, "--json"], 2),
        (&["rehearse", "--list"], 0),
    ];
    for (args, code) in cases {
        let closed = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            writer
        };
        let ended = super::lifeboat(home.path()).args(args).stdout(closed()).stderr(closed()).status().unwrap();
        assert_eq!(ended.code(), Some(code), "{args:?} with nobody there");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = super::Said::of(super::lifeboat(home.path()).args(args).stdout(full).output().unwrap());
        assert_eq!(said.code, 3, "{args:?} on a full disk: {}", said.err);
        assert!(said.err.contains("could not be written whole"), "{}", said.err);
    }
}
