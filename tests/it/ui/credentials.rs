//! The credentials card: a credential is added, tested and deleted by hand, and what is typed as a secret is seen nowhere.

use lifeboat::desk::protocol::CredentialIntent;
use lifeboat::desk::snapshot::{Credentials, Keeper};
use lifeboat::units::Secret;

use super::*;

const SECRET: &str = "Canary-Typed-0815";

fn settings(change: impl FnOnce(&mut Credentials)) -> Snapshot {
    let mut s = sample::snapshot();
    change(&mut Arc::make_mut(&mut s.settings).credentials);
    s
}

fn on(change: impl FnOnce(&mut Credentials)) -> Window {
    Window::on(settings(change), Screen::Settings)
}

fn credential(w: &Window) -> Vec<CredentialIntent> {
    let one = |c| match c {
        Command::Credential(intent) => intent,
        other => panic!("{other:?}"),
    };
    w.told().into_iter().map(one).collect()
}

fn fill(w: &mut Window, label: &str, text: &str) {
    w.harness.get_by_role_and_label(Role::TextInput, label).focus();
    w.harness.run();
    w.type_text(text);
}

fn secret_field(w: &Window) -> egui_kittest::Node<'_> {
    w.harness.get_by_label("Secret; it is not shown")
}

/// Everything that a screen reader could read.
pub fn said_to_a_screen_reader(harness: &Harness<'_, App>) -> String {
    let mut all = String::new();
    for node in harness.root().children_recursive() {
        let n = node.accesskit_node();
        all.push_str(&format!("{:?} {:?} {:?} {:?}\n", n.role(), n.label(), n.value(), n.placeholder()));
    }
    all
}

#[test]
fn the_keyring_is_asked_before_a_secret_is_typed() {
    let mut w = on(|c| c.keeper = Keeper::NotAsked);
    assert!(
        w.sees("azure-openai, East US") && w.sees("stored 2026-09-01 · expires 2027-01-31"),
        "the list needs no keyring"
    );
    assert_eq!(credential(&w), [], "looking asks nothing of the keyring");
    w.click("Add a credential…");
    assert_eq!(credential(&w), [CredentialIntent::Prepare]);
    assert!(!w.sees("Secret; it is not shown"));
    w.publish(|s| Arc::make_mut(&mut s.settings).credentials.busy = Some("Waiting for the keyring…".into()));
    assert!(w.sees("Waiting for the keyring…") && !w.sees("Add a credential…"));
    w.publish(|s| {
        let c = &mut Arc::make_mut(&mut s.settings).credentials;
        (c.busy, c.keeper) = (None, Keeper::Keyring);
    });
    assert!(w.sees("Secret; it is not shown"), "it works, so the form is there");
    w.type_text("sign-in");
    let system = w.harness.get_by_role_and_label(Role::TextInput, "System, such as azure-openai or sign-in");
    assert_eq!(system.value().as_deref(), Some("sign-in"), "and its first field has the focus");
}

#[test]
fn a_credential_is_typed_and_its_secret_is_seen_nowhere() {
    let mut w = on(|c| c.keeper = Keeper::Keyring);
    w.click("Add a credential…");
    w.click("Store the credential");
    assert_eq!(credential(&w), [], "nothing is stored without a name and a secret");
    fill(&mut w, "System, such as azure-openai or sign-in", "azure-openai");
    fill(&mut w, "Region, such as eastus; empty: all regions", "eastus");
    fill(&mut w, "Expires on, such as 2027-01-31; empty: not known", "2027-01-31");
    secret_field(&w).focus();
    w.harness.run();
    w.type_text(SECRET);
    // The rows of the form are there, and the secret is dots.
    let said = said_to_a_screen_reader(&w.harness);
    assert!(said.contains("2027-01-31"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    assert!(!said.contains("Canary"), "{said}");
    // Copying gives nothing away either.
    w.ctrl(Key::A);
    w.harness.event(egui::Event::Copy);
    w.harness.run();
    assert!(!format!("{:?}", w.harness.output().platform_output.commands).contains(SECRET));
    w.click("Store the credential");
    let told = credential(&w);
    let wanted = CredentialIntent::Store {
        system: "azure-openai".into(),
        region: "eastus".into(),
        secret: Secret::new(SECRET),
        expires: "2027-01-31".into(),
    };
    assert!(!format!("{told:?}").contains("Canary"), "{told:?}");
    assert_eq!(told, [wanted]);
    assert!(!w.sees("Secret; it is not shown"), "the form is closed");
    // Opened again it is empty, and undo brings nothing back.
    w.click("Add a credential…");
    secret_field(&w).focus();
    w.harness.run();
    w.ctrl(Key::Z);
    w.click("Store the credential");
    assert_eq!(credential(&w), []);
}

#[test]
fn a_half_typed_secret_is_forgotten_with_the_screen() {
    let mut w = on(|c| c.keeper = Keeper::Memory);
    w.click("Add a credential…");
    fill(&mut w, "System, such as azure-openai or sign-in", "sign-in");
    secret_field(&w).focus();
    w.harness.run();
    w.type_text(SECRET);
    w.ctrl(Key::Num2);
    w.ctrl(Key::Num7);
    assert!(w.sees("Add a credential…"), "closed");
    w.click("Add a credential…");
    w.click("Store the credential");
    assert_eq!(credential(&w), [], "and empty");
}

#[test]
fn without_a_keyring_memory_is_a_choice_that_is_offered_and_not_made() {
    let mut w = on(|c| {
        c.keeper = Keeper::Absent;
        c.state = "No keyring service answers on this computer.".into();
    });
    assert!(w.sees("No keyring service answers on this computer."));
    assert!(!w.sees("Add a credential…"));
    assert!(!w.sees("Ask the keyring again"), "it will not come while the program runs");
    w.publish(|s| Arc::make_mut(&mut s.settings).credentials.keeper = Keeper::Shut);
    w.click("Ask the keyring again");
    w.click("Keep in memory until Lifeboat closes");
    assert_eq!(credential(&w), [CredentialIntent::Prepare, CredentialIntent::KeepInMemory]);
}

#[test]
fn each_credential_is_tested_and_deleted_by_name_and_deleting_asks_first() {
    let mut w = on(|_| {});
    w.click("Test azure-openai, Sweden Central");
    let name: lifeboat::desk::protocol::Name = "azure-openai/swedencentral".parse().unwrap();
    assert_eq!(credential(&w), [CredentialIntent::Test(name.clone())]);
    w.click("Delete azure-openai, Sweden Central");
    assert!(w.sees("Delete azure-openai, Sweden Central?"));
    w.key(Key::Enter);
    assert_eq!(credential(&w), [], "Enter alone does not delete");
    w.click("Delete azure-openai, Sweden Central");
    w.click("Delete the credential");
    assert_eq!(credential(&w), [CredentialIntent::Delete(name)]);
    w.publish(|s| Arc::make_mut(&mut s.settings).credentials.said = Some((true, "It is deleted.".into())));
    assert!(w.sees("It is deleted."));
}

#[test]
fn the_card_fits_a_small_window() {
    for size in [[960.0, 600.0], [1280.0, 800.0]] {
        let mut w = Window::sized(settings(|c| c.keeper = Keeper::Keyring), size);
        w.harness.state_mut().show(Screen::Settings);
        w.harness.run();
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        for label in ["Delete azure-openai, East US", "Test azure-openai, East US"] {
            let at = w.harness.get_by_role_and_label(Role::Button, label).rect();
            assert!(at.left() >= window.left() && at.right() <= window.right(), "{label} at {at:?}");
        }
    }
}
