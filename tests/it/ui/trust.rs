//! Restricted mode in the window: it is said, nothing starts, and trust is a word of its own.

use super::*;

fn digest() -> String {
    lifeboat::units::sha256_hex(b"prod-chat")
}

#[test]
fn a_restricted_plan_says_so_and_does_not_start() {
    let mut w = Window::on(sample::restricted(), Screen::Runbooks);
    assert!(w.harness.query_all_by_label_contains("Restricted: this plan comes from files").next().is_some());
    assert!(w.sees("/home/dana/plans/azure-openai.ron"), "the files are named");
    assert!(w.sees(&format!("SHA-256 {}…", &digest()[..16])));
    w.key(Key::Enter);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    assert!(!w.sees("Type prod-chat to confirm"), "no dialog of a live run");
    assert!(w.sees("Restricted: trust this plan first."), "silence would read as a broken program");
}

#[test]
fn trust_is_given_to_the_digest_that_was_shown_and_not_by_enter() {
    let mut w = Window::on(sample::restricted(), Screen::Runbooks);
    w.click("Trust this plan…");
    for words in ["Plan prod-chat: Production chat", "Runbook: Azure OpenAI: retry, then redirect"] {
        assert!(w.sees(words), "{words}");
    }
    let (first, second) = (&digest()[..32], &digest()[32..]);
    assert!(w.sees(&format!("SHA-256 {first} {second}")), "the whole of it");
    assert!(w.harness.query_all_by_label_contains("oai-prod-eastus.openai.azure.com").next().is_some(), "hosts");
    assert!(w.harness.query_all_by_label_contains("Live runs of it become possible").next().is_some());
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "Enter alone does not trust");
    w.ctrl(Key::T);
    w.harness.get_by_role_and_label(Role::Button, "Trust this plan").focus();
    w.harness.run();
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "not even with the focus on the button");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::TrustPlan { plan: "prod-chat".into(), digest: digest() }]);
}

#[test]
fn a_trusted_plan_is_not_asked_about() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    assert!(!w.sees("Trust this plan…"));
    w.ctrl(Key::T);
    assert!(!w.sees("Trust this plan"));
}

#[test]
fn the_start_carries_how_far_the_plan_is_proven_and_the_confirmation_says_it() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    assert!(w.sees("Start live run… · verified 2 days ago"));
    assert!(w.harness.query_all_by_label_contains("Production search. never rehearsed · ").next().is_some());
    w.ctrl(Key::Enter);
    assert!(w.harness.query_all_by_label_contains("Not verified.").next().is_none());
    w.key(Key::Escape);
    w.publish(|s| {
        let preview = Arc::make_mut(&mut s.library).preview.as_mut().unwrap();
        Arc::make_mut(preview).readiness = lifeboat::desk::snapshot::Readiness::NeverRehearsed;
    });
    w.click("Start live run… · never rehearsed");
    let words = "Not verified. Never rehearsed in this strategy";
    assert!(w.harness.query_all_by_label_contains(words).next().is_some());
    w.type_text("prod-chat");
    w.ctrl(Key::Enter);
    assert!(matches!(&w.told()[..], [Command::StartRun { dry_run: false, .. }]), "said, not forbidden");
}

#[test]
fn a_plan_that_names_a_thousand_hosts_does_not_push_the_buttons_away() {
    let mut s = sample::restricted();
    let preview = Arc::make_mut(&mut s.library).preview.as_mut().unwrap();
    Arc::make_mut(preview).trust.hosts = (0..1_000).map(|n| format!("host-{n}.example")).collect();
    let mut w = Window::sized(s, [960.0, 600.0]);
    w.harness.state_mut().show(Screen::Runbooks);
    w.harness.run();
    w.ctrl(Key::T);
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, [960.0, 600.0].into());
    for label in ["Trust this plan", "Cancel"] {
        let at = w.harness.get_by_role_and_label(Role::Button, label).rect();
        assert!(window.contains_rect(at), "{label} at {at:?}");
    }
}
