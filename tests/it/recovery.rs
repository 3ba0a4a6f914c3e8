//! Tests of `recovery`: the clock rule, what is in the way, the order of the work, and the runbook that fits.

use lifeboat::catalog::Catalog;
use lifeboat::plan::draft::Draft;
use lifeboat::plan::inventory::Found;
use lifeboat::recovery::{
    Alarm, Blocker, Board, Deadline, Deleted, Entry, Failed, Gap, Kind, Lack, Live, Origin, Reading, Row, Subscription,
    Term, beside_lists, board, by_hand, deletions, fit, merged,
};
use lifeboat::runbook;
use lifeboat::units::{Millis, Region};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const NOW: i64 = 1_795_144_440_000;
const SUB: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de";

fn id(kind: Kind, group: &str, name: &str) -> String {
    let of = match kind {
        Kind::Vault => "Microsoft.KeyVault/vaults",
        Kind::StorageAccount => "Microsoft.Storage/storageAccounts",
        Kind::LogWorkspace => "Microsoft.OperationalInsights/workspaces",
        Kind::AiAccount => "Microsoft.CognitiveServices/accounts",
        _ => "Microsoft.MachineLearningServices/workspaces",
    };
    format!("{SUB}/resourceGroups/{group}/providers/{of}/{name}")
}

fn lost(kind: Kind, name: &str, ago: i64) -> Deleted {
    let mut d = Deleted::new(kind, &id(kind, "rg", name), Origin::DeletedList);
    (d.deleted_at, d.region) = (Some(NOW - ago), Region::new("eastus"));
    d
}

fn reading(deleted: Vec<Deleted>) -> Reading {
    let mut r = Reading { at: NOW, deleted, ..Reading::default() };
    let groups = [("rg".to_owned(), Region::new("eastus"))].into();
    r.groups.insert("00000000-0000-4000-8000-00000000c0de".to_owned(), groups);
    r
}

fn names(b: &Board) -> Vec<&str> {
    b.rows.iter().map(|r| r.thing.name.as_str()).collect()
}

fn row<'b>(b: &'b Board, name: &str) -> &'b Row {
    b.rows.iter().find(|r| r.thing.name == name).unwrap()
}

// ---- deadlines ----

#[test]
fn the_clock_rule() {
    use Alarm::{Amber, Fine, Lost, Over, Red};
    let cases = [
        // An AI account has 48 hours: amber with 24 left, red with 12, whatever else is left.
        (Kind::AiAccount, 23 * HOUR, Fine),
        (Kind::AiAccount, 24 * HOUR, Amber),
        (Kind::AiAccount, 36 * HOUR - 1, Amber),
        (Kind::AiAccount, 36 * HOUR, Red),
        (Kind::AiAccount, 48 * HOUR - 1, Red),
        (Kind::AiAccount, 48 * HOUR, Over),
        // Fourteen days.
        (Kind::StorageAccount, 7 * DAY - 1, Fine),
        (Kind::StorageAccount, 7 * DAY, Amber),
        (Kind::StorageAccount, 14 * DAY - 84 * HOUR, Red),
        (Kind::LogWorkspace, 14 * DAY - 84 * HOUR - 1, Amber),
        (Kind::Workspace, 14 * DAY, Over),
        // Not kept for a moment.
        (Kind::Hub, 1, Lost),
        (Kind::Project, 1, Lost),
        (Kind::Registry, 1, Lost),
        (Kind::Insights, 1, Lost),
    ];
    for (kind, ago, wanted) in cases {
        assert_eq!(Term::of(&lost(kind, "x", ago)).alarm(NOW), wanted, "{kind:?} deleted {} h ago", ago / HOUR);
    }
}

#[test]
fn twelve_hours_are_red_whatever_the_share_and_six_of_an_ai_account() {
    let mut vault = lost(Kind::Vault, "kv", 0);
    // A window so short that a quarter of it is less than twelve hours.
    (vault.deleted_at, vault.purge_at) = (Some(NOW - HOUR), Some(NOW + 12 * HOUR));
    assert_eq!(Term::of(&vault).alarm(NOW), Alarm::Red);
    vault.purge_at = Some(NOW + 12 * HOUR + 1);
    assert_eq!(Term::of(&vault).alarm(NOW), Alarm::Fine);
    let mut account = lost(Kind::AiAccount, "oai", HOUR);
    account.purge_at = Some(NOW + 7 * HOUR);
    assert_eq!(Term::of(&account).alarm(NOW), Alarm::Fine, "seven of eight hours");
    account.purge_at = Some(NOW + 6 * HOUR);
    assert_eq!(Term::of(&account).alarm(NOW), Alarm::Red);
}

#[test]
fn azures_date_wins_and_an_unknown_one_is_unknown() {
    let mut account = lost(Kind::AiAccount, "oai", HOUR);
    assert_eq!(Term::of(&account).deadline, Deadline::Counted(NOW + 47 * HOUR));
    account.purge_at = Some(NOW + 5);
    assert_eq!(Term::of(&account).deadline, Deadline::Azure(NOW + 5));
    // A vault's time was fixed when it was made; from the deletion alone it cannot be told.
    let vault = lost(Kind::Vault, "kv", HOUR);
    let term = Term::of(&vault);
    assert_eq!(
        (term.deadline, term.alarm(NOW), term.left(NOW), term.share(NOW)),
        (Deadline::Unknown, Alarm::Unknown, None, None)
    );
    let b = board(&reading(vec![vault]), &[], NOW);
    assert!(b.rows[0].alarm(NOW).presses(), "unknown is not calm");
    assert!(b.rows[0].recoverable(NOW));
    account.deleted_at = None;
    account.purge_at = None;
    assert_eq!(Term::of(&account).alarm(NOW), Alarm::Unknown);
    let term = Term::of(&lost(Kind::AiAccount, "oai", 24 * HOUR));
    assert_eq!((term.left(NOW), term.share(NOW)), (Some(Millis(24 * HOUR as u64)), Some(0.5)));
    assert_eq!(term.share(NOW + 30 * HOUR), Some(0.0), "never below nothing");
}

// ---- what is in the way ----

#[test]
fn what_is_in_the_way_is_named() {
    let codes = |r: &Row| r.blockers.iter().map(Blocker::code).collect::<Vec<_>>();
    let mut r = reading(vec![lost(Kind::AiAccount, "oai", HOUR)]);
    assert_eq!(codes(&board(&r, &[], NOW).rows[0]), [""; 0]);

    r.groups.values_mut().for_each(|g| g.clear());
    let b = board(&r, &[], NOW);
    assert_eq!(codes(&b.rows[0]), ["group-missing"]);
    assert!(b.rows[0].what_to_do(NOW).starts_with("Resource group rg is missing"), "{}", b.rows[0].what_to_do(NOW));
    let group = Found {
        id: format!("{SUB}/resourceGroups/RG"),
        resource_type: "Microsoft.Resources/resourceGroups".into(),
        name: "RG".into(),
        region: Region::new("westeurope"),
        kind: None,
        sku: None,
    };
    let known = [group];
    assert!(board(&r, &known, NOW).rows[0].blockers[0].text().contains("West Europe"), "the inventory remembers where");

    let fit = fit(&board(&r, &known, NOW).rows[0], &r, NOW).unwrap();
    assert_eq!(fit.values["group_region"], "westeurope");

    r.groups.values_mut().for_each(|g| drop(g.insert("rg".into(), Region::new("eastus"))));
    assert_eq!(codes(&board(&r, &known, NOW).rows[0]), ["other-place"]);
    r.leaving.insert(r.deleted[0].place());
    let b = board(&r, &known, NOW);
    assert_eq!(codes(&b.rows[0]), ["group-leaving"]);
    assert!(b.rows[0].blockers[0].certain() && b.rows[0].what_to_do(NOW).contains("wait until it is gone"));
    r.groups.clear();
    let b = board(&r, &[], NOW);
    assert_eq!(codes(&b.rows[0]), ["group-unread"], "not read is not missing");
    assert!(!b.rows[0].blockers[0].certain());

    let mut r = reading(vec![lost(Kind::StorageAccount, "stshop", HOUR)]);
    r.live.push(Live { kind: Kind::StorageAccount, id: id(Kind::StorageAccount, "other", "STSHOP") });
    assert_eq!(codes(&board(&r, &[], NOW).rows[0]), ["name-taken"]);
    let mut gone = lost(Kind::AiAccount, "oai", HOUR);
    gone.purged = true;
    let b = board(&reading(vec![gone, lost(Kind::StorageAccount, "st", 15 * DAY)]), &[], NOW);
    assert_eq!((codes(row(&b, "oai")), codes(row(&b, "st"))), (vec!["purged"], vec!["over"]));
    assert!(by_hand(row(&b, "oai")).is_empty());
}

#[test]
fn the_vault_of_a_customer_key_comes_first_and_inherits_the_clock() {
    let mut account = lost(Kind::AiAccount, "oai", 40 * HOUR);
    account.needs = vec![id(Kind::Vault, "RG", "kv").to_uppercase()];
    account.needs_known = true;
    let mut vault = lost(Kind::Vault, "kv", 40 * HOUR);
    vault.purge_at = Some(NOW + 80 * DAY);
    let mut other = lost(Kind::Vault, "other", HOUR);
    other.purge_at = Some(NOW + 20 * DAY);
    let store = Deleted { needs_known: true, ..lost(Kind::StorageAccount, "st", HOUR) };
    let b = board(&reading(vec![account, vault, other, store]), &[], NOW);
    assert_eq!(names(&b), ["kv", "oai", "st", "other"]);
    let (kv, oai) = (row(&b, "kv"), row(&b, "oai"));
    assert_eq!(oai.blockers, [Blocker::RecoverFirst { kind: Kind::Vault, name: "kv".into(), certain: true }]);
    let wanted = kv.wanted.as_ref().unwrap();
    assert_eq!((wanted.name.as_str(), wanted.term.at(), wanted.certain), ("oai", Some(NOW + 8 * HOUR), true));
    assert_eq!(
        (kv.term.alarm(NOW), kv.alarm(NOW)),
        (Alarm::Fine, Alarm::Red),
        "its own clock, and the one that counts"
    );
    assert_eq!(kv.consumers, ["oai"]);
    assert_eq!(row(&b, "other").wanted, None, "Azure says what the account needs; nothing is guessed");
}

#[test]
fn what_was_deleted_in_one_group_is_recovered_in_the_usual_order() {
    let mut vault = lost(Kind::Vault, "kv", 30 * HOUR);
    vault.purge_at = Some(NOW + 6 * DAY);
    let all = vec![
        lost(Kind::Workspace, "mlw", 30 * HOUR),
        lost(Kind::AiAccount, "oai", 30 * HOUR),
        lost(Kind::LogWorkspace, "log", 30 * HOUR),
        lost(Kind::StorageAccount, "st", 30 * HOUR),
        vault,
        lost(Kind::Hub, "hub", 30 * HOUR),
    ];
    let b = board(&reading(all), &[], NOW);
    assert_eq!(names(&b), ["kv", "st", "oai", "log", "mlw", "hub"], "what cannot come back stands last");
    assert!(row(&b, "oai").blockers.iter().all(|b| !b.certain()), "likely is not certain");
    assert_eq!(row(&b, "kv").alarm(NOW), Alarm::Fine, "a guess does not ring the bell");
    assert!(row(&b, "hub").what_to_do(NOW).starts_with("It has no soft delete"));
    assert_eq!(
        (row(&b, "hub").time_words(NOW), row(&b, "oai").time_words(NOW)),
        ("no soft delete".into(), "18 h left".into())
    );
}

#[test]
fn a_nearer_guess_does_not_hide_what_is_certain() {
    let needs = vec![id(Kind::Vault, "rg", "kv")];
    let sure = Deleted { needs, needs_known: true, ..lost(Kind::AiAccount, "sure", 40 * HOUR) };
    let vault = Deleted { purge_at: Some(NOW + 80 * DAY), ..lost(Kind::Vault, "kv", HOUR) };
    let b = board(&reading(vec![vault, sure, lost(Kind::AiAccount, "guess", 44 * HOUR)]), &[], NOW);
    assert_eq!(names(&b), ["kv", "guess", "sure"]);
    let wanted = row(&b, "kv").wanted.as_ref().unwrap();
    assert_eq!((wanted.name.as_str(), wanted.certain), ("sure", true));
    assert_eq!(row(&b, "kv").alarm(NOW), Alarm::Red);
}

// ---- the order, whatever there is ----

fn any_thing() -> impl Strategy<Value = (usize, u8, i64, Option<i64>, bool, Vec<usize>)> {
    let ago = 0..20 * DAY;
    let purge = proptest::option::of(-DAY..90 * DAY);
    (0..Kind::ALL.len(), 0u8..3, ago, purge, any::<bool>(), proptest::collection::vec(0usize..30, 0..3))
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_comes_before_what_it_needs(
        things in proptest::collection::vec(any_thing(), 0..30),
    ) {
        let ids: Vec<String> = things.iter().enumerate()
            .map(|(i, (k, group, ..))| id(Kind::ALL[*k], &format!("rg{group}"), &format!("n{i}"))).collect();
        let all: Vec<Deleted> = things.iter().zip(&ids).map(|((k, _, ago, purge, known, needs), id)| {
            let mut d = Deleted::new(Kind::ALL[*k], id, Origin::DeletedList);
            d.deleted_at = (ago % 7 != 0).then_some(NOW - ago);
            d.purge_at = purge.map(|p| NOW + p);
            d.needs_known = *known;
            d.needs = needs.iter().filter_map(|n| ids.get(*n).cloned()).collect();
            d
        }).collect();
        let r = Reading { deleted: all.clone(), ..Reading::default() };
        let b = board(&r, &[], NOW);
        let mut before: Vec<&String> = ids.iter().collect();
        let mut after: Vec<&String> = b.rows.iter().map(|r| &r.thing.id).collect();
        before.sort();
        after.sort();
        prop_assert_eq!(before, after, "each thing stands on the board once");
        let place = |id: &str| b.rows.iter().position(|r| r.thing.id == id).unwrap();
        let mut earliest = i64::MIN;
        for (i, row) in b.rows.iter().enumerate() {
            for w in &row.waits {
                prop_assert!(place(&w.id) < i, "{} waits for {}", row.thing.id, w.id);
            }
            if row.waits.is_empty() && row.wanted.is_none() && row.consumers.is_empty() && row.recoverable(NOW) {
                // Things that nobody waits for and that wait for nobody stand by their own deadline.
                let mine = row.term.at().unwrap_or(i64::MIN);
                if row.term.at().is_some() {
                    prop_assert!(mine >= earliest, "by deadline");
                    earliest = mine;
                }
            }
            if i > 0 {
                prop_assert!(b.rows[i - 1].recoverable(NOW) || !row.recoverable(NOW), "what is over stands last");
            }
        }
        prop_assert_eq!(&board(&r, &[], NOW), &b, "the same each time");
    }
}

// ---- the log ----

fn entry(at: i64, operation: &str, resource: &str, status: &str) -> Entry {
    Entry {
        at,
        operation: operation.into(),
        status: status.into(),
        caller: "clean-up".into(),
        resource: resource.into(),
        correlation: format!("{at}"),
    }
}

#[test]
fn the_log_tells_what_has_no_soft_delete_and_who_did_it() {
    let ws = |n: &str| id(Kind::Workspace, "rg", n);
    let delete = "Microsoft.MachineLearningServices/workspaces/delete";
    let write = "Microsoft.MachineLearningServices/workspaces/write";
    let found = |name: &str, kind: &str| Found {
        id: ws(name),
        resource_type: "Microsoft.MachineLearningServices/workspaces".into(),
        name: name.into(),
        region: Region::new("eastus"),
        kind: Some(kind.into()),
        sku: None,
    };
    let mut failed = entry(60, delete, &ws("kept"), "Accepted");
    failed.correlation = "one".into();
    let mut its_end = entry(61, delete, &ws("kept"), "Failed");
    its_end.correlation = "one".into();
    let log = vec![
        entry(10, delete, &ws("hub"), "Succeeded"),
        entry(20, delete, &ws("project"), "Succeeded"),
        entry(30, delete, &ws("unknown"), "Succeeded"),
        entry(40, delete, &ws("again"), "Succeeded"),
        entry(50, write, &ws("again"), "Succeeded"),
        failed,
        its_end,
        entry(70, "Microsoft.Authorization/locks/delete", &ws("locked"), "Succeeded"),
        entry(
            80,
            "Microsoft.Network/networkInterfaces/delete",
            &format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic"),
            "Succeeded",
        ),
        entry(
            90,
            "Microsoft.Resources/subscriptions/resourceGroups/delete",
            &format!("{SUB}/resourceGroups/rg-old"),
            "Succeeded",
        ),
        entry(
            100,
            "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts/delete",
            &format!(
                "{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg/deletedAccounts/oai"
            ),
            "Succeeded",
        ),
    ];
    let mut log = log;
    // Deleting a group is one request with one word on each thing in it.
    for (at, name, status) in
        [(85, "part-one", "Succeeded"), (86, "part-two", "Succeeded"), (87, "part-stays", "Failed")]
    {
        let mut e = entry(at, delete, &ws(name), status);
        e.correlation = "group".into();
        log.push(e);
    }
    let account = "Microsoft.CognitiveServices/accounts/projects/delete";
    let foundry = format!("{}/projects/foundry", id(Kind::AiAccount, "rg", "ais"));
    log.push(entry(88, account, &foundry, "Succeeded"));
    let mut out = deletions(log, &[found("hub", "Hub"), found("project", "Project")]);
    out.sort_by_key(|d| d.deleted_at);
    let told: Vec<_> = out.iter().map(|d| (d.name.as_str(), d.kind, d.purged)).collect();
    assert_eq!(
        told,
        [
            ("oai", Kind::AiAccount, true),
            ("hub", Kind::Hub, false),
            ("project", Kind::Project, false),
            ("unknown", Kind::WorkspaceOrHub, false),
            ("part-one", Kind::WorkspaceOrHub, false),
            ("part-two", Kind::WorkspaceOrHub, false),
            ("foundry", Kind::Project, false),
            ("rg-old", Kind::Group, false),
        ]
    );
    assert_eq!(out.iter().find(|d| d.name == "foundry").unwrap().account(), Some(&*id(Kind::AiAccount, "rg", "ais")));
    assert_eq!((out[1].by.as_deref(), out[1].region.name()), (Some("clean-up"), "eastus"));
}

#[test]
fn what_the_log_saw_deleted_and_no_list_has_is_gone_unless_it_is_back() {
    let log = |name: &str, ago: i64| Deleted { origin: Origin::ActivityLog, ..lost(Kind::Vault, name, ago) };
    let all = vec![log("listed", HOUR), log("back", HOUR), log("purged", HOUR), log("just-now", 60_000)];
    let ids = |names: &[&str]| names.iter().map(|n| id(Kind::Vault, "rg", n).to_lowercase()).collect();
    let judged = |listed: bool| {
        let out = beside_lists(all.clone(), |_| listed, &ids(&["listed"]), &ids(&["back"]), NOW);
        out.iter().map(|d| (d.name.clone(), d.purged)).collect::<Vec<_>>()
    };
    let told = |name: &str, purged| (name.to_owned(), purged);
    assert_eq!(judged(true), [told("listed", false), told("purged", true), told("just-now", false)]);
    assert_eq!(
        judged(false).iter().filter(|(_, purged)| *purged).count(),
        0,
        "a list that was not read proves nothing"
    );
    // Of two that tell of one thing the better counts, and what only the other knows is taken over.
    let by = Deleted { by: Some("Eve".into()), purged: true, ..log("x", HOUR) };
    let one = merged(vec![by, Deleted { deleted_at: None, ..lost(Kind::Vault, "X", 0) }]);
    assert_eq!(one.len(), 1);
    assert_eq!((one[0].origin, one[0].by.as_deref(), one[0].purged), (Origin::DeletedList, Some("Eve"), false));
    assert_eq!(one[0].deleted_at, Some(NOW - HOUR));
    // Deleted, made again and deleted again: the last time counts.
    let store = |ago| lost(Kind::StorageAccount, "st", ago);
    let one = merged(vec![store(9 * DAY), store(HOUR), store(DAY)]);
    assert_eq!((one.len(), one[0].deleted_at), (1, Some(NOW - HOUR)));
    // A workspace's list tells when it was last changed; the log, when it was deleted.
    let logs = Deleted { origin: Origin::ActivityLog, ..lost(Kind::LogWorkspace, "log", HOUR) };
    let one = merged(vec![lost(Kind::LogWorkspace, "log", 90 * DAY), logs]);
    assert_eq!(one[0].deleted_at, Some(NOW - HOUR));
}

// ---- what could not be read ----

#[test]
fn what_could_not_be_read_is_kept_with_its_age_and_only_that() {
    let sub = "00000000-0000-4000-8000-00000000c0de";
    let now = |gaps: &[Lack], deleted: Vec<Deleted>| {
        let gaps = gaps.iter().map(|l| Gap { subscription: sub.to_uppercase(), lacks: l.clone() }).collect();
        let subscriptions = vec![Subscription { id: sub.into(), name: "team".into(), log_since: None }];
        Reading { gaps, subscriptions, ..reading(deleted) }
    };
    let mut secret = lost(Kind::Secret, "db", HOUR);
    (secret.origin, secret.vault) = (Origin::Vault, Some(id(Kind::Vault, "rg", "kv2")));
    let hub = Deleted { origin: Origin::ActivityLog, ..lost(Kind::Hub, "hub", HOUR) };
    let (vault, account) = (lost(Kind::Vault, "kv", HOUR), lost(Kind::AiAccount, "oai", HOUR));
    let before = Reading { at: NOW - DAY, ..now(&[], vec![secret, hub, vault, account.clone()]) };
    for (gap, kept) in [
        (None, ""),
        (Some(Lack::Everything), "db,hub,kv,oai"),
        (Some(Lack::List(Kind::Vault)), "kv"),
        (Some(Lack::Log), "hub"),
        (Some(Lack::Vaults), "db"),
        (Some(Lack::InVault(id(Kind::Vault, "RG", "KV2"), Kind::Secret)), "db"),
        (Some(Lack::InVault(id(Kind::Vault, "rg", "kv2"), Kind::Key)), ""),
    ] {
        let gaps: Vec<Lack> = gap.clone().into_iter().collect();
        let mut r = now(&gaps, Vec::new());
        r.carry(&before);
        r.settle();
        let mut names: Vec<&str> = r.deleted.iter().map(|d| d.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names.join(","), kept, "{gap:?}");
        assert!(r.deleted.iter().all(|d| d.seen_at == Some(NOW - DAY)));
        assert!(r.deleted.iter().all(|d| r.group(d).is_some_and(|g| g.is_some())), "its group is known");
    }
    // What was read now wins, what is there again is back, and another Azure knows nothing of this one.
    let mut r = now(&[Lack::Everything], vec![account]);
    r.live.push(Live { kind: Kind::Vault, id: id(Kind::Vault, "RG", "KV") });
    let mut other = Reading { azure: "elsewhere".into(), ..r.clone() };
    r.carry(&before);
    assert_eq!(
        r.deleted.iter().map(|d| (d.name.as_str(), d.seen_at.is_some())).collect::<Vec<_>>(),
        [("oai", false), ("db", true), ("hub", true)]
    );
    let twice = r.deleted[1].clone();
    other.carry(&before);
    assert_eq!(other.deleted.len(), 1);
    let b = board(&r, &[], NOW);
    assert!(row(&b, "db").what_to_do(NOW).contains("As it was read at"), "{}", row(&b, "db").what_to_do(NOW));
    // Its age is that of the first reading, however often it could not be read since.
    let later = Reading { at: NOW, deleted: vec![twice], ..now(&[], Vec::new()) };
    let mut r = now(&[Lack::Everything], Vec::new());
    r.carry(&later);
    assert_eq!(r.deleted[0].seen_at, Some(NOW - DAY));
}

#[test]
fn a_reading_without_anything_is_blank_and_one_without_something_is_not() {
    let one = |id: &str| Subscription { id: id.into(), name: id.into(), log_since: None };
    let why =
        |id: &str| Failed { subscription: id.into(), name: id.into(), what: "everything".into(), why: "no".into() };
    let gap = |id: &str| Gap { subscription: id.into(), lacks: Lack::Everything };
    let r = |all: &[&str], bad: &[&str]| Reading {
        subscriptions: all.iter().map(|s| one(s)).collect(),
        failed: bad.iter().map(|s| why(s)).collect(),
        gaps: bad.iter().map(|s| gap(s)).collect(),
        ..Reading::default()
    };
    assert_eq!(r(&["a", "b"], &["a", "b"]).blank().map(|f| f.name.as_str()), Some("a"));
    assert!(r(&["a", "b"], &["a"]).blank().is_none() && r(&["a"], &[]).blank().is_none());
    assert!(r(&[], &["asked-for"]).blank().is_some(), "what was asked for is not seen");
}

// ---- the runbook that fits ----

#[test]
fn each_recovery_begins_with_a_plan_that_its_runbook_understands() {
    let catalog = Catalog::builtin();
    let mut account = lost(Kind::AiAccount, "oai", 30 * HOUR);
    (account.needs, account.needs_known) = (vec![id(Kind::Vault, "rg", "kv")], true);
    let mut vault = lost(Kind::Vault, "kv", 30 * HOUR);
    vault.purge_at = Some(NOW + 7 * DAY - 30 * HOUR);
    let mut secret = lost(Kind::Secret, "s", HOUR);
    (secret.id, secret.name) = ("https://kv2.vault.azure.net/deletedsecrets/db".into(), "db".into());
    (secret.vault, secret.purge_at) = (Some(id(Kind::Vault, "rg", "kv2")), Some(NOW + 29 * DAY));
    let key = Deleted {
        kind: Kind::Key,
        id: "https://kv2.vault.azure.net/deletedkeys/wrap".into(),
        name: "wrap".into(),
        ..secret.clone()
    };
    // The vault of its key is there, and known by its address only; or not known at all.
    let alive = Deleted {
        needs: vec!["https://KV-there.vault.azure.net/".into()],
        needs_known: true,
        ..lost(Kind::AiAccount, "alive", HOUR)
    };
    let unseen = Deleted { needs: vec!["https://kv-unseen.vault.azure.net/".into()], ..alive.clone() };
    let unseen = Deleted { id: id(Kind::AiAccount, "rg", "unseen"), name: "unseen".into(), ..unseen };
    let none = Deleted { needs_known: true, ..lost(Kind::AiAccount, "none", HOUR) };
    let foundry = format!("{}/projects/foundry", id(Kind::AiAccount, "rg", "ais"));
    let all = vec![
        key,
        alive,
        unseen,
        none,
        Deleted::new(Kind::Project, &foundry, Origin::ActivityLog),
        account,
        vault,
        secret,
        lost(Kind::StorageAccount, "st", HOUR),
        lost(Kind::Workspace, "mlw", HOUR),
        lost(Kind::Hub, "hub", HOUR),
        lost(Kind::Project, "proj", HOUR),
        lost(Kind::LogWorkspace, "log", HOUR),
    ];
    let mut r = reading(all);
    r.live.push(Live { kind: Kind::Vault, id: id(Kind::Vault, "rg", "kv-there") });
    r.settle();
    let b = board(&r, &[], NOW);
    let of = |name: &str| fit(row(&b, name), &r, NOW);
    assert_eq!(of("foundry"), None, "a hub's runbook does not suit the project of an account");
    assert!(row(&b, "foundry").what_to_do(NOW).contains("its AI account"));
    assert_eq!(of("log"), None, "no runbook of its own; by hand: {:?}", by_hand(row(&b, "log")));
    let value = |name: &str, parameter: &str| of(name).unwrap().values.get(parameter).cloned().unwrap_or_default();
    assert_eq!(value("oai", "customer_key"), "yes");
    assert_eq!(value("oai", "vault"), id(Kind::Vault, "rg", "kv"));
    assert_eq!((value("kv", "case"), value("kv", "retention_days")), ("vault".into(), "7".into()));
    assert_eq!(value("kv", "consumers"), "oai,st,mlw,hub");
    assert_eq!(
        (value("alive", "customer_key"), value("alive", "vault")),
        ("yes".into(), id(Kind::Vault, "rg", "kv-there"))
    );
    assert_eq!(value("unseen", "customer_key"), "", "which vault has its key only a person can say");
    assert_eq!(value("none", "customer_key"), "no");
    assert_eq!((value("db", "object_kind"), value("wrap", "object_kind")), ("secret".into(), "key".into()));
    assert_eq!((value("db", "case"), value("db", "object")), ("object".into(), "db".into()));
    assert_eq!(value("db", "deleted"), id(Kind::Vault, "rg", "kv2"));
    assert_eq!(value("st", "customer_key"), "", "what nobody knows is left to the person");
    assert_eq!((value("hub", "lost"), value("proj", "lost")), ("hub".into(), "project".into()));
    for name in ["oai", "kv", "db", "wrap", "alive", "st", "mlw", "hub", "proj"] {
        let fit = of(name).unwrap();
        let source = catalog.source(catalog.runbook_file(fit.runbook).unwrap());
        let book = runbook::load(&source).0.unwrap();
        let mut draft = Draft::of(&book);
        draft.id = "recover-x".into();
        draft.environment = "e".into();
        draft.values.extend(fit.values.clone());
        for f in draft.check(&source).iter().filter(|f| f.said.is_error()) {
            assert_eq!(f.said.code, "PL002", "{name}: only values that nobody knows are missing: {}", f.text());
        }
        for parameter in fit.values.keys() {
            assert!(book.parameters.iter().any(|p| p.name == *parameter), "{}: {parameter}", fit.runbook);
        }
    }
}
