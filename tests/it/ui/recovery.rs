//! The Recovery screen: what is pressing is seen first, in words and shapes, and one button begins its recovery.

use lifeboat::desk::snapshot::{Alarm, DeletedRow, RecoveryView, Term};
use lifeboat::recovery::{Deleted, Kind, Origin};

use super::*;

const HOUR: i64 = 3_600_000;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A row that was deleted so many hours ago.
fn deleted(place: usize, kind: Kind, name: &str, hours: i64, way: &[(&str, bool)]) -> DeletedRow {
    let id = format!("/subscriptions/s/resourceGroups/rg/providers/x/{name}");
    let mut d = Deleted::new(kind, &id, Origin::DeletedList);
    d.deleted_at = Some(now() - hours * HOUR - 60_000);
    let term = Term::of(&d);
    DeletedRow {
        id: id.clone(),
        place,
        what: kind.word(),
        name: name.to_owned(),
        subscription: if hours > 100 { "team-b".to_owned() } else { "team-a".to_owned() },
        group: "rg".to_owned(),
        region: "East US".to_owned(),
        deleted_at: d.deleted_at,
        term,
        deadline_from: "counted from the deletion",
        wanted: None,
        time: if term.alarm(now()) == Alarm::Lost { "no soft delete".to_owned() } else { String::new() },
        blockers: way.iter().map(|(t, c)| ((*t).to_owned(), *c)).collect(),
        advice: format!("What to do about {name}."),
        runbook: match kind {
            Kind::AiAccount => Some("recover-ai-account"),
            Kind::Hub => Some("recover-hub"),
            Kind::StorageAccount => Some("recover-storage"),
            _ => None,
        },
        by_hand: vec![format!("az by-hand {name}")],
        facts: vec![("id", id)],
    }
}

pub fn board() -> RecoveryView {
    RecoveryView {
        read_at: Some(now() - 4 * 60_000),
        azure: "AzureCloud".to_owned(),
        subscriptions: 3,
        requests: 25,
        progress: None,
        rows: vec![
            deleted(
                1,
                Kind::AiAccount,
                "oai-shop",
                42,
                &[("resource group rg is missing: create it empty first", true)],
            ),
            deleted(2, Kind::AiAccount, "oai-search", 30, &[("key vault kv-shop first, if it needs it", false)]),
            deleted(3, Kind::StorageAccount, "stshop", 200, &[]),
            deleted(4, Kind::Vault, "kv-shop", 30, &[]),
            deleted(0, Kind::Hub, "hub-shop", 30, &[]),
        ],
        failed: vec![(
            "team-c".to_owned(),
            "everything".to_owned(),
            "it answered 403. Ask its owner for Reader.".to_owned(),
        )],
        short_logs: Vec::new(),
    }
}

pub fn snapshot() -> Snapshot {
    Snapshot { recovery: Arc::new(board()), ..sample::on_call() }
}

fn has(w: &Window, words: &str) -> bool {
    w.harness.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn before_the_first_reading_it_teaches_and_enter_reads() {
    let mut w = Window::on(sample::on_call(), Screen::Recovery);
    assert!(has(&w, "AI accounts 48 hours") && has(&w, "Reading changes nothing"));
    w.key(Key::Enter);
    assert_eq!(w.told(), [Command::ReadDeleted]);
    w.publish(|s| s.recovery = Arc::new(RecoveryView { progress: Some((2, 50)), ..RecoveryView::default() }));
    assert!(has(&w, "Reading: 2 of 50 subscriptions"));
    w.ctrl(Key::R);
    assert_eq!(w.told(), [], "it is being read already");
}

#[test]
fn each_row_says_what_is_left_in_words_and_nothing_offers_to_purge() {
    let w = Window::on(snapshot(), Screen::Recovery);
    for words in [
        "1: AI account oai-shop, team-a, 5 h 5",
        "left, urgent. In the way: resource group rg is missing",
        "2: AI account oai-search, team-a, 17 h 5",
        "left, soon. In the way: key vault kv-shop first, if it needs it",
        "3: storage account stshop, team-b, 5 d 1",
        "4: key vault kv-shop, team-a, unknown, unknown",
        "hub hub-shop, team-a, no soft delete, cannot come back",
        "Not read: team-c, everything: it answered 403",
        "Read 4 min ago from AzureCloud: 3 subscriptions, 25 requests",
    ] {
        assert!(has(&w, words), "{words}");
    }
    assert!(has(&w, "Recovery, 1 urgent"), "the navigation counts");
    assert!(w.sees("What to do about oai-shop."), "the first row is on show");
    let labels = w.harness.root().children_recursive().filter_map(|n| n.accesskit_node().label()).collect::<Vec<_>>();
    assert!(!labels.iter().any(|l| l.to_lowercase().contains("purge ") && !l.contains("purged")), "{labels:?}");
}

#[test]
fn a_recovery_begins_with_a_click_or_enter_from_the_row_on_show() {
    let mut w = Window::on(snapshot(), Screen::Recovery);
    w.key(Key::ArrowDown);
    assert!(w.sees("What to do about oai-search."));
    w.key(Key::Enter);
    let id = |name: &str| format!("/subscriptions/s/resourceGroups/rg/providers/x/{name}");
    assert_eq!(w.told(), [Command::Recover(id("oai-search"))]);
    assert_eq!(w.harness.state().view().screen, Screen::Runbooks, "where the plan is filled in");
    w.ctrl(Key::Num4);
    w.key(Key::ArrowDown);
    w.click("Recover…");
    assert_eq!(w.told(), [Command::Recover(id("stshop"))]);
    // What no runbook guides has no button, and Enter does nothing.
    w.ctrl(Key::Num4);
    w.key(Key::ArrowDown);
    assert!(w.sees("What to do about kv-shop.") && !w.sees("Recover…"));
    w.key(Key::Enter);
    assert_eq!(w.told(), []);
    w.click("Copy the command");
    assert!(w.sees("The command is in the clipboard"));
}

#[test]
fn the_filter_finds_by_name_and_the_board_is_read_again() {
    let mut w = Window::on(snapshot(), Screen::Recovery);
    assert!(w.sees("5 of 5"));
    w.ctrl(Key::F);
    w.type_text("stsh");
    assert!(w.sees("1 of 5") && w.sees("What to do about stshop."));
    w.key(Key::Escape);
    w.ctrl(Key::R);
    assert_eq!(w.told(), [Command::ReadDeleted]);
}

#[test]
fn it_fits_a_small_window_and_settles() {
    for size in [[960.0, 600.0], [720.0, 450.0], [1440.0, 900.0]] {
        let mut w = Window::sized(snapshot(), size);
        w.harness.state_mut().show(Screen::Recovery);
        w.harness.run();
        assert!(has(&w, "1: AI account oai-shop"), "{size:?}");
        let button = w.harness.get_by_label("Recover…").rect();
        assert!(button.right() <= size[0] && button.bottom() <= size[1], "{size:?}: {button:?}");
    }
}
