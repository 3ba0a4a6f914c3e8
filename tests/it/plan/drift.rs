//! Drift: sides that are equal do not differ, every rule finds the one thing that was broken, and what was not read is
//! neither equal nor different.

use std::collections::BTreeMap;

use lifeboat::catalog::Catalog;
use lifeboat::plan::drift::{
    Assignment, Connection, Deployment, Difference, Drift, Endpoint, Known, Pair, Parts, Replica, Seen, Severity,
    Thing, drift, pairs, runbook,
};
use lifeboat::plan::model::Plan;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Region;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use Severity::{Blocks, Informs, Reduces};

/// What a test breaks.
type Break<'a> = Box<dyn Fn(&mut Seen) + 'a>;
/// What a test changes of a profile: status, time to live, endpoints.
type Change<'a> = &'a dyn Fn(&mut bool, &mut Option<u64>, &mut Vec<Endpoint>);

const GPT: &str = "OpenAI.Standard.gpt-4o";

fn plan(id: &str, strategy: Option<Strategy>) -> Plan {
    Catalog::builtin().plan(id, strategy).unwrap()
}

fn all_pairs(plan: &Plan) -> Vec<Pair> {
    pairs(plan, &runbook(plan).unwrap())
}

fn compare(plan: &Plan, seen: &Seen) -> Drift {
    drift(plan, &runbook(plan).unwrap(), seen)
}

fn deployment(name: &str, capacity: i64) -> Deployment {
    Deployment {
        name: name.to_owned(),
        format: "OpenAI".into(),
        model: "gpt-4o".into(),
        version: "2024-11-20".into(),
        sku: "Standard".into(),
        capacity,
        state: "Succeeded".into(),
        filter: None,
        quota: GPT.into(),
    }
}

/// What a resource of this type looks like when nothing is wrong with it; `side` is where it stands.
fn thing(plan: &Plan, id: &lifeboat::units::ResourceId, side: &Region, shared: bool) -> Thing {
    let (here, there) = (&plan.primary.region, &plan.secondary.as_ref().unwrap().region);
    let endpoint = |name: &str, at: &Region| Endpoint {
        name: name.to_owned(),
        kind: "ExternalEndpoints".into(),
        enabled: true,
        monitor: "Online".into(),
        target: format!("{at}.example.net"),
        resource: None,
        region: Some(at.clone()),
    };
    let parts = match id.kind().to_ascii_lowercase().as_str() {
        "microsoft.cognitiveservices/accounts" => {
            Parts::Account { deployments: Known::Read(vec![deployment("chat", 100), deployment("mini", 50)]) }
        }
        "microsoft.keyvault/vaults" => Parts::Vault { keep_days: Some(90), purge_protection: true },
        "microsoft.storage/storageaccounts" => Parts::Storage {
            copy_in: shared.then(|| there.clone()),
            copy_status: shared.then(|| "available".into()),
            replication: Known::Read(shared.then(|| "Live".into())),
        },
        "microsoft.containerregistry/registries" => Parts::Registry {
            replicas: Known::Read(vec![Replica { region: there.clone(), state: "Succeeded".into(), routed: true }]),
        },
        "microsoft.network/trafficmanagerprofiles" => Parts::Profile {
            enabled: true,
            routing: "Weighted".into(),
            ttl: Some(60),
            endpoints: vec![endpoint("one", here), endpoint("two", there)],
        },
        "microsoft.machinelearningservices/workspaces" => Parts::Workspace {
            connections: Known::Read(vec![
                Connection {
                    name: "ai-one".into(),
                    category: "AIServices".into(),
                    target: "https://one.example/".into(),
                },
                Connection {
                    name: "ai-two".into(),
                    category: "AIServices".into(),
                    target: "https://two.example/".into(),
                },
                Connection {
                    name: "data".into(),
                    category: "AzureBlob".into(),
                    target: format!("https://{side}.blob/"),
                },
            ]),
        },
        _ => Parts::Other,
    };
    let global = id.kind().eq_ignore_ascii_case("Microsoft.Network/trafficManagerProfiles");
    Thing {
        region: if global { Region::new("global") } else { side.clone() },
        kind: Some("Kind".into()),
        sku: Some("Premium".into()),
        state: Some("Succeeded".into()),
        public_network: Some("Enabled".into()),
        identity: None,
        roles: Known::Read(vec![Assignment {
            principal: "people".into(),
            principal_kind: "Group".into(),
            role: "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd".into(),
        }]),
        parts,
    }
}

/// Both sides of a plan, with nothing wrong.
fn equal(plan: &Plan) -> Seen {
    let (here, there) = (&plan.primary.region, &plan.secondary.as_ref().unwrap().region);
    let mut seen = Seen {
        plan: plan.id.clone(),
        digest: plan.texts.digest(),
        azure: "AzureCloud".into(),
        simulated: false,
        at: 1,
        things: BTreeMap::new(),
        groups: BTreeMap::new(),
        quota: Known::Read(BTreeMap::from([(GPT.to_owned(), (150, 1_000))])),
        more_quota: BTreeMap::new(),
    };
    let group = |id: &lifeboat::units::ResourceId| {
        format!("/subscriptions/{}/resourcegroups/{}", id.subscription(), id.group()).to_lowercase()
    };
    for p in all_pairs(plan) {
        let shared = p.secondary.is_none();
        let thing_of = |id, side| Known::Read(Some(thing(plan, id, side, shared)));
        seen.things.insert(p.primary.as_str().to_lowercase(), thing_of(&p.primary, here));
        // A group of what both sides use lies where the failure is not.
        seen.groups.insert(group(&p.primary), Known::Read(if shared { there.clone() } else { here.clone() }));
        if let Some(s) = &p.secondary {
            seen.things.insert(s.as_str().to_lowercase(), thing_of(s, there));
            seen.groups.insert(group(s), Known::Read(there.clone()));
        }
    }
    seen
}

fn id_of(plan: &Plan, parameter: &str) -> String {
    plan.values[parameter].to_lowercase()
}

fn at<'a>(seen: &'a mut Seen, id: &str) -> &'a mut Thing {
    match seen.things.get_mut(id) {
        Some(Known::Read(Some(t))) => t,
        other => panic!("{id}: {other:?}"),
    }
}

fn deployments<'a>(seen: &'a mut Seen, id: &str) -> &'a mut Vec<Deployment> {
    match &mut at(seen, id).parts {
        Parts::Account { deployments: Known::Read(all) } => all,
        other => panic!("{other:?}"),
    }
}

/// The one difference that breaking one thing makes.
fn only(plan: &Plan, breaking: impl FnOnce(&mut Seen)) -> Difference {
    let mut seen = equal(plan);
    breaking(&mut seen);
    let d = compare(plan, &seen);
    assert_eq!(d.unread, [], "{d:#?}");
    assert_eq!(d.differences.len(), 1, "{:#?}", d.differences);
    d.differences.into_iter().next().unwrap()
}

#[test]
fn parameters_are_paired_by_role_and_by_name() {
    let of = |id: &str| -> Vec<(String, bool)> {
        all_pairs(&plan(id, None)).into_iter().map(|p| (p.parameter, p.secondary.is_some())).collect()
    };
    let own = |l: &[(&str, bool)]| l.iter().map(|(n, b)| ((*n).to_owned(), *b)).collect::<Vec<_>>();
    assert_eq!(of("prod-chat"), own(&[("primary_resource", true), ("store", false)]));
    assert_eq!(
        of("foundry-prod"),
        own(&[
            ("primary_resource", true),
            ("profile", false),
            ("primary_endpoint", true),
            ("default_storage", true),
            ("data_storage", false),
            // One vault for both: its two parameters name the same.
            ("primary_vault", false),
            ("registry", false),
            ("primary_insights", true),
            ("primary_ai", true),
        ])
    );
    assert_eq!(of("sandbox-recover-vault"), [], "what is recovered has no other side");
}

#[test]
fn equal_sides_do_not_differ() {
    for id in ["prod-chat", "foundry-prod", "ml-prod", "vision-prod"] {
        let p = plan(id, None);
        let d = compare(&p, &equal(&p));
        assert_eq!((d.differences.as_slice(), d.unread.as_slice()), (&[][..], &[][..]), "{id}");
        assert!(d.none() && d.compared > 1, "{id}");
        assert!(d.sentence().starts_with("No difference in "), "{}", d.sentence());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Whatever both sides have, as long as they have the same, they do not differ; and any deployment taken away, made
    /// smaller or given another version is found, alone.
    #[test]
    fn any_equal_sides_do_not_differ_and_any_break_is_found(
        names in proptest::collection::btree_set("[a-z]{1,6}", 1..6),
        capacity in 1i64..40,
        which in 0usize..6,
        how in 0u8..4,
    ) {
        let p = plan("prod-chat", Some(Strategy::HotHot));
        let all: Vec<Deployment> = names.iter().map(|n| deployment(n, capacity)).collect();
        let mut seen = equal(&p);
        for side in ["primary_resource", "secondary_resource"] {
            *deployments(&mut seen, &id_of(&p, side)) = all.clone();
        }
        prop_assert!(compare(&p, &seen).none());
        let i = which % all.len();
        let theirs = deployments(&mut seen, &id_of(&p, "secondary_resource"));
        match how {
            0 => { theirs.remove(i); }
            1 => theirs[i].capacity -= 1,
            2 => theirs[i].version.push('x'),
            _ => theirs[i].model.push('x'),
        }
        let d = compare(&p, &seen);
        prop_assert_eq!(d.differences.len(), 1, "{:#?}", d.differences);
        prop_assert!(d.differences[0].field.ends_with(&format!("deployment {}", all[i].name)), "{}", d.differences[0].field);
        // Back to front it is another story, but never none.
        let (one, two) = (id_of(&p, "primary_resource"), id_of(&p, "secondary_resource"));
        let other = deployments(&mut seen, &two).clone();
        let own = std::mem::replace(deployments(&mut seen, &one), other);
        *deployments(&mut seen, &two) = own;
        prop_assert!(how == 1 || !compare(&p, &seen).differences.is_empty());
    }
}

#[test]
fn every_difference_of_deployments_is_found() {
    let p = plan("prod-chat", Some(Strategy::HotHot));
    let two = id_of(&p, "secondary_resource");
    type Spoil = fn(&mut Vec<Deployment>);
    let cases: [(&str, Severity, Spoil); 7] = [
        ("deployment chat", Blocks, |d| drop(d.remove(0))),
        ("model of deployment chat", Blocks, |d| d[0].model = "gpt-4".into()),
        ("version of deployment chat", Reduces, |d| d[0].version = "2024-08-06".into()),
        ("type of deployment chat", Informs, |d| d[0].sku = "GlobalStandard".into()),
        ("capacity of deployment mini", Informs, |d| d[1].capacity = 10),
        ("state of deployment mini", Blocks, |d| d[1].state = "Failed".into()),
        ("content filter of deployment mini", Reduces, |d| d[1].filter = Some("strict".into())),
    ];
    for (field, severity, breaking) in cases {
        let d = only(&p, |seen| breaking(deployments(seen, &two)));
        assert_eq!((d.field.as_str(), d.severity), (field, severity), "{d:#?}");
        assert!(
            d.subject == "account oai-prod-swedencentral" && !d.advice.is_empty() && d.source.starts_with("step ")
                || d.source.starts_with("judgement"),
            "{d:#?}"
        );
    }
    let d = only(&p, |seen| deployments(seen, &two).push(deployment("extra", 5)));
    assert_eq!((d.severity, d.primary.as_str()), (Informs, "missing"));
}

#[test]
fn what_a_step_of_the_plan_makes_up_for_only_informs() {
    let two = |p: &Plan| id_of(p, "secondary_resource");
    for (strategy, severity) in [(Strategy::HotHot, Blocks), (Strategy::HotCold, Informs)] {
        let p = plan("prod-chat", Some(strategy));
        let d = only(&p, |seen| drop(deployments(seen, &two(&p)).remove(0)));
        assert_eq!(d.severity, severity, "{strategy:?}: {d:#?}");
        assert_eq!(d.advice.contains("AO-F3"), strategy == Strategy::HotCold, "{}", d.advice);
        let line = d.by_hand.unwrap();
        assert!(line.contains("--deployment-name chat --model-name gpt-4o --model-version 2024-11-20"), "{line}");
        assert!(line.contains("-n oai-prod-swedencentral -g rg-chat-swedencentral"), "{line}");
    }
    let p = plan("prod-chat", Some(Strategy::HotWarm));
    let d = only(&p, |seen| deployments(seen, &two(&p))[0].capacity = 10);
    assert!(d.severity == Informs && d.advice.contains("AO-F5"), "{d:#?}");
}

#[test]
fn quota_is_what_is_held_and_what_is_left() {
    let p = plan("prod-chat", Some(Strategy::HotHot));
    // The primary has 150, so 180 are wanted; the secondary holds 150 itself.
    for (left, found) in [(30, None), (29, Some(Informs)), (0, Some(Informs))] {
        let mut seen = equal(&p);
        seen.quota = Known::Read(BTreeMap::from([(GPT.to_owned(), (1_000 - left, 1_000))]));
        let d = compare(&p, &seen);
        assert_eq!(d.differences.first().map(|d| d.severity), found, "{left} left: {:#?}", d.differences);
    }
    // Each subscription has a quota of its own.
    let mut seen = equal(&p);
    let two: lifeboat::units::ResourceId = p.values["secondary_resource"].parse().unwrap();
    let none = Known::Read(BTreeMap::from([(GPT.to_owned(), (1_000, 1_000))]));
    seen.more_quota.insert(two.subscription().to_lowercase(), none);
    assert_eq!(compare(&p, &seen).differences.len(), 1);
    // With nothing of its own, what is left is all.
    let cold = plan("prod-chat", Some(Strategy::HotCold));
    for (left, severity) in [(149, Reduces), (0, Blocks)] {
        let mut seen = equal(&cold);
        deployments(&mut seen, &id_of(&cold, "secondary_resource")).clear();
        seen.quota = Known::Read(BTreeMap::from([(GPT.to_owned(), (1_000 - left, 1_000))]));
        let d = compare(&cold, &seen);
        let quota = d.differences.iter().find(|d| d.field.starts_with("quota ")).unwrap();
        assert_eq!((quota.severity, quota.source.as_str()), (severity, "step CP7"), "{left} left");
    }
}

#[test]
fn every_difference_of_any_resource_is_found() {
    let p = plan("foundry-prod", None);
    let (hub, vault) = (id_of(&p, "secondary_resource"), id_of(&p, "primary_vault"));
    let ai = id_of(&p, "secondary_ai");
    let here = p.primary.region.clone();
    let cases: Vec<(&str, Severity, Break<'_>)> = vec![
        ("tier", Reduces, Box::new(|s| at(s, &ai).sku = Some("S1".into()))),
        ("tier", Blocks, Box::new(|s| at(s, &ai).sku = Some("F0".into()))),
        ("kind", Reduces, Box::new(|s| at(s, &hub).kind = Some("Project".into()))),
        ("state", Reduces, Box::new(|s| at(s, &hub).state = Some("Failed".into()))),
        ("public network access", Reduces, Box::new(|s| at(s, &hub).public_network = Some("Disabled".into()))),
        ("region", Blocks, Box::new(|s| at(s, &hub).region = here.clone())),
        ("region", Reduces, Box::new(|s| at(s, &hub).region = Region::new("westus"))),
        ("role assignments", Reduces, Box::new(|s| at(s, &hub).roles = Known::Read(Vec::new()))),
        ("existence", Blocks, Box::new(|s| drop(s.things.insert(hub.clone(), Known::Read(None))))),
        ("existence", Blocks, Box::new(|s| drop(s.things.insert(vault.clone(), Known::Read(None))))),
    ];
    for (field, severity, breaking) in cases {
        let d = only(&p, |s| breaking(s));
        assert_eq!((d.field.as_str(), d.severity), (field, severity), "{d:#?}");
    }
    let d = only(&p, |s| at(s, &hub).roles = Known::Read(Vec::new()));
    assert_eq!(d.secondary, "without Cognitive Services OpenAI User for Group people");
    assert!(d.by_hand.unwrap().contains("--assignee-object-id people --role 5e0bd9bd"));
}

#[test]
fn what_is_never_said_is_as_azure_has_it() {
    let p = plan("foundry-prod", None);
    let hub = id_of(&p, "secondary_resource");
    let mut seen = equal(&p);
    at(&mut seen, &hub).public_network = None;
    assert_eq!(compare(&p, &seen).differences, [], "whoever says nothing lets the public in");
    let ai = id_of(&p, "primary_ai");
    let d = only(&p, |s| {
        at(s, &ai).public_network = Some("Disabled".into());
        at(s, &id_of(&p, "secondary_ai")).public_network = None;
    });
    assert_eq!((d.field.as_str(), d.secondary.as_str()), ("public network access", "Enabled"));
}

#[test]
fn an_identity_and_its_counterpart_may_the_same() {
    let p = plan("foundry-prod", None);
    let of = |name: &str| id_of(&p, name);
    let role = |who: &str| Assignment {
        principal: who.into(),
        principal_kind: "ServicePrincipal".into(),
        role: "7f951dda-4ed3-4680-a7ca-43fe172d538d".into(),
    };
    let give = |s: &mut Seen, id: &str, who: &str| match &mut at(s, id).roles {
        Known::Read(all) => all.push(role(who)),
        Known::Unread(why) => panic!("{why}"),
    };
    let both = |s: &mut Seen, second: &str| {
        at(s, &of("primary_resource")).identity = Some("HUB-one".into());
        at(s, &of("secondary_resource")).identity = Some("hub-two".into());
        give(s, &of("primary_ai"), "hub-one");
        give(s, &of("secondary_ai"), second);
    };
    let mut seen = equal(&p);
    both(&mut seen, "hub-two");
    assert_eq!(compare(&p, &seen).differences, [], "each hub may use the account beside it");
    // The first hub's identity in the place of the second's is no use there.
    let mut seen = equal(&p);
    both(&mut seen, "hub-one");
    let told: Vec<_> = compare(&p, &seen).differences.into_iter().map(|d| (d.severity, d.secondary)).collect();
    assert_eq!(
        told,
        [
            (Reduces, "without AcrPull for ServicePrincipal hub-two".to_owned()),
            (Informs, "also AcrPull for ServicePrincipal hub-one".to_owned())
        ]
    );
    // Without a counterpart it is as it was: somebody lacks something.
    let d = only(&p, |s| give(s, &of("primary_ai"), "somebody"));
    assert_eq!(d.secondary, "without AcrPull for ServicePrincipal somebody");
}

#[test]
fn a_reading_of_a_simulated_azure_says_so() {
    let p = plan("foundry-prod", None);
    let mut seen = equal(&p);
    assert!(!compare(&p, &seen).sentence().contains("simulated"));
    (seen.azure, seen.simulated) = ("sandbox".into(), true);
    assert!(compare(&p, &seen).sentence().contains("the simulated Azure “sandbox”"));
}

#[test]
fn a_group_in_the_wrong_region_is_found() {
    let p = plan("foundry-prod", None);
    let group = |name: &str| format!("/subscriptions/00000000-0000-4000-8000-00000000c0de/resourcegroups/{name}");
    let move_to = |name: &str, to: &str| {
        let mut seen = equal(&p);
        assert!(seen.groups.insert(group(name), Known::Read(Region::new(to))).is_some(), "{name}");
        let found = compare(&p, &seen).differences;
        assert!(!found.is_empty() && found.iter().all(|d| d.field == "region of its group" && d.source == "step CP2"));
        found[0].severity
    };
    assert_eq!(move_to("rg-hub-swedencentral", "eastus"), Blocks, "nothing could be changed in an incident");
    assert_eq!(move_to("rg-hub-swedencentral", "westus"), Informs);
    assert_eq!(move_to("rg-hub-eastus", "westus"), Informs);
    assert_eq!(move_to("rg-hub-shared", "eastus"), Blocks);
}

#[test]
fn vaults_are_compared_where_there_are_two() {
    let text = Catalog::builtin().plan_file("foundry-prod").unwrap().text.clone();
    let shared = "rg-hub-shared/providers/Microsoft.KeyVault/vaults/kv-hub-contoso";
    let (head, rest) = text.split_once(shared).unwrap();
    let (middle, tail) = rest.split_once(shared).unwrap();
    let vault = |name: &str, region: &str| format!("rg-hub-{region}/providers/Microsoft.KeyVault/vaults/{name}");
    let two = format!("{head}{}{middle}{}{tail}", vault("kv-hub-one", "eastus"), vault("kv-hub-two", "swedencentral"));
    let two = two.replace("\"vaults\": \"shared\"", "\"vaults\": \"per-region\"");
    let file = lifeboat::catalog::File { name: "two.ron".into(), path: None, text: two };
    let (p, found) = Catalog::builtin().bind(&file, None);
    let p = p.unwrap_or_else(|| panic!("{found:?}"));
    let vault = id_of(&p, "secondary_vault");
    assert_ne!(vault, id_of(&p, "primary_vault"));
    let set = |days: Option<u64>, protected: bool| {
        only(&p, |s| at(s, &vault).parts = Parts::Vault { keep_days: days, purge_protection: protected })
    };
    let d = set(Some(7), true);
    assert_eq!((d.field.as_str(), d.severity, d.secondary.as_str()), ("soft delete", Reduces, "7 days"));
    let d = set(Some(90), false);
    assert_eq!((d.field.as_str(), d.severity, d.source.as_str()), ("purge protection", Reduces, "step CP8"));
    assert!(d.by_hand.unwrap().starts_with("az keyvault update -n kv-hub-two "));
    assert_eq!(set(None, true).severity, Reduces, "what is not told may be less");
}

#[test]
fn what_both_sides_use_has_to_outlive_the_primary_region() {
    let p = plan("foundry-prod", None);
    let (registry, data) = (id_of(&p, "registry"), id_of(&p, "data_storage"));
    let there = p.secondary.as_ref().unwrap().region.clone();
    let replicas = |all: Vec<Replica>| Parts::Registry { replicas: Known::Read(all) };
    let replica = |state: &str, routed: bool| Replica { region: there.clone(), state: state.into(), routed };
    let d = only(&p, |s| at(s, &registry).parts = replicas(Vec::new()));
    assert_eq!((d.severity, d.secondary.as_str(), d.source.as_str()), (Blocks, "missing", "step MF-P4"));
    assert!(d.by_hand.unwrap().contains(" -l swedencentral "));
    assert_eq!(only(&p, |s| at(s, &registry).parts = replicas(vec![replica("Creating", true)])).severity, Reduces);
    assert_eq!(
        only(&p, |s| at(s, &registry).parts = replicas(vec![replica("Succeeded", false)])).secondary,
        "not routed"
    );

    let storage = |copy: Option<&str>, status: &str, live: &str| Parts::Storage {
        copy_in: copy.map(Region::new),
        copy_status: copy.map(|_| status.into()),
        replication: Known::Read(copy.map(|_| live.into())),
    };
    for (parts, field, severity) in [
        (storage(None, "", ""), "redundancy", Blocks),
        (storage(Some("westus"), "available", "Live"), "copy", Informs),
        (storage(Some("swedencentral"), "unavailable", "Live"), "copy", Reduces),
        (storage(Some("swedencentral"), "available", "Bootstrap"), "replication", Reduces),
    ] {
        let d = only(&p, |s| at(s, &data).parts = parts);
        assert_eq!((d.field.as_str(), d.severity), (field, severity), "{d:#?}");
    }
    // What lies outside the primary region does not go with it.
    let mut seen = equal(&p);
    at(&mut seen, &registry).region = Region::new("westeurope");
    at(&mut seen, &registry).parts = replicas(Vec::new());
    assert_eq!(compare(&p, &seen).differences, []);
}

#[test]
fn a_profile_leads_to_both_sides_and_changes_soon_enough() {
    let p = plan("foundry-prod", None);
    let profile = id_of(&p, "profile");
    let change = |how: Change<'_>| {
        only(&p, |s| {
            let Parts::Profile { enabled, ttl, endpoints, .. } = &mut at(s, &profile).parts else { panic!() };
            how(enabled, ttl, endpoints);
        })
    };
    let said = |d: Difference| (d.field, d.severity, d.secondary);
    let own = |f: &str, s, v: &str| (f.to_owned(), s, v.to_owned());
    assert_eq!(said(change(&|on, _, _| *on = false)), own("status", Blocks, "Disabled"));
    assert_eq!(said(change(&|_, ttl, _| *ttl = Some(300))), own("TTL", Informs, "300 s"));
    let sweden = "endpoint of Sweden Central";
    assert_eq!(said(change(&|_, _, e| drop(e.pop()))), own(sweden, Blocks, "missing"));
    assert_eq!(said(change(&|_, _, e| e[1].enabled = false)), own(sweden, Reduces, "Disabled"));
    assert_eq!(said(change(&|_, _, e| e[1].monitor = "Degraded".into())), own(sweden, Reduces, "Degraded"));
    assert_eq!(said(change(&|_, _, e| drop(e.remove(0)))), own("endpoint of East US", Informs, "missing"));
    // The primary failing is what the plan is for.
    let mut seen = equal(&p);
    let Parts::Profile { endpoints, .. } = &mut at(&mut seen, &profile).parts else { panic!() };
    endpoints[0].monitor = "Degraded".into();
    assert!(compare(&p, &seen).none());
    // A plan that was reckoned with another time to live is wrong about its own times.
    let p = plan("vision-prod", None);
    let profile = id_of(&p, "profile");
    let d = only(&p, |s| {
        let Parts::Profile { ttl, .. } = &mut at(s, &profile).parts else { panic!() };
        *ttl = Some(30);
    });
    assert_eq!((d.severity, d.primary.as_str(), d.secondary.as_str()), (Reduces, "60 s in the plan", "30 s"));
}

#[test]
fn two_resources_need_two_connections() {
    let p = plan("foundry-prod", None);
    let (one, two) = (id_of(&p, "primary_resource"), id_of(&p, "secondary_resource"));
    fn connections<'a>(s: &'a mut Seen, id: &str) -> &'a mut Vec<Connection> {
        match &mut at(s, id).parts {
            Parts::Workspace { connections: Known::Read(all) } => all,
            other => panic!("{other:?}"),
        }
    }
    // Both hubs have the same single way: equal, and still no redundancy.
    let mut seen = equal(&p);
    for hub in [&one, &two] {
        connections(&mut seen, hub).remove(1);
    }
    let d = compare(&p, &seen);
    assert_eq!(d.count(Reduces), 2, "{d:#?}");
    assert!(d.differences.iter().all(|d| d.secondary == "only one.example" && d.source == "step MF-P6"));
    // One of two is missing on one side: no second way there, and a name that flows miss.
    let mut seen = equal(&p);
    connections(&mut seen, &two).remove(1);
    assert_eq!((compare(&p, &seen).count(Blocks), compare(&p, &seen).count(Reduces)), (1, 1));
    assert_eq!(only(&p, |s| drop(connections(s, &two).remove(2))).severity, Reduces);
    assert_eq!(only(&p, |s| drop(connections(s, &one).remove(2))).severity, Informs);
    assert_eq!(only(&p, |s| connections(s, &two)[2].category = "S3".into()).severity, Reduces);
    // Where they lead differs by side, as it should.
    let mut seen = equal(&p);
    connections(&mut seen, &two)[2].target = "https://elsewhere/".into();
    assert!(compare(&p, &seen).none());
}

#[test]
fn not_read_is_neither_equal_nor_different() {
    let p = plan("foundry-prod", None);
    let no = || "403 AuthorizationFailed".to_owned();
    let hub = id_of(&p, "secondary_resource");
    let ai = id_of(&p, "primary_ai");
    for (n, breaking) in [
        (1, Box::new(|s: &mut Seen| at(s, &hub).roles = Known::Unread(no())) as Break<'_>),
        (1, Box::new(|s| at(s, &ai).parts = Parts::Account { deployments: Known::Unread(no()) })),
        (1, Box::new(|s| drop(s.things.insert(hub.clone(), Known::Unread(no()))))),
        (1, Box::new(|s| drop(s.things.remove(&hub)))),
        (1, Box::new(|s| s.quota = Known::Unread(no()))),
        (1, Box::new(|s| s.quota = Known::Read(BTreeMap::new()))),
        (2, Box::new(|s| s.groups.values_mut().take(2).for_each(|g| *g = Known::Unread(no())))),
    ] {
        let mut seen = equal(&p);
        breaking(&mut seen);
        let d = compare(&p, &seen);
        assert_eq!(d.differences, []);
        assert_eq!(d.unread.len(), n, "{:#?}", d.unread);
        assert!(
            !d.none() && !d.matters() && d.sentence().contains("could not be read, and may differ"),
            "{}",
            d.sentence()
        );
    }
}
