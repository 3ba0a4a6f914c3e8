//! `az` and `azd` as they misbehave: what hangs is ended with everything that it started, and the other one is asked.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use azure_core::credentials::TokenCredential;
use lifeboat::azure::sign_in::{Runner, Tools};

const SCOPE: &str = "https://management.azure.com/.default";
const SHORT: Duration = Duration::from_millis(700);

/// Writes its own number and that of a child into `pids`, and waits for the child for ever.
const HANGS: &str = "sleep 600 & echo $! >> \"$HERE/pids\"; echo $$ >> \"$HERE/pids\"; wait";
const FAILS: &str = "echo 'ERROR: Please run az login to setup account.' >&2; exit 1";
/// As `azd auth token --output json` answers.
const GIVES: &str = r#"echo '{"token":"azd-token","expiresOn":"2099-01-01T00:00:00Z"}'"#;

fn tool(dir: &Path, name: &str, script: &str) {
    let file = dir.join(name);
    let asked = "echo \"$0 $*\" >> \"$HERE/asked\"";
    std::fs::write(&file, format!("#!/bin/sh\nHERE=\"{}\"\n{asked}\n{script}\n", dir.display())).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
}

fn tools(dir: &Path, within: Duration, az: &str, azd: &str) -> Tools {
    tool(dir, "az", az);
    tool(dir, "azd", azd);
    Tools::new("tenant-1", Runner::new(within, format!("{}:/usr/bin:/bin", dir.display())))
}

/// The numbers in `pids` whose processes still run; one that nobody has collected yet does not.
fn alive(dir: &Path) -> Vec<String> {
    let all = std::fs::read_to_string(dir.join("pids")).unwrap();
    let runs = |id: &&str| {
        let out = std::process::Command::new("ps").args(["-o", "stat=", "-p", id]).output().unwrap();
        let state = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        !state.is_empty() && !state.starts_with('Z')
    };
    assert!(all.lines().count() >= 2, "{all}");
    all.lines().filter(runs).map(str::to_owned).collect()
}

fn all_end(dir: &Path) {
    let begun = Instant::now();
    while !alive(dir).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "still running: {:?}", alive(dir));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_tool_that_hangs_is_ended_with_its_children_and_the_other_one_asked() {
    let dir = tempfile::tempdir().unwrap();
    let both = tools(dir.path(), SHORT, HANGS, GIVES);
    let token = both.get_token(&[SCOPE], None).await.unwrap();
    assert_eq!(token.token.secret(), "azd-token");
    all_end(dir.path());
    let asked = std::fs::read_to_string(dir.path().join("asked")).unwrap();
    let azd = format!("azd auth token -o json --no-prompt --scope {SCOPE} --tenant-id tenant-1");
    assert!(asked.lines().last().unwrap().ends_with(&azd), "{asked}");
}

#[tokio::test]
async fn a_tool_that_nobody_waits_for_any_more_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let both = tools(dir.path(), Duration::from_secs(60), HANGS, GIVES);
    assert!(tokio::time::timeout(SHORT, both.get_token(&[SCOPE], None)).await.is_err());
    all_end(dir.path());
}

#[tokio::test]
async fn what_neither_tool_can_is_said_of_both() {
    let dir = tempfile::tempdir().unwrap();
    for (az, azd, words) in [
        (FAILS, "exec yes", "it printed more than 256 KiB, and was ended"),
        ("exec cat", FAILS, "Please run az login"),
        (HANGS, HANGS, "it gave no answer within 0.7 s, and was ended"),
        (
            FAILS,
            r#"echo '{"type":"consoleMessage","data":{"message":"\nERROR: not logged in"}}' >&2; exit 1"#,
            "ERROR: not logged in",
        ),
    ] {
        let e = tools(dir.path(), SHORT, az, azd).get_token(&[SCOPE], None).await.unwrap_err().to_string();
        assert!(e.contains("az: ") && e.contains("azd: ") && e.contains(words), "{words}: {e}");
    }
    all_end(dir.path());
}
