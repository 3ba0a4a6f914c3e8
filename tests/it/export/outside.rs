//! The forms in the programs that people open them with: a browser, and a spreadsheet. Only with everything (`tests/run --all`).

use std::path::Path;
use std::process::{Command, Stdio};

use lifeboat::export::{csv, dossier_html};

use super::hostile;

/// Runs a program of these names, or says that it is not here.
fn program(names: &[&str], args: &[&str], dir: &Path) -> Option<String> {
    if std::env::var("LIFEBOAT_TEST_ALL").as_deref() != Ok("1") {
        return None;
    }
    for name in names {
        if let Ok(out) = Command::new(name).args(args).current_dir(dir).stdin(Stdio::null()).output() {
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            return Some(text(&out.stdout) + &text(&out.stderr));
        }
    }
    crate::left_out(&format!("{}: not installed", names[0]));
    None
}

#[test]
fn a_browser_asks_for_nothing_and_runs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.html");
    std::fs::write(&file, dossier_html(&hostile::dossier())).unwrap();
    let log = dir.path().join("net.json");
    let (address, log_to) = (format!("file://{}", file.display()), format!("--log-net-log={}", log.display()));
    let profile = format!("--user-data-dir={}", dir.path().join("profile").display());
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    let more = ["--disable-component-update", "--disable-sync", "--virtual-time-budget=3000", "--dump-dom"];
    let mut args: Vec<&str> = quiet.into_iter().chain(more).collect();
    args.extend([profile.as_str(), &log_to, &address]);
    let Some(dom) = program(&["chromium", "chromium-browser", "google-chrome"], &args, dir.path()) else { return };
    assert!(dom.contains("A rendering, not the record"), "the page was not drawn: {}", &dom[..dom.len().min(400)]);
    // A script of the page would have written this.
    assert!(!dom.contains("data-ran"), "a script ran");
    let asked = std::fs::read_to_string(&log).unwrap();
    for host in hostile::HOSTS {
        assert!(!asked.contains(host), "the browser asked for {host}");
    }
}

#[test]
fn a_spreadsheet_finds_no_formula() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    csv::write(&hostile::dossier(), &mut bytes).unwrap();
    std::fs::write(dir.path().join("run.csv"), &bytes).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", dir.path().join("profile").display());
    let args = [profile.as_str(), "--headless", "--convert-to", "fods", "run.csv"];
    let Some(said) = program(&["soffice", "libreoffice"], &args, dir.path()) else { return };
    let sheet = std::fs::read_to_string(dir.path().join("run.fods")).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert!(sheet.contains("time_utc"), "{said}");
    assert_eq!(sheet.matches("table:formula=").count(), 0, "a cell reckons");
}
