//! `lifeboat recoverable`: what is printed, in which order, and the exit code.

use std::path::{Path, PathBuf};

use lifeboat::clock::{Clock, Speed};
use lifeboat::rehearsal::scenario::Scenario;
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;
use serde_json::Value;

use super::{keys, say};
use crate::simulator::subscriptions::several;

/// A simulated Azure in real time, for as long as the test needs it.
pub struct Served {
    runtime: tokio::runtime::Runtime,
    simulator: Option<Simulator>,
    pub file: PathBuf,
}

impl Served {
    pub fn new(home: &Path, scenario: Scenario) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Clock::scenario(jiff::Timestamp::now().as_millisecond(), Millis(0), Speed::Times(1));
        let mut options = Options::new(scenario, clock);
        options.latency = Some(Millis(5));
        let simulator = runtime.block_on(Simulator::start(options)).unwrap();
        let file = home.join("azure.json");
        std::fs::write(&file, serde_json::to_string(&simulator.connection()).unwrap()).unwrap();
        Self { runtime, simulator: Some(simulator), file }
    }

    /// The person enters the code.
    pub fn approve(&self, code: &str) {
        let arm = self.simulator.as_ref().unwrap().connection().arm;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = serde_json::json!({ "user_code": code });
        let sent = http.post(format!("{arm}/lifeboat/device/approve")).json(&body).send();
        assert_eq!(self.runtime.block_on(sent).unwrap().status(), 204);
    }

    pub fn end(&mut self) {
        if let Some(s) = self.simulator.take() {
            self.runtime.block_on(s.shutdown()).unwrap();
        }
    }
}

fn rows(v: &Value) -> Vec<&str> {
    v["resources"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect()
}

fn row<'v>(v: &'v Value, name: &str) -> &'v Value {
    v["resources"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap()
}

#[test]
fn all_subscriptions_in_the_order_of_the_work() {
    let home = tempfile::tempdir().unwrap();
    let mut azure = Served::new(home.path(), several());
    let cloud = azure.file.to_str().unwrap().to_owned();
    let said = say(home.path(), &["recoverable", "--json", "--no-objects", "--cloud", &cloud]);
    assert_eq!(said.code, 1, "{}", said.err);
    let v = said.json();
    let all = ["azure", "failed", "read_at", "requests", "resources", "simulated", "subscriptions", "throttled"];
    assert_eq!(keys(&v), all);
    assert_eq!(
        rows(&v),
        ["oai-other", "kv-sandbox-lost", "stsandboxlost", "oai-sandbox-lost", "log-sandbox-lost", "kv-other"]
    );
    assert_eq!(v["subscriptions"].as_array().unwrap().len(), 3);
    assert_eq!((v["failed"][0]["name"].as_str(), v["failed"][0]["what"].as_str()), (Some("shut"), Some("everything")));
    let first = row(&v, "oai-other");
    assert_eq!((first["place"].as_u64(), first["alarm"].as_str()), (Some(1), Some("red")));
    assert_eq!(first["blockers"][0]["code"], "group-missing");
    assert_eq!(
        (first["runbook"].as_str(), first["purge_at_from"].as_str()),
        (Some("recover-ai-account"), Some("Azure says so"))
    );
    assert_eq!(first["subscription_name"], "other-team");
    let vault = row(&v, "kv-sandbox-lost");
    assert_eq!(
        (vault["values"]["retention_days"].as_str(), vault["purge_protection"].as_bool()),
        (Some("7"), Some(true))
    );
    assert_eq!(vault["wanted_by"]["name"], "oai-sandbox-lost");
    assert!(!home.path().join("recoverable.json").exists(), "a part does not take the place of the whole");

    // One subscription, for people.
    let said = say(home.path(), &["recoverable", "--no-objects", "--subscription", "other-team", "--cloud", &cloud]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].contains("AI account") && lines[0].contains("oai-other") && lines[0].contains('['),
        "{}",
        said.out
    );
    assert!(said.out.contains("blocked: resource group rg-gone is missing"), "{}", said.out);
    assert!(said.out.contains("az ") || said.out.contains("[runbook recover-ai-account]"), "{}", said.out);
    assert!(!said.out.contains("sandbox-lost") && !said.out.to_lowercase().contains("purge it"), "{}", said.out);
    assert!(said.err.contains(": 1 subscription,"), "{}", said.err);

    // Kept, and there without Azure.
    let said = say(home.path(), &["recoverable", "--json", "--cloud", &cloud]);
    assert!(home.path().join("recoverable.json").exists(), "{}", said.err);
    let v = said.json();
    let secret = row(&v, "db-password");
    assert_eq!((secret["what"].as_str(), secret["runbook"].as_str()), (Some("secret"), Some("recover-vault")));
    assert!(secret["vault"].as_str().unwrap().ends_with("/vaults/kv-hub-contoso"), "{secret}");
    assert_eq!(secret["by_hand"][0], "az keyvault secret recover --vault-name kv-hub-contoso -n db-password");
    assert_eq!(v["failed"].as_array().unwrap().len(), 1, "every live vault was looked into: {}", v["failed"]);
    azure.end();
    // Nothing that can be read takes nothing away, and is no success.
    let shut = "00000000-0000-4000-8000-0000000000b1";
    let mut scenario = several();
    scenario.world.more_subscriptions.iter_mut().for_each(|s| s.denied = true);
    scenario.world.rights = vec![ron::from_str("(scope: Some(\"rg-nowhere\"), actions: [\"*\"])").unwrap()];
    let mut refused = Served::new(home.path(), scenario);
    let said = say(home.path(), &["recoverable", "--cloud", refused.file.to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    assert!(said.err.contains("AuthorizationFailed") && said.err.contains("is kept"), "{}", said.err);
    let said = say(home.path(), &["recoverable", "--subscription", shut, "--cloud", refused.file.to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    refused.end();
    let said = say(home.path(), &["recoverable", "--cloud", &cloud]);
    assert_eq!((said.code, said.out.as_str()), (3, ""));
    assert!(said.err.contains("is kept: lifeboat recoverable --kept"), "{}", said.err);
    let kept = say(home.path(), &["recoverable", "--kept", "--json"]);
    assert_eq!(kept.code, 1);
    assert_eq!(rows(&kept.json())[0], "oai-other");
}

#[test]
fn the_saved_sign_in_is_asked_and_no_other() {
    let home = tempfile::tempdir().unwrap();
    let saved = r#"{"schema":1,"method":"certificate","cloud":"AzureChinaCloud","tenant":"t","client_id":"c","certificate":"/no/such.pem"}"#;
    std::fs::write(home.path().join("sign-in.json"), saved).unwrap();
    for args in [&["recoverable"][..], &["plan", "prod-chat", "--rights"], &["plan", "prod-chat", "--drift"]] {
        let said = say(home.path(), args);
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{args:?}: {}", said.err);
        assert!(said.err.contains("/no/such.pem cannot be read"), "{args:?}: {}", said.err);
    }
}

#[test]
fn nothing_deleted_is_fine_and_nothing_kept_is_said() {
    let home = tempfile::tempdir().unwrap();
    let mut scenario = several();
    scenario.world.deleted.clear();
    scenario.world.more_subscriptions.clear();
    let azure = Served::new(home.path(), scenario);
    let said = say(home.path(), &["recoverable", "--no-objects", "--cloud", azure.file.to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (0, "Nothing was found in soft delete.\n"), "{}", said.err);
    let said = say(home.path(), &["recoverable", "--kept"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("nothing was kept here yet"), "{}", said.err);
}
