//! Another screen is another place: the focus does not stay behind, the screen is heard, and what was typed comes back.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::protocol::Command;
use lifeboat::ui::ask::Ask;
use lifeboat::ui::view::Screen;

use super::{Window, sample, shelf};

fn focused(w: &Window) -> Option<(Role, String)> {
    let root = w.harness.root();
    let node = root.children_recursive().find(|n| n.is_focused())?;
    Some((node.accesskit_node().role(), node.accesskit_node().label().unwrap_or_default()))
}

#[test]
fn enter_on_another_screen_is_for_what_that_screen_offers() {
    let mut w = Window::new(sample::on_call());
    w.key(Key::Tab);
    assert_eq!(focused(&w).map(|(role, _)| role), Some(Role::Tab), "{:?}", focused(&w));
    w.ctrl(Key::Num3);
    assert_eq!(focused(&w), None, "the ring does not stay on the screen before");
    w.key(Key::Enter);
    assert_eq!(w.harness.state().view().screen, Screen::Runbooks);
    let told = w.told();
    assert!(matches!(&told[..], [Command::StartRun { dry_run: true, .. }]), "{told:?}");
}

#[test]
fn tab_begins_with_the_screen_that_came_and_goes_on_to_the_navigation() {
    let mut w = Window::new(sample::on_call());
    w.ctrl(Key::Num3);
    w.key(Key::Tab);
    let first = focused(&w);
    assert!(first.as_ref().is_some_and(|(role, _)| *role != Role::Tab), "{first:?}");
    // The navigation is not lost: the way back leads to it, and so does going round.
    w.harness.key_press_modifiers(Modifiers::SHIFT, Key::Tab);
    w.harness.run();
    assert_eq!(focused(&w).map(|(role, _)| role), Some(Role::Tab), "{:?}", focused(&w));
    // Where there is nothing to go to, the second Tab goes to the navigation.
    w.ctrl(Key::Num9);
    (0..2).for_each(|_| w.key(Key::Tab));
    assert_eq!(focused(&w).map(|(role, _)| role), Some(Role::Tab), "{:?}", focused(&w));
}

#[test]
fn the_palette_leaves_no_focus_behind_on_the_screen_it_leads_to() {
    let mut w = Window::new(sample::on_call());
    w.key(Key::Tab);
    w.ctrl(Key::K);
    w.type_text("audit");
    w.key(Key::Enter);
    w.harness.run_steps(4);
    assert_eq!((w.harness.state().view().screen, focused(&w)), (Screen::Audit, None));
}

#[test]
fn a_screen_that_is_gone_to_is_heard() {
    let mut w = Window::new(sample::on_call());
    w.ctrl(Key::Num6);
    let heard = |w: &Window, words: &str| {
        w.harness.query_all_by_role(Role::Status).any(|n| n.accesskit_node().label().as_deref() == Some(words))
    };
    assert!(heard(&w, "Audit"));
}

#[test]
fn the_window_its_parts_and_its_headings_have_names() {
    let mut w = Window::on(sample::live(), Screen::Runbooks);
    let root = |w: &Window| w.harness.root().accesskit_node().label().unwrap_or_default();
    assert!(root(&w).starts_with("LIVE · ") && root(&w).ends_with("Lifeboat"), "{}", root(&w));
    w.publish(|s| s.band.mode = None);
    assert_eq!(root(&w), "Lifeboat");
    for (role, name) in
        [(Role::Navigation, "Navigation"), (Role::Group, "Reachability"), (Role::Main, "Runbooks screen")]
    {
        w.harness.get_by_role_and_label(role, name);
    }
    w.harness.get_by_role_and_label(Role::Heading, "Plans");
}

#[test]
fn no_name_of_the_list_ends_in_nothing() {
    for (page, w) in shelf::pages() {
        for node in w.harness.query_all_by_role(Role::ListBoxOption) {
            let name = node.accesskit_node().label().unwrap_or_default();
            assert!(!name.trim_end().ends_with('.') && !name.contains(". . "), "{page}: `{name}`");
        }
    }
}

#[test]
fn what_was_typed_comes_back_with_the_same_dialog() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let typed = |w: &Window| w.harness.state().view().ask.as_ref().map(|a| a.fields[0].text.clone());
    w.key(Key::N);
    w.type_text("the batch team holds");
    w.key(Key::Escape);
    assert_eq!(w.harness.state().view().ask, None);
    w.key(Key::N);
    assert_eq!(typed(&w).as_deref(), Some("the batch team holds"));
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [Command::Note("the batch team holds".into())]);
    w.key(Key::N);
    assert_eq!(typed(&w).as_deref(), Some(""), "what was sent is done with");
    w.key(Key::Escape);
    // Of this step alone.
    w.key(Key::S);
    w.type_text("quota is enough");
    w.key(Key::Escape);
    w.publish(|s| std::sync::Arc::make_mut(s.run.as_mut().unwrap()).current = Some("V1".into()));
    w.key(Key::S);
    assert_ne!(typed(&w).as_deref(), Some("quota is enough"));
    w.key(Key::Escape);
    w.publish(|s| std::sync::Arc::make_mut(s.run.as_mut().unwrap()).current = Some("F4".into()));
    w.key(Key::S);
    assert_eq!(typed(&w).as_deref(), Some("quota is enough"));
}

#[test]
fn neither_a_confirming_name_nor_a_secret_comes_back() {
    let mut w = Window::on(sample::on_call(), Screen::Runbooks);
    w.ctrl(Key::Enter);
    w.type_text("prod-chat");
    w.key(Key::Escape);
    w.ctrl(Key::Enter);
    assert_eq!(w.harness.state().view().ask.as_ref().map(|a| a.fields[0].text.clone()).as_deref(), Some(""));
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::F2);
    let ask = w.harness.state().view().ask.clone().unwrap();
    let secret = ask.fields.iter().position(|f| f.secret).expect("handing over asks for a passphrase");
    w.harness.state_mut().view_mut().ask.as_mut().unwrap().fields[secret].text = "correct horse battery".into();
    w.harness.run();
    w.key(Key::Escape);
    w.key(Key::F2);
    assert_eq!(w.harness.state().view().ask.as_ref().unwrap().fields[secret].text, "");
}

#[test]
fn what_lies_under_a_dialog_is_not_pressed_and_what_was_typed_stays() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let press = |w: &Window| w.harness.get_by_role_and_label(Role::Button, "Add a note").click_accesskit();
    // Somebody who listens presses twice before they hear of the dialog.
    press(&w);
    w.harness.step();
    press(&w);
    w.harness.run();
    let dialog = w.harness.get_by_role(Role::Dialog).accesskit_node();
    assert_eq!((dialog.label().as_deref(), dialog.data().is_modal()), (Some("Add a note"), true));
    w.type_text("the batch team holds");
    press(&w);
    w.harness.get_by_role_and_label(Role::Tab, "Settings").click_accesskit();
    w.harness.run();
    let view = w.harness.state().view();
    let typed = view.ask.as_ref().map(|a| a.fields[0].text.as_str());
    assert_eq!((view.screen, typed), (Screen::Run, Some("the batch team holds")));
    // The dialog's own buttons are.
    w.harness.get_by_role_and_label(Role::Button, "Cancel").click_accesskit();
    w.harness.run();
    assert_eq!(w.harness.state().view().ask, None);
}

#[test]
fn a_run_that_was_closed_is_not_asked_how_it_shall_close() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let asked = |w: &Window| w.harness.state().view().ask.as_ref().map(|a| a.title.clone());
    w.ctrl(Key::L);
    assert_eq!(asked(&w).as_deref(), Some("Close the run"));
    w.publish(|s| s.band.text.push('!'));
    assert!(asked(&w).is_some(), "it stays while the run goes on");
    w.publish(|s| std::sync::Arc::make_mut(s.run.as_mut().unwrap()).closed = Some("Recovered.".into()));
    assert_eq!(asked(&w), None);
    // What is not for the record stays.
    let mut ask = Ask::sighting("");
    ask.run = w.publish.borrow().run.as_ref().map(|r| r.id.clone());
    w.harness.state_mut().view_mut().ask = Some(ask);
    w.harness.run();
    assert!(asked(&w).is_some());
}
