//! A plan while it is being filled in: what is written is what is read again, and what is wrong is said at its field.

use std::collections::BTreeMap;

use lifeboat::catalog::Catalog;
use lifeboat::plan::draft::{Draft, Switch, compare, until_verified};
use lifeboat::runbook::load;
use lifeboat::runbook::model::{Runbook, Strategy};
use lifeboat::units::Millis;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Making;

use super::{MISTAKES, PLAN, RUNBOOK, source};

fn book() -> Runbook {
    load(&source("azure-openai.ron", RUNBOOK)).0.unwrap()
}

fn draft() -> Draft {
    Draft::read(PLAN).unwrap()
}

/// Fields with findings, and their codes.
fn wrong(d: &Draft) -> Vec<(String, &'static str)> {
    let found = d.check(&source("azure-openai.ron", RUNBOOK));
    found.into_iter().map(|f| (f.field.unwrap_or_default(), f.said.code)).collect()
}

#[test]
fn a_plan_that_is_read_and_written_is_the_same_plan() {
    for file in Catalog::builtin().plans() {
        let read = Draft::read(&file.text).unwrap();
        let again = Draft::read(&read.text()).unwrap();
        assert_eq!(again, read, "{}", file.name);
        let bound = Catalog::builtin().bind(file, None).0.unwrap();
        let mut copy = file.clone();
        copy.text = again.text();
        let ours = Catalog::builtin().bind(&copy, None).0.unwrap();
        assert_eq!((ours.values, ours.components, ours.steps), (bound.values, bound.components, bound.steps));
    }
    assert_eq!(wrong(&draft()), []);
}

#[test]
fn a_new_plan_has_the_runbooks_defaults_and_says_what_is_missing() {
    for file in Catalog::builtin().runbooks() {
        let source = Catalog::builtin().source(file);
        let book = load(&source).0.unwrap();
        let d = Draft::of(&book);
        assert_eq!(d.runbook, book.id);
        assert!(book.objectives.contains_key(&d.strategy.unwrap()), "{}", file.name);
        let found = d.check(&source);
        for p in &book.parameters {
            let said: Vec<&str> =
                found.iter().filter(|f| f.field.as_deref() == Some(&p.name)).map(|f| f.said.code).collect();
            let wanted: &[&str] = if p.default.is_some() { &[] } else { &["PL002"] };
            assert_eq!(said, wanted, "{}: {}", file.name, p.name);
        }
        let rest: Vec<_> = found.iter().filter(|f| f.said.code != "PL002").map(|f| f.field.as_deref()).collect();
        assert_eq!(rest, [Some("environment")], "{}: {found:?}", file.name);
    }
}

#[test]
fn every_mistake_is_found_at_its_field() {
    let with = |change: &dyn Fn(&mut Draft)| {
        let mut d = draft();
        change(&mut d);
        wrong(&d)
    };
    let value = |name: &str, to: &str| {
        with(&|d: &mut Draft| {
            d.values.insert(name.to_owned(), to.to_owned());
        })
    };
    let at = |field: &str, code: &'static str| vec![(field.to_owned(), code)];
    assert_eq!(with(&|d| d.runbook = "azure-search".to_owned()), at("runbook", "PL001"));
    for empty in ["", "  ", "\n"] {
        assert_eq!(value("critical", empty), at("critical", "PL002"), "{empty:?}");
    }
    assert_eq!(with(&|d| drop(d.values.remove("critical"))), at("critical", "PL002"), "not even named");
    assert_eq!(value("criticle", "chat"), at("criticle", "PL003"));
    assert_eq!(value("primary", "eastsu"), at("primary", "PL004"));
    assert_eq!(value("store", "subscriptions"), at("store", "PL004"));
    assert_eq!(value("baseline_p95", "fast: 3"), at("baseline_p95", "PL004"));
    assert_eq!(value("critical", "chat\",\n        \"x\": \"y"), [], "an element of a list may be any text");
    assert_eq!(value("secondary", "East US"), at("secondary", "PL005"));
    assert_eq!(with(&|d| d.strategy = Some(Strategy::ActiveActive)), at("strategy", "PL006"));
    assert_eq!(with(&|d| d.strategy = None), at("strategy", "RB006"));
    let component = |name: &str, s: Strategy| {
        with(&|d: &mut Draft| {
            d.components.insert(name.to_owned(), s);
        })
    };
    assert_eq!(component("deployment", Strategy::HotWarm), at("deployment", "PL007"));
    assert_eq!(component("deployments", Strategy::Priority), at("deployments", "PL008"));
    assert_eq!(with(&|d| d.id = "../prod".to_owned()), at("id", "RB044"));
    for (field, set) in [("title", 0), ("environment", 1), ("id", 2)] {
        let found = with(&|d| *[&mut d.title, &mut d.environment, &mut d.id][set] = " ".to_owned());
        assert_eq!(found, at(field, "RB011"));
    }
    // All at once, each where it belongs.
    let all = with(&|d| {
        d.values.insert("primary".to_owned(), "nowhere".to_owned());
        d.values.insert("store".to_owned(), "x".to_owned());
        d.values.remove("critical");
        d.components.insert("deployments".to_owned(), Strategy::Priority);
        d.strategy = Some(Strategy::Recover);
    });
    let mut all: Vec<String> = all.into_iter().map(|(field, code)| format!("{field} {code}")).collect();
    all.sort();
    assert_eq!(all, ["critical PL002", "deployments PL008", "primary PL004", "store PL004", "strategy PL006"]);
}

#[test]
fn what_is_read_of_a_wrong_plan_keeps_what_is_right_in_it() {
    for (old, new, ..) in MISTAKES {
        let text = PLAN.replacen(old, &new.replace('‸', ""), 1);
        // What another format version means is not known, so nothing of it is filled in.
        let Some(d) = Draft::read(&text) else {
            assert!(new.contains("schema"), "`{new}` cannot be opened");
            continue;
        };
        let kept = d.values.iter().filter(|(k, v)| draft().values.get(*k) == Some(*v)).count();
        assert!(kept >= 6, "`{new}`: {:?}", d.values);
        assert_ne!(wrong(&d), [], "`{new}`");
    }
    for none in ["", "Plan(", "Runbook(schema: 2)", "42", "Plan(schema: 1, values: {"] {
        assert_eq!(Draft::read(none), None, "{none:?}");
    }
}

#[test]
fn the_last_drill_is_kept_to_the_millisecond() {
    for ms in [0, 1, 999, 1_000, 61_001, 86_400_000] {
        let d = Draft { last_drill: Some(Millis(ms)), ..draft() };
        assert_eq!(Draft::read(&d.text()).unwrap().last_drill, Some(Millis(ms)));
    }
}

/// What a file can do harm with: quotes, brackets, ends of lines, both kinds of comments, other scripts.
fn odd() -> impl Making<Value = String> {
    prop_oneof![
        "[\"\\\\{}()\\[\\],:#/*\n\r\t a-z0-9-]{0,24}",
        "\\PC{0,12}",
        any::<String>(),
        Just("\"), values: {".to_owned()),
        Just("// \u{202e}\u{0}\u{7f}\u{feff}".to_owned()),
        Just("r#\"x\"#".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_text_is_written_so_that_it_is_read_again(
        id in odd(), title in odd(), environment in odd(), value in odd(), other in odd(), drill in 0u64..1 << 40,
    ) {
        let mut d = Draft { id, title, environment, last_drill: Some(Millis(drill)), ..draft() };
        d.values.insert("critical".to_owned(), value.clone());
        d.values.insert("store".to_owned(), other.clone());
        let read = Draft::read(&d.text()).unwrap();
        // Blanks around a value mean nothing, and an empty one is left out.
        let mut wanted = d.clone();
        for v in [("critical", value), ("store", other)] {
            let trimmed = v.1.trim().to_owned();
            if trimmed.is_empty() { wanted.values.remove(v.0); } else { wanted.values.insert(v.0.to_owned(), trimmed); }
        }
        prop_assert_eq!(read, wanted);
        for f in d.check(&source("azure-openai.ron", RUNBOOK)) {
            let field = f.field.clone().unwrap_or_default();
            let known = ["id", "title", "environment", "critical", "store"];
            prop_assert!(known.contains(&field.as_str()), "{:?}", f);
        }
    }
}

fn switch(now: Strategy, then: Strategy) -> Switch {
    let of = |s: Strategy| BTreeMap::from([("deployments".to_owned(), s)]);
    compare(&book(), (Strategy::HotWarm, Strategy::HotWarm), (&of(now), &of(then)), &draft().values)
}

#[test]
fn two_choices_of_a_component_are_compared_by_the_plans_they_make() {
    use Strategy::{HotCold, HotHot, HotWarm};
    for now in [HotHot, HotWarm, HotCold] {
        let same = switch(now, now);
        assert_eq!((&same.to_do[..], &same.gone[..], &same.to_hold[..]), (&[][..], &[][..], &[][..]));
        for then in [HotHot, HotWarm, HotCold] {
            let (there, back) = (switch(now, then), switch(then, now));
            assert_eq!((&there.to_do, &there.gone), (&back.gone, &back.to_do), "{now:?} {then:?}");
            assert_eq!(there.time, (back.time.1, back.time.0));
            // The same as binding says.
            let steps = |s: Strategy| {
                let mut d = draft();
                d.components.insert("deployments".to_owned(), s);
                let plan = lifeboat::plan::bind("p.ron", &d.text(), &source("r.ron", RUNBOOK), None).0.unwrap();
                let here = plan.steps.into_iter().filter(|s| !s.id.contains('/'));
                here.map(|s| (s.id, s.must_hold)).collect::<Vec<_>>()
            };
            let (a, b) = (steps(now), steps(then));
            let new = |hold: bool| {
                let of = b.iter().filter(|x| x.1 == hold && !a.contains(x));
                of.map(|x| x.0.clone()).collect::<Vec<_>>()
            };
            assert_eq!((there.to_do.clone(), there.to_hold.clone()), (new(false), new(true)), "{now:?} {then:?}");
        }
    }
    let cold = switch(HotWarm, HotCold);
    assert!(cold.to_do.contains(&"AO-F3".to_owned()) && cold.time.1 > cold.time.0, "{cold:?}");
    let warm = switch(HotCold, HotWarm);
    assert!(warm.to_hold.contains(&"AO-F2".to_owned()), "what is not done must hold already: {warm:?}");
}

#[test]
fn strategies_of_the_whole_are_compared_with_their_components() {
    let none = BTreeMap::new();
    let all = |s| compare(&book(), (Strategy::HotHot, s), (&none, &none), &draft().values);
    assert!(all(Strategy::HotHot).to_do.is_empty());
    let cold = all(Strategy::HotCold);
    assert!(cold.to_do.contains(&"AO-F3".to_owned()), "{cold:?}");
    let book = book();
    assert!(until_verified(book.steps.iter()) >= cold.time.1, "all steps take at least as long as some");
}

#[test]
fn an_empty_field_is_a_choice_that_is_not_made_yet() {
    let catalog = Catalog::builtin();
    let mut seen = 0;
    for file in catalog.runbooks() {
        let book = load(&catalog.source(file)).0.unwrap();
        let hung: Vec<&str> = book.steps.iter().flat_map(|s| s.when.keys()).map(String::as_str).collect();
        let Some(first) = book.objectives.keys().next().copied() else { continue };
        for name in hung {
            let empty = BTreeMap::from([(name.to_owned(), String::new())]);
            let none = BTreeMap::new();
            let of = |values| compare(&book, (first, first), (&none, &none), values).time;
            assert_eq!(of(&empty), of(&BTreeMap::new()), "{}: {name}", file.name);
            seen += 1;
        }
    }
    assert!(seen > 0, "some runbook has a step that hangs on a choice");
}
