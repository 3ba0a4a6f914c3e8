//! `lifeboat health` by running it: exit codes, the shape of its JSON, cron, pipes that end, and the block for colleagues.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::runs::{Azure, sandbox_plan};
use super::{Said, keys, lifeboat, say};
use crate::secrets::service::Person;

#[test]
fn all_fine_is_zero_and_everything_is_in_the_json() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(home.path(), "sandbox");
    let (plan, cloud) = (sandbox_plan(home.path()), cloud.to_str().unwrap());
    let said = say(home.path(), &["health", "--plan", &plan, "--json", "--cloud", cloud]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let v = said.json();
    let all = [
        "at",
        "blind",
        "colleagues",
        "endpoints",
        "explanation",
        "gaps",
        "headline",
        "ladder",
        "notices",
        "notices_age_ms",
        "posted",
        "reasons",
        "recommendation",
        "regions",
        "share",
    ];
    assert_eq!(keys(&v), all);
    let regions = v["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 2);
    for r in regions {
        let all = ["calls", "control", "figure", "name", "reasons", "region", "role", "sentence", "verdict", "word"];
        assert_eq!(keys(r), all);
        assert_eq!(r["verdict"], "ok");
        assert!(r["reasons"][0]["age_ms"].is_u64() && r["sentence"].is_string(), "{r}");
    }
    let lamp =
        |name: &str| v["ladder"].as_array().unwrap().iter().find(|l| l["name"] == name).unwrap()["state"].clone();
    assert_eq!((lamp("This laptop"), lamp("Entra ID"), lamp("ARM")), ("ok".into(), "ok".into(), "ok".into()), "{v}");
    assert_eq!(v["recommendation"]["text"], "No failover is called for.");
    assert!(v["notices_age_ms"].is_u64(), "{v}");
    assert_eq!((v["blind"].as_bool(), v["share"].is_null()), (Some(false), true));

    // From cron: no terminal, and no session; nothing is said but the table.
    let mut cron = lifeboat(home.path());
    cron.env_clear().env("PATH", "/usr/bin:/bin").args(["health", "--plan", &plan, "--cloud", cloud]);
    let text = Said::of(cron.output().unwrap());
    assert_eq!((text.code, text.err.as_str()), (0, ""), "{}", text.out);
    assert!(text.out.contains("West Europe") && text.out.is_ascii() && !text.out.contains('\u{1b}'), "{}", text.out);

    // Whoever reads has gone: no panic, and the same code.
    let mut child = lifeboat(home.path())
        .args(["health", "--plan", &plan, "--cloud", cloud])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let end = Said::of(child.wait_with_output().unwrap());
    assert_eq!((end.code, end.err.as_str()), (0, ""));
}

#[test]
fn a_region_that_does_not_answer_once_is_not_judged_and_is_one() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(home.path(), "quota-exhausted");
    let cloud = cloud.to_str().unwrap();
    let began = Instant::now();
    let said = say(home.path(), &["health", "--json", "--cloud", cloud]);
    assert!(began.elapsed() < Duration::from_secs(20), "one round: {:?}", began.elapsed());
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{}", said.out);
    let v = said.json();
    let east = &v["regions"][0];
    assert_eq!((&east["region"], &east["verdict"]), (&"eastus".into(), &"unknown".into()), "{v}");
    let headline = v["headline"].as_str().unwrap();
    assert!(headline.starts_with("East US does not answer (") && headline.ends_with("); not judged yet"), "{headline}");
    assert_eq!(v["regions"][1]["verdict"], "ok", "{v}");
    let mut child = lifeboat(home.path()).args(["health", "--cloud", cloud]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1), "who does not read still gets the verdict");
}

#[test]
fn a_computer_that_cannot_see_says_so_of_no_region() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(home.path(), "own-network");
    let said = say(home.path(), &["health", "--json", "--cloud", cloud.to_str().unwrap()]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let v = said.json();
    assert_eq!(v["blind"], true, "{v}");
    assert!(v["regions"].as_array().unwrap().iter().all(|r| r["verdict"] != "ok" && r["verdict"] != "down"), "{v}");
}

#[test]
fn nothing_to_ask_is_three_and_bad_input_two() {
    let home = tempfile::tempdir().unwrap();
    let broken = home.path().join("broken.json");
    std::fs::write(&broken, "{}").unwrap();
    for (args, code, word) in [
        (&["health"][..], 3, "--cloud"),
        (&["health", "--share"], 3, "--cloud"),
        (&["health", "--cloud", "/no/such/file"], 2, "/no/such/file"),
        (&["health", "--cloud", broken.to_str().unwrap()], 2, "broken.json"),
        (&["health", "--plan", "no-such-plan"], 2, "no-such-plan"),
    ] {
        let said = say(home.path(), args);
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{args:?}: {}", said.err);
        assert!(said.err.contains(word), "{args:?}: {}", said.err);
    }
}

#[test]
fn what_is_seen_is_shared_signed_with_one_key_and_without_a_keyring_unsigned() {
    let Some(ada) = Person::new() else { return };
    std::fs::create_dir_all(ada.data()).unwrap();
    let (_azure, cloud) = Azure::serve(&ada.data(), "sandbox");
    let plan = sandbox_plan(&ada.data());
    let share = format!("LIFEBOAT_OPERATOR=Ada $LB health --share --plan {plan} --cloud {}", cloud.display());
    let said = ada.unlocked(&format!("{share}; {share} --json | grep -o 'key: [0-9a-f]*'"));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let (block, again) = said.out.split_once("[end of Lifeboat sighting]").unwrap();
    let block = &block[block.find("[Lifeboat sighting 1]").unwrap()..];
    for part in ["who: Ada;", "of: simulated ", "region: eastus, ok, ", "region: westeurope, ok, ", "signature: "] {
        assert!(block.contains(part), "{part}: {block}");
    }
    let key = block.lines().find_map(|l| l.strip_prefix("key: ")).unwrap().trim_end_matches(';');
    assert_eq!((key.len(), again.trim()), (64, format!("key: {key}").as_str()), "the same key again");
    let known = std::fs::read_to_string(ada.data().join("colleagues.json")).unwrap();
    assert!(known.contains(key), "its own block will be known again: {known}");
    let mut files = Vec::new();
    crate::secrets::service::files(&ada.data(), &mut files);
    let listed = files.iter().filter(|(_, b)| String::from_utf8_lossy(b).contains("signing-key")).count();
    assert_eq!(listed, 1, "the private key is in the keyring; its name on the list");

    let said = ada.with_nobody("", &share);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("unsigned: no keyring on that computer;") && !said.out.contains("signature:"),
        "{}",
        said.out
    );
}
