//! Binding: a runbook and a plan become concrete steps, or exact complaints.

use lifeboat::plan::{self, model::Plan};
use lifeboat::runbook::Diagnostic;
use lifeboat::runbook::model::{Action, Condition, Guard, Phase, StepKind, Strategy};
use lifeboat::units::Millis;

const RUNBOOK: &str = include_str!("../../runbooks/azure-openai.ron");
const PLAN: &str = include_str!("../../assets/plans/prod-chat.ron");
const STRATEGIES: [Strategy; 3] = [Strategy::HotHot, Strategy::HotWarm, Strategy::HotCold];

fn bind(text: &str, strategy: Option<Strategy>) -> (Option<Plan>, Vec<Diagnostic>) {
    plan::bind("prod-chat.ron", text, "azure-openai.ron", RUNBOOK, strategy)
}

fn bound(strategy: Strategy) -> Plan {
    let (plan, found) = bind(PLAN, Some(strategy));
    assert_eq!(found, []);
    plan.unwrap()
}

#[test]
fn the_built_in_plan_is_clean_in_every_strategy() {
    for strategy in STRATEGIES {
        let plan = bound(strategy);
        assert_eq!(plan.strategy, strategy);
        assert_eq!(plan.components["deployments"], strategy);
        assert_eq!((plan.primary.name(), plan.secondary.name()), ("eastus", "swedencentral"));
        assert_eq!(plan.primary_account.name(), "oai-prod-eastus");
        let mut ids: Vec<&str> = plan.steps.iter().map(|s| s.id.as_str()).collect();
        assert!(plan.steps.is_sorted_by_key(|s| s.phase));
        for (i, s) in plan.steps.iter().enumerate() {
            for need in &s.needs {
                assert!(plan.steps[..i].iter().any(|e| e.id == *need), "{} needs {need}, which is not before it", s.id);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), plan.steps.len(), "an id is there twice");
    }
}

#[test]
fn nothing_is_left_to_fill_in() {
    for strategy in STRATEGIES {
        for s in &bound(strategy).steps {
            let all = format!("{s:?}");
            // What is left of braces is shell and JSON that doubled braces stand for.
            for name in ["primary", "secondary", "store", "critical", "baseline"] {
                assert!(!all.contains(&format!("{{{name}")), "{}: {all}", s.id);
            }
        }
    }
}

#[test]
fn values_reach_every_corner() {
    let plan = bound(Strategy::HotWarm);
    let step = plan.step("AO-F6").unwrap();
    assert_eq!(step.title, "Send all users to Sweden Central and latch it there");
    let Some(Action::SetAppConfiguration { store, values }) = &step.action else { panic!("{:?}", step.action) };
    assert!(store.ends_with("/configurationStores/appcs-prod-chat"));
    let pairs: Vec<(&str, &str)> = values.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("latched", "true"), ("weight-eastus", "0"), ("weight-swedencentral", "100")]);
    assert_eq!(step.guards[0], Guard::AtLeastOneRegionServes { region: "swedencentral".into() });
    assert!(
        step.by_hand[0]
            .contains("az appconfig kv set -n appcs-prod-chat --subscription 00000000-0000-4000-8000-00000000c0de")
    );
    assert!(step.second_person.is_some());
    let Condition::AppConfigurationIs { values: seen, .. } = &step.verify[0].condition else { panic!() };
    assert_eq!(seen, values);
    // Doubled braces are braces again.
    assert!(plan.step("AO-F4").unwrap().by_hand[0].contains(r#"{"messages":[{"role":"user""#));
    assert!(plan.step("CP2").unwrap().by_hand[0].contains("-n rg-chat-swedencentral "));
}

#[test]
fn what_must_hold_is_only_looked_at() {
    let warm = bound(Strategy::HotWarm);
    for id in ["AO-F2", "AO-F2/prepare"] {
        let s = warm.step(id).unwrap();
        assert!(s.must_hold && s.automatic() && s.action.is_none() && s.needs.is_empty());
        assert!(matches!(s.verify[0].condition, Condition::DeploymentsMatch { .. }));
    }
    assert_eq!(warm.step("AO-F2/prepare").unwrap().phase, Phase::Prepare);
    assert_eq!(warm.step("D8").unwrap().needs, ["AO-F2"]);
    assert!(warm.step("AO-F3").is_none());
    assert_eq!(warm.step("AO-F4").unwrap().needs, ["D9"], "a need on a step that is not in this plan is dropped");
    let cold = bound(Strategy::HotCold);
    let s = cold.step("AO-F2").unwrap();
    assert!(
        !s.must_hold && s.phase == Phase::FailOver && matches!(s.verify[0].condition, Condition::AccountReady { .. })
    );
    assert_eq!(cold.step("AO-F4").unwrap().needs, ["D9", "AO-F3"]);
}

#[test]
fn one_step_decides_and_a_person_does() {
    let plan = bound(Strategy::HotHot);
    let decisions: Vec<&str> = plan.steps.iter().filter(|s| s.decision).map(|s| s.id.as_str()).collect();
    assert_eq!(decisions, ["D9"]);
    assert!(plan.step("D9").unwrap().asks_a_person());
    for s in &plan.steps {
        assert_eq!(s.action.is_some(), s.kind == StepKind::Automatic, "{}", s.id);
    }
}

#[test]
fn the_detector_gets_the_time_its_tier_needs() {
    let patience = |s: Strategy| bound(s).step("D1").unwrap().verify[0].within;
    assert_eq!(patience(Strategy::HotWarm), Millis::from_mins(5));
    assert_eq!(patience(Strategy::HotCold), Millis::from_mins(20), "tier T2 watches for 15 minutes");
}

#[test]
fn binding_again_from_the_texts_gives_the_same_plan() {
    for strategy in [None, Some(Strategy::HotCold)] {
        let first = bind(PLAN, strategy).0.unwrap();
        let again = plan::rebind(&first.texts, strategy).0.unwrap();
        assert_eq!(first, again);
    }
    assert_ne!(bound(Strategy::HotHot).digest, bound(Strategy::HotWarm).digest);
    let edited = PLAN.replace("400ms", "401ms");
    assert_ne!(bind(&edited, None).0.unwrap().digest, bound(Strategy::HotWarm).digest);
    assert_eq!(bound(Strategy::HotWarm).digest.len(), 64);
}

#[test]
fn a_component_can_have_another_strategy_than_its_plan() {
    let mixed = PLAN.replace("\"deployments\": HotWarm", "\"deployments\": HotCold");
    let plan = bind(&mixed, None).0.unwrap();
    assert_eq!((plan.strategy, plan.components["deployments"]), (Strategy::HotWarm, Strategy::HotCold));
    assert!(plan.step("AO-F3").is_some() && plan.step("AO-P3").is_none());
    // A strategy chosen for the run replaces it everywhere it makes sense.
    let plan = bind(&mixed, Some(Strategy::HotHot)).0.unwrap();
    assert_eq!(plan.components["deployments"], Strategy::HotHot);
}

/// What is replaced, by what (`‸` marks the place), the code and words of the message or suggestion.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("\"primary\": \"eastus\"", "\"primary\": ‸\"eastsu\"", "PL004", "did you mean `eastus`"),
    ("\"secondary\": \"swedencentral\"", "\"secondary\": ‸\"East US\"", "PL005", "must differ"),
    ("\"secondary\": \"swedencentral\",", "", "PL002", "`secondary` has no value"),
    ("\"critical\":", "‸\"criticle\":", "PL003", "did you mean `critical`"),
    ("\"store\": \"/subscriptions", "\"store\": ‸\"subscriptions", "PL004", "not an ARM resource id"),
    ("Microsoft.AppConfiguration/configurationStores", "Microsoft.KeyVault/vaults", "PL004", "is wanted"),
    ("\"400ms\"", "‸\"fast\"", "PL004", "not a duration"),
    ("\"chat,embed,mini\"", "‸\"chat,,mini\"", "PL004", "empty"),
    ("runbook: \"azure-openai\"", "runbook: ‸\"azure-search\"", "PL001", "not `azure-openai`"),
    ("strategy: HotWarm", "strategy: ‸ActiveActive", "PL006", "it has hot/hot"),
    ("strategy: HotWarm", "strategy: ‸HotWram", "RB008", "did you mean `HotWarm`"),
    ("{ \"deployments\": HotWarm }", "{ ‸\"deployment\": HotWarm }", "PL007", "did you mean `deployments`"),
    ("{ \"deployments\": HotWarm }", "{ \"deployments\": ‸ActiveActive }", "PL008", "choose one of"),
    ("schema: 1", "schema: ‸9", "RB003", "schema 9"),
    ("environment:", "‸enviroment:", "RB004", "did you mean `environment`"),
    ("id: \"prod-chat\"", "id: ‸\"../prod\"", "RB044", "lower-case"),
];

#[test]
fn every_mistake_in_a_plan_is_named_where_it_stands() {
    for (old, new, code, word) in MISTAKES {
        assert!(PLAN.contains(old), "the plan has no `{old}`");
        let with = PLAN.replacen(old, new, 1);
        let before = with.split('‸').next().unwrap();
        let place = (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count() + 1);
        let (plan, found) = bind(&with.replace('‸', ""), None);
        let hit = found.iter().find(|d| d.code == *code).unwrap_or_else(|| panic!("`{new}`: no {code} in {found:#?}"));
        let said = format!("{} {}", hit.message, hit.suggestion.clone().unwrap_or_default());
        assert!(said.contains(word), "`{new}`: `{word}` is not in `{said}`");
        if with.contains('‸') {
            assert_eq!((hit.line, hit.column), place, "`{new}`: {hit}");
        }
        assert!(plan.is_none(), "`{new}`");
        assert!(found.iter().all(|d| d.file == "prod-chat.ron"));
    }
}

#[test]
fn all_mistakes_of_a_plan_come_at_once() {
    let text = PLAN.replace("eastus\",", "nowhere\",").replace("400ms", "slow").replace("HotWarm }", "Priority }");
    let codes: Vec<&str> = bind(&text, None).1.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["PL008", "PL004", "PL004"]);
}

#[test]
fn a_broken_runbook_binds_nothing_and_says_why() {
    let broken = RUNBOOK.replace("gate: \"D8\"", "gate: \"D88\"");
    let (plan, found) = plan::bind("p.ron", PLAN, "r.ron", &broken, None);
    assert!(plan.is_none());
    assert!(found.iter().any(|d| d.file == "r.ron" && d.code == "RB034"));
    let found = plan::without_runbook("p.ron", PLAN, &["azure-openia"]);
    assert_eq!((found[0].code, found[0].suggestion.as_deref()), ("PL009", Some("did you mean `azure-openia`?")));
}
