//! The page on the language says what the language is: its example is a runbook, and no word is missing or made up.

use std::collections::BTreeSet;

use lifeboat::runbook::model::{
    Action, Condition, Guard, Phase, Provenance, ResourceModel, Risk, Role, Rung, StepKind, Strategy, System, Tier,
    Undo,
};
use lifeboat::runbook::{Source, load};
use serde::de::DeserializeOwned;
use serde_json::json;

const PAGE: &str = include_str!("../../../runbooks/README.md");
/// Where the lists of fields stand that are no enum.
const FORMAT: &str = include_str!("../../../src/runbook/format.rs");

fn example() -> &'static str {
    PAGE.split("```ron\n").nth(1).unwrap().split("```").next().unwrap()
}

/// The variants of an enum, as its reader lists them when it meets another.
fn variants<T: DeserializeOwned>() -> Vec<String> {
    let said = serde_json::from_value::<T>(json!({ "Nonsense": {} })).err().unwrap().to_string();
    let list = said.split_once("expected").unwrap_or_else(|| panic!("{said}")).1;
    let all: Vec<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!all.is_empty(), "{said}");
    all
}

/// The fields of a variant, as its reader asks for one after another.
fn fields<T: DeserializeOwned>(variant: &str) -> Vec<String> {
    let said = serde_json::from_value::<T>(json!({ variant: { "nonsense": 1 } })).err();
    let said = said.map_or_else(String::new, |e| e.to_string());
    let list = said.split_once("expected").filter(|_| said.contains("unknown field")).map_or("", |s| s.1);
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A list of names in the reader of files.
fn list(name: &str) -> Vec<String> {
    let at = FORMAT.find(&format!("const {name}:")).unwrap_or_else(|| panic!("there is no {name}"));
    let list = FORMAT[at..].split_once('=').unwrap().1.split_once(']').unwrap().0;
    let all: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!all.is_empty(), "{name}");
    all
}

/// What stands between marks of code, without the examples.
fn spans() -> Vec<&'static str> {
    let mut spans = Vec::new();
    for (n, part) in PAGE.split("```").enumerate() {
        // Every second part is an example; a span may go over the end of a line.
        if n % 2 == 0 {
            spans.extend(part.split('`').skip(1).step_by(2));
        }
    }
    spans
}

/// Words of all spans.
fn words() -> BTreeSet<&'static str> {
    spans().into_iter().flat_map(|s| s.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

#[test]
fn the_example_is_a_runbook_without_any_finding() {
    let (book, found) = load(&Source::new("web-shop.ron", example()));
    assert_eq!(found, []);
    let book = book.unwrap();
    assert_eq!((book.id.as_str(), book.steps.len()), ("web-shop", 3));
}

#[test]
fn every_word_of_the_language_is_on_the_page() {
    let mut all: Vec<(&str, Vec<String>)> = vec![
        ("condition", variants::<Condition>()),
        ("action", variants::<Action>()),
        ("guard", variants::<Guard>()),
        ("undo", variants::<Undo>()),
        ("source", variants::<Provenance>()),
        ("system", variants::<System>()),
        ("strategy", variants::<Strategy>()),
        ("phase", variants::<Phase>()),
        ("kind of step", variants::<StepKind>()),
        ("risk", variants::<Risk>()),
        ("rung", variants::<Rung>()),
        ("tier", variants::<Tier>()),
        ("role", variants::<Role>()),
        ("resource model", variants::<ResourceModel>()),
        ("kind of parameter", list("KINDS")),
    ];
    for name in ["RUNBOOK", "PART", "INCLUDE", "STEP"] {
        all.push((name, list(name)));
    }
    for c in variants::<Condition>() {
        all.push(("field of a condition", fields::<Condition>(&c)));
    }
    for a in variants::<Action>() {
        all.push(("field of an action", fields::<Action>(&a)));
    }
    for g in variants::<Guard>() {
        all.push(("field of a guard", fields::<Guard>(&g)));
    }
    let words = words();
    let missing = all.iter().flat_map(|(what, names)| names.iter().map(move |n| (what, n)));
    let missing: Vec<String> =
        missing.filter(|(_, n)| !words.contains(n.as_str())).map(|(w, n)| format!("{w} {n}")).collect();
    assert!(missing.is_empty(), "the page does not name: {}", missing.join(", "));
    assert!(fields::<Condition>("Http").contains(&"status".to_owned()), "fields can be asked for");
}

#[test]
fn every_word_with_a_bracket_on_the_page_is_one_of_the_language() {
    let mut known: BTreeSet<String> = [
        variants::<Condition>(),
        variants::<Action>(),
        variants::<Guard>(),
        variants::<Undo>(),
        variants::<Provenance>(),
        list("KINDS"),
        ["Runbook", "Part", "Step", "Include"].map(str::to_owned).to_vec(),
    ]
    .concat()
    .into_iter()
    .collect();
    // What stands for any of them.
    known.insert("Kind".to_owned());
    let mut seen = 0;
    for span in spans() {
        for (at, _) in span.match_indices('(') {
            let name: String = span[..at].chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let name: String = name.chars().rev().collect();
            if !name.is_empty() {
                assert!(known.contains(&name), "`{name}(` in `{span}` is no word of the language");
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_the_page_says_of_fields_in_brackets_is_what_they_are() {
    let conditions = variants::<Condition>();
    let mut seen = 0;
    for span in spans() {
        let Some((name, rest)) = span.split_once('(') else { continue };
        let said: BTreeSet<String> = rest.trim_end_matches(')').split(", ").map(str::to_owned).collect();
        let known: Vec<Vec<String>> = [
            (conditions.iter().any(|c| c == name), fields::<Condition>(name)),
            (variants::<Action>().iter().any(|c| c == name), fields::<Action>(name)),
        ]
        .into_iter()
        .filter(|(is, fields)| *is && !fields.is_empty())
        .map(|(_, fields)| fields)
        .collect();
        for fields in known {
            assert_eq!(said, fields.into_iter().collect(), "`{span}`");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
