//! The messages card of Settings: dialogs to exact commands, and an address that nobody sees.

use std::sync::Arc;

use eframe::egui::{Key, Pos2, Rect, accesskit::Role};
use egui_kittest::kittest::Queryable;
use lifeboat::desk::protocol::{Anchors, Command, Hook, HookIntent, HookKind, Moment};
use lifeboat::desk::snapshot::{HookView, Settings, Snapshot};
use lifeboat::ui::view::Screen;
use lifeboat::units::Secret;

use super::credentials::said_to_a_screen_reader;
use super::{Window, sample};

fn war_room() -> Hook {
    Hook {
        name: "War room".into(),
        kind: HookKind::Teams,
        moments: vec![Moment::Down, Moment::Moved],
        ..Hook::default()
    }
}

pub fn settings() -> Snapshot {
    let snap = sample::on_call();
    let pager = Hook {
        name: "Database on call".into(),
        kind: HookKind::PagerDuty,
        moments: vec![Moment::Failed],
        template: "{mode} {plan}: {what}, {left} left".into(),
        rehearsals: true,
    };
    let hooks = vec![
        HookView {
            hook: war_room(),
            address: Some(true),
            last: Some("03:14 users are served elsewhere: taken, 202 in 340 ms".into()),
        },
        HookView { hook: pager, address: Some(false), last: Some("03:10 a step failed: not sent, no address".into()) },
    ];
    Snapshot { settings: Arc::new(Settings { hooks, ..(*snap.settings).clone() }), ..snap }
}

/// Tall enough for the whole page.
fn window() -> Window {
    let mut w = Window::sized(settings(), [1280.0, 3_000.0]);
    w.harness.state_mut().show(Screen::Settings);
    w.harness.run();
    w
}

fn press(w: &mut Window, role: Role, label: &str) {
    w.harness.get_by_role_and_label(role, label).click();
    w.harness.run();
}

#[test]
fn a_message_is_added_with_its_moments_and_a_hidden_address() {
    let mut w = window();
    w.click("Add a message…");
    w.type_text("Leads");
    press(&mut w, Role::RadioButton, "Slack");
    w.click("Keep it");
    assert_eq!(w.told(), [], "without an address there is nothing to keep");
    w.harness.get_by_label("Address; it is not shown").focus();
    w.harness.run();
    w.type_text("https://hooks.example/T1/secret-in-here");
    assert!(!said_to_a_screen_reader(&w.harness).contains("secret-in-here"), "not even while it is typed");
    press(&mut w, Role::CheckBox, "a step failed");
    press(&mut w, Role::CheckBox, "the primary is down");
    press(&mut w, Role::CheckBox, "Tell of rehearsals too; each says that it is one");
    w.click("Keep it");
    let hook = Hook {
        name: "Leads".into(),
        kind: HookKind::Slack,
        moments: vec![Moment::Decided, Moment::Failed, Moment::Moved, Moment::Back],
        template: String::new(),
        rehearsals: true,
    };
    let address = Some(Secret::new("https://hooks.example/T1/secret-in-here"));
    assert_eq!(w.told(), [Command::Hook(HookIntent::Set { hook, address })]);
    assert!(!w.sees("A new message"));
}

#[test]
fn a_change_keeps_the_address_that_is_there() {
    let mut w = window();
    w.click("Change War room");
    press(&mut w, Role::CheckBox, "the run was closed");
    w.click("Keep it");
    let hook = Hook { moments: vec![Moment::Down, Moment::Moved, Moment::Closed], ..war_room() };
    assert_eq!(w.told(), [Command::Hook(HookIntent::Set { hook, address: None })]);
}

#[test]
fn a_name_is_given_once() {
    let mut w = window();
    w.click("Add a message…");
    w.type_text("War room");
    assert!(w.sees("There is one of this name already"));
}

#[test]
fn one_is_tested_and_deleted_only_when_asked_again() {
    let mut w = window();
    w.click("Send a test to War room");
    w.click("Send a test to Database on call");
    assert_eq!(w.told(), [Command::Hook(HookIntent::Test("War room".into()))], "without an address nothing is sent");
    w.click("Delete War room");
    w.key(Key::Escape);
    assert_eq!(w.told(), []);
    w.click("Delete War room");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::Hook(HookIntent::Delete("War room".into()))]);
}

#[test]
fn what_came_of_the_newest_is_there() {
    let w = window();
    for words in ["taken, 202 in 340 ms", "not sent, no address", "no key: nothing can be sent", "words of its own"] {
        assert!(w.reads(words), "{words}");
    }
}

#[test]
fn tab_scrolls_to_what_it_comes_to() {
    let mut w = Window::on(settings(), Screen::Settings);
    let label = "Add a message…";
    let window = Rect::from_min_size(Pos2::ZERO, [1280.0, 800.0].into());
    assert!(!window.contains_rect(w.harness.get_by_label(label).rect()));
    for _ in 0..80 {
        w.key(Key::Tab);
        if w.harness.get_by_label(label).is_focused() {
            break;
        }
    }
    let at = w.harness.get_by_label(label).rect();
    assert!(window.contains_rect(at), "{at:?}");
    w.key(Key::Enter);
    assert!(w.sees("A new message"));
}

#[test]
fn where_checkpoints_go_by_themselves_is_set_beside_the_messages() {
    let mut w = window();
    // Further down than the window reaches: the keyboard brings it into view.
    let save = |w: &mut Window| {
        w.harness.get_by_label("Save where they go").focus();
        w.harness.run();
        w.key(Key::Enter);
    };
    save(&mut w);
    assert_eq!(w.told(), [], "nothing was changed");
    for (label, text) in [
        ("Container of a storage account, or nothing", "https://st.blob.core.windows.net/anchors"),
        ("Time-stamp authority, or nothing", "http://timestamp.example.com"),
    ] {
        w.harness.get_by_label(label).focus();
        w.harness.run();
        w.type_text(text);
    }
    save(&mut w);
    let wanted = Anchors {
        container: "https://st.blob.core.windows.net/anchors".into(),
        authority: "http://timestamp.example.com".into(),
    };
    assert_eq!(w.told(), [Command::Anchors(wanted)]);
}
