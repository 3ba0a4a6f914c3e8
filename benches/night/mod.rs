//! A long night, for the benches: a hundred thousand entries of a run.
#![allow(dead_code)]

use std::fmt::Write as _;

use lifeboat::plan;
use lifeboat::plan::model::Plan;
use lifeboat::run::command::{Command, Order};
use lifeboat::run::decide::decide;
use lifeboat::run::event::{Actor, Entry, Event, Mode, Observed, Reading, Start};
use lifeboat::run::state::Run;
use lifeboat::runbook::Source;
use lifeboat::runbook::model::Phase;

pub const ENTRIES: usize = 100_000;
pub const STEPS: usize = 500;
pub const BEGIN: i64 = 1_790_000_000_000;
const PHASES: [&str; 7] = ["Prepare", "Decide", "FailOver", "Verify", "Operate", "FailBack", "Review"];
const PLAN: &str = include_str!("../../assets/plans/prod-chat.ron");

/// A plan of 500 steps, from its texts: what a run freezes, and what is bound again when it is opened.
pub fn from_texts() -> Plan {
    let mut steps = String::new();
    for i in 0..STEPS {
        let needs = if i % 5 == 0 { String::new() } else { format!("\"S{}\"", i - 1) };
        let decides = if i == STEPS / 5 { "decision: true," } else { "" };
        let _ = write!(
            steps,
            "Step(id: \"S{i}\", phase: {}, kind: Manual, {decides} title: \"Do part {i} in {{primary.display}} or {{secondary.display}}\",\n\
             why: \"Look at {{secondary_resource.name}} and {{store.name}} in their groups, for {{critical}} at {{baseline_p95}}. {}\",\n\
             degraded: \"Do it from the last printed sheet.\", do_in: [HotHot, HotWarm], target: \"{{primary_resource}}\", expect: \"30s\", rung: Arm, needs: [{needs}],\n\
             verify: [Person(\"Is part {i} done?\"), ArmProperty(resource: \"{{primary_resource}}\", path: \"properties.a\", is: \"b\", within: \"2m\")],\n\
             by_hand: [\"az resource show --ids {{primary_resource}} --query properties.a -o tsv\"], source: Judgement(\"bench\")),\n",
            PHASES[i * PHASES.len() / STEPS],
            "A sentence more about it. ".repeat(6),
        );
    }
    let resource = |kind, role| format!("Resource(kind: {kind:?}, about: \"what serves\"{role})");
    let account = |role| resource("Microsoft.CognitiveServices/accounts", role);
    let objective = "(rto: \"2h\", rpo: \"0s\", tier: T1, source: Judgement(\"b\"))";
    let text = format!(
        "Runbook(schema: 2, id: \"azure-openai\", title: \"A long night\", about: \"For the bench.\", system: AzureOpenAI,\n\
         objectives: {{ HotHot: {objective}, HotWarm: {objective} }}, components: {{ \"deployments\": (title: \"Model deployments\", strategies: [HotHot, HotWarm], usual: HotWarm) }},\n\
         parameters: {{ \"primary\": Region(about: \"from\", role: Primary), \"secondary\": Region(about: \"to\", role: Secondary, differs_from: \"primary\"),\n\
         \"primary_resource\": {}, \"secondary_resource\": {}, \"store\": {},\n\
         \"critical\": List(about: \"deployments\"), \"baseline_p95\": Duration(about: \"a quiet day\") }},\n\
         steps: [\n{steps}])",
        account(", role: Primary"),
        account(", differs_from: \"primary_resource\", role: Secondary"),
        resource("Microsoft.AppConfiguration/configurationStores", ""),
    );
    let (plan, found) = plan::bind("plan.ron", PLAN, &Source::new("runbook.ron", &text), None);
    plan.unwrap_or_else(|| panic!("{found:#?}"))
}

pub fn entry(at: i64, actor: Actor, step: Option<String>, event: Event) -> Entry {
    Entry { at, actor, step, event }
}

/// The first entries, the frozen plan among them.
pub fn begin(plan: &Plan) -> Vec<Entry> {
    let start = Start::of(plan, Mode::Rehearsal, Phase::ALL.to_vec(), None);
    let order = Order {
        actor: Actor::Operator("Ada".to_owned()),
        command: Command::Start {
            start: Box::new(start),
            texts: plan.texts.clone(),
            operator: "Ada".to_owned(),
            key: None,
        },
        now: BEGIN,
    };
    let drafts = decide(&Run::new(), &order).unwrap();
    drafts.into_iter().map(|d| entry(BEGIN, d.actor, d.step, d.event)).collect()
}

pub fn reading(name: &str) -> Reading {
    Reading {
        name: name.to_owned(),
        value: "answers, 19 of 20 calls".to_owned(),
        ok: Some(true),
        source: "probes of this laptop".to_owned(),
        at_utc: BEGIN,
        latency: None,
        raw: None,
    }
}

/// Health on record over and over, steps that are checked, fail and are tried again; every sixth entry is a line that
/// stays in the picture.
pub fn night(plan: &Plan) -> Vec<Entry> {
    let mut out = begin(plan);
    let mut at = BEGIN;
    let observed = Observed {
        text: "East US is down: no answer in time, 12 in a row".to_owned(),
        what: "verdict".to_owned(),
        region: Some("eastus".to_owned()),
        state: "down".to_owned(),
        reasons: vec!["witnesses answer".to_owned()],
        picture: Vec::new(),
    };
    for n in out.len()..ENTRIES {
        at += 250;
        let event = match n % 6 {
            0 => Event::StepStarted {
                changes: Vec::new(),
                guards: Vec::new(),
                option: None,
                undo: false,
                left: Vec::new(),
            },
            1 => Event::StepVerified { readings: vec![reading("East US"); 2] },
            2 => Event::Observed(Box::new(observed.clone())),
            // Over and open again, the costliest of all: every count of its phase changes.
            3 => Event::StepDoneByHand { evidence: "seen".to_owned() },
            4 => Event::StepReopened { reason: "tried again".to_owned() },
            _ => Event::Ledger { text: "a model".to_owned() },
        };
        let step = !matches!(event, Event::Observed(_) | Event::Ledger { .. });
        let step = step.then(|| plan.steps[n / 6 % plan.steps.len()].id.clone());
        out.push(entry(at, Actor::System, step, event));
    }
    out
}
