//! What any client of ARM may meet: templates deployed and foretold, Resource Graph, pages, and reads that lag behind.

use super::*;

const TEMPLATES: &str = "/providers/Microsoft.Resources/deployments";
const WEST: &str = "rg-sandbox-westeurope";

async fn sandbox() -> Bench {
    bench_of(scenario("sandbox"), None).await
}

fn template(resources: Value) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": { "name": { "type": "string", "defaultValue": "oai-made" }, "units": { "type": "int", "defaultValue": 10 } },
        "variables": { "kind": "Microsoft.CognitiveServices/accounts" },
        "resources": resources,
        "outputs": {
            "where": { "type": "string", "value": "[reference(resourceId(variables('kind'), parameters('name'))).endpoint]" },
            "group": { "type": "string", "value": "[concat(toUpper(resourceGroup().name), '/', deployment().name)]" },
        },
    })
}

fn account_and_chat() -> Value {
    json!([
        {
            "type": "Microsoft.CognitiveServices/accounts/deployments", "apiVersion": "2025-06-01",
            "name": "[format('{0}/chat', parameters('name'))]", "sku": { "name": "Standard", "capacity": "[parameters('units')]" },
            "properties": { "model": { "format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20" } },
            "dependsOn": ["[resourceId(variables('kind'), parameters('name'))]"],
        },
        {
            "type": "[variables('kind')]", "apiVersion": "2025-06-01", "name": "[parameters('name')]",
            "location": "[resourceGroup().location]", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {},
        },
    ])
}

fn sent(template: Value, parameters: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": template, "parameters": parameters } })
}

fn at(group: &str, rest: &str) -> String {
    format!("{GROUP}/{group}{TEMPLATES}/{rest}?api-version=2025-04-01")
}

async fn put(b: &Bench, path: &str, body: &Value) -> (u16, Value) {
    let r = b.send(b.arm(Method::PUT, path).json(body)).await;
    (r.status().as_u16(), r.json().await.unwrap())
}

/// The deployment once it is over.
async fn over(b: &Bench, path: &str) -> Value {
    for _ in 0..200 {
        let v = b.get(path).await;
        if !["Accepted", "Running"].contains(&v["properties"]["provisioningState"].as_str().unwrap()) {
            return v;
        }
        b.task.sleep(Millis::from_secs(10)).await;
    }
    panic!("{path} never ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_carried_out_in_the_order_of_its_dependencies() {
    let b = sandbox().await;
    let path = at(WEST, "made");
    let body = sent(template(account_and_chat()), json!({ "units": { "value": 20 } }));
    let (status, v) = put(&b, &path, &body).await;
    assert_eq!((status, v["properties"]["provisioningState"].as_str()), (201, Some("Running")), "{v}");
    assert_eq!(v["properties"]["parameters"]["units"], json!({ "type": "Int", "value": 20 }));

    let (status, v) = put(&b, &path, &body).await;
    assert_eq!((status, v["error"]["code"].as_str()), (409, Some("DeploymentActive")));

    let v = over(&b, &path).await;
    assert_eq!(v["properties"]["provisioningState"], "Succeeded", "{v}");
    assert_eq!(v["properties"]["outputs"]["where"]["value"], "https://oai-made.openai.azure.com/");
    assert_eq!(v["properties"]["outputs"]["group"]["value"], "RG-SANDBOX-WESTEUROPE/made");
    assert_eq!(v["properties"]["outputResources"].as_array().unwrap().len(), 2);
    let chat = format!("{GROUP}/{WEST}/providers/Microsoft.CognitiveServices/accounts/oai-made/deployments/chat{V}");
    assert_eq!(b.get(&chat).await["sku"]["capacity"], 20);

    // Both addresses of the operations are in use.
    let old = format!("{GROUP}/{WEST}/deployments/made/operations?api-version=2025-04-01");
    for path in [old, at(WEST, "made/operations")] {
        let all = b.get(&path).await;
        let done =
            all["value"].as_array().unwrap().iter().map(|o| o["properties"]["provisioningState"].as_str().unwrap());
        assert_eq!(done.collect::<Vec<_>>(), ["Succeeded", "Succeeded"], "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_fails_late_says_why_and_one_that_cannot_be_is_refused() {
    let b = sandbox().await;
    let path = at(WEST, "big");
    let (status, _) = put(&b, &path, &sent(template(account_and_chat()), json!({ "units": { "value": 9_000 } }))).await;
    assert_eq!(status, 201);
    let v = over(&b, &path).await;
    let error = &v["properties"]["error"];
    assert_eq!(
        (v["properties"]["provisioningState"].as_str(), error["code"].as_str()),
        (Some("Failed"), Some("DeploymentFailed"))
    );
    assert_eq!(error["details"][0]["code"], "InsufficientQuota", "{v}");

    let mut loops = account_and_chat();
    loops[1]["dependsOn"] =
        json!(["[resourceId('Microsoft.CognitiveServices/accounts/deployments', 'oai-made', 'chat')]"]);
    let mut copies = account_and_chat();
    copies[1]["copy"] = json!({ "name": "many", "count": 3 });
    let mut strange = account_and_chat();
    strange[1]["location"] = json!("[pickZones('a', 'b', 'c')]");
    // Every variable is the one before ten times over.
    let mut laughs = template(account_and_chat());
    for n in 1..=8 {
        let ten = vec![format!("variables('v{}')", n - 1); 10].join(", ");
        laughs["variables"][format!("v{n}")] = json!(format!("[concat({ten})]"));
    }
    laughs["variables"]["v0"] = json!("ha");
    laughs["resources"][1]["tags"] = json!({ "x": "[variables('v8')]" });
    let mut unknown = template(account_and_chat());
    unknown["parameters"]["wanted"] = json!({ "type": "string" });
    let complete = json!({ "properties": { "mode": "Complete", "template": template(account_and_chat()) } });
    let none = || json!({});
    for (body, code, words) in [
        (sent(template(loops), none()), "InvalidTemplate", "circular"),
        (sent(template(copies), none()), "InvalidTemplate", "copy"),
        (sent(template(strange), none()), "InvalidTemplate", "'pickzones'"),
        (sent(laughs, none()), "InvalidTemplate", "too much"),
        (sent(unknown, none()), "InvalidTemplate", "'wanted' is not provided"),
        (sent(template(account_and_chat()), json!({ "x": { "value": 1 } })), "InvalidTemplate", "do not correspond"),
        (sent(template(account_and_chat()), json!({ "units": { "value": "1" } })), "InvalidTemplate", "'units'"),
        (complete, "InvalidDeploymentMode", "Incremental"),
        (
            json!({ "properties": { "templateLink": { "uri": "https://example.org" } } }),
            "InvalidTemplateLink",
            "template",
        ),
    ] {
        let (status, v) = put(&b, &at(WEST, "wrong"), &body).await;
        assert_eq!((status, v["error"]["code"].as_str()), (400, Some(code)), "{v}");
        assert!(v["error"]["message"].as_str().unwrap().contains(words), "{words}: {v}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_tells_each_change_and_makes_none() {
    let b = sandbox().await;
    let ask = |body: Value| {
        let b = &b;
        async move {
            let r = b.send(b.arm(Method::POST, &at("rg-sandbox-eastus", "x/whatIf")).json(&body)).await;
            assert_eq!(r.status(), 202);
            let place = r.headers()["location"].to_str().unwrap().to_owned();
            let path = place.strip_prefix(&b.at.arm).unwrap().to_owned();
            assert_eq!(b.send(b.arm(Method::GET, &path)).await.status(), 202, "it takes its time");
            b.task.sleep(Millis::from_secs(10)).await;
            b.get(&path).await
        }
    };
    let said = json!({ "name": { "value": "oai-sandbox-eastus" } });
    let v = ask(sent(template(account_and_chat()), said)).await;
    let change = |v: &Value, end: &str| -> Value {
        let all = v["properties"]["changes"].as_array().unwrap();
        all.iter()
            .find(|c| c["resourceId"].as_str().unwrap().ends_with(end))
            .unwrap_or_else(|| panic!("{end}: {v}"))
            .clone()
    };
    assert_eq!(change(&v, "/oai-sandbox-eastus")["changeType"], "NoChange");
    let chat = change(&v, "/chat");
    assert_eq!(chat["changeType"], "Modify");
    assert_eq!(
        chat["delta"],
        json!([{ "path": "sku.capacity", "propertyChangeType": "Modify", "before": 100, "after": 10, "children": null }])
    );
    let v = ask(sent(template(account_and_chat()), json!({}))).await;
    assert_eq!(change(&v, "/oai-made")["changeType"], "Create");
    assert_eq!(change(&v, "/oai-sandbox-eastus")["changeType"], "Ignore");
    let mut wrong = template(account_and_chat());
    wrong["parameters"]["wanted"] = json!({ "type": "string" });
    let v = ask(sent(wrong, json!({}))).await;
    assert_eq!((v["status"].as_str(), v["error"]["code"].as_str()), (Some("Failed"), Some("InvalidTemplate")));

    let made = format!("{GROUP}/rg-sandbox-eastus/providers/Microsoft.CognitiveServices/accounts/oai-made{V}");
    assert_eq!(b.send(b.arm(Method::GET, &made)).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_as_the_command_line_pastes_it_is_read() {
    let b = sandbox().await;
    let text = format!(
        "{{\"properties\": {{\"mode\": \"incremental\", \"parameters\": {{}}, template: /* pasted */ {}\n}}}}",
        template(account_and_chat())
            .to_string()
            .replace("\"resources\"", "// what is made, \"in quotes\"\n\"resources\"")
    );
    let r = b.send(b.arm(Method::POST, &at(WEST, "pasted/validate")).body(text)).await;
    let v: Value = r.json().await.unwrap();
    assert_eq!(v["properties"]["validatedResources"].as_array().map(Vec::len), Some(2), "{v}");
    let r = b.send(b.arm(Method::POST, &at(WEST, "pasted/validate")).body("{\"properties\": {\"template\": ")).await;
    assert_eq!(r.status(), 400, "what is cut off is no template");
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_nest_across_groups_from_the_subscription_down() {
    let b = sandbox().await;
    let nested = json!([{
        "type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "inner", "resourceGroup": WEST,
        "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
            "parameters": { "name": { "value": "[parameters('name')]" } }, "template": template(account_and_chat()),
        },
    }]);
    let mut outer = template(nested);
    outer["outputs"] = json!({});
    let path = format!("/subscriptions/{}{TEMPLATES}/outer?api-version=2025-04-01", b.at.subscription);
    let mut body = sent(outer, json!({ "name": { "value": "oai-nested" } }));
    let (status, v) = put(&b, &path, &body).await;
    assert_eq!((status, v["error"]["code"].as_str()), (400, Some("LocationRequired")));
    body["location"] = json!("eastus");
    assert_eq!(put(&b, &path, &body).await.0, 201);
    let v = over(&b, &path).await;
    assert_eq!(v["properties"]["provisioningState"], "Succeeded", "{v}");
    assert_eq!(b.get(&at(WEST, "inner")).await["properties"]["provisioningState"], "Succeeded");
    let made = format!("{GROUP}/{WEST}/providers/Microsoft.CognitiveServices/accounts/oai-nested{V}");
    assert_eq!(b.get(&made).await["location"], "westeurope");
}

#[tokio::test(flavor = "multi_thread")]
async fn resource_graph_answers_an_inventory_in_pages_and_refuses_what_it_cannot_honour() {
    let b = sandbox().await;
    let ask = |query: &str, options: Value| {
        let body = json!({ "subscriptions": [b.at.subscription], "query": query, "options": options });
        let r = b.arm(Method::POST, "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01").json(&body);
        let b = &b;
        async move {
            let r = b.send(r).await;
            (r.status().as_u16(), r.json::<Value>().await.unwrap())
        }
    };
    let all = "resources | where type in~ ('microsoft.cognitiveservices/accounts', 'Microsoft.KeyVault/vaults') \
               | project id, name, type, location, resourceGroup, subscriptionId, sku, properties | order by id asc";
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let (status, v) = ask(all, json!({ "$top": 3, "$skipToken": token })).await;
        assert_eq!(status, 200, "{v}");
        assert!(v["data"].as_array().unwrap().len() <= 3);
        names.extend(v["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()));
        token = v["$skipToken"].clone();
        if token.is_null() {
            assert_eq!(v["totalRecords"], names.len());
            break;
        }
    }
    assert!(names.iter().any(|n| n == "oai-sandbox-eastus") && names.iter().any(|n| n == "kv-ml-eastus"), "{names:?}");
    assert!(!names.iter().any(|n| n == "tm-sandbox"), "{names:?}");
    let (_, v) = ask("resources | where name == 'kv-ml-eastus'", json!({})).await;
    assert_eq!(v["data"][0]["properties"]["enablePurgeProtection"], true, "{v}");
    let (_, v) = ask("resources | where location =~ 'EASTUS' and kind == 'OpenAI' | count", json!({})).await;
    assert_eq!(v["data"][0]["Count"], 1, "{v}");
    for query in [
        "resources | summarize count() by type",
        "policyresources",
        "resources | where name contains 'x'",
        "resources | where a == 'b' or c == 'd'",
    ] {
        let (status, v) = ask(query, json!({})).await;
        assert_eq!((status, v["error"]["code"].as_str()), (400, Some("BadRequest")), "{query}: {v}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_comes_in_pages_with_links_on_the_same_host() {
    let b = sandbox().await;
    let mut path = format!(
        "/subscriptions/{}/providers/Microsoft.KeyVault/vaults?api-version=2026-02-01&$top=2",
        b.at.subscription
    );
    let mut seen = Vec::new();
    loop {
        let v = b.get(&path).await;
        let rows = v["value"].as_array().unwrap();
        assert!(!rows.is_empty() && rows.len() <= 2);
        seen.extend(rows.iter().map(|r| r["name"].as_str().unwrap().to_owned()));
        let Some(next) = v["nextLink"].as_str() else { break };
        path = next.strip_prefix(&b.at.arm).expect("the link stays on ARM's host").to_owned();
    }
    assert!(seen.len() > 3, "{seen:?}");
    let once: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "nothing twice: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_not_seen_at_once_where_the_scenario_says_so() {
    let mut lagging = scenario("sandbox");
    lagging.world.unseen = Millis::from_secs(30);
    let b = bench_of(lagging, None).await;
    let group = format!("{GROUP}/rg-sandbox-eastus/providers/Microsoft.CognitiveServices/accounts");
    let own = format!("{group}/oai-new{V}");
    let new = json!({ "location": "eastus", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {} });
    assert_eq!(put(&b, &own, &new).await.0, 201);
    let names = |v: Value| {
        v["value"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(b.send(b.arm(Method::GET, &own)).await.status(), 404);
    assert_eq!(names(b.get(&format!("{group}{V}")).await), ["oai-sandbox-eastus"]);
    // A second write of the same does not hide it for longer.
    assert_eq!(put(&b, &own, &new).await.0, 200);
    b.task.sleep(Millis::from_secs(31)).await;
    assert_eq!(b.get(&own).await["name"], "oai-new");
    assert_eq!(names(b.get(&format!("{group}{V}")).await), ["oai-sandbox-eastus", "oai-new"]);
}
