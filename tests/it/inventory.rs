//! Plans against what there is.

use lifeboat::azure::inventory::inventory;
use lifeboat::azure::reading::read;
use lifeboat::azure::{Azure, Cloud};
use lifeboat::catalog::Catalog;
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::outside;
use lifeboat::plan::bind;
use lifeboat::plan::inventory::{Finding, Found, Inventory, check};
use lifeboat::plan::model::Plan;
use lifeboat::rehearsal::scenario::Scenario;
use lifeboat::runbook::model::{Condition, ParameterKind, Phase, Runbook, System};
use lifeboat::runbook::{Severity, Source, load};
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::{Millis, Region};

const ACCOUNTS: &str = "Microsoft.CognitiveServices/accounts";
const PROFILES: &str = "Microsoft.Network/trafficManagerProfiles";
const REPLICATIONS: &str = "Microsoft.ContainerRegistry/registries/replications";

fn id(group: &str, rest: &str) -> String {
    format!("/subscriptions/s-1/resourceGroups/{group}/providers/{rest}")
}

fn found(group: &str, kind: &str, name: &str, region: &str) -> Found {
    Found {
        id: id(group, &format!("{kind}/{name}")),
        resource_type: kind.to_owned(),
        name: name.to_owned(),
        region: Region::new(region),
        kind: None,
        sku: Some("S1".to_owned()),
    }
}

fn group(name: &str, region: &str) -> Found {
    let id = format!("/subscriptions/s-1/resourceGroups/{name}");
    Found { id, sku: None, ..found(name, "Microsoft.Resources/resourceGroups", name, region) }
}

fn things() -> Inventory {
    Inventory {
        at: 1_000,
        resources: vec![
            group("rg-east", "eastus"),
            group("rg-west", "westus"),
            found("rg-east", ACCOUNTS, "vision-east", "eastus"),
            found("rg-west", ACCOUNTS, "vision-west", "westus"),
            found("rg-east", ACCOUNTS, "speech-east", "eastus"),
            found("rg-west", PROFILES, "tm-vision", "global"),
            found("rg-west", "Microsoft.ContainerRegistry/registries", "cr", "eastus"),
        ],
    }
}

fn runbook(system: &str) -> Source {
    let text = format!(
        r#"Runbook(schema: 2, id: "vision", title: "Vision", about: "For tests.", system: {system},
        objectives: {{ Priority: (rto: "30m", rpo: "5m", tier: T1, source: Judgement("test")) }},
        parameters: {{
            "primary": Region(about: "one", role: Primary), "secondary": Region(about: "other", role: Secondary),
            "one": Resource(kind: "{ACCOUNTS}", about: "in the primary", role: Primary),
            "other": Resource(kind: "{ACCOUNTS}", about: "in the secondary", role: Secondary),
            "profile": Resource(kind: "{PROFILES}", about: "leads users"),
            "replica": Resource(kind: "{REPLICATIONS}", about: "of the registry"),
            "spare": Resource(kind: "{ACCOUNTS}", about: "not named here", default: "/subscriptions/none/resourceGroups/none/providers/{ACCOUNTS}/none"),
        }},
        gate: "W1",
        steps: [
            Step(id: "W1", phase: Decide, kind: Manual, decision: true, title: "Decide", why: "Say why: {{primary}} {{secondary}}.",
                target: "{{one}} {{other}} {{profile}} {{replica}} {{spare}}", expect: "5m", source: Judgement("test")),
        ])"#
    );
    Source { name: "runbook.ron".into(), text, parts: Vec::new() }
}

/// The plan with some values replaced.
fn bound(system: &str, change: &[(&str, &str)]) -> (Plan, Runbook) {
    let mut values = [
        ("primary", "eastus".to_owned()),
        ("secondary", "westus".to_owned()),
        ("one", id("rg-east", &format!("{ACCOUNTS}/vision-east"))),
        ("other", id("rg-west", &format!("{ACCOUNTS}/vision-west"))),
        ("profile", id("rg-west", &format!("{PROFILES}/tm-vision"))),
        ("replica", id("rg-west", "Microsoft.ContainerRegistry/registries/cr/replications/westus")),
    ];
    for (name, value) in change {
        values.iter_mut().find(|v| v.0 == *name).unwrap().1 = (*value).to_owned();
    }
    let values: String = values.iter().map(|(n, v)| format!("\"{n}\": \"{v}\", ")).collect();
    let text = format!(
        "Plan(schema: 1, id: \"p\", title: \"P\", environment: \"e\", runbook: \"vision\", strategy: Priority, values: {{ {values} }})"
    );
    let source = runbook(system);
    let (plan, findings) = bind("plan.ron", &text, &source, None);
    (plan.unwrap_or_else(|| panic!("{findings:?}")), load(&source).0.unwrap())
}

fn findings(system: &str, change: &[(&str, &str)], things: &Inventory) -> Vec<Finding> {
    let (plan, runbook) = bound(system, change);
    check(&plan, &runbook, things)
}

fn codes(all: &[Finding]) -> Vec<(&str, &str)> {
    all.iter().map(|f| (f.parameter.as_str(), f.code)).collect()
}

#[test]
fn a_plan_that_fits_has_no_finding() {
    assert_eq!(findings("MultiRegionAI", &[], &things()), []);
    // Case does not matter to Azure.
    let upper = id("RG-EAST", &format!("{}/VISION-EAST", ACCOUNTS.to_uppercase()));
    assert_eq!(findings("MultiRegionAI", &[("one", &upper)], &things()), []);
}

#[test]
fn what_does_not_exist_is_found_with_what_was_meant() {
    let at = |group: &str, name: &str| id(group, &format!("{ACCOUNTS}/{name}"));
    let all = findings("MultiRegionAI", &[("one", &at("rg-east", "vision-eats"))], &things());
    assert_eq!(codes(&all), [("one", "PL011")]);
    assert_eq!(all[0].severity, Severity::Error);
    assert_eq!(all[0].instead.as_deref(), Some(at("rg-east", "vision-east").as_str()));
    assert_eq!(all[0].advice, "did you mean `vision-east` in `rg-east`?");
    // The right name in a wrong group; a group that does not exist.
    let all = findings("MultiRegionAI", &[("other", &at("rg-east", "vision-west"))], &things());
    assert_eq!((codes(&all), all[0].severity), (vec![("other", "PL011")], Severity::Warning));
    assert_eq!(all[0].instead.as_deref(), Some(at("rg-west", "vision-west").as_str()));
    let all = findings("MultiRegionAI", &[("one", &at("rg-esat", "vision-east"))], &things());
    assert!(all[0].message.contains("its group `rg-esat` does not exist"), "{}", all[0].message);
    // Nothing like it.
    let all = findings("MultiRegionAI", &[("one", &at("rg-east", "translator"))], &things());
    assert_eq!((all[0].instead.clone(), all[0].advice.starts_with("create it")), (None, true));
    // A child is known by its parent only.
    let child = id("rg-west", "Microsoft.ContainerRegistry/registries/rc/replications/westus");
    assert_eq!(codes(&findings("MultiRegionAI", &[("replica", &child)], &things())), [("replica", "PL011")]);
    // What is to be recovered is gone; another subscription was not looked through.
    assert_eq!(findings("SoftDelete", &[("one", &at("rg-east", "vision-gone"))], &things()), []);
    let elsewhere = at("rg-east", "vision-east").replace("s-1", "s-2");
    let all = findings("MultiRegionAI", &[("one", &elsewhere)], &things());
    assert_eq!((codes(&all), all[0].severity), (vec![("one", "PL016")], Severity::Note));
}

#[test]
fn regions_of_resources_and_groups_are_compared_with_their_side() {
    let all = findings("MultiRegionAI", &[("primary", "eastus2")], &things());
    assert_eq!(codes(&all), [("one", "PL012"), ("one", "PL015")]);
    assert_eq!(all[0].message, "`vision-east` is in East US, and the primary region is East US 2");
    let mut things = things();
    things.resources[1].region = Region::new("eastus");
    let all = findings("MultiRegionAI", &[], &things);
    assert_eq!((codes(&all), all[0].severity), (vec![("other", "PL015")], Severity::Warning));
    assert!(all[0].advice.contains("while East US is down"), "{}", all[0].advice);
    // A group that is not known says nothing.
    things.resources.remove(1);
    assert_eq!(findings("MultiRegionAI", &[], &things), []);
}

#[test]
fn free_tiers_and_multi_service_accounts_are_not_eligible() {
    let mut things = things();
    for sku in ["F0", "free"] {
        things.resources[2].sku = Some(sku.to_owned());
        assert_eq!(codes(&findings("AIFoundry", &[], &things)), [("one", "PL013")]);
    }
    things.resources[2].sku = None;
    things.resources[3].kind = Some("CognitiveServices".to_owned());
    assert_eq!(codes(&findings("MultiRegionAI", &[], &things)), [("other", "PL014")]);
    assert_eq!(findings("AIFoundry", &[], &things), [], "elsewhere such an account is fine");
    // The tier of another type is no finding.
    things.resources[3].kind = None;
    things.resources[5].sku = Some("Free".to_owned());
    assert_eq!(findings("MultiRegionAI", &[], &things), []);
}

#[test]
fn fields_are_completed_from_what_there_is() {
    let things = things();
    let values = |kind: &ParameterKind, typed: &str| -> Vec<String> {
        things.complete(kind, typed).into_iter().map(|s| s.label).collect()
    };
    let accounts = ParameterKind::Resource(ACCOUNTS.to_lowercase());
    assert_eq!(values(&accounts, ""), ["speech-east", "vision-east", "vision-west"]);
    assert_eq!(values(&accounts, "VIS"), ["vision-east", "vision-west"]);
    assert_eq!(values(&accounts, "east"), ["speech-east", "vision-east"]);
    assert_eq!(values(&accounts, "rg-w"), ["vision-west"], "by its group");
    assert_eq!(values(&accounts, "vwest"), ["vision-west"]);
    assert_eq!(values(&accounts, "nothing like it"), [""; 0]);
    let typed = &things.resources[3].id[..60];
    let first = &things.complete(&accounts, typed)[0];
    assert_eq!((first.value.as_str(), first.about.as_str()), (things.resources[3].id.as_str(), "rg-west, West US"));
    assert_eq!(values(&ParameterKind::Region, "Sweden C")[0], "Sweden Central");
    assert_eq!(values(&ParameterKind::Region, "eastus")[0], "East US");
    assert_eq!(values(&ParameterKind::Choice(vec!["failover".into(), "wait".into()]), "w"), ["wait"]);
    assert_eq!(values(&ParameterKind::Text, "x"), [""; 0]);
    let json = serde_json::to_string(&things).unwrap();
    assert_eq!(serde_json::from_str::<Inventory>(&json).unwrap(), things);
    assert_eq!(things.age(4_000), Millis(3_000));
}

/// On a quiet day everything that can be read in the first phase holds. Not so for Azure OpenAI: its second region is
/// cold, its quota is short and its groups are not locked, for people to find that out.
#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_is_prepared_for_its_plans() {
    let catalog = Catalog::builtin();
    let (_simulator, azure, clock) = simulated(catalog.scenario("sandbox").unwrap()).await;
    let task = clock.task();
    // Metrics need something to count.
    task.sleep(Millis::from_mins(20)).await;
    let mut wrong = Vec::new();
    for file in catalog.plans() {
        let plan = catalog.bind(file, None).0.unwrap();
        if plan.system == System::AzureOpenAI {
            continue;
        }
        for step in plan.phase(Phase::Prepare) {
            for check in &step.verify {
                let readings = match &check.condition {
                    Condition::Http { url, status, json, is } => {
                        outside::http(&azure, &task, url, *status, json.as_deref(), is.as_deref()).await
                    }
                    Condition::DnsLeadsTo { name, target } => outside::dns(&azure, &task, name, target).await,
                    other => read(&azure, &task, other, &[], None).await.unwrap_or_default(),
                };
                for r in readings.iter().filter(|r| r.ok != Some(true)) {
                    wrong.push(format!("{} {}: {} is {} ({:?})", plan.id, step.id, r.name, r.value, r.ok));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A running simulated Azure and a client of it.
async fn simulated(scenario: Scenario) -> (Simulator, Azure, Clock) {
    let clock = Clock::scenario(1_795_144_440_000, Millis(0), Speed::Max);
    let simulator = Simulator::start(Options::new(scenario, clock.clone())).await.unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
    (simulator, azure, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_built_in_plan_fits_its_simulated_world() {
    let catalog = Catalog::builtin();
    let mut seen = 0;
    for world in ["sandbox", "region-loss"] {
        let (_simulator, azure, clock) = simulated(catalog.scenario(world).unwrap()).await;
        let resources = inventory(&azure, &clock.task()).await.unwrap();
        let there = Inventory { at: 0, resources };
        for file in catalog.plans() {
            let (plan, findings) = catalog.bind(file, None);
            let plan = plan.unwrap_or_else(|| panic!("{}: {findings:?}", file.name));
            if (plan.id == "prod-chat") != (world == "region-loss") {
                continue;
            }
            let runbook = catalog.runbook(&plan.runbook_id).unwrap();
            assert_eq!(check(&plan, &runbook, &there), [], "{} in {world}", plan.id);
            seen += 1;
        }
    }
    assert_eq!(seen, catalog.plans().count());
}
