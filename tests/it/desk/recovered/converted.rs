//! Steps that Lifeboat carries out itself and once were a person's: each is done here, from its own runbook, in a world
//! that sees one request of it. The steps around them are left out.

use lifeboat::azure::action::{Sent, follow, preview, send};
use lifeboat::azure::{Azure, reading};
use lifeboat::catalog::Catalog;
use lifeboat::desk::snapshot::StepState;

use super::*;
use crate::simulator::subscriptions::several;

impl Lab {
    /// Runs these steps of a plan and leaves out all others.
    fn only(&self, plan: &str, steps: &[&str]) -> Done {
        self.begin(plan);
        let mut waits = 100;
        loop {
            let s = self.see("a turn", |s| turn(s).is_some());
            let card = match turn(&s).unwrap() {
                Turn::Over(_) => return self.close(Outcome::RecoveredWithFindings),
                Turn::Told(what) => panic!("{what}"),
                Turn::Act(card) => card,
            };
            let first = &card.actions[0];
            // A first copy takes its time; the way back is looked at until Azure allows it.
            if card.id == "MF-B3" && card.problem.is_some() && waits > 0 {
                waits -= 1;
                self.pass(Millis::from_mins(30));
                self.desk.send(Command::Step(card.id.clone(), StepIntent::Preview { option: None }));
                self.pass(Millis::from_mins(1));
                continue;
            }
            let wanted = steps.contains(&card.id.as_str()) || matches!(first.intent, StepIntent::Decide { .. });
            if wanted {
                assert!(!matches!(first.intent, StepIntent::Retry { .. }), "{}: {:#?}", card.id, card.problem);
                self.press(&card, first);
            } else {
                let skip = StepIntent::Skip { reason: "another test's".to_owned() };
                self.press(&card, &ActionView { intent: skip, ..first.clone() });
            }
        }
    }
}

#[test]
fn storage_and_traffic_of_a_hub_go_there_and_back() {
    // An account fails over only where every subscription says that no workspace stands on it.
    let mut open = several();
    open.world.more_subscriptions.retain(|s| !s.denied);
    let lab = Lab::new(open);
    let done = lab.only("foundry-prod", &["SF5", "MF-F10", "SF7", "MF-B3"]);
    assert_eq!(done.sent_by(), ["SF5", "MF-F10", "SF7", "MF-B3"]);
    for step in ["SF5", "MF-F10", "SF7", "MF-B3"] {
        let card = done.card(step);
        assert_eq!(card.state, StepState::DoneByApp, "{card:#?}");
    }
    let data = lab.get(&id("rg-hub-shared/Microsoft.Storage/storageAccounts/sthubdata"));
    assert_eq!(
        (data["sku"]["name"].as_str(), data["properties"]["primaryLocation"].as_str()),
        (Some("Standard_RAGRS"), Some("eastus"))
    );
    let end = "rg-hub-shared/Microsoft.Network/trafficManagerProfiles/tm-contoso-hub/externalEndpoints";
    let status = |name: &str| lab.get(&format!("{}/{name}", id(end)))["properties"]["endpointStatus"].clone();
    assert_eq!((status("eastus"), status("swedencentral")), (json!("Disabled"), json!("Enabled")));
}

#[test]
fn a_service_that_did_not_move_is_forced() {
    let lab = Lab::new(several());
    let done = lab.only("vision-prod", &["SR-F3"]);
    let card = done.card("SR-F3");
    assert_eq!((done.sent_by(), card.state), (vec!["SR-F3"], StepState::DoneByApp), "{card:#?}");
    let end =
        "rg-vision-shared/Microsoft.Network/trafficManagerProfiles/tm-vision-prod/externalEndpoints/cv-vision-eastus";
    assert_eq!(lab.get(&id(end))["properties"]["endpointStatus"], "Disabled");
}

/// A step of preparation belongs to no run.
#[test]
fn a_registry_gets_its_replica() {
    let mut scenario = several();
    scenario.world.resources.retain(|r| !r.id.ends_with("acrcontoso/replications/swedencentral"));
    let lab = Lab::new(scenario);
    let plan = Catalog::builtin().plan("foundry-prod", None).unwrap();
    let step = plan.step("MF-P4").unwrap();
    let line = serde_json::to_string(&lab.simulator.connection()).unwrap();
    let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
    let task = lab.clock.task();
    lab.clock.set_speed(Speed::Max);
    lab.runtime.block_on(async {
        let look = preview(&azure, &task, step.action.as_ref().unwrap(), None, &[]).await.unwrap();
        let [change] = look.changes.as_slice() else { panic!("{look:?}") };
        let done = match send(&azure, &task, change, "replica").await {
            Sent::Accepted { operation, .. } => follow(&azure, &task, change, &operation, &mut |_| {}).await,
            other => other,
        };
        assert!(matches!(done, Sent::Done { .. }), "{done:?}");
        for check in &step.verify {
            let read = reading::read(&azure, &task, &check.condition, &[], None).await.unwrap_or_default();
            assert!(read.iter().all(|r| r.ok == Some(true)), "{read:?}");
        }
    });
    assert_eq!(lab.simulator.counts().get("replica"), Some(&1));
}
