//! Everything that reads files, fed with what came out of good files by accident or malice.
//!
//! Twenty thousand inputs in every run, a million with `LIFEBOAT_TEST_ALL=1`. An input that once did harm goes into
//! `tests/it/corpus`, under a name that says what it did, and is read in every run.

use std::path::Path;

use lifeboat::catalog::{Catalog, File};
use lifeboat::plan;
use lifeboat::runbook::{self, Diagnostic, Kind, Source};
use lifeboat::units::hidden;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};

use super::meaning::WIDE;
use super::{SMALL, load};

fn inputs() -> u32 {
    if std::env::var("LIFEBOAT_TEST_ALL").as_deref() == Ok("1") { 1_000_000 } else { 20_000 }
}

/// A plan for the small runbook.
const PLAN: &str = r#"Plan(
    schema: 1, id: "p", title: "P", environment: "e", runbook: "small", strategy: HotHot,
    components: { "models": HotCold },
    values: {
        "primary": "eastus", "secondary": "westus", "baseline": "300ms",
        "primary_account": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a",
        "secondary_account": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/b",
        "store": "/subscriptions/s/resourceGroups/g/providers/Microsoft.AppConfiguration/configurationStores/c",
    },
)"#;

/// Good files: small ones, and pieces of everything that is built in, so that each input is read in no time.
fn seeds() -> Vec<String> {
    let catalog = Catalog::builtin();
    let mut seeds = vec![SMALL.to_owned(), WIDE.to_owned(), PLAN.to_owned()];
    for kind in [Kind::Runbook, Kind::Plan, Kind::Scenario] {
        for id in catalog.ids(kind) {
            let file = match kind {
                Kind::Runbook => catalog.runbook_file(&id),
                Kind::Plan => catalog.plan_file(&id),
                _ => catalog.scenario_file(&id),
            };
            let file = file.unwrap();
            seeds.extend(pieces(&file.text));
            seeds.extend(catalog.source(file).parts.into_iter().flat_map(|p| pieces(&p.text.unwrap())));
        }
    }
    seeds
}

/// What stands before the steps with some of the steps each; a file without steps as it is.
fn pieces(text: &str) -> Vec<String> {
    let starts: Vec<usize> = text.match_indices("\n        Step(").map(|(i, _)| i).collect();
    let (Some(&first), Some(end)) = (starts.first(), text.rfind("\n    ],")) else { return vec![text.to_owned()] };
    let bounds: Vec<usize> = starts.iter().step_by(2).copied().chain([end]).collect();
    bounds.windows(2).map(|w| format!("{}{}{}", &text[..first], &text[w[0]..w[1]], &text[end..])).collect()
}

/// Words that mean something, and characters that are trouble.
const TOKENS: [&str; 44] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ",",
    ":",
    "'",
    "\\",
    "/*",
    "*/",
    "//",
    "\n",
    "\r",
    "r#\"",
    "\"#",
    "#!",
    "#![enable(unwrap_newtypes)]",
    "Step(",
    "Include(file: \"x.ron\")",
    "Some(",
    "None",
    "HotHot",
    "\"{primary}\"",
    "{{",
    "}}",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "true",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "é",
    "🙂",
    "\u{301}",
    "\\u{110000}",
    "\\u{202e}",
    "id:",
    "needs: [\"G1\"]",
    "when: {\"a\":\"b\"}",
];

/// One thing done to a text: what, where, how much, with what.
type Edit = (u8, u16, u16, u16);

/// A place in a text, on a character's edge.
fn place(text: &str, at: u16) -> usize {
    text.floor_char_boundary(text.len() * usize::from(at) / usize::from(u16::MAX))
}

/// The word at or after a place.
fn word(text: &str, at: u16) -> std::ops::Range<usize> {
    let is = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let start = place(text, at);
    let start = start + text[start..].find(is).unwrap_or(0);
    start..start + text[start..].find(|c| !is(c)).unwrap_or(text.len() - start)
}

fn edited(text: &mut String, (what, at, length, with): Edit, seeds: &[String]) {
    let start = place(text, at);
    let short = text.floor_char_boundary((start + usize::from(length % 60)).min(text.len()));
    match what {
        0 => {
            // A bit of one byte; what is no character any more is replaced as reading a file would refuse it.
            let mut bytes = std::mem::take(text).into_bytes();
            let (i, bit) = (start.min(bytes.len().saturating_sub(1)), with % 8);
            if let Some(b) = bytes.get_mut(i) {
                *b ^= 1 << bit;
            }
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        1 => {
            let (a, b) = (word(text, at), word(text, with));
            let (a, b) = if a.start < b.start { (a, b) } else { (b, a) };
            if a.end <= b.start {
                let (first, second) = (text[a.clone()].to_owned(), text[b.clone()].to_owned());
                text.replace_range(b, &first);
                text.replace_range(a, &second);
            }
        }
        2 => text.truncate(start),
        3 => {
            let other = &seeds[usize::from(with) % seeds.len()];
            let from = place(other, length);
            let to = other.floor_char_boundary((from + 200).min(other.len()));
            text.insert_str(start, &other[from..to]);
        }
        4 => {
            let end = text.floor_char_boundary((start + usize::from(length % 600)).min(text.len()));
            let section = text[start..end].to_owned();
            text.insert_str(end, &section);
        }
        5 => text.insert_str(start, TOKENS[usize::from(with) % TOKENS.len()]),
        6 => text.replace_range(start..short, ""),
        _ => text.replace_range(word(text, at), TOKENS[usize::from(with) % TOKENS.len()]),
    }
}

/// Every place of a finding is in the text it names, and its sentences are fit for a terminal.
fn sound(found: &[Diagnostic], text: &str) -> TestCaseResult {
    for d in found {
        prop_assert!(text.get(d.span.clone()).is_some(), "{d:?}");
        prop_assert!(d.line >= 1 && d.column >= 1 && (d.end_line, d.end_column) >= (d.line, d.column), "{d:?}");
        prop_assert_eq!(text[..d.span.start].matches('\n').count() + 1, d.line, "{:?}", d);
        let start = text[..d.span.start].rfind('\n').map_or(0, |i| i + 1);
        prop_assert_eq!(text[start..d.span.start].chars().count() + 1, d.column, "{:?}", d);
        prop_assert!(!d.message.contains(hidden) && !d.message.is_empty(), "{d:?}");
    }
    Ok(())
}

/// Reads a text as whatever it says it is.
fn survives(text: &str) -> TestCaseResult {
    match runbook::outline(text).map(|o| o.kind) {
        Some(Kind::Part) => {
            sound(&runbook::check_part("x.ron", text).1, text)?;
            // Included by a runbook, its findings are those of two files.
            let mut source = Source::new("small.ron", SMALL.replace("steps: [", "steps: [Include(file: \"x.ron\"),"));
            let part = runbook::Part { path: "x.ron".into(), name: "x.ron".into(), text: Ok(text.to_owned()) };
            source.parts.push(part);
            let found = runbook::load(&source).1;
            for d in found {
                let of = if d.file == "x.ron" { text } else { &source.text };
                sound(&[d], of)?;
            }
            Ok(())
        }
        Some(Kind::Plan) => {
            let (plan, found) = plan::bind("x.ron", text, &Source::new("small.ron", SMALL), None);
            prop_assert_eq!(plan.is_none(), found.iter().any(Diagnostic::is_error));
            sound(&found, text)
        }
        Some(Kind::Scenario) => {
            let file = File { name: "x.ron".into(), text: text.to_owned(), path: None };
            sound(&Catalog::builtin().check(&file), text)
        }
        Some(Kind::Runbook) | None => {
            let (runbook, found) = load(text);
            prop_assert_eq!(runbook.is_none(), found.iter().any(Diagnostic::is_error), "{:?}", found);
            sound(&found, text)
        }
    }
}

#[test]
fn no_mutation_panics() {
    let seeds = seeds();
    for seed in &seeds {
        survives(seed).unwrap();
    }
    let edit = (0u8..8, any::<u16>(), any::<u16>(), any::<u16>());
    let inputs = (0..seeds.len(), prop::collection::vec(edit, 1..4));
    // A failing case is printed; nothing is written into the repository by a test.
    let config =
        Config { cases: self::inputs(), failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let run = TestRunner::new(config).run(&inputs, |(seed, edits)| {
        let mut text = seeds[seed].clone();
        edits.into_iter().for_each(|e| edited(&mut text, e, &seeds));
        let outcome = std::panic::catch_unwind(|| survives(&text));
        let failed = |why: String| TestCaseError::fail(format!("{why}\nSave this into tests/it/corpus:\n{text}"));
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(failed(e.to_string())),
            Err(_) => Err(failed("it panicked".to_owned())),
        }
    });
    if let Err(e) = run {
        panic!("{e}");
    }
    crate::figure(&format!("T12: {} mutated runbooks, plans and scenarios read, 0 panics", self::inputs()));
}

#[test]
fn what_once_did_harm_does_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // As a file is read: what is no text is refused before.
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        survives(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        seen += 1;
    }
    assert!(seen >= 10, "{seen} files");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(256) })]

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        survives(&text)?;
        let _ = runbook::template::parse(&text);
    }

    /// One line of the small runbook gone.
    #[test]
    fn no_missing_line_panics(skip in 0usize..70) {
        let lines: Vec<&str> = SMALL.lines().enumerate().filter(|(i, _)| *i != skip).map(|(_, l)| l).collect();
        survives(&lines.join("\n"))?;
    }
}
