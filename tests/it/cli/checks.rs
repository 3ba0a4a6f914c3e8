//! `lifeboat plan --drift` and `--rights`: what is wrong with the two sides and with who is signed in.

use std::path::Path;

use super::recoverable::Served;
use super::runs::{Azure, sandbox_plan};
use super::*;
use crate::azure::{Asked, Do, Fake, absent, line, signed_in};

#[test]
fn the_sides_of_a_plan_are_read_compared_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let (azure, cloud) = Azure::serve(home.path(), "sandbox");
    let (plan, cloud) = (sandbox_plan(home.path()), cloud.to_str().unwrap());
    let said = say(home.path(), &["plan", &plan, "--drift", "--json", "--cloud", cloud]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let v = said.json();
    assert_eq!(keys(&v), ["digest", "drift", "plan", "strategy"]);
    let d = &v["drift"];
    assert_eq!(d["read_now"], true);
    // The sandbox's secondary has no deployments; in hot/warm nobody creates them in an incident.
    let all = d["differences"].as_array().unwrap();
    let chat = all.iter().find(|x| x["field"] == "deployment chat").unwrap_or_else(|| panic!("{d:#}"));
    assert_eq!((&chat["severity"], &chat["secondary"]), (&"blocks".into(), &"missing".into()));
    assert_eq!(keys(chat), ["advice", "by_hand", "field", "primary", "secondary", "severity", "source", "subject"]);
    assert!(chat["by_hand"].as_str().unwrap().contains("--sku-capacity 100"), "{chat:#}");
    let quota = all.iter().find(|x| x["field"].as_str().unwrap().starts_with("quota ")).unwrap();
    assert!(quota["field"].as_str().unwrap().ends_with("text-embedding-3-large"), "{d:#}");
    assert_eq!((&quota["severity"], &quota["source"]), (&"reduces".into(), &"step CP7".into()));

    // Hot/cold creates them on the way.
    let cold =
        say(home.path(), &["plan", &plan, "--strategy", "hot/cold", "--drift", "--json", "--cloud", cloud]).json();
    let all = cold["drift"]["differences"].as_array().unwrap();
    assert_eq!(all.iter().find(|x| x["field"] == "deployment chat").unwrap()["severity"], "informs");

    // Without a network it is what was read before, and its age is said.
    drop(azure);
    for args in [&["plan", &plan, "--drift"][..], &["plan", &plan, "--drift", "--cloud", cloud]] {
        let said = say(home.path(), args);
        assert_eq!(said.code, 1, "{}{}", said.out, said.err);
        assert!(said.err.contains("This is what was read before"), "{}", said.err);
        assert!(said.out.contains("blocks   account oai-sandbox-westeurope · deployment chat"), "{}", said.out);
        assert!(said.out.contains(" Read "), "{}", said.out);
    }
    let never = say(home.path(), &["plan", "prod-chat", "--drift"]);
    assert_eq!(never.code, 3, "{}{}", never.out, never.err);
    assert!(never.err.contains("nothing is known from before"), "{}", never.err);
    let recovery = say(home.path(), &["plan", "sandbox-recover-vault", "--drift"]);
    assert_eq!(recovery.code, 2);
    assert!(recovery.err.contains("no two sides"), "{}", recovery.err);
}

/// A loopback Azure in which the identity has these actions.
async fn identity(home: &Path, actions: &'static [&'static str]) -> (Fake, String) {
    let fake = Fake::new(move |asked: &Asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        let end = asked.path.rsplit('/').next().unwrap_or_default();
        let row =
            serde_json::json!({ "actions": actions, "notActions": [], "dataActions": actions, "notDataActions": [] });
        match end {
            "permissions" => Do::Say(200, serde_json::json!({ "value": [row] })),
            "locks" => Do::Say(200, serde_json::json!({ "value": [] })),
            _ => absent(),
        }
    });
    let fake = fake.await;
    let file = home.join("fake.json");
    std::fs::write(&file, line(fake.azure.cloud().arm.as_str().trim_end_matches('/'))).unwrap();
    (fake, file.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_named_step_by_step() {
    let home = tempfile::tempdir().unwrap();
    let (_fake, cloud) = identity(home.path(), &["*/read"]).await;
    let said =
        say(home.path(), &["plan", "prod-chat", "--strategy", "hot/cold", "--rights", "--json", "--cloud", &cloud]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let r = &said.json()["rights"];
    assert_eq!(keys(r), ["at", "not_asked", "scopes", "standing", "steps", "text"]);
    assert_eq!(r["standing"], "lacks");
    let step = r["steps"].as_array().unwrap().iter().find(|s| s["step"] == "AO-F3").unwrap();
    assert_eq!(keys(step), ["doubts", "needs", "standing", "step", "title"]);
    let doubt = &step["doubts"][0];
    assert_eq!(keys(doubt), ["action", "advice", "purpose", "scope", "standing", "text"]);
    assert!(doubt["action"].as_str().unwrap().starts_with("Microsoft.CognitiveServices/accounts/deployments/"));
    let text = say(home.path(), &["plan", "prod-chat", "--rights", "--cloud", &cloud]);
    assert!(text.code == 1 && text.out.contains("Lacks Microsoft."), "{}", text.out);

    let (_fake, cloud) = identity(home.path(), &["*"]).await;
    let said = say(home.path(), &["plan", "prod-chat", "--rights", "--cloud", &cloud]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.starts_with("All ") && said.out.contains("scopes were asked about"), "{}", said.out);
}

#[test]
fn nothing_real_is_asked_about_a_file_that_nobody_trusts() {
    for connects in ["plans", "sign-in.json"] {
        let home = tempfile::tempdir().unwrap();
        match home.path().join(connects) {
            folder if connects == "plans" => std::fs::create_dir_all(folder).unwrap(),
            file => std::fs::write(file, "{}").unwrap(),
        }
        let plan = sandbox_plan(home.path());
        for flag in ["--drift", "--rights"] {
            let said = say(home.path(), &["plan", &plan, flag]);
            assert_eq!((said.code, said.out.as_str()), (2, ""), "{connects}: {}", said.err);
            assert!(said.err.contains("is restricted") && said.err.contains("--trust"), "{connects}: {}", said.err);
        }
    }
}

/// The simulated Azure gives its client a role here and another one there, as a scenario says.
#[test]
fn a_simulated_azure_names_the_right_that_each_step_lacks() {
    let home = tempfile::tempdir().unwrap();
    let mut scenario = lifeboat::catalog::Catalog::builtin().scenario("sandbox").unwrap();
    let rights = r#"[
        (actions: ["*/read"], data_actions: ["*/read"]),
        (scope: Some("rg-sandbox-westeurope"), actions: ["*"], not_actions: ["Microsoft.CognitiveServices/accounts/deployments/write"]),
    ]"#;
    scenario.world.rights = ron::from_str(rights).unwrap();
    let azure = Served::new(home.path(), scenario);
    let (plan, cloud) = (sandbox_plan(home.path()), azure.file.to_str().unwrap());
    let args = ["plan", &plan, "--strategy", "hot/cold", "--rights", "--json", "--cloud", cloud];
    let said = say(home.path(), &args);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let r = &said.json()["rights"];
    assert_eq!(r["standing"], "lacks");
    let lacks = |step: &str| -> Vec<(String, String)> {
        let all = r["steps"].as_array().unwrap();
        let s = all.iter().find(|s| s["step"] == step).unwrap_or_else(|| panic!("{step}: {r:#}"));
        let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
        let one = |d: &serde_json::Value| {
            assert_eq!(d["standing"], "lacks", "{d:#}");
            (text(&d["action"]), text(&d["scope"]).rsplit('/').next().unwrap().to_owned())
        };
        s["doubts"].as_array().unwrap().iter().map(one).collect()
    };
    let own = |a: &str, on: &str| (a.to_owned(), on.to_owned());
    let write = own("Microsoft.CognitiveServices/accounts/deployments/write", "oai-sandbox-westeurope");
    // Both roles hold in the second group: it may create the account there, and no deployment in it.
    assert_eq!(lacks("AO-F3"), [write]);
    let switch = own("Microsoft.AppConfiguration/configurationStores/keyValues/write (data)", "appcs-sandbox");
    assert!(lacks("AO-F6").contains(&switch), "{:?}", lacks("AO-F6"));
    let steps = r["steps"].as_array().unwrap();
    assert!(steps.iter().any(|s| s["standing"] == "has"), "what only reads has its rights: {r:#}");
}
