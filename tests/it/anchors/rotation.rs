//! A new key for this computer, made by the program against a real keyring: the old one signs for it, and is gone.

use lifeboat::journal::{RealDisk, read_run};
use lifeboat::record::{Kind, Rotation};
use serde_json::Value;

use crate::secrets::service::Person;

#[test]
fn a_new_key_is_signed_for_by_the_old_one_and_both_are_known() {
    let Some(ben) = Person::new() else { return };
    std::fs::create_dir_all(ben.data()).unwrap();
    let program = |script: &str| ben.unlocked(&format!("export LIFEBOAT_OPERATOR=Ben; {script}"));
    // A person types; what comes at once would be a paste.
    let types = |lines: &[&str]| {
        let all: Vec<String> = lines.iter().map(|l| format!("sleep 2; echo '{l}'")).collect();
        format!("( {}; sleep 2 ) |", all.join("; "))
    };
    let begin = "rehearse region-loss --strategy hot/warm";
    let said = program(&format!(
        "$LB credentials test device-key; echo $?; $LB credentials set device-key; echo $?; {} $LB {begin} >/dev/null 2>&1; echo $?; \
         $LB credentials test device-key",
        types(&["n", "under the first key", "q"])
    ));
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[..3], ["1", "0", "1"], "{}\n{}", said.out, said.err);
    assert!(said.err.contains("this computer has no key yet") && said.err.contains("had no key"), "{}", said.err);
    let first = lines[3].rsplit(' ').next().unwrap().to_owned();
    let runs = std::fs::read_dir(ben.data().join("runs")).unwrap().map(|e| e.unwrap());
    let run = runs.into_iter().find(|e| e.path().join("000001.jsonl").exists()).unwrap();
    let id = run.file_name().to_string_lossy().into_owned();
    std::fs::copy(run.path().join("000001.jsonl"), ben.home.path().join("000001.jsonl")).unwrap();

    let said = program(&format!(
        "$LB credentials set device-key extra; echo $?; $LB credentials delete device-key; echo $?; \
         $LB credentials set device-key </dev/null; echo $?; $LB credentials test device-key; \
         {} $LB rehearse --resume {id} >/dev/null 2>&1; echo $?; \
         $LB verify ~/data/runs/{id} --json >~/run.json; $LB verify ~/000001.jsonl --json >~/old.json",
        types(&["c", "", "under the second key"])
    ));
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!((lines[0], lines[1], lines[2], lines[4]), ("2", "2", "0", "0"), "{}\n{}", said.out, said.err);
    let second = lines[3].rsplit(' ').next().unwrap();
    assert!(first != second && said.err.contains(&first) && said.err.contains(second), "{}", said.err);
    assert!(said.err.contains("lifeboat approve --key"), "{}", said.err);

    let register = read_run(&RealDisk, &ben.data().join("register")).unwrap();
    let told = register.iter().find(|r| r.body.d["setting"] == "key").expect("it stands in the register");
    assert!(told.body.d["fingerprint"] == second && told.body.d["old"].is_string(), "{:?}", told.body.d);

    // The record that went on: the old key vouches for the new one.
    let keys = read_run(&RealDisk, &run.path()).unwrap().into_iter().filter(|r| r.body.kind == Kind::LogKey);
    let keys: Vec<Value> = keys.map(|r| r.body.d).collect();
    assert_eq!(
        (keys.len(), keys[1]["event"].as_str(), keys[1]["kept"].as_str()),
        (2, Some("rotated"), Some("keyring")),
        "{keys:?}"
    );
    assert!(keys[1]["signed_by_old"].is_string() && keys[0]["key"] == keys[1]["old"], "{keys:?}");
    let signed = |name: &str| {
        let text = std::fs::read(ben.home.path().join(name)).unwrap();
        let all: Value = serde_json::from_slice(&text).unwrap();
        let report = all["logs"][0]["report"].clone();
        assert_eq!(report["break_count"], 0, "{report}");
        report["signed"]["by"].clone()
    };
    let both = signed("run.json");
    assert_eq!((both["keys"].as_u64(), both["key"].as_str()), (Some(2), Some(second)), "{both}");
    assert!(both["vouching"]["pinned"].is_object(), "{both}");
    // What only the old key signed is still this computer's, by what both signed.
    let old = signed("old.json");
    assert_eq!(old["key"], first.as_str());
    assert_eq!(old["vouching"]["pinned"]["of"], "a key that this computer had before", "{old}");
    let path = ben.data().join("key-rotations.json");
    let mut all: Vec<Rotation> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert!(all.len() == 1 && all[0].holds());
    all[0].signed_by_old = "00".repeat(64);
    std::fs::write(&path, serde_json::to_vec(&all).unwrap()).unwrap();
    program("$LB verify ~/000001.jsonl --json >~/old.json");
    assert_eq!(signed("old.json")["vouching"], "unpinned", "nobody signed for it");
}
