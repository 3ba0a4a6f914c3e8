//! How long reading runbooks takes: everything built in wanted in 50 ms, a thousand runbooks of sixty steps in 5 s.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lifeboat::catalog::Catalog;
use lifeboat::plan;
use lifeboat::runbook::model::{Runbook, Strategy};
use lifeboat::runbook::{self, Diagnostic, Kind, Source};

const RUNBOOKS: usize = 1_000;
const STEPS: usize = 60;

/// A runbook of sixty steps, each with what a step usually has.
fn runbook(number: usize) -> Source {
    const PHASES: [&str; 7] = ["Prepare", "Decide", "FailOver", "Verify", "Operate", "FailBack", "Review"];
    let mut steps = String::new();
    for i in 0..STEPS {
        let phase = PHASES[i * PHASES.len() / STEPS];
        let needs = if i % 5 == 0 { String::new() } else { format!("\"S{}\"", i - 1) };
        let decides = if i == STEPS / 5 { "decision: true," } else { "" };
        steps.push_str(&format!(
            "Step(id: \"S{i}\", phase: {phase}, kind: Manual, {decides} title: \"Do part {i} in {{secondary.display}}\",\n\
             why: \"Look at {{account.name}} in {{account.group}} and do what runbook {number} wants of part {i}. {}\",\n\
             degraded: \"Do it from the last printed sheet.\", do_in: [HotHot, HotWarm], target: \"{{account}}\",\n\
             expect: \"30s\", rung: Arm, needs: [{needs}],\n\
             verify: [Person(\"Is part {i} done?\"), ArmProperty(resource: \"{{account}}\", path: \"properties.a\", is: \"b\", within: \"2m\")],\n\
             by_hand: [\"az resource show --ids {{account}} --query properties.a -o tsv\"],\n\
             source: Judgement(\"bench\")),\n",
            "A sentence more about it. ".repeat(6),
        ));
    }
    let text = format!(
        "Runbook(schema: 2, id: \"bench-{number}\", title: \"Bench {number}\", about: \"For the bench.\", system: AzureML,\n\
         objectives: {{ HotHot: (rto: \"2h\", rpo: \"0s\", tier: T1, source: Judgement(\"b\")), HotWarm: (rto: \"2h\", rpo: \"0s\", tier: T1, source: Judgement(\"b\")) }},\n\
         parameters: {{ \"primary\": Region(about: \"from\", role: Primary), \"secondary\": Region(about: \"to\", role: Secondary, differs_from: \"primary\"),\n\
         \"account\": Resource(kind: \"Microsoft.CognitiveServices/accounts\", about: \"what serves\") }},\n\
         steps: [\n{steps}])"
    );
    Source::new(
        format!("bench-{number}.ron"),
        text.replace("{secondary.display}", "{primary.display} or {secondary.display}"),
    )
}

fn clean(runbook: Option<Runbook>, found: &[Diagnostic]) -> Runbook {
    assert!(found.is_empty(), "{}", found[0]);
    runbook.unwrap()
}

/// A value of every kind of parameter, so that a runbook without a built-in plan can be bound as well.
fn plan_for(runbook: &Runbook, strategy: Strategy) -> String {
    use lifeboat::runbook::model::{ParameterKind, Role};
    let mut values = BTreeMap::new();
    for p in runbook.parameters.iter().filter(|p| p.default.is_none()) {
        let name = p.name.replace('_', "-");
        let value = match &p.kind {
            ParameterKind::Region if p.role == Some(Role::Secondary) => "swedencentral".to_owned(),
            ParameterKind::Region if p.differs_from.is_some() => "westeurope".to_owned(),
            ParameterKind::Region => "eastus".to_owned(),
            ParameterKind::Resource(kind) => {
                let mut words = kind.split('/');
                let first = format!("{}/{}/{name}", words.next().unwrap(), words.next().unwrap_or("things"));
                let rest: String = words.map(|w| format!("/{w}/{name}")).collect();
                format!("/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg/providers/{first}{rest}")
            }
            ParameterKind::Url => format!("https://{name}.example.org/"),
            ParameterKind::Duration => "1m".to_owned(),
            ParameterKind::Number => "1".to_owned(),
            ParameterKind::Choice(of) => of[0].clone(),
            ParameterKind::List | ParameterKind::SecretRef | ParameterKind::Text => name,
        };
        values.insert(&p.name, value);
    }
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name:?}: {value:?}")).collect();
    format!(
        "Plan(schema: 1, id: \"bench\", title: \"B\", environment: \"e\", runbook: {:?}, strategy: {strategy:?}, values: {{ {} }})",
        runbook.id,
        values.join(", ")
    )
}

fn bench(c: &mut Criterion) {
    let catalog = Catalog::builtin();
    let sources: Vec<Source> =
        catalog.ids(Kind::Runbook).iter().map(|id| catalog.source(catalog.runbook_file(id).unwrap())).collect();
    let plans: Vec<(&Source, String)> = sources
        .iter()
        .map(|s| {
            let runbook = runbook::load(s).0.unwrap();
            let strategy = *runbook.objectives.keys().next_back().unwrap();
            (s, plan_for(&runbook, strategy))
        })
        .collect();
    c.bench_function(&format!("bind the {} built-in runbooks", plans.len()), |b| {
        b.iter(|| {
            for (source, text) in &plans {
                // Binding reads, lowers and checks the runbook first.
                let (plan, found) = plan::bind("plan.ron", text, source, None);
                assert!(plan.is_some(), "{}: {found:#?}", source.name);
                black_box(plan);
            }
        });
    });
    let many: Vec<Source> = (0..RUNBOOKS).map(runbook).collect();
    c.bench_function("check 1,000 runbooks of 60 steps", |b| {
        b.iter(|| {
            for source in &many {
                let (runbook, found) = runbook::load(source);
                assert_eq!(clean(runbook, &found).steps.len(), STEPS);
            }
        });
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = bench }
criterion_main!(benches);
