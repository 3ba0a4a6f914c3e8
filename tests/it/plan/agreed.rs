//! What a plan says is agreed beforehand: read whole, kept by the editor, and each mistake at its line.

use lifeboat::plan::agreed::Expected;
use lifeboat::plan::draft::Draft;
use lifeboat::units::Millis;

use super::{PLAN, bind};

/// The plan with this section, which begins on line `at`.
fn with(section: &str) -> (String, usize) {
    let before = PLAN.trim_end().strip_suffix(')').unwrap();
    (format!("{before}    agreed: ({section}),\n)\n"), before.lines().count() + 1)
}

#[test]
fn all_of_it_is_optional_and_is_read_as_it_stands() {
    let none = bind(PLAN, None).0.unwrap();
    assert_eq!(none.agreed, Default::default());
    let (text, _) = with(
        r#"version: "4", approved_by: " the board ", exclusions: ["none"], mtd: "4h",
        people: [(name: "Ada", role: "operator"), (name: "Mira", role: "owner", deputy: "Noor")]"#,
    );
    let (plan, found) = bind(&text, None);
    assert_eq!(found, []);
    let plan = plan.unwrap();
    let a = &plan.agreed;
    assert_eq!((a.version.as_str(), a.approved_by.as_str(), a.owner.as_str()), ("4", "the board", ""));
    assert_eq!((a.exclusions.clone(), a.mtd), (vec!["none".to_owned()], Some(Millis::from_mins(240))));
    let mira = Expected { name: "Mira".to_owned(), role: "owner".to_owned(), deputy: "Noor".to_owned() };
    assert_eq!(a.people[1], mira);
    assert_ne!(plan.digest, none.digest, "who agreed to one agreed to no other");
}

#[test]
fn each_mistake_is_said_at_its_line() {
    let cases = [
        ("\n verson: \"4\"", 1, "RB004", "version"),
        ("\n\n owner: \" \"", 2, "RB011", "owner"),
        ("\n services: \"chat\"", 1, "RB007", "services"),
        ("\n services: [\"chat\", \"\"]", 1, "RB011", "services"),
        ("\n people: [(name: \"Ada\")]", 1, "RB006", "role"),
        ("\n owner: \"a\",\n owner: \"b\"", 2, "RB005", "owner"),
    ];
    for (section, line, code, word) in cases {
        let (text, at) = with(section);
        let (plan, found) = bind(&text, None);
        assert!(plan.is_none(), "{section}");
        assert_eq!(found.len(), 1, "{section} {found:?}");
        let said = format!("{} {}", found[0].message, found[0].suggestion.clone().unwrap_or_default());
        assert_eq!((found[0].line, found[0].code), (at + line, code), "{section} {said}");
        assert!(said.contains(word), "{said}");
    }
    let (text, _) = with("mtd: \"soon\"");
    assert!(bind(&text, None).0.is_none());
}

#[test]
fn the_editor_keeps_it_as_it_was_written() {
    let section = "version: \"4\", // after the audit\n        services: [\"chat\"],\n    ";
    let (text, _) = with(section);
    let mut draft = Draft::read(&text).unwrap();
    draft.title = "Another title".to_owned();
    let again = draft.text();
    assert!(again.contains(&format!("    agreed: ({section}),\n")), "{again}");
    assert_eq!(bind(&again, None).0.unwrap().agreed.services, ["chat"]);
}
