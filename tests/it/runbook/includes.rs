//! Steps that runbooks share: what is brought in, what is changed, and in which file a finding points.

use std::path::Path;

use lifeboat::catalog::{Catalog, read_file};
use lifeboat::cli::check;
use lifeboat::runbook::model::{Role, Runbook};
use lifeboat::runbook::{self, Diagnostic, Part, Severity, Source};
use lifeboat::units::Millis;

use super::{SMALL, load, marked};

/// Three steps to share.
const SHARED: &str = "// Shared.\nPart(schema: 2, steps: [\n\
    Step(id: \"X1\", phase: Review, kind: Manual, title: \"One\", why: \"W.\", target: \"t\", expect: \"1m\", source: Judgement(\"t\")),\n\
    Step(id: \"X2\", phase: Review, kind: Manual, title: \"Two\", why: \"W.\", target: \"t\", expect: \"2m\", source: Judgement(\"t\")),\n\
    Step(id: \"X3\", phase: Review, kind: Manual, title: \"Three\", why: \"W.\", target: \"t\", expect: \"3m\", source: Judgement(\"t\")),\n\
])\n";

fn source(include: &str, part: &str) -> Source {
    let text = SMALL.replace("    ],\n)", &format!("        {include},\n    ],\n)"));
    assert_ne!(text, SMALL);
    let part = Part { path: "parts/x.ron".into(), name: "dir/parts/x.ron".into(), text: Ok(part.to_owned()) };
    Source { name: "small.ron".into(), text, parts: vec![part] }
}

fn read(include: &str) -> (Option<Runbook>, Vec<Diagnostic>) {
    runbook::load(&source(include, SHARED))
}

/// The ids of the steps that come from the part.
fn ids(include: &str) -> Vec<String> {
    let (runbook, found) = read(include);
    assert_eq!(found, [], "{include}");
    runbook.unwrap().steps.iter().map(|s| s.id.clone()).filter(|id| id.starts_with('X')).collect()
}

#[test]
fn from_to_and_without_choose() {
    assert_eq!(ids(r#"Include(file: "parts/x.ron")"#), ["X1", "X2", "X3"]);
    assert_eq!(ids(r#"Include(file: "parts/x.ron", from: "X2")"#), ["X2", "X3"]);
    assert_eq!(ids(r#"Include(file: "parts/x.ron", to: "X2")"#), ["X1", "X2"]);
    assert_eq!(ids(r#"Include(file: "parts/x.ron", from: "X2", to: "X2")"#), ["X2"]);
    assert_eq!(ids(r#"Include(file: "parts/x.ron", without: ["X2"])"#), ["X1", "X3"]);
    let twice = r#"Include(file: "parts/x.ron", to: "X1"), Include(file: "parts/x.ron", from: "X3")"#;
    assert_eq!(ids(twice), ["X1", "X3"]);
}

#[test]
fn with_changes_fields_of_one_step_and_adds_others() {
    let (runbook, found) = read(
        r#"Include(file: "parts/x.ron", with: { "X2": Step(expect: "9m", risk: Reversible, undo: ByHand("Back.")) })"#,
    );
    assert_eq!(found, []);
    let runbook = runbook.unwrap();
    let step = |id: &str| runbook.steps.iter().find(|s| s.id == id).unwrap();
    assert_eq!((step("X2").expect, step("X2").title.as_str()), (Millis::from_mins(9), "Two"));
    assert_eq!(step("X1").expect, Millis::from_mins(1));
    // Said nowhere: done in every strategy of the runbook that includes it.
    assert_eq!(step("X1").do_in, runbook.objectives.keys().copied().collect::<Vec<_>>());
}

/// What the include or the part says instead, in which of them the mark stands, the code, and a word.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (r#"Include(file: "parts/x.ron", from: ‸"X9")"#, SHARED, "RB049", "did you mean"),
    (r#"Include(file: "parts/x.ron", to: ‸"Y")"#, SHARED, "RB049", "there is no step `Y`"),
    (r#"Include(file: "parts/x.ron", from: ‸"X3", to: "X1")"#, SHARED, "RB049", "comes after"),
    (r#"Include(file: "parts/x.ron", without: [‸"X7"])"#, SHARED, "RB049", "not among"),
    (r#"Include(file: "parts/x.ron", from: "X2", with: { ‸"X1": Step(expect: "1m") })"#, SHARED, "RB049", "not among"),
    (r#"Include(file: "parts/x.ron", with: { "X1": Step(expect: ‸"soon") })"#, SHARED, "RB009", "not a duration"),
    (r#"Include(file: "parts/x.ron", with: { "X1": Step(‸exepct: "1m") })"#, SHARED, "RB004", "did you mean `expect`"),
    (r#"Include(file: "parts/x.ron", with: { "X1": Step(id: ‸"X8") })"#, SHARED, "RB049", "keeps its id"),
    (r#"Include(file: "parts/x.ron", with: { "X1": ‸Stp(expect: "1m") })"#, SHARED, "RB007", "fields to change"),
    (r#"Include(file: ‸"parts/y.ron")"#, SHARED, "RB047", "no file"),
    (r#"Include(file: ‸"../x.ron")"#, SHARED, "RB048", "leaves the folder"),
    (r#"Include(file: ‸"/etc/x.ron")"#, SHARED, "RB048", "leaves the folder"),
    (r#"Include(file: ‸"parts\\x.ron")"#, SHARED, "RB048", "leaves the folder"),
    (r#"Include(file: ‸"parts/.hidden.ron")"#, SHARED, "RB048", "plain names"),
    (r#"Include(file: ‸"C:x.ron")"#, SHARED, "RB048", "plain names"),
    (r#"Include(file: ‸"parts/x.txt")"#, SHARED, "RB048", "no file name"),
    (r#"Include(‸fiel: "parts/x.ron")"#, SHARED, "RB004", "did you mean `file`"),
    (
        r#"Include(file: "parts/x.ron")"#,
        "\nPart(schema: 2, steps: [\n  ‸Include(file: \"a.ron\")])",
        "RB049",
        "cannot include",
    ),
    (r#"Include(file: "parts/x.ron")"#, "Part(schema: ‸3, steps: [])", "RB003", "schema 3"),
    (r#"Include(file: "parts/x.ron")"#, "\n\n‸Prat(schema: 2, steps: [])", "RB007", "did you mean `Part`"),
    (r#"Include(file: "parts/x.ron")"#, "Part(schema: 2,\nsteps: ‸[", "RB001", "not RON"),
    (
        r#"Include(file: "parts/x.ron")"#,
        "Part(schema: 2, steps: [\n/* größer */ Step(id: \"X1\", phase: ‸Reveiw, kind: Manual, title: \"One\", why: \"W.\", target: \"t\", expect: \"1m\", source: Judgement(\"t\"))])",
        "RB008",
        "did you mean `Review`",
    ),
    (
        r#"Include(file: "parts/x.ron")"#,
        "Part(schema: 2, steps: [\n\n Step(id: \"X1\", phase: Review, needs: [‸\"M11\"], kind: Manual, title: \"One\", why: \"W.\", target: \"t\", expect: \"1m\", source: Judgement(\"t\"))])",
        "RB012",
        "did you mean `M1`",
    ),
    (
        r#"Include(file: "parts/x.ron")"#,
        "Part(schema: 2, steps: [\n Step(id: \"X1\", phase: Review, kind: Manual, title: \"See ‸{stor}\", why: \"W.\", target: \"t\", expect: \"1m\", source: Judgement(\"t\"))])",
        "RB017",
        "did you mean `store`",
    ),
    (
        r#"Include(file: "parts/x.ron")"#,
        "Part(schema: 2, steps: [\n Step(id: ‸\"G1\", phase: Review, kind: Manual, title: \"x\", why: \"W.\", target: \"t\", expect: \"1m\", source: Judgement(\"t\"))])",
        "RB016",
        "another step `G1`",
    ),
];

#[test]
fn a_finding_points_into_the_file_where_the_word_stands() {
    for (include, part, code, word) in MISTAKES {
        let marked_part = part.contains('‸');
        let (text, line, column) = if marked_part { marked(part) } else { marked(&source(include, "").text) };
        let found = runbook::load(&source(&include.replace('‸', ""), &part.replace('‸', ""))).1;
        let all: Vec<String> = found.iter().map(ToString::to_string).collect();
        let hit = found.iter().find(|d| d.code == *code).unwrap_or_else(|| panic!("{include} {part}: {all:#?}"));
        let file = if marked_part { "dir/parts/x.ron" } else { "small.ron" };
        assert_eq!((hit.file.as_str(), hit.line, hit.column), (file, line, column), "{include} {part}: {all:#?}");
        assert!(text.get(hit.span.clone()).is_some(), "{hit:?}");
        let said = format!("{} {}", hit.message, hit.suggestion.clone().unwrap_or_default());
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn what_is_included_counts_against_the_limits() {
    let many = r#"Include(file: "parts/x.ron", with: {}),"#.repeat(700);
    let found = read(many.trim_end_matches(',')).1;
    assert!(found.iter().any(|d| d.code == "RB002" && d.message.contains("2000 steps")), "{found:#?}");
    // Files, and bytes of all of them together, before any is read.
    let mut source = source(r#"Include(file: "parts/x.ron")"#, SHARED);
    source.parts = vec![source.parts[0].clone(); 17];
    assert_eq!(runbook::load(&source).1[0].code, "RB002");
    source.parts.truncate(5);
    source.parts.iter_mut().for_each(|p| p.text = Ok(" ".repeat(1 << 20)));
    let found = runbook::load(&source).1;
    assert_eq!((found.len(), found[0].code), (1, "RB002"));
    source.parts.truncate(1);
    source.parts[0].text = Ok(" ".repeat((1 << 20) + 1));
    assert!(runbook::load(&source).1.iter().any(|d| d.code == "RB002" && d.file == "dir/parts/x.ron"));
}

/// The small runbook as the first format had it: four names instead of roles, and every step with its strategies.
fn first_format() -> String {
    let text = SMALL.replace("schema: 2", "schema: 1").replace(", role: Primary", "").replace(", role: Secondary", "");
    assert!(!text.contains("role"));
    text
}

#[test]
fn the_first_format_is_read_as_it_was_meant() {
    let (runbook, found) = load(&first_format());
    let notes: Vec<(&str, Severity, usize)> = found.iter().map(|d| (d.code, d.severity, d.line)).collect();
    assert_eq!(notes, [("RB053", Severity::Note, 3)]);
    let runbook = runbook.unwrap();
    let role = |name: &str| runbook.parameters.iter().find(|p| p.name == name).unwrap().role;
    assert_eq!((role("primary"), role("primary_account")), (Some(Role::Primary), Some(Role::Primary)));
    assert_eq!((role("secondary"), role("secondary_account")), (Some(Role::Secondary), Some(Role::Secondary)));
    assert_eq!(role("store"), None);
    // It is the same runbook.
    let now = load(SMALL).0.unwrap();
    assert_eq!(runbook, now);
    // Silence about strategies did not mean all of them then.
    let silent = first_format().replacen("do_in: [HotHot, HotCold], target: \"users\"", "target: \"users\"", 1);
    assert!(load(&silent).1.iter().any(|d| d.code == "RB035"));
    assert_eq!(load(&silent.replace("schema: 1", "schema: 3")).1[0].code, "RB003");
    assert!(load(&SMALL.replace("schema: 2", "schema: 3")).0.is_none());
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn parts_are_read_from_below_the_runbook_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    write(&home, "r.ron", &source(r#"Include(file: "parts/x.ron")"#, "").text);
    write(&home, "parts/x.ron", SHARED);
    write(folder.path(), "out.ron", SHARED);
    let findings = || {
        let file = read_file(&home.join("r.ron")).unwrap();
        runbook::load(&Catalog::builtin().source(&file)).1
    };
    assert_eq!(findings(), []);
    for outside in ["../out.ron", "parts/../../out.ron"] {
        write(&home, "r.ron", &source(&format!(r#"Include(file: "{outside}")"#), "").text);
        assert_eq!(findings()[0].code, "RB048", "{outside}");
    }
    write(&home, "r.ron", &source(r#"Include(file: "parts/link.ron")"#, "").text);
    assert_eq!(findings()[0].code, "RB047");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("out.ron"), home.join("parts/link.ron")).unwrap();
        let found = findings();
        assert_eq!(found[0].code, "RB047");
        assert!(found[0].message.contains("a link leads out of the folder"), "{}", found[0]);
        // A link that stays inside is a file like any other.
        std::fs::remove_file(home.join("parts/link.ron")).unwrap();
        std::os::unix::fs::symlink(home.join("parts/x.ron"), home.join("parts/link.ron")).unwrap();
        assert_eq!(findings(), []);
    }
    write(&home, "r.ron", &source(r#"Include(file: "parts/bytes.ron")"#, "").text);
    std::fs::write(home.join("parts/bytes.ron"), [0xff, 0xfe]).unwrap();
    let found = findings();
    assert!(found[0].code == "RB047" && found[0].message.contains("cannot be read"), "{}", found[0]);
    // A folder of that name is no file either.
    std::fs::remove_file(home.join("parts/bytes.ron")).unwrap();
    std::fs::create_dir(home.join("parts/bytes.ron")).unwrap();
    assert_eq!(findings()[0].code, "RB047");
}

#[test]
fn what_is_wrong_with_a_part_is_said_once_however_many_include_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = source(r#"Include(file: "parts/x.ron")"#, "").text;
    write(folder.path(), "a.ron", &text.replace("id: \"small\"", "id: \"a\""));
    write(folder.path(), "b.ron", &text.replace("id: \"small\"", "id: \"b\""));
    write(folder.path(), "parts/x.ron", &SHARED.replace("expect: \"2m\"", "expect: \"later\""));
    let (files, found) = check::look(&[folder.path().to_owned()]);
    assert_eq!(found.files.len(), 3);
    let all: Vec<String> = found.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].contains("parts/x.ron:4:") && all[0].contains("RB009"), "{all:#?}");
    // Named alone, a runbook brings the text of its part along, so that the line can be drawn.
    let (alone, found) = check::look(&[folder.path().join("a.ron")]);
    assert_eq!((files.len(), alone.len(), found.files.len()), (3, 2, 1));
    assert!(found.diagnostics[0].file.ends_with("x.ron"));
    // What only makes sense inside a runbook is seen there, and only there.
    write(folder.path(), "parts/x.ron", &SHARED.replace("target: \"t\"", "target: \"{nobody}\""));
    let of = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|p| folder.path().join(p)).collect();
        check::look(&paths).1.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(of(&["parts/x.ron"]), Vec::<&str>::new());
    assert_eq!(of(&["a.ron", "b.ron"]), ["RB017"; 3]);
}
