//! Drift and rights on a plan's page, and a missing right on the step that needs it.

use lifeboat::desk::snapshot::{CardRow, Difference, Drift, Readiness, RightsReport, Severity, Standing};
use lifeboat::plan::rights::{Doubt, Purpose, StepRights};
use lifeboat::runbook::model::Strategy;

use super::*;

fn drift() -> Drift {
    let one = |severity, field: &str, by_hand: Option<&str>| Difference {
        severity,
        subject: "account oai-prod-swedencentral".into(),
        field: field.into(),
        primary: "gpt-4o 2024-11-20, Standard 100".into(),
        secondary: "missing".into(),
        advice: "Create it under the same name: clients find it by its name alone.".into(),
        by_hand: by_hand.map(str::to_owned),
        source: "step AO-P3".into(),
    };
    Drift {
        at: sample::NOW - 3 * 3_600_000,
        compared: 3,
        differences: vec![
            one(Severity::Blocks, "deployment chat", Some("az cognitiveservices account deployment create -n x")),
            one(Severity::Informs, "deployment extra", None),
        ],
        unread: vec![("roles on account oai-prod-eastus".into(), "403 AuthorizationFailed".into())],
        simulated: String::new(),
    }
}

fn rights() -> RightsReport {
    let doubt = Doubt {
        purpose: Purpose::Change,
        action: "Microsoft.CognitiveServices/accounts/deployments/write".into(),
        scope: "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/oai".into(),
        standing: Standing::Lacks,
        why: String::new(),
    };
    let step = StepRights {
        step: "AO-F3".into(),
        title: "Create".into(),
        standing: Standing::Lacks,
        needs: 3,
        doubts: vec![doubt],
    };
    RightsReport { at: sample::NOW - 60_000, scopes: 4, steps: vec![step] }
}

fn known(w: &mut Window) {
    w.publish(|s| {
        let preview = Arc::make_mut(&mut s.library).preview.as_mut().unwrap();
        let checks = &mut Arc::make_mut(preview).checks;
        checks.drift = Some(Arc::new(drift()));
        checks.rights = Some(Arc::new(rights()));
    });
}

fn sees_part(w: &Window, text: &str) -> bool {
    w.harness.query_all_by_label_contains(text).next().is_some()
}

#[test]
fn nothing_is_known_until_somebody_asks() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    assert!(sees_part(&w, "has not been read yet") && sees_part(&w, "has not been asked yet"));
    assert_eq!(w.told(), [], "looking at a page reads nothing");
    w.click("Read both sides");
    w.click("Ask which rights are there");
    let (plan, strategy) = ("prod-chat".to_owned(), Strategy::HotWarm);
    assert_eq!(w.told(), [Command::ReadDrift { plan: plan.clone(), strategy }, Command::ReadRights { plan, strategy }]);
}

#[test]
fn differences_and_missing_rights_are_named_with_their_age_and_what_to_do() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    known(&mut w);
    for text in [
        "2 differences in 3 resources: 1 blocks a failover, 1 is worth knowing.",
        "Blocks: account oai-prod-swedencentral · deployment chat",
        "az cognitiveservices account deployment create -n x",
        "roles on account oai-prod-eastus: 403 AuthorizationFailed",
        "read 3 h",
        "Rights are missing or blocked for AO-F3.",
        "Lacks Microsoft.CognitiveServices/accounts/deployments/write on oai (to do it).",
    ] {
        assert!(sees_part(&w, text), "{text}");
    }
    w.click("Read now");
    assert_eq!(w.told().len(), 1);
    w.harness.get_by_label("Ask again").scroll_to_me();
    w.harness.run();
    w.click("Ask again");
    assert_eq!(w.told().len(), 1);
    w.harness.get_by_label("Read now").scroll_to_me();
    w.harness.run();
    w.publish(|s| {
        let preview = Arc::make_mut(&mut s.library).preview.as_mut().unwrap();
        Arc::make_mut(preview).checks.reading = true;
    });
    assert!(w.sees("Reading …"));
    w.click("Read now");
    assert_eq!(w.told(), [], "one reading at a time");
}

#[test]
fn the_start_carries_the_drift() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    w.publish(|s| {
        let preview = Arc::make_mut(&mut s.library).preview.as_mut().unwrap();
        let p = Arc::make_mut(preview);
        p.readiness = p.readiness.clone().against(Some(&drift()));
        assert!(matches!(p.readiness, Readiness::Drifted { .. }));
    });
    assert!(w.sees("Start live run… · the two sides have drifted apart"));
    assert!(sees_part(&w, "and its two sides differ as read 3 hours ago: 1 blocks a failover, 1 is worth knowing."));
}

#[test]
fn the_step_that_lacks_a_right_says_so_and_can_be_done_by_hand() {
    let mut w = Window::on(sample::at("F4"), Screen::Run);
    w.publish(|s| {
        let run = Arc::make_mut(s.run.as_mut().unwrap());
        let card = run.cards.iter_mut().find(|c| c.id == "F4").unwrap();
        let text = "Lacks Microsoft.AppConfiguration/configurationStores/keyValues/write (data) on store (to do it).";
        Arc::make_mut(card).rows.push(CardRow { label: "right", ok: Some(false), text: text.into() });
    });
    assert!(sees_part(&w, "Lacks Microsoft.AppConfiguration"));
    assert!(sees_part(&w, "by hand"));
}
