//! Credentials at the desk: a key is tried at the account of the watched plan, and helps its probes when sign-in fails.

use std::sync::Arc;

use lifeboat::azure::Cloud;
use lifeboat::desk::protocol::{Command, CredentialIntent};
use lifeboat::desk::snapshot::{Keeper, Mark, Snapshot};
use lifeboat::desk::{Handle, Home, Options};
use lifeboat::journal::RealDisk;
use lifeboat::units::Secret;

use crate::cli::runs::{Azure, sandbox_plan};
use crate::crash::until;
use crate::secrets::service::account_and_key;

fn said(desk: &Handle, intent: CredentialIntent, word: &str) -> bool {
    desk.send(Command::Credential(intent));
    let card = |s: &Snapshot| s.settings.credentials.clone();
    let s = until(desk, word, |s| card(s).busy.is_none() && card(s).said.is_some_and(|(_, t)| t.contains(word)));
    card(&s).said.unwrap().0
}

fn store(region: &str, secret: &str) -> CredentialIntent {
    CredentialIntent::Store {
        system: "azure-openai".into(),
        region: region.into(),
        secret: Secret::new(secret),
        expires: String::new(),
    }
}

fn east(s: &Snapshot) -> Option<Mark> {
    s.situation.regions.iter().find(|r| r.region == "eastus").map(|r| r.mark)
}

#[test]
fn a_key_is_tried_at_the_watched_account_and_stands_in_for_sign_in() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, file) = Azure::serve(home.path(), "sandbox");
    let line = std::fs::read_to_string(file).unwrap();
    let (host, key) = account_and_key(&line);
    assert_eq!(host, "oai-sandbox-eastus.openai.azure.com");
    // Nobody can sign in.
    let cloud = Cloud::from_line(&line).unwrap();
    let (tenant, client) = (cloud.tenant.clone(), cloud.client_id.clone());
    let desk = lifeboat::desk::start(Options {
        home: Home::find(Some(home.path())).unwrap(),
        disk: Arc::new(RealDisk),
        cloud: Some(cloud.with_client(&tenant, &client, Secret::new("wrong"))),
        watch: Some(sandbox_plan(home.path())),
        operator: "Ada".to_owned(),
        script: None,
    })
    .unwrap();
    let probed = |s: &Snapshot| s.situation.endpoints.iter().any(|e| e.at.is_some());
    let s = until(&desk, "a first round", |s| s.situation.watching && probed(s));
    assert_ne!(east(&s), Some(Mark::Ok), "without a token nothing is known of it: {:?}", s.situation.regions);

    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    until(&desk, "memory", |s| s.settings.credentials.keeper == Keeper::Memory);
    assert!(said(&desk, store("East US", "not-the-key"), "is stored"));
    let name: lifeboat::secrets::Name = "azure-openai/eastus".parse().unwrap();
    assert!(!said(&desk, CredentialIntent::Test(name.clone()), &format!("{host} refuses it (401)")));
    assert!(said(&desk, store("East US", &key), "is stored"));
    assert!(said(&desk, CredentialIntent::Test(name.clone()), &format!("{host} takes it, and answered in")));
    assert!(said(&desk, CredentialIntent::Delete(name.clone()), "is deleted"));
    // One for all regions stands in where there is none of the region's own.
    let all: lifeboat::secrets::Name = "azure-openai".parse().unwrap();
    assert!(said(&desk, store("", &key), "is stored"));
    assert!(said(&desk, CredentialIntent::Test(all), &format!("{host} takes it, and answered in")));
    until(&desk, "East US to answer with its key", |s| east(s) == Some(Mark::Ok));
    assert!(!said(&desk, CredentialIntent::Test(name), "There is no credential azure-openai eastus"));
    assert!(!home.path().join("credentials.json").exists(), "memory leaves nothing behind");
}
