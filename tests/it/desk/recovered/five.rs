//! The five recovery runbooks, each from the board to its last step.

use lifeboat::rehearsal::things::{Deleted, Resource};

use super::*;
use crate::simulator::subscriptions::several;

const GROUP: &str = "rg-sandbox-recovery";

fn vault() -> String {
    id("rg-sandbox-recovery/Microsoft.KeyVault/vaults/kv-sandbox-lost")
}

fn storage() -> String {
    id("rg-sandbox-recovery/Microsoft.Storage/storageAccounts/stsandboxlost")
}

fn account() -> String {
    id("rg-sandbox-recovery/Microsoft.CognitiveServices/accounts/oai-sandbox-lost")
}

fn workspace(name: &str) -> String {
    id(&format!("{GROUP}/Microsoft.MachineLearningServices/workspaces/{name}"))
}

/// The sandbox, where the AI account and the storage account are encrypted with a key in the vault that is gone as well.
fn lost() -> Scenario {
    let mut s = several();
    let key = json!({ "encryption": {
        "keySource": "Microsoft.KeyVault", "keyVaultProperties": { "keyVaultUri": "https://kv-sandbox-lost.vault.azure.net", "keyName": "data" },
        "keyvaultproperties": { "keyvaulturi": "https://kv-sandbox-lost.vault.azure.net", "keyname": "data" },
    } });
    for d in s.world.deleted.iter_mut().filter(|d| ["oai-sandbox-lost", "stsandboxlost"].contains(&d.name.as_str())) {
        d.properties = key.clone();
    }
    s
}

fn row<'r>(rows: &'r [DeletedRow], name: &str) -> &'r DeletedRow {
    rows.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("no row {name}"))
}

/// What holds of each of the five: nothing was left out, every command can be copied as it stands, the group is locked.
fn whole(lab: &Lab, done: &Done, group: &str) {
    let end = done.records.iter().find(|r| is(r, "run.end")).unwrap();
    assert_eq!(end.body.d["outcome"], "recovered", "{}", end.body.d);
    for c in &done.cards {
        let well = matches!(c.state, StepState::DoneByApp | StepState::DoneByHand | StepState::AlreadyTrue);
        assert!(well, "{}: {:?}", c.id, c.state);
        for line in &c.by_hand {
            let open = line.contains("/resourceGroups/none/") || line.contains("00000000-0000-0000-0000-000000000000");
            assert!(!open && !line.contains("{deleted"), "{}: {line}", c.id);
        }
    }
    for step in done.sent_by() {
        assert_eq!(
            done.card(step).state,
            StepState::DoneByApp,
            "{step}: a person's word does not make it a person's work"
        );
    }
    let locks = lab.get(&format!("{SUB}/resourceGroups/{group}/providers/Microsoft.Authorization/locks"));
    assert!(locks.to_string().contains("CanNotDelete") || done.card("RC6").state == StepState::AlreadyTrue, "{locks}");
}

#[test]
fn a_vault_comes_back() {
    let lab = Lab::new(lost());
    let rows = lab.board();
    let plan = lab.plan(row(&rows, "kv-sandbox-lost"), &[("group_region", "eastus")]);
    let done = lab.run(&plan, |_, _| ());
    whole(&lab, &done, GROUP);
    assert_eq!(done.sent_by(), ["RC6", "R-KV-2"]);
    assert_eq!(done.card("RC4").state, StepState::AlreadyTrue);
    assert_eq!(lab.get(&vault())["properties"]["provisioningState"], "Succeeded");
    assert!(lab.board().iter().all(|r| r.name != "kv-sandbox-lost"));
}

#[test]
fn an_object_comes_back_into_its_vault() {
    let lab = Lab::new(lost());
    let rows = lab.board();
    let hub = id("rg-hub-shared/Microsoft.KeyVault/vaults/kv-hub-contoso");
    let rest =
        [("primary", "eastus"), ("group_region", "eastus"), ("deleted", hub.as_str()), ("consumers", "assistants")];
    let plan = lab.plan(row(&rows, "db-password"), &rest);
    let done = lab.run(&plan, |_, _| ());
    whole(&lab, &done, "rg-hub-shared");
    assert!(done.sent_by().contains(&"R-KV-6"), "{:?}", done.sent_by());
    let by_hand = done.card("R-KV-6").by_hand.join("\n");
    assert!(by_hand.contains("az keyvault secret recover --vault-name kv-hub-contoso -n db-password"), "{by_hand}");
    assert!(!by_hand.contains("az keyvault key"), "what it is not: {by_hand}");
    assert!(lab.board().iter().all(|r| r.name != "db-password"));
    let at = lab.simulator.connection().hosts["kv-hub-contoso.vault.azure.net"].clone();
    let asked = lab.http.get(format!("{at}/secrets/db-password/versions?api-version=7.4"));
    let asked = asked.bearer_auth(lab.token("https://vault.azure.net"));
    let versions: Value = lab.runtime.block_on(async { asked.send().await.unwrap().json().await.unwrap() });
    assert_eq!(versions["value"].as_array().unwrap().len(), 1);
}

#[test]
fn a_storage_account_comes_back_through_the_portal() {
    let lab = Lab::new(lost());
    let rows = lab.board();
    let vault = vault();
    let rest = [
        ("customer_key", "yes"),
        ("used_by", "others"),
        ("group_region", "eastus"),
        ("vault", vault.as_str()),
        ("containers", "inventory,golden"),
    ];
    let plan = lab.plan(row(&rows, "stsandboxlost"), &rest);
    let mut order = Vec::new();
    let done = lab.run(&plan, |lab, card| match card.id.as_str() {
        "R-SA-2" => {
            order.push("vault");
            lab.vault_by_hand(&vault);
        }
        "R-SA-4" => {
            order.push("portal");
            lab.portal(&storage());
        }
        _ => {}
    });
    whole(&lab, &done, GROUP);
    assert_eq!(order, ["vault", "portal"]);
    assert_eq!(done.sent_by(), ["RC6"]);
    let may_lose = done.card("R-SA-4").rows.iter().find(|r| r.label == "may lose").unwrap();
    assert!(may_lose.text.contains("cannot bring back"), "{}", may_lose.text);
    assert_eq!(lab.get(&storage())["properties"]["provisioningState"], "Succeeded");
    let rows = lab.board();
    assert!(rows.iter().all(|r| r.name != "stsandboxlost" && r.name != "kv-sandbox-lost"));
}

#[test]
fn an_ai_account_comes_back_behind_its_group_and_its_vault() {
    let mut scenario = lost();
    scenario.world.groups.remove(GROUP);
    let lab = Lab::new(scenario);
    let rows = lab.board();
    let (first, then) = (row(&rows, "kv-sandbox-lost"), row(&rows, "oai-sandbox-lost"));
    assert!(first.place < then.place, "the vault first");
    let in_the_way: Vec<&str> = then.blockers.iter().map(|(text, _)| text.as_str()).collect();
    assert!(
        in_the_way[0].contains(GROUP) && in_the_way.iter().any(|t| t.contains("kv-sandbox-lost")),
        "{in_the_way:?}"
    );
    let vault = vault();
    let rest =
        [("customer_key", "yes"), ("vault", vault.as_str()), ("group_region", "eastus"), ("critical", "chat,embed")];
    let plan = lab.plan(then, &rest);
    let restore = json!({ "location": "eastus", "properties": { "restore": true } });
    let done = lab.run(&plan, |lab, card| {
        if card.id == "R-AIS-2" {
            assert!(card.why.contains("kv-sandbox-lost") && card.target.contains("kv-sandbox-lost"), "{}", card.why);
            let (status, said) = lab.arm(Method::PUT, &account(), &restore);
            assert_eq!((status, said["error"]["code"].as_str()), (400, Some("DependencyNotFound")), "it really waits");
            lab.vault_by_hand(&vault);
        }
    });
    whole(&lab, &done, GROUP);
    assert_eq!(done.sent_by(), ["RC4", "RC6", "R-AIS-3"]);
    let group = lab.get(&format!("{SUB}/resourceGroups/{GROUP}"));
    assert_eq!(group["location"], "eastus");
    assert_eq!(lab.get(&account())["properties"]["provisioningState"], "Succeeded");
    let deployments = lab.get(&format!("{}/deployments", account()));
    assert_eq!(deployments["value"].as_array().unwrap().len(), 2);
    let rows = lab.board();
    assert!(rows.iter().all(|r| r.name != "oai-sandbox-lost" && r.name != "kv-sandbox-lost"), "{rows:#?}");
}

/// A hub and a project in it, beside what lies under them.
fn with_hub() -> Scenario {
    let mut s = lost();
    let hub = "rg-sandbox-recovery/Microsoft.MachineLearningServices/workspaces/hub-sandbox-lost";
    let project = "rg-sandbox-recovery/Microsoft.MachineLearningServices/workspaces/proj-sandbox-lost";
    let one = |end: &str, kind: &str, properties: Value| Resource {
        id: end.to_owned(),
        location: Some("eastus".to_owned()),
        kind: Some(kind.to_owned()),
        properties,
        ..Resource::default()
    };
    s.world.resources.push(one(hub, "Hub", json!({ "provisioningState": "Succeeded" })));
    let of = json!({ "provisioningState": "Succeeded", "hubResourceId": id(hub) });
    s.world.resources.push(one(project, "Project", of));
    s
}

#[test]
fn a_hub_does_not_come_back_and_a_new_one_stands_on_what_does() {
    let lab = Lab::new(with_hub());
    let (hub, project) = (workspace("hub-sandbox-lost"), workspace("proj-sandbox-lost"));
    // Lifeboat knew it when it was there: the log alone does not tell a hub from a workspace.
    lab.desk.send(Command::ReadInventory);
    lab.see("the inventory", |_| Home::find(Some(lab.home.path())).unwrap().known().is_some());
    let before = lab.get(&hub)["properties"]["workspaceId"].clone();
    lab.gone(&project);
    lab.gone(&hub);
    let rows = lab.board();
    let hub_row = row(&rows, "hub-sandbox-lost");
    assert_eq!((hub_row.place, hub_row.time.as_str(), hub_row.runbook), (0, "no soft delete", Some("recover-hub")));
    assert!(hub_row.advice.contains("no soft delete"), "{}", hub_row.advice);
    assert_eq!(row(&rows, "proj-sandbox-lost").runbook, Some("recover-hub"));

    let registry = id("rg-sandbox-shared/Microsoft.ContainerRegistry/registries/crsandboxlost");
    let (kv, st, oai) = (vault(), storage(), account());
    let rest = [
        ("group_region", "eastus"),
        ("project", project.as_str()),
        ("vault", kv.as_str()),
        ("storage", st.as_str()),
        ("account", oai.as_str()),
        ("registry", registry.as_str()),
        ("inventory", "the container inventory of stsandboxlost"),
    ];
    let plan = lab.plan(hub_row, &rest);
    let keep = |of: &str| format!("{of}/providers/Microsoft.Authorization/locks/keep");
    let lock = json!({ "properties": { "level": "CanNotDelete" } });
    let done = lab.run(&plan, |lab, card| match card.id.as_str() {
        "R-HUB-2" => {
            lab.vault_by_hand(&kv);
            lab.portal(&st);
            lab.made(&oai, &json!({ "location": "eastus", "properties": { "restore": true } }));
        }
        "R-HUB-3" => {
            let on = json!({ "storageAccount": st, "keyVault": kv, "containerRegistry": registry });
            lab.made(&hub, &json!({ "location": "eastus", "kind": "Hub", "identity": { "type": "SystemAssigned" }, "properties": on }));
        }
        "R-HUB-4" => {
            let of = json!({ "hubResourceId": hub });
            lab.made(&project, &json!({ "location": "eastus", "kind": "Project", "identity": { "type": "SystemAssigned" }, "properties": of }));
            lab.made(&keep(&kv), &lock);
            lab.made(&keep(&st), &lock);
            lab.gone(&format!("{SUB}/resourceGroups/{GROUP}/providers/Microsoft.Authorization/locks/recovery"));
        }
        _ => {}
    });
    whole(&lab, &done, GROUP);
    assert_eq!(done.sent_by(), ["RC6"], "a hub is made by hand");
    let said = done.card("R-HUB-1");
    assert!(
        said.title.contains("does not come back") && said.why.contains("cannot be recovered, by us or by Microsoft")
    );
    assert!(said.rows.iter().any(|r| r.label == "may lose" && r.text.contains("already lost")));
    let rebuilt = lab.get(&hub);
    assert_eq!(
        (rebuilt["kind"].as_str(), rebuilt["properties"]["keyVault"].as_str()),
        (Some("Hub"), Some(kv.as_str()))
    );
    assert!(before.is_null() || before != rebuilt["properties"]["workspaceId"], "another hub of the same name");
    assert_eq!(lab.get(&project)["properties"]["hubResourceId"].as_str(), Some(hub.as_str()));
    let rows = lab.board();
    let still: Vec<&str> = rows.iter().filter(|r| r.id.contains(GROUP)).map(|r| r.name.as_str()).collect();
    assert_eq!(still, ["log-sandbox-lost"], "what nobody asked for is still there to be recovered");
}

/// A workspace in soft delete that stood on all that is gone.
fn with_workspace() -> Scenario {
    let mut s = lost();
    let ws = "(what: MlWorkspace, name: \"mlw-sandbox-lost\", group: \"rg-sandbox-recovery\", region: \"eastus\", ago: \"30h\", properties: {
        \"keyVault\": \"id:rg-sandbox-recovery/Microsoft.KeyVault/vaults/kv-sandbox-lost\",
        \"storageAccount\": \"id:rg-sandbox-recovery/Microsoft.Storage/storageAccounts/stsandboxlost\",
        \"applicationInsights\": \"id:rg-sandbox-recovery/Microsoft.Insights/components/appi-sandbox-lost\" })";
    let ws: Deleted = ron::from_str(ws).unwrap();
    s.world.deleted.push(ws);
    s
}

#[test]
fn a_workspace_comes_back_through_the_portal_on_what_it_stood_on() {
    let lab = Lab::new(with_workspace());
    let ws = workspace("mlw-sandbox-lost");
    let logs = id("rg-sandbox-recovery/Microsoft.OperationalInsights/workspaces/log-sandbox-lost");
    let insights = id("rg-sandbox-recovery/Microsoft.Insights/components/appi-sandbox-lost");
    let (kv, st) = (vault(), storage());
    let rows = lab.board();
    let found = row(&rows, "mlw-sandbox-lost");
    assert!(found.advice.contains("A hub or a project cannot"), "the log does not tell: {}", found.advice);
    let rest = [
        ("primary", "eastus"),
        ("group_region", "eastus"),
        ("permanent", "no"),
        ("vault", kv.as_str()),
        ("storage", st.as_str()),
        ("logs", logs.as_str()),
        ("insights", insights.as_str()),
        ("compute", "cpu-cluster"),
        ("endpoint", "score"),
    ];
    let plan = lab.plan(found, &rest);
    let keep = |of: &str| format!("{of}/providers/Microsoft.Authorization/locks/keep");
    let lock = json!({ "properties": { "level": "CanNotDelete" } });
    let done = lab.run(&plan, |lab, card| match card.id.as_str() {
        "R-AML-2" => {
            lab.vault_by_hand(&kv);
            lab.portal(&st);
            lab.made(&logs, &json!({ "location": "eastus" }));
            let on = json!({ "Application_Type": "web", "WorkspaceResourceId": logs });
            lab.made(&insights, &json!({ "location": "eastus", "kind": "web", "properties": on }));
        }
        "R-AML-3" => lab.portal(&ws),
        "R-AML-5" => {
            let cluster = json!({ "computeType": "AmlCompute" });
            lab.made(&format!("{ws}/computes/cpu-cluster"), &json!({ "location": "eastus", "properties": cluster }));
            let endpoint = json!({ "location": "eastus", "identity": { "type": "SystemAssigned" }, "properties": { "authMode": "Key" } });
            lab.made(&format!("{ws}/onlineEndpoints/score"), &endpoint);
            lab.made(&keep(&kv), &lock);
            lab.made(&keep(&st), &lock);
            lab.gone(&format!("{SUB}/resourceGroups/{GROUP}/providers/Microsoft.Authorization/locks/recovery"));
        }
        _ => {}
    });
    whole(&lab, &done, GROUP);
    assert_eq!(done.sent_by(), ["RC6"]);
    let gone: Vec<&str> =
        done.cards.iter().flat_map(|c| &c.rows).filter(|r| r.label == "may lose").map(|r| r.text.as_str()).collect();
    assert!(
        gone.iter().any(|t| t.contains("compute, endpoints"))
            && gone.iter().any(|t| t.contains("since its last checkpoint")),
        "{gone:?}"
    );
    assert_eq!(lab.get(&ws)["properties"]["provisioningState"], "Succeeded");
    let rows = lab.board();
    let still: Vec<&str> = rows.iter().filter(|r| r.id.contains(GROUP)).map(|r| r.name.as_str()).collect();
    assert_eq!(still, ["oai-sandbox-lost"]);
}
