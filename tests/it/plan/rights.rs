//! Rights: Azure's own rules for what roles grant and what locks block, and three values for every answer.

use std::collections::BTreeMap;

use lifeboat::plan::rights::{
    Grant, Held, Lock, Need, Purpose, Right, RightsReport, Standing, StepNeeds, blocks, covers, granted, judge,
};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

const SCOPE: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/a";
const WRITE: &str = "Microsoft.CognitiveServices/accounts/deployments/write";

fn right(action: &str, data: bool) -> Right {
    Right { action: action.to_owned(), scope: SCOPE.to_owned(), data }
}

fn role(actions: &[&str], not: &[&str]) -> Grant {
    let own = |l: &[&str]| l.iter().map(|s| (*s).to_owned()).collect();
    Grant { actions: own(actions), not_actions: own(not), ..Grant::default() }
}

#[test]
fn patterns_cover_as_azure_says() {
    for (pattern, action, expected) in [
        ("*", WRITE, true),
        ("*/read", "Microsoft.Storage/storageAccounts/read", true),
        ("*/read", "Microsoft.Storage/storageAccounts/write", false),
        ("Microsoft.CognitiveServices/*", WRITE, true),
        ("microsoft.cognitiveservices/ACCOUNTS/*", WRITE, true),
        ("Microsoft.CognitiveServices/*/write", WRITE, true),
        ("Microsoft.CognitiveServices/*/read", WRITE, false),
        ("Microsoft.*/deployments/*", WRITE, true),
        ("Microsoft.CognitiveServices/accounts/deployments/write", WRITE, true),
        ("Microsoft.CognitiveServices/accounts/deployments/write/more", WRITE, false),
        ("Microsoft.CognitiveServices/accounts/deployments", WRITE, false),
        ("Microsoft.CognitiveServices", WRITE, false),
        ("", WRITE, false),
        // Both ends may not be the same letters.
        ("Microsoft.A/b*b", "Microsoft.A/b", false),
        ("Microsoft.A/b*b", "Microsoft.A/bb", true),
        ("a*b*c", "a/b/b/c", true),
        ("a*b*c", "a/c/b", false),
    ] {
        assert_eq!(covers(pattern, action), expected, "{pattern} covers {action}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Any stretch of an action may be a star, in any case; and a star brings nothing that is not there.
    #[test]
    fn a_star_stands_for_any_stretch(text in "[A-Za-z./]{1,24}", a in 0usize..25, b in 0usize..25) {
        let (a, b) = (a.min(text.len()), b.min(text.len()));
        let (from, to) = (a.min(b), a.max(b));
        let pattern = format!("{}*{}", &text[..from], &text[to..]).to_uppercase();
        prop_assert!(covers(&pattern, &text));
        let longer = format!("{pattern}!");
        prop_assert!(!covers(&longer, &text));
        prop_assert_eq!(covers(&text, &text.to_lowercase()), true);
    }

    /// A role more never takes a right away.
    #[test]
    fn roles_are_a_union(taken in proptest::collection::vec("[a-c]{0,2}", 0..3), more in proptest::collection::vec("[a-c*]{0,3}", 0..3)) {
        let own = |l: &[String]| l.iter().map(|s| format!("p/{s}")).collect::<Vec<_>>();
        let first = Grant { actions: vec!["p/*".to_owned()], not_actions: own(&taken), ..Grant::default() };
        let second = Grant { actions: own(&more), not_actions: vec!["*".to_owned()], ..Grant::default() };
        for action in ["p/a", "p/ab", "p/c"] {
            let r = right(action, false);
            prop_assert!(granted(&[first.clone(), second.clone()], &r) <= granted(std::slice::from_ref(&first), &r));
        }
    }
}

#[test]
fn what_one_role_takes_out_another_may_grant() {
    let contributor = role(&["*"], &["Microsoft.Authorization/*/Write"]);
    let assign = right("Microsoft.Authorization/roleAssignments/write", false);
    assert_eq!(granted(std::slice::from_ref(&contributor), &assign), Standing::Lacks);
    let admin = role(&["Microsoft.Authorization/*"], &[]);
    assert_eq!(granted(&[contributor.clone(), admin], &assign), Standing::Has);
    assert_eq!(granted(&[contributor], &right(WRITE, false)), Standing::Has);
    assert_eq!(granted(&[], &right(WRITE, false)), Standing::Lacks);
}

#[test]
fn data_rights_are_apart_and_conditions_are_not_known() {
    let data = right("Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action", true);
    assert_eq!(granted(&[role(&["*"], &[])], &data), Standing::Lacks, "the control plane grants no data");
    let user = Grant { data_actions: vec!["Microsoft.CognitiveServices/accounts/OpenAI/*".into()], ..Grant::default() };
    assert_eq!(granted(std::slice::from_ref(&user), &data), Standing::Has);
    let conditional = Grant { conditional: true, ..user.clone() };
    assert_eq!(granted(std::slice::from_ref(&conditional), &data), Standing::Unknown);
    assert_eq!(granted(&[conditional, user], &data), Standing::Has, "one without a condition is enough");
}

fn lock(read_only: bool) -> Lock {
    Lock { name: "keep".into(), on: "/subscriptions/S/resourceGroups/rg".into(), read_only }
}

#[test]
fn locks_block_what_they_say() {
    for (read_only, action, data, blocked) in [
        (false, "Microsoft.X/y/write", false, false),
        (false, "Microsoft.X/y/delete", false, true),
        (false, "Microsoft.X/y/read", false, false),
        (true, "Microsoft.X/y/write", false, true),
        (true, "Microsoft.X/y/delete", false, true),
        (true, "Microsoft.X/y/listKeys/action", false, true),
        (true, "Microsoft.X/y/read", false, false),
        (true, "Microsoft.X/y/write", true, false),
        // A lock does not keep anybody from taking it off.
        (true, "Microsoft.Authorization/locks/delete", false, false),
        (false, "Microsoft.Authorization/locks/delete", false, false),
    ] {
        let locks = [lock(read_only)];
        assert_eq!(blocks(&locks, &right(action, data)).is_some(), blocked, "{read_only} {action} {data}");
    }
}

fn needs(any_of: Vec<Right>) -> Vec<StepNeeds> {
    let needs = vec![Need { purpose: Purpose::Change, any_of }];
    vec![
        StepNeeds { step: "F2".into(), title: "Create".into(), needs },
        StepNeeds { step: "M1".into(), title: "A person's".into(), needs: Vec::new() },
    ]
}

fn judged(any_of: Vec<Right>, held: Held) -> RightsReport {
    judge(&needs(any_of), &BTreeMap::from([(SCOPE.to_lowercase(), held)]), 1)
}

fn held(grants: Vec<Grant>) -> Held {
    Held { grants: Ok(grants), locks: Ok(Vec::new()) }
}

#[test]
fn a_step_has_lacks_or_cannot_be_told() {
    let write = || vec![right(WRITE, false)];
    let r = judged(write(), held(vec![role(&["*"], &[])]));
    assert_eq!((r.standing(), r.steps.len()), (Standing::Has, 1), "what a person does needs no right here");
    assert_eq!(r.sentence(), "All 1 steps that need rights have them.");

    let r = judged(write(), held(vec![role(&["*/read"], &[])]));
    let d = &r.steps[0].doubts[0];
    assert_eq!(r.steps[0].standing, Standing::Lacks);
    assert_eq!(d.sentence(), format!("Lacks {WRITE} on a (to do it)"));
    assert_eq!(r.sentence(), "Rights are missing or blocked for F2.");

    let r = judged(write(), Held { grants: Err("no network".into()), locks: Ok(Vec::new()) });
    assert_eq!(r.steps[0].standing, Standing::Unknown);
    assert!(r.steps[0].doubts[0].sentence().ends_with("no network"), "{}", r.steps[0].doubts[0].sentence());
    assert_eq!(r.sentence(), "No right is known to be missing. Could not be told for F2.");

    let r = judge(&needs(write()), &BTreeMap::new(), 1);
    assert_eq!(r.standing(), Standing::Unknown, "what was not asked about is not known");
}

#[test]
fn a_lock_stands_above_every_role() {
    let owner = || Ok(vec![role(&["*"], &[])]);
    let r = judged(vec![right(WRITE, false)], Held { grants: owner(), locks: Ok(vec![lock(true)]) });
    assert_eq!(r.standing(), Standing::Lacks);
    assert_eq!(
        r.steps[0].doubts[0].sentence(),
        format!("{WRITE} on a (to do it): the lock `keep` on rg blocks every change")
    );
    let r = judged(vec![right(WRITE, false)], Held { grants: owner(), locks: Err("403".into()) });
    assert_eq!(r.standing(), Standing::Unknown, "a lock that could not be read may be there");
    let read = vec![right("Microsoft.X/y/read", false)];
    let r = judged(read, Held { grants: owner(), locks: Err("403".into()) });
    assert_eq!(r.standing(), Standing::Has, "reading is never blocked");
}

#[test]
fn one_of_several_is_enough() {
    let call = right("Microsoft.X/call/action", true);
    let keys = right("Microsoft.X/listKeys/action", false);
    let r = judged(vec![call.clone(), keys.clone()], held(vec![role(&["Microsoft.X/*"], &[])]));
    assert_eq!(r.standing(), Standing::Has);
    let r = judged(vec![call, keys], held(vec![role(&["*/read"], &[])]));
    assert_eq!(r.steps[0].doubts[0].action, "Microsoft.X/call/action (data) or Microsoft.X/listKeys/action");
}
