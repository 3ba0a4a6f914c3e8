//! The rules of the house, enforced: doors between rooms, purity of the core, size of files, first lines.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &str) -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
        for e in fs::read_dir(dir).unwrap() {
            let path = e.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|x| x == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    walk(&root.join(dir), &mut out);
    assert!(!out.is_empty());
    out.sort();
    out
}

fn room(path: &Path) -> String {
    let rel = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = rel.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Room → rooms it may enter. Everything else is a closed door.
fn doors(room: &str) -> Option<&'static [&'static str]> {
    Some(match room {
        // floor 1: the core
        "units" => &[],
        "runbook" => &["units"],
        "plan" => &["units", "runbook", "health"],
        "health" => &["units", "runbook"],
        "recovery" => &["units", "runbook", "plan"],
        "record" => &["units"],
        "run" => &["units", "runbook", "plan", "rehearsal"],
        "rehearsal" => &["units", "runbook", "plan", "run"],
        "approval" => &["units", "runbook", "plan", "health", "run"],
        // time
        "clock" => &["units"],
        // floor 2: the world, never each other
        "catalog" => &["units", "runbook", "plan", "rehearsal", "clock"],
        "azure" => &["units", "runbook", "plan", "run", "recovery", "clock"],
        "probe" => &["units", "health", "clock"],
        "history" => &["units", "health"],
        "journal" => &["units", "record", "clock"],
        "secrets" => &["units"],
        "simulator" => &["units", "runbook", "rehearsal", "clock"],
        "export" => &["units", "runbook", "plan", "run", "rehearsal", "record"],
        "notify" => &["units"],
        // floor 3: the conductor
        "desk" => &[
            "units",
            "runbook",
            "plan",
            "health",
            "recovery",
            "record",
            "run",
            "rehearsal",
            "approval",
            "clock",
            "catalog",
            "azure",
            "probe",
            "history",
            "journal",
            "secrets",
            "simulator",
            "export",
            "notify",
        ],
        // floor 4: front ends
        "ui" => &["units", "runbook", "rehearsal", "run", "recovery", "clock", "desk"],
        "cli" => &[
            "units",
            "runbook",
            "plan",
            "health",
            "recovery",
            "record",
            "run",
            "rehearsal",
            "approval",
            "clock",
            "catalog",
            "azure",
            "probe",
            "history",
            "journal",
            "secrets",
            "simulator",
            "export",
            "desk",
            "ui",
        ],
        "lib" | "main" => return None,
        other => panic!("no floor is known for src/{other}: add it to the table of lib.rs and to this one"),
    })
}

#[test]
fn imports_only_point_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let here = room(&path);
        let Some(open) = doors(&here) else { continue };
        // What a comment links to is no door.
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let target: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !target.is_empty() && target != here && !open.contains(&target.as_str()) {
                    wrong.push(format!("{}:{}: {here} may not enter {target}", path.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    const IMPURE: [&str; 12] = [
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "Instant::now",
        "SystemTime",
        "Timestamp::now",
        "tokio",
        "reqwest",
        "egui",
        "getrandom",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        if !["units", "runbook", "plan", "run", "rehearsal", "health", "recovery", "record", "approval"]
            .contains(&room(&path).as_str())
        {
            continue;
        }
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for word in IMPURE {
                if line.contains(word) {
                    wrong.push(format!("{}:{}: {word}", path.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn repaint_is_requested_in_one_place() {
    for (path, text) in sources("src") {
        assert!(
            !text.contains("request_repaint") || path.ends_with("ui/app.rs"),
            "{}: a repaint is requested in ui/app.rs alone",
            path.display()
        );
    }
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for dir in ["src", "tests"] {
        for (path, text) in sources(dir) {
            let lines = text.lines().count();
            if lines > 600 {
                wrong.push(format!("{}: {lines} lines; split it by what changes together", path.display()));
            }
            if !text.starts_with("//!") {
                wrong.push(format!("{}: the first line says what the file is for", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_room() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let map: String = lib.lines().take_while(|l| l.starts_with("//!")).collect::<Vec<_>>().join("\n");
    for (path, _) in sources("src") {
        let r = room(&path);
        if r != "lib" && r != "main" {
            assert!(map.contains(&r), "lib.rs does not show src/{r} on its map");
        }
    }
}

#[test]
fn nothing_is_left_open() {
    for (path, text) in sources("src") {
        for (n, line) in text.lines().enumerate() {
            for mark in ["todo!(", "unimplemented!(", concat!("FIX", "ME"), concat!("TO", "DO"), "#[ignore"] {
                assert!(!line.contains(mark), "{}:{}: {mark}", path.display(), n + 1);
            }
        }
    }
}
