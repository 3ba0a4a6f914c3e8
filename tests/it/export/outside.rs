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

/// What a browser makes of a page, and all that it would have asked for.
fn browsed(html: &str) -> Option<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let (file, log) = (dir.path().join("run.html"), dir.path().join("net.json"));
    std::fs::write(&file, html).unwrap();
    let (address, log_to) = (format!("file://{}", file.display()), format!("--log-net-log={}", log.display()));
    let profile = format!("--user-data-dir={}", dir.path().join("profile").display());
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    let more = ["--disable-component-update", "--disable-sync", "--virtual-time-budget=3000", "--dump-dom"];
    let mut args: Vec<&str> = quiet.into_iter().chain(more).collect();
    args.extend([profile.as_str(), &log_to, &address]);
    let dom = program(&["chromium", "chromium-browser", "google-chrome"], &args, dir.path())?;
    Some((dom, std::fs::read_to_string(&log).unwrap()))
}

/// As the browser writes it when a script of the page has set it; the texts have it otherwise.
const RAN: &str = "data-ran=\"1\"";

#[test]
fn a_browser_asks_for_nothing_and_runs_nothing() {
    let Some((dom, asked)) = browsed(&dossier_html(&hostile::dossier())) else { return };
    assert!(dom.contains("A rendering, not the record"), "the page was not drawn: {}", &dom[..dom.len().min(400)]);
    assert!(!dom.contains(RAN), "a script ran");
    for host in hostile::HOSTS {
        assert!(!asked.contains(host), "the browser asked for {host}");
    }
    // The same browser on a page that does both.
    let script = "<script>document.documentElement.setAttribute('data-ran','1')</script>";
    let page = format!("<!DOCTYPE html><img src=http://{}/x.png>{script}", hostile::HOSTS[0]);
    let (dom, asked) = browsed(&page).unwrap();
    assert!(dom.contains(RAN) && asked.contains(hostile::HOSTS[0]), "this test would see nothing");
}

#[test]
fn a_spreadsheet_finds_no_formula() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    csv::write(&hostile::dossier(), &mut bytes).unwrap();
    std::fs::write(dir.path().join("run.csv"), &bytes).unwrap();
    std::fs::write(dir.path().join("acts.csv"), "time_utc,x\r\n\"=1+1\",y\r\n").unwrap();
    let profile = format!("-env:UserInstallation=file://{}", dir.path().join("profile").display());
    let args = [profile.as_str(), "--headless", "--convert-to", "fods", "run.csv", "acts.csv"];
    let Some(said) = program(&["soffice", "libreoffice"], &args, dir.path()) else { return };
    for (name, formulas) in [("run.fods", 0), ("acts.fods", 1)] {
        let sheet = std::fs::read_to_string(dir.path().join(name)).unwrap_or_else(|e| panic!("{e}: {said}"));
        assert!(sheet.contains("time_utc"), "{said}");
        assert_eq!(sheet.matches("table:formula=").count(), formulas, "{name}");
    }
}
