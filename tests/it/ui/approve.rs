//! Tests of the Approve screen: what is shown before anybody signs, and what is sent.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::protocol::{ApprovalIntent, Command};
use lifeboat::desk::snapshot::{ApprovalVerdict, Approvals, Mode, RequestView, Snapshot};
use lifeboat::ui::view::Screen;

use super::{Window, bounds, pair, sample};

fn on(request: RequestView) -> Window {
    Window::on(pair::approving(request), Screen::Approve)
}

fn sent(intent: ApprovalIntent) -> Vec<Command> {
    vec![Command::Approval(intent)]
}

#[test]
fn everything_that_is_signed_is_shown_first() {
    let w = on(pair::request(Mode::Live));
    for words in [
        "This request is LIVE · changes real resources",
        "Dana, whose key is known here",
        "F4 · Point clients at Sweden Central",
        "set two keys in appcs-prod-chat",
        "eastus → swedencentral",
        "Production chat, contoso-prod",
        "enough time since the last switch: 4 min ago",
    ] {
        assert!(w.reads(words), "{words}");
    }
    for (mode, words) in
        [(Mode::Rehearsal, "simulated Azure"), (Mode::DryRun, "reads only"), (Mode::Tabletop, "no Azure")]
    {
        assert!(on(pair::request(mode)).reads(words), "{mode:?}");
    }
}

#[test]
fn the_time_to_answer_is_shown_by_this_computers_clock() {
    let wall = sample::snapshot().clock.now().wall;
    let left = |by| on(RequestView { until: Some(wall + by), ..pair::request(Mode::Live) });
    assert!(left(90_000).reads("left to answer"));
    assert!(left(-1).reads("The time to answer is over"));
}

/// To the request that is on show.
fn yes(typed: Option<&str>) -> ApprovalIntent {
    ApprovalIntent::Approve { request: "r1".into(), typed: typed.map(str::to_owned) }
}

#[test]
fn enter_alone_never_approves() {
    let mut w = on(pair::request(Mode::Live));
    w.key(Key::Enter);
    w.harness.get_by_role_and_label(Role::Button, "Approve exactly this").focus();
    w.harness.run();
    w.key(Key::Enter);
    assert_eq!(w.told(), []);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(yes(None)));
    w.click("Approve exactly this");
    assert_eq!(w.told(), sent(yes(None)));
}

#[test]
fn the_name_is_typed_where_it_is_asked_for() {
    let mut w = on(RequestView { typed_name: Some("appcs-prod-chat".into()), ..pair::request(Mode::Live) });
    w.ctrl(Key::Enter);
    w.harness.get_by_role_and_label(Role::Button, "Approve exactly this").click();
    w.harness.run();
    assert_eq!(w.told(), []);
    w.harness.get_by_label("Type appcs-prod-chat to approve").focus();
    w.harness.run();
    w.type_text("appcs-prod-cha");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "the name is not complete");
    w.type_text("t");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(yes(Some("appcs-prod-chat"))));
    // A name typed for one request counts for no other.
    let other = RequestView { step: "F5 · Fail the storage over".into(), ..pair::request(Mode::Live) };
    let other = RequestView { typed_name: Some("appcs-prod-chat".into()), ..other };
    w.publish(|s| *s = pair::approving(other));
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
}

#[test]
fn what_cannot_be_approved_says_why_and_is_not() {
    let why = "The key that signed this request is not known here.";
    let mut w = on(RequestView { refused: Some(why.into()), known: false, ..pair::request(Mode::Live) });
    assert!(w.sees(why));
    assert!(w.reads("as they call themselves"));
    w.ctrl(Key::Enter);
    w.harness.get_by_role_and_label(Role::Button, "Approve exactly this").click();
    w.harness.run();
    assert_eq!(w.told(), []);
}

#[test]
fn a_refusal_has_a_reason() {
    let mut w = on(pair::request(Mode::Live));
    w.key(Key::F8);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
    w.type_text("wrong region");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(ApprovalIntent::Refuse("wrong region".into())));
}

#[test]
fn an_answer_is_shown_as_block_and_code_and_is_not_given_twice() {
    let mut w = Window::on(pair::answered(), Screen::Approve);
    assert!(w.reads("BEGIN LIFEBOAT ANSWER") && w.sees("73-18-40"));
    w.ctrl(Key::Enter);
    w.key(Key::F8);
    assert_eq!((w.told(), w.harness.state().view().ask.as_ref()), (vec![], None));
    w.key(Key::Q);
    assert!(w.reads("The answer is in the clipboard"));
    w.key(Key::F6);
    assert_eq!(w.told(), sent(ApprovalIntent::PutAway));
}

#[test]
fn a_request_is_pasted_and_keys_are_known_and_forgotten() {
    let keys = Snapshot { approvals: pair::approvals(vec![], None).into(), ..sample::on_call() };
    let mut w = Window::on(keys, Screen::Approve);
    w.harness.get_by_label("Paste their request, or type the challenge they read to you").focus();
    w.harness.run();
    w.type_text("4812-0937-2265");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(ApprovalIntent::Read("4812-0937-2265".into())));
    w.harness.get_by_label("A colleague's key line").focus();
    w.harness.run();
    w.type_text("lifeboat-key Sam");
    w.click("Know this key");
    assert_eq!(w.told(), sent(ApprovalIntent::Know("lifeboat-key Sam".into())));
    w.click("Forget Mira");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(ApprovalIntent::Forget("Mira".into())));
    assert!(!w.sees("Forget Dana"), "the own key is not a colleague's");
}

#[test]
fn a_device_without_a_key_makes_one() {
    let none = Approvals { cannot_sign: Some("The keyring is locked".into()), ..Approvals::default() };
    let mut w = Window::on(Snapshot { approvals: none.into(), ..sample::on_call() }, Screen::Approve);
    assert!(w.sees("The keyring is locked"));
    w.click("Make this device's key");
    assert_eq!(w.told(), sent(ApprovalIntent::MakeKey));
}

#[test]
fn the_answers_are_in_the_window_at_every_size() {
    for size in [[960.0, 600.0], [640.0, 480.0]] {
        let mut w = Window::sized(pair::approving(pair::request(Mode::Live)), size);
        w.harness.state_mut().show(Screen::Approve);
        w.harness.run();
        for node in w.harness.root().children_recursive() {
            let label = node.accesskit_node().label().unwrap_or_default();
            let Some(rect) = bounds(&node) else { continue };
            assert!(rect.right() <= size[0] + 0.5 || label.is_empty(), "`{label}` at {rect:?}");
        }
    }
    // However long the request is: the answers, and the name that one of them wants.
    let name = || Some("appcs-prod-chat".to_owned());
    let mut long = RequestView { typed_name: name(), ..pair::request(Mode::Live) };
    long.rows = long.rows.iter().cycle().take(60).cloned().collect();
    for size in [[1280.0, 800.0], [960.0, 600.0]] {
        let mut w = Window::sized(pair::approving(long.clone()), size);
        w.harness.state_mut().show(Screen::Approve);
        w.harness.run();
        for label in ["Approve exactly this", "Refuse…", "Put away", "Type appcs-prod-chat to approve"] {
            let all = w.harness.query_all_by_label(label).map(|n| n.rect()).collect::<Vec<_>>();
            assert!(w.reads("The request goes on"), "not all of it is in sight");
            assert!(!all.is_empty() && all.iter().all(|r| r.bottom() < size[1] - 28.0), "{label}: {all:?} in {size:?}");
        }
    }
}

#[test]
fn a_request_that_is_read_to_its_end_does_not_go_on() {
    let mut r = pair::request(Mode::Live);
    assert!(!on(r.clone()).reads("The request goes on"), "all of it is in sight");
    r.rows = r.rows.iter().cycle().take(40).cloned().collect();
    let mut w = on(r);
    assert!(w.reads("The request goes on"));
    (0..6).for_each(|_| w.key(Key::PageDown));
    assert!(!w.reads("The request goes on"));
}

#[test]
fn what_was_answered_is_said() {
    assert!(Window::on(pair::answered(), Screen::Approve).sees("You approved this"));
    let verdict = Some(ApprovalVerdict::Refused("wrong region".into()));
    let w = on(RequestView { verdict, answer: Some("a block".into()), ..pair::request(Mode::Live) });
    assert!(w.sees("You refused this: wrong region") && !w.reads("You approved"));
}

#[test]
fn the_code_of_the_phone_is_shown_and_is_all_there_is() {
    let mut w = on(RequestView { code: Some("73-18-40".into()), ..pair::request(Mode::Live) });
    assert!(w.sees("73-18-40") && !w.sees("Approve exactly this") && !w.sees("Copy the answer"));
    w.ctrl(Key::Enter);
    w.key(Key::F8);
    assert_eq!((w.told(), w.harness.state().view().ask.as_ref()), (vec![], None));
}

#[test]
fn a_key_that_was_meant_for_something_else_signs_nothing() {
    let mut w = on(pair::request(Mode::Live));
    w.harness.get_by_label("A colleague's key line").focus();
    w.harness.run();
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "a line is being typed");
    // A key that is held down since before the request came.
    let none = Snapshot { approvals: pair::approvals(vec![], None).into(), ..sample::on_call() };
    let mut w = Window::on(none, Screen::Approve);
    let (physical_key, modifiers) = (None, Modifiers::COMMAND);
    let press = || Event::Key { key: Key::Enter, physical_key, pressed: true, repeat: false, modifiers };
    w.harness.event(press());
    w.harness.run();
    w.publish(|s| *s = pair::approving(pair::request(Mode::Live)));
    w.harness.run_steps(4);
    w.harness.event(press());
    w.harness.run();
    assert_eq!(w.told(), [], "it is held down");
    let mut w = on(pair::request(Mode::Live));
    // A request that came in place of another a moment ago.
    let other = RequestView { id: "r2".into(), ..pair::request(Mode::Live) };
    w.publish.send(Arc::new(pair::approving(other))).unwrap();
    w.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    w.harness.step();
    assert_eq!(w.told(), [], "nobody has seen it yet");
    w.harness.run_steps(4);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), sent(ApprovalIntent::Approve { request: "r2".into(), typed: None }));
}
