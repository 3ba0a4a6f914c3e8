//! Binding: a runbook and a plan become concrete steps, or exact complaints.

mod agreed;
mod draft;
mod drift;
mod readiness;
mod rights;

use lifeboat::health::{Adjustment, Amount, Knob, Thresholds, WatchSettings};
use lifeboat::plan::{self, model::Plan};
use lifeboat::runbook::model::{Action, Condition, Guard, Phase, StepKind, Strategy, Tier};
use lifeboat::runbook::{Diagnostic, Part, Source};
use lifeboat::units::Millis;

const RUNBOOK: &str = include_str!("../../../runbooks/azure-openai.ron");
/// The steps that the runbook includes.
pub const COMMON: &str = include_str!("../../../runbooks/parts/common.ron");
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");
const STRATEGIES: [Strategy; 3] = [Strategy::HotHot, Strategy::HotWarm, Strategy::HotCold];

/// The text of a runbook with the shared steps beside it.
pub fn source(name: &str, text: &str) -> Source {
    let part = Part { path: "parts/common.ron".to_owned(), name: "common.ron".to_owned(), text: Ok(COMMON.to_owned()) };
    Source { parts: vec![part], ..Source::new(name, text) }
}

fn bind(text: &str, strategy: Option<Strategy>) -> (Option<Plan>, Vec<Diagnostic>) {
    plan::bind("prod-chat.ron", text, &source("azure-openai.ron", RUNBOOK), strategy)
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
        assert_eq!(
            (plan.primary.region.name(), plan.secondary.as_ref().unwrap().region.name()),
            ("eastus", "swedencentral")
        );
        assert_eq!(plan.primary.resource.as_ref().unwrap().name(), "oai-prod-eastus");
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
    assert_eq!(step.title, "Point clients at Sweden Central");
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
fn the_plans_own_strategy_asked_for_is_the_plan() {
    let mixed = PLAN.replace("components: { \"deployments\": HotWarm }", "components: { \"deployments\": HotCold }");
    let (plan, _) = bind(&mixed, None);
    let plan = plan.unwrap();
    assert_eq!(plan.components["deployments"], Strategy::HotCold);
    // So is the plan that a run makes again from its journal.
    assert_eq!(plan::rebind(&plan.texts, Some(plan.strategy)).0.unwrap(), plan);
    assert_eq!(bind(&mixed, Some(Strategy::HotHot)).0.unwrap().components["deployments"], Strategy::HotHot);
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
fn a_change_that_must_hold_already_is_not_made() {
    let held = RUNBOOK.replacen(
        "do_in: [HotCold],\n            target: \"{secondary_resource}\"",
        "do_in: [HotCold], must_hold_in: [HotWarm],\n            target: \"{secondary_resource}\"",
        1,
    );
    let (plan, found) = plan::bind("p.ron", PLAN, &source("r.ron", &held), None);
    assert_eq!(found, []);
    let plan = plan.unwrap();
    let s = plan.step("AO-F3").unwrap();
    assert!(s.must_hold && s.automatic() && s.action.is_none() && s.guards.is_empty() && s.second_person.is_none());
    assert_eq!((s.kind, s.undo.clone()), (StepKind::Verification, lifeboat::runbook::model::Undo::Nothing));
    assert_eq!(plan.step("D8").unwrap().needs, ["AO-F2", "AO-F3"]);
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
pub const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("\"primary\": \"eastus\"", "\"primary\": ‸\"eastsu\"", "PL004", "did you mean `eastus`"),
    ("\"secondary\": \"swedencentral\"", "\"secondary\": ‸\"East US\"", "PL005", "must differ"),
    ("\"secondary\": \"swedencentral\",", "", "PL002", "`secondary` has no value"),
    ("\"critical\":", "‸\"criticle\":", "PL003", "did you mean `critical`"),
    ("\"store\": \"/subscriptions", "\"store\": ‸\"subscriptions", "PL004", "not an ARM resource id"),
    ("Microsoft.AppConfiguration/configurationStores", "Microsoft.KeyVault/vaults", "PL004", "is wanted"),
    ("\"400ms\"", "‸\"fast\"", "PL004", "not a duration"),
    ("\"chat,embed,mini\"", "‸\"chat,,mini\"", "PL004", "empty"),
    ("runbook: \"azure-openai\"", "runbook: ‸\"azure-search\"", "PL001", "not `azure-openai`"),
    ("strategy: HotWarm", "strategy: ‸ActiveActive", "PL006", "has no ActiveActive it has HotHot, HotWarm"),
    ("strategy: HotWarm", "strategy: ‸HotWram", "RB008", "did you mean `HotWarm`"),
    ("{ \"deployments\": HotWarm }", "{ ‸\"deployment\": HotWarm }", "PL007", "did you mean `deployments`"),
    ("{ \"deployments\": HotWarm }", "{ \"deployments\": ‸ActiveActive }", "PL008", "choose one of HotHot, HotWarm"),
    ("strategy: HotWarm", "strategy: HotWarm, detector: (window: ‸\"2m\")", "PL018", "looser than the 5 min of T1"),
    (
        "strategy: HotWarm",
        "strategy: HotWarm, detector: (hold: ‸\"2h\")",
        "PL018",
        "write a value between 5 min and 1 h",
    ),
    (
        "strategy: HotWarm",
        "strategy: HotWarm, detector: (window_calls: ‸90)",
        "PL018",
        "write at most 20, or a longer window",
    ),
    ("schema: 1", "schema: ‸9", "RB003", "use a newer Lifeboat, or write `schema: 1`"),
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
fn a_plan_may_ask_for_more_evidence_and_never_for_less() {
    let with =
        |detector: &str| bind(&PLAN.replacen("strategy:", &format!("detector: ({detector}), strategy:"), 1), None);
    let (plan, found) = with("persistent_after: 12, window: \"10m\", window_calls: 40, slow: \"1s\"");
    assert_eq!(found, []);
    let asked = plan.unwrap().detector;
    let t = |set: &WatchSettings| set.for_plan(Tier::T1, &asked);
    let usual = WatchSettings::default();
    let plain = Thresholds::of(Tier::T1);
    let wanted = Thresholds {
        persistent_after: Some(12),
        window: Millis::from_mins(10),
        window_calls: 40,
        slow: Millis::from_secs(1),
        ..plain
    };
    assert_eq!(t(&usual), wanted);
    // What is set is stricter in one number and looser in another: the stricter of each holds.
    let mut set = WatchSettings::default();
    let adjusted = [(Knob::PersistentAfter, Amount(20)), (Knob::WindowCalls, Amount(10))];
    set.tiers.insert(Tier::T1, Adjustment(adjusted.into()));
    assert_eq!(t(&set), Thresholds { persistent_after: Some(20), ..wanted });
    // More calls than the window of another interval has are never waited for.
    set.tiers.insert(Tier::T1, Adjustment([(Knob::Interval, Amount(60_000))].into()));
    assert_eq!(t(&set).window_calls, 10);
    // The same words for a strategy whose tier knows no count: the plan still binds, and the count is not looked at.
    let t2 = usual.for_plan(Tier::T2, &asked);
    assert_eq!((t2.persistent_after, t2.window), (None, Millis::from_mins(15)));
    // All that is wrong is said at once, each at its place.
    assert_eq!(with("interval: \"5s\"").1[0].code, "RB004", "how often is asked is no matter of a plan");
    let found = with("window_percent: 40, persistent_after: 7").1;
    let codes: Vec<_> = found.iter().map(|d| (d.code, d.line)).collect();
    assert_eq!(codes, [("PL018", found[0].line); 2], "{found:#?}");
    assert!(found[0].message.contains("40 % is looser than the 50 % of T1"), "{}", found[0]);
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
    let (plan, found) = plan::bind("p.ron", PLAN, &source("r.ron", &broken), None);
    assert!(plan.is_none());
    assert!(found.iter().any(|d| d.file == "r.ron" && d.code == "RB034"));
    let found = plan::without_runbook("p.ron", PLAN, &["azure-openia"]);
    assert_eq!((found[0].code, found[0].suggestion.as_deref()), ("PL009", Some("did you mean `azure-openia`?")));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(150) })]

    /// Whatever is done to the text of a plan, there is a plan or an error, never both, never neither.
    #[test]
    fn a_plan_is_bound_or_refused(at in 0.0f64..1.0, length in 0usize..30, new in "[ -~\\{\\}\"é\n]{0,10}") {
        let mut text = PLAN.to_owned();
        let start = (at * text.len() as f64) as usize;
        text.replace_range(start..(start + length).min(PLAN.len()), &new);
        let (plan, found) = bind(&text, None);
        assert_eq!(plan.is_none(), found.iter().any(Diagnostic::is_error), "{found:#?}");
    }
}

mod on_disk {
    use std::path::Path;

    use lifeboat::catalog::{Catalog, CatalogError, read_path};
    use lifeboat::cli::check;
    use lifeboat::runbook::Kind;

    use super::{COMMON, PLAN, RUNBOOK};

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn the_binary_brings_its_own() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.ids(Kind::Runbook).len(), 10);
        assert_eq!(catalog.ids(Kind::Plan)[..2], ["prod-chat", "sandbox"]);
        for id in catalog.ids(Kind::Plan) {
            catalog.plan(&id, None).unwrap();
        }
        assert_eq!(catalog.runbook("azure-openai").unwrap().steps.len(), 66);
        assert_eq!(catalog.plan("prod-chat", None).unwrap().environment, "contoso-prod");
        let missing = catalog.plan("prod-chit", None).unwrap_err().to_string();
        assert!(missing.starts_with("there is no plan `prod-chit`; known are prod-chat, sandbox, "), "{missing}");
    }

    #[test]
    fn the_built_in_scenarios_speak_of_steps_that_exist() {
        let catalog = Catalog::builtin();
        assert_eq!((catalog.ids(Kind::Scenario).len(), catalog.ids(Kind::Scenario)[0].as_str()), (19, "region-loss"));
        for id in catalog.ids(Kind::Scenario) {
            let scenario = catalog.scenario(&id).unwrap();
            let plans: Vec<_> =
                scenario.strategies.iter().map(|s| catalog.plan(&scenario.plan, Some(*s)).unwrap()).collect();
            let there = |step: &str| plans.iter().any(|p| p.step(step).is_some());
            for answer in scenario.answers.iter().filter(|a| !["*", "close"].contains(&a.step.as_str())) {
                assert!(there(&answer.step), "{id} answers `{}`, which is no step", answer.step);
            }
            assert!(scenario.expect.must_not.iter().all(|step| there(step)), "{id}");
        }
    }

    #[test]
    fn a_runbook_beside_the_plan_comes_before_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "plan.ron", PLAN);
        let plan = || read_path(&folder.path().join("plan.ron")).unwrap().remove(0);
        let catalog = Catalog::builtin();
        assert_eq!(catalog.runbook_of(&plan()).unwrap().name, "built-in/runbooks/azure-openai.ron");
        write(folder.path(), "parts/common.ron", COMMON);
        write(folder.path(), "own.ron", &RUNBOOK.replace("retry, then redirect", "our own"));
        assert!(catalog.runbook_of(&plan()).unwrap().name.ends_with("own.ron"));
        let (bound, found) = catalog.bind(&plan(), None);
        assert_eq!((bound.unwrap().runbook_title.as_str(), found.len()), ("Azure OpenAI: our own", 0));
        // What was loaded by hand wins over what is built in, too.
        let loaded = Catalog::builtin().with(read_path(&folder.path().join("own.ron")).unwrap());
        assert_eq!(loaded.runbook("azure-openai").unwrap().title, "Azure OpenAI: our own");
    }

    #[test]
    fn a_plan_without_its_runbook_says_which_and_where() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "plan.ron", &PLAN.replace("\"azure-openai\"", "\"azure-opnai\""));
        let file = read_path(folder.path()).unwrap().remove(0);
        let (plan, found) = Catalog::builtin().bind(&file, None);
        assert!(plan.is_none());
        assert_eq!((found[0].code, found[0].line), ("PL009", 7));
        assert_eq!(found[0].suggestion.as_deref(), Some("did you mean `azure-openai`?"));
    }

    #[test]
    fn a_plan_that_names_a_file_is_told_of_ids_and_of_those_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "shop.ron", &RUNBOOK.replacen("id: \"azure-openai\"", "id: \"web-shop\"", 1));
        let said = |named: &str| {
            write(folder.path(), "plan.ron", &PLAN.replace("\"azure-openai\"", &format!("\"{named}\"")));
            let file = read_path(&folder.path().join("plan.ron")).unwrap().remove(0);
            Catalog::builtin().bind(&file, None).1[0].suggestion.clone().unwrap()
        };
        assert_eq!(said("web-shpo"), "did you mean `web-shop`?");
        assert_eq!(said("web-shop.ron"), "write the id of the runbook, not its file name; did you mean `web-shop`?");
        assert!(said("entirely-different").starts_with("known are `web-shop`, "));
        assert!(said("entirely-different.ron").starts_with("write the id of the runbook, not its file name"));
    }

    #[test]
    fn check_reads_folders_and_says_everything_as_json() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a/azure-openai.ron", RUNBOOK);
        write(folder.path(), "a/parts/common.ron", COMMON);
        write(folder.path(), "b/prod-chat.ron", PLAN);
        write(folder.path(), "b/readme.txt", "not ours");
        let (_, clean) = check::look(&[folder.path().to_owned()]);
        assert_eq!(clean.diagnostics, []);
        let json = serde_json::to_value(&clean).unwrap();
        assert_eq!(json["files"].as_array().unwrap().len(), 3);
        assert_eq!(json["runbooks"][0]["id"], "azure-openai");
        assert_eq!(json["parts"][0]["steps"], clean.parts[0].steps);
        assert!(check::summary(&clean).contains("parts/common.ron: "), "{}", check::summary(&clean));
        assert_eq!(json["runbooks"][0]["strategies"]["hot/cold"][15], "D1");
        assert_eq!(json["plans"][0]["steps"].as_array().unwrap().len(), 64);
        assert_eq!(check::run(&[folder.path().to_owned()], true), 0);

        write(folder.path(), "b/prod-chat.ron", &PLAN.replace("eastus\",", "eastsu\","));
        write(folder.path(), "c/other.ron", "Recipe(salt: 1)");
        write(folder.path(), "c/bytes.ron", "Runbook(\u{1b}[31m");
        let (_, broken) = check::look(&[folder.path().to_owned(), folder.path().join("nowhere")]);
        let json = serde_json::to_value(&broken).unwrap();
        let all = json["diagnostics"].as_array().unwrap();
        let first = all.iter().find(|d| d["file"].as_str().unwrap().ends_with("prod-chat.ron")).unwrap();
        assert_eq!((&first["line"], &first["column"], &first["severity"]), (&11.into(), &20.into(), &"error".into()));
        assert_eq!((&first["code"], &first["suggestion"]), (&"PL004".into(), &"did you mean `eastus`?".into()));
        assert!(broken.diagnostics.iter().any(|d| d.file.ends_with("nowhere") && d.code == "RB000"));
        assert!(broken.diagnostics.iter().any(|d| d.file.ends_with("other.ron") && d.code == "RB000"));
        assert_eq!(check::run(&[folder.path().to_owned()], false), 2);
    }

    #[test]
    fn a_scenario_is_read_and_its_mistakes_are_placed() {
        let text = "Scenario(\n    schema: 1, id: \"s\", title: \"S\", about: \"x\",\n    world: (environment: \"e\", subscription: \"s\", \
                    tenant: \"t\", client_id: \"c\", client_secret: \"x\", groups: {}, accounts: []),\n    phases: [Decide],\n)";
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "s.ron", text);
        assert_eq!(check::look(&[folder.path().to_owned()]).1.scenarios, ["s"]);
        write(folder.path(), "s.ron", &text.replace("[Decide]", "[Decide, Verfy]"));
        let found = check::look(&[folder.path().to_owned()]).1.diagnostics;
        assert_eq!((found[0].line, found[0].column, found[0].code), (4, 22, "RB008"));
        assert_eq!(found[0].suggestion.as_deref(), Some("did you mean `Verify`?"));
        write(folder.path(), "s.ron", &text.replace("schema: 1", "schema: 3"));
        let found = check::look(&[folder.path().to_owned()]).1.diagnostics;
        let fix = "use a newer Lifeboat, or write `schema: 1`";
        assert_eq!((found[0].code, found[0].suggestion.as_deref()), ("RB003", Some(fix)));
    }

    #[test]
    fn warnings_alone_do_not_fail() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "parts/common.ron", COMMON);
        write(folder.path(), "r.ron", &RUNBOOK.replace("HotCold: (rto: \"2h\"", "HotCold: (rto: \"20m\""));
        assert_eq!(check::run(&[folder.path().to_owned()], false), 0);
        let (_, found) = check::look(&[folder.path().to_owned()]);
        assert_eq!(found.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["RB027"]);
    }

    #[test]
    fn two_files_with_one_id_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "parts/common.ron", COMMON);
        write(folder.path(), "one.ron", RUNBOOK);
        write(folder.path(), "two.ron", RUNBOOK);
        let (_, found) = check::look(&[folder.path().to_owned()]);
        assert!(found.diagnostics.iter().any(|d| d.file.ends_with("two.ron") && d.code == "RB016"));
        // The same file named twice is one file.
        let one = folder.path().join("one.ron");
        assert_eq!(check::look(&[one.clone(), one]).1.diagnostics, []);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("binary.ron");
        std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
        write(folder.path(), "good.ron", PLAN);
        let (_, found) = check::look(&[folder.path().to_owned()]);
        assert_eq!((found.plans.len(), found.diagnostics.len()), (1, 1), "one bad file does not hide the others");
        assert!(matches!(read_path(&path), Err(CatalogError::Read { .. })));
        assert!(read_path(&folder.path().join("gone.ron")).unwrap_err().to_string().contains("gone.ron"));
        assert_eq!(check::run(&[path], true), 2);
        assert_eq!(check::run(&[folder.path().join("gone.ron")], true), 2);
    }
}
