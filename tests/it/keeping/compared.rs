//! Two runs side by side: the same steps beside each other, and every difference in words.

use lifeboat::desk::view::comparison::comparison;
use lifeboat::run::objective::Met;

use super::told;

#[test]
fn a_run_beside_itself_differs_in_nothing() {
    let d = told();
    let c = comparison(&d, &d);
    let differ: Vec<_> = c.lines.iter().filter(|l| !l.difference.is_empty()).collect();
    assert!(differ.is_empty(), "{differ:#?}");
    let steps = d.story.as_ref().unwrap().steps.len();
    assert!(c.lines.len() > steps, "{} lines of {steps} steps", c.lines.len());
    assert!(c.lines.iter().any(|l| l.name == "RTO achieved" && l.sides[0].contains("met")), "{:#?}", c.lines);
}

#[test]
fn what_differs_is_said() {
    let left = told();
    let mut right = left.clone();
    right.short = "ELSE".to_owned();
    let story = right.story.as_mut().unwrap();
    let done: Vec<usize> = (0..story.steps.len()).filter(|i| story.steps[*i].to.is_some()).collect();
    let (slow, failed, gone) = (done[1], done[2], done[3]);
    *story.steps[slow].to.as_mut().unwrap() += 90_000;
    story.steps[failed].state = "failed".to_owned();
    let (slow, failed) = (story.steps[slow].id.clone(), story.steps[failed].id.clone());
    let missing = story.steps.remove(gone).id;
    let mut new = story.steps[0].clone();
    new.id = "NEW-1".to_owned();
    story.steps.insert(1, new);
    let rto = story.objectives.iter_mut().find(|o| o.name == "RTO").unwrap();
    rto.actual_ms = rto.actual_ms.map(|ms| ms + 600_000);
    rto.met_objective = Met::Missed;
    let c = comparison(&left, &right);
    let of = |name: &str| {
        let found = c.lines.iter().find(|l| l.name.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
        found.difference.as_str()
    };
    assert_eq!(of(&format!("{slow} ")), "1 min 30 s longer");
    assert!(of(&format!("{failed} ")).starts_with("another outcome"));
    assert_eq!(of(&format!("{missing} ")), format!("only in {}", left.short));
    assert_eq!(of("NEW-1"), "only in ELSE");
    assert_eq!(of("RTO achieved"), "met, then missed, 10 min longer");
    // What only the second has stands where it stands there.
    let place = |id: &str| c.lines.iter().position(|l| l.name.starts_with(id)).unwrap();
    let first = &left.story.as_ref().unwrap().steps[0].id;
    assert_eq!(place("NEW-1"), place(&format!("{first} ")) + 1);
    let swapped = comparison(&right, &left);
    let line = swapped.lines.iter().find(|l| l.name.starts_with(&format!("{slow} "))).unwrap();
    assert_eq!(line.difference, "1 min 30 s shorter");
}

#[test]
fn somebody_else_shows() {
    let left = told();
    let mut right = left.clone();
    right.rows.iter_mut().filter(|r| r.who.is_some()).for_each(|r| r.actor = "Mira".to_owned());
    let c = comparison(&left, &right);
    assert!(c.lines.iter().any(|l| l.difference == "somebody else" && l.sides[1].ends_with("Mira")), "{:#?}", c.lines);
}
