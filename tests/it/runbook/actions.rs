//! Actions as a runbook writes them: what is read, and what is refused before anything can be sent.

use lifeboat::plan;
use lifeboat::runbook::model::{Action, FailoverKind};
use lifeboat::runbook::{Severity, Source};

use super::load;
use super::meaning::WIDE;

/// The wide runbook with this as the action of `F1`.
fn with(action: &str, undo: &str, risk: &str) -> String {
    let from = WIDE.find(r#"id: "F1""#).unwrap();
    let to = from + WIDE[from..].find("        Step(").unwrap();
    let step = format!(
        r#"id: "F1", phase: FailOver, kind: Automatic, group: "move", title: "Move one", why: "Users wait.",
            target: "users", expect: "1m", {risk}, needs: ["D1"], undo: {undo}, second_person: "two", action: {action},
            verify: [Http(url: "{{check}}")],
            by_hand: ["az account show"], source: Judgement("test"),
        ),
"#
    );
    format!("#![enable(implicit_some)]\n{}{step}{}", &WIDE[..from], &WIDE[to..])
}

fn errors(text: &str) -> Vec<(String, String)> {
    let all = load(text).1.into_iter().filter(|d| d.severity == Severity::Error);
    all.map(|d| (d.code.to_string(), d.message)).collect()
}

const LOSSY: &str = r#"risk: Lossy, may_lose: "much""#;
const BY_HAND: &str = r#"ByHand("Move back.")"#;

#[test]
fn every_form_of_a_value_is_read() {
    for action in [
        r#"FailOverStorage(account: "{data}", region: "{secondary}", how: Unplanned)"#,
        r#"ArmRequest(resource: "{data}", method: Patch, api_version: "2023-05-01", body: { "sku": { "name": "Standard_GRS" }, "list": [1, true] })"#,
        r#"DeployTemplate(group: "/subscriptions/{data.subscription}/resourceGroups/{data.group}", name: "twin", template: { "resources": [], "outputs": { "region": { "value": "[concat('{{', 'x')]" } } })"#,
        r#"HttpRequest(url: "{check}/hook", method: Post, body: { "text": "moving to {secondary.display}" })"#,
        r#"HttpRequest(url: "https://hooks.example.com/x", method: Post)"#,
        r#"SetTrafficEndpoint(endpoint: "{data}/x/y", status: Disabled, weight: 5)"#,
    ] {
        let (book, found) = load(&with(action, BY_HAND, LOSSY));
        assert!(book.is_some(), "{action}: {found:#?}");
        let step = book.unwrap().steps.into_iter().find(|s| s.id == "F1").unwrap();
        let again: Action = serde_json::from_value(serde_json::to_value(&step.action).unwrap()).unwrap();
        assert_eq!(Some(again), step.action, "{action}: it goes through the journal's form");
    }
}

#[test]
fn what_must_not_be_is_refused_where_it_is_written() {
    let reversible = "risk: Reversible";
    for (action, undo, risk, code, word) in [
        (
            r#"FailOverStorage(account: "{default_data}", region: "{secondary}", how: Planned)"#,
            BY_HAND,
            LOSSY,
            "RB051",
            "default",
        ),
        (
            r#"ArmRequest(resource: "{default_data}/failover", method: Post, api_version: "2023-05-01")"#,
            BY_HAND,
            LOSSY,
            "RB051",
            "default",
        ),
        (
            r#"ArmRequest(resource: "{vault}/purge", method: Post, api_version: "2026-02-01")"#,
            BY_HAND,
            LOSSY,
            "RB060",
            "for good",
        ),
        (
            r#"ArmRequest(resource: "{data}", method: Patch, api_version: "2023-05-01", body: { "forceToPurge": true })"#,
            BY_HAND,
            LOSSY,
            "RB060",
            "for good",
        ),
        (
            r#"FailOverStorage(account: "{data}", region: "{secondary}", how: Unplanned)"#,
            BY_HAND,
            reversible,
            "RB042",
            "Lossy at least",
        ),
        (
            r#"ArmRequest(resource: "{data}", method: Delete, api_version: "2023-05-01")"#,
            BY_HAND,
            LOSSY,
            "RB042",
            "Irreversible at least",
        ),
        (
            r#"FailOverStorage(account: "{data}", region: "{secondary}", how: Planned)"#,
            "RestorePrevious",
            LOSSY,
            "RB045",
            "does not take FailOverStorage back",
        ),
        (r#"HttpRequest(url: "https://{wait}/x", method: Post)"#, BY_HAND, LOSSY, "RB068", "host"),
        (r#"HttpRequest(url: "http://x.example.com/x", method: Post)"#, BY_HAND, LOSSY, "RB068", "only https"),
        (
            r#"FailOverStorage(account: "{wait}", region: "{secondary}", how: Planned)"#,
            BY_HAND,
            LOSSY,
            "RB037",
            "wants a resource",
        ),
        (
            r#"DeployTemplate(group: "{data}", name: "x", template: {}, mode: Complete)"#,
            BY_HAND,
            LOSSY,
            "RB004",
            "mode",
        ),
    ] {
        let found = errors(&with(action, undo, risk));
        assert!(found.iter().any(|(c, m)| c == code && m.contains(word)), "{action}: {found:#?}");
    }
}

#[test]
fn a_plan_that_gives_a_default_store_to_a_failover_does_not_bind() {
    let text = with(r#"FailOverStorage(account: "{data}", region: "{secondary}", how: Unplanned)"#, BY_HAND, LOSSY);
    let source = Source::new("wide.ron", &text);
    let id = |kind: &str, name: &str| {
        format!("/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg/providers/{kind}/{name}")
    };
    let store = |name: &str| id("Microsoft.Storage/storageAccounts", name);
    let vault = |name: &str| id("Microsoft.KeyVault/vaults", name);
    let text_of = |data: &str| {
        format!(
            r#"Plan(schema: 1, id: "p", title: "P", environment: "e", runbook: "wide", strategy: HotHot, values: {{
                "primary": "eastus", "secondary": "westus", "vault": "{}", "vault_a": "{}", "vault_b": "{}",
                "default_data": "{}", "data": "{}", "check": "https://x.example.com", "vaults": "own" }})"#,
            vault("v"),
            vault("a"),
            vault("b"),
            store("ws"),
            store(data)
        )
    };
    let (bound, found) = plan::bind("p.ron", &text_of("data"), &source, None);
    let plan_of = bound.unwrap_or_else(|| panic!("{found:#?}"));
    let action = plan_of.step("F1").unwrap().action.clone().unwrap();
    assert!(
        matches!(&action, Action::FailOverStorage { account, how: FailoverKind::Unplanned, .. } if *account == store("data"))
    );
    assert!(
        action
            .rights()
            .iter()
            .any(|r| r.action == "Microsoft.Storage/storageAccounts/failover/action" && r.scope == store("data"))
    );
    // Nor does a command to be typed, whatever parameter names the account.
    let hook = with(r#"HttpRequest(url: "{check}/hook", method: Post)"#, BY_HAND, LOSSY);
    let typed = hook.replace("az account show", "az storage account failover -n {data.name} --yes");
    let by_hand = Source::new("wide.ron", &typed);
    assert!(plan::bind("p.ron", &text_of("data"), &by_hand, None).0.is_some());
    for source in [&source, &by_hand] {
        let (bound, found) = plan::bind("p.ron", &text_of("WS"), source, None);
        assert!(
            bound.is_none() && found.iter().any(|d| d.code == "PL017" && d.message.contains("default storage account")),
            "{found:#?}"
        );
    }
}
