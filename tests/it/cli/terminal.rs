//! What the terminal prints: lines that fit, commands that a shell reads as they were, pictures that are the picture.

use lifeboat::catalog::Catalog;
use lifeboat::cli::guide::second::half_blocks;
use lifeboat::cli::guide::text::{WIDTH, command, wrapped, wrapped_at};
use lifeboat::desk::snapshot::Qr;
use lifeboat::export::qr::squares;
use lifeboat::runbook::model::Strategy;

#[test]
fn every_line_fits() {
    let words = "A sentence of words, then one that is longer than any line: ";
    let long = "/subscriptions/00000000-0000-4000-8000-00000000c0de/".repeat(4);
    for text in [wrapped("  ", &format!("{words}{long}")), wrapped_at("  12 ", "     ", &format!("{words}{long} end"))]
    {
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        let joined: String = text.split_whitespace().collect();
        assert!(joined.contains(&long), "nothing is lost: {text}");
    }
}

/// All commands of the built-in plans.
fn commands() -> Vec<String> {
    let catalog = Catalog::builtin();
    let plans = catalog.plans().flat_map(|f| Strategy::ALL.map(|s| catalog.bind(f, Some(s)).0));
    let mut all: Vec<String> = plans.flatten().flat_map(|p| p.steps).flat_map(|s| s.by_hand).collect();
    all.push(format!("az rest --method put --body '{{\"value\":\"{}\"}}' --url x", "a b\"c$(d)\\".repeat(30)));
    all.push(format!("az rest --body \"{} $NAME end\" {}", "two words ".repeat(20), "x".repeat(200)));
    all.sort();
    all.dedup();
    assert!(all.len() > 100, "{}", all.len());
    all
}

#[test]
fn a_shell_reads_a_broken_command_as_the_whole_one() {
    let mut script = String::from("az() { printf '<%s>' \"$@\"; echo; }\n");
    let mut compared = 0;
    for whole in commands() {
        let text = command(&whole);
        let broken =
            text.strip_prefix("  $ ").or_else(|| text.strip_prefix("  # ")).unwrap_or_else(|| panic!("{text}"));
        // What a shell would start for its value cannot be asked of one here; such commands are broken between words only.
        let alone = whole.starts_with("az ") && !whole.contains(['|', ';', '&', '<', '>', '`']);
        if alone && !whole.replace("$(d)", "").contains("$(") {
            script.push_str(&format!("{whole}\n{broken}\n"));
            compared += 1;
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        } else if !whole.starts_with('#') {
            let plain = |t: &str| {
                t.replace("\\\n", "").split_whitespace().collect::<String>().replace("''", "").replace("\"\"", "")
            };
            assert_eq!(plain(broken), plain(&whole));
        }
    }
    assert!(compared > 50, "{compared}");
    let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2 * compared, "{script}");
    for pair in lines.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
}

#[test]
fn half_blocks_are_the_picture() {
    let (width, dark) = squares(&"LIFEBOAT 1/3 ".repeat(20)).unwrap();
    let picture = Qr { width, dark: dark.clone().into() };
    for light in [false, true] {
        let text = half_blocks(&picture, light);
        assert!(text.lines().all(|l| l.chars().count() <= width + 2));
        let drawn = |x: usize, y: usize| {
            let c = text.lines().nth(y / 2).and_then(|l| l.chars().nth(x)).unwrap_or(' ');
            matches!((c, y % 2), ('█', _) | ('▀', 0) | ('▄', 1))
        };
        for y in 0..width {
            for x in 0..width {
                assert_eq!(drawn(x + 1, y + 1) == light, dark[y * width + x], "{x} {y}");
            }
        }
        // The edge is light all around, whatever the ground.
        assert!((0..width + 2).all(|i| drawn(i, 0) != light && drawn(0, i) != light));
    }
}
