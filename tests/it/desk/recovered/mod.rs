//! Recoveries carried through to their end: from the board over the plan and every step of its runbook to the thing that
//! is there again, at a desk whose Azure is the simulated one. A person's hand does in that Azure what the by-hand text of
//! a step says; everything else is the program's.

mod converted;
mod five;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lifeboat::azure::Cloud;
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{Command, DraftIntent, StepIntent};
use lifeboat::desk::snapshot::{ActionView, DeletedRow, Snapshot, StepCard, StepState, TrustState};
use lifeboat::desk::{Handle, Home, Options, start_by};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::record::Stored;
use lifeboat::rehearsal::scenario::{Choice, Outcome, Scenario};
use lifeboat::simulator::{self, Simulator};
use lifeboat::units::Millis;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::say;
use crate::crash::{intents, is, sound};

const SUB: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de";
const ARM: &str = "https://management.azure.com";
const V: &str = "2025-06-01";

/// A resource of the sandbox by its end from the group on.
fn id(end: &str) -> String {
    let (group, rest) = end.split_once('/').unwrap();
    format!("{SUB}/resourceGroups/{group}/providers/{rest}")
}

/// A desk and its Azure on one clock: it runs while something is waited for, and else as any clock does.
struct Lab {
    home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    simulator: Simulator,
    clock: Clock,
    desk: Handle,
    http: reqwest::Client,
}

/// A closed run.
struct Done {
    cards: Vec<Arc<StepCard>>,
    records: Vec<Stored>,
}

impl Done {
    fn card(&self, id: &str) -> &StepCard {
        self.cards.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no step {id}"))
    }

    /// Steps that sent something, in order.
    fn sent_by(&self) -> Vec<&str> {
        self.records.iter().filter(|r| is(r, "action.intent")).filter_map(|r| r.body.step.as_deref()).collect()
    }
}

/// What is a person's to do.
enum Turn {
    Act(Arc<StepCard>),
    Over(Outcome),
    Told(String),
}

fn turn(s: &Snapshot) -> Option<Turn> {
    if let Some(n) = &s.notice {
        return Some(Turn::Told(format!("{} {} {}", n.what, n.means, n.next)));
    }
    let run = s.run.as_ref()?;
    let Some(id) = &run.current else { return Some(Turn::Over(run.suggest_outcome)) };
    let card = run.cards.iter().find(|c| c.id == *id)?;
    let first = card.actions.first()?;
    let waits = matches!(first.intent, StepIntent::Skip { .. }) || first.refused.is_some();
    (!waits).then(|| Turn::Act(card.clone()))
}

/// What a press of a button changes.
fn face(card: &StepCard) -> (String, StepState, Vec<String>) {
    (card.id.clone(), card.state, card.actions.iter().map(|a| a.label.clone()).collect())
}

impl Lab {
    fn new(scenario: Scenario) -> Self {
        let home = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Clock::scenario(jiff::Timestamp::now().as_millisecond(), Millis(0), Speed::Times(1));
        let mut options = simulator::Options::new(scenario, clock.clone());
        options.latency = Some(Millis(0));
        let simulator = runtime.block_on(Simulator::start(options)).unwrap();
        let line = serde_json::to_string(&simulator.connection()).unwrap();
        let options = Options {
            home: Home::find(Some(home.path())).unwrap(),
            disk: Arc::new(RealDisk),
            cloud: Some(Cloud::from_line(&line).unwrap()),
            watch: None,
            operator: "Ada".to_owned(),
            script: None,
        };
        let desk = start_by(options, clock.clone()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { home, runtime, simulator, clock, desk, http }
    }

    /// Waits for a picture, as long as it takes on the clock and not longer.
    fn see(&self, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
        self.clock.set_speed(Speed::Max);
        let seen = self.desk.wait(Duration::from_secs(40), wanted);
        self.clock.set_speed(Speed::Times(1));
        seen.unwrap_or_else(|| {
            let s = self.desk.snapshot();
            let card = s.run.as_ref().and_then(|r| r.cards.iter().find(|c| Some(&c.id) == r.current.as_ref()));
            let fields: Vec<_> = s.library.draft.iter().flat_map(|d| &d.fields).filter(|f| f.bad).collect();
            panic!("{what} was not seen; notice {:?}, card {card:#?}, draft {fields:#?}", s.notice)
        })
    }

    fn pass(&self, time: Millis) {
        let task = self.clock.task();
        self.clock.set_speed(Speed::Max);
        self.runtime.block_on(task.sleep(time));
        self.clock.set_speed(Speed::Times(1));
    }

    fn token(&self, audience: &str) -> String {
        let at = self.simulator.connection();
        let scope = format!("{audience}/.default");
        let secret = at.client_secret.as_str();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &at.client_id),
            ("client_secret", secret),
            ("scope", &scope),
        ];
        let asked = self.http.post(format!("{}/{}/oauth2/v2.0/token", at.authority, at.tenant)).form(&form);
        let said: Value = self.runtime.block_on(async { asked.send().await.unwrap().json().await.unwrap() });
        said["access_token"].as_str().unwrap().to_owned()
    }

    /// Somebody else's request to ARM: the portal's, az's, a colleague's.
    fn arm(&self, method: Method, id: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{id}?api-version={V}", self.simulator.connection().arm);
        let mut asked = self.http.request(method, url).bearer_auth(self.token(ARM));
        if !body.is_null() {
            asked = asked.json(body);
        }
        self.runtime.block_on(async {
            let answer = asked.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json().await.unwrap_or_default())
        })
    }

    fn get(&self, id: &str) -> Value {
        let (status, body) = self.arm(Method::GET, id, &Value::Null);
        assert_eq!(status, 200, "{id}: {body}");
        body
    }

    /// Makes something by hand, and waits until it is there.
    fn made(&self, id: &str, body: &Value) {
        let (status, said) = self.arm(Method::PUT, id, body);
        assert!((200..300).contains(&status), "{id}: {status} {said}");
        for _ in 0..200 {
            let (status, found) = self.arm(Method::GET, id, &Value::Null);
            let state = found["properties"]["provisioningState"].as_str().unwrap_or("Succeeded");
            if status == 200 && state == "Succeeded" {
                return;
            }
            self.pass(Millis::from_secs(10));
        }
        panic!("{id} does not come");
    }

    fn gone(&self, id: &str) {
        let (status, said) = self.arm(Method::DELETE, id, &Value::Null);
        assert!((200..300).contains(&status), "{id}: {status} {said}");
        for _ in 0..100 {
            if self.arm(Method::GET, id, &Value::Null).0 == 404 {
                return;
            }
            self.pass(Millis::from_secs(10));
        }
        panic!("{id} does not go");
    }

    /// A hand in the portal.
    fn portal(&self, id: &str) {
        let url = format!("{}/lifeboat/portal/recover?id={id}", self.simulator.connection().arm);
        let (ok, said) = self.runtime.block_on(async {
            let answer = self.http.post(url).send().await.unwrap();
            (answer.status().is_success(), answer.text().await.unwrap())
        });
        assert!(ok, "{said}");
    }

    /// The vault as `az keyvault recover` brings it back.
    fn vault_by_hand(&self, id: &str) {
        let properties = json!({ "tenantId": self.simulator.connection().tenant, "createMode": "recover",
            "sku": { "family": "A", "name": "standard" } });
        self.made(id, &json!({ "location": "eastus", "properties": properties }));
    }

    fn board(&self) -> Vec<DeletedRow> {
        let before = self.desk.snapshot().recovery.read_at;
        self.desk.send(Command::ReadDeleted);
        let read = |s: &Snapshot| s.recovery.read_at != before && s.recovery.progress.is_none();
        self.see("the board", read).recovery.rows.clone()
    }

    /// From a row of the board to a plan that may be run; `rest` is what only a person knows.
    fn plan(&self, row: &DeletedRow, rest: &[(&str, &str)]) -> String {
        let before = self.desk.snapshot().library.draft.as_ref().map(|d| d.number);
        self.desk.send(Command::Recover(row.id.clone()));
        let fresh = |s: &Snapshot| s.library.draft.as_ref().is_some_and(|d| Some(d.number) != before);
        let view = self.see("a draft", fresh).library.draft.clone().unwrap();
        let mut draft = view.draft.clone();
        for (name, value) in rest {
            draft.values.insert((*name).to_owned(), (*value).to_owned());
        }
        self.desk.send(Command::Draft(DraftIntent::Change(Box::new(draft.clone()))));
        let whole = |s: &Snapshot| s.library.draft.as_ref().is_some_and(|d| d.draft == draft && d.digest.is_some());
        self.see("a whole plan", whole);
        self.desk.send(Command::Draft(DraftIntent::Save(view.path.clone())));
        let shown = |s: &Snapshot| s.library.preview.as_ref().filter(|p| p.plan == draft.id).cloned();
        let page = shown(&self.see("the plan's page", |s| shown(s).is_some())).unwrap();
        assert_eq!(page.trust.state, TrustState::Restricted, "a plan from the board is somebody's file, too");
        self.desk.send(Command::TrustPlan { plan: draft.id.clone(), digest: page.trust.digest.clone() });
        self.see("trust", |s| shown(s).is_some_and(|p| p.trust.state != TrustState::Restricted));
        draft.id
    }

    /// Runs a plan to its end as a person would; `hand` does in Azure what a step asks of people.
    fn run(&self, plan: &str, mut hand: impl FnMut(&Self, &StepCard)) -> Done {
        self.begin(plan);
        let mut handled = HashSet::new();
        loop {
            let s = self.see("a turn", |s| turn(s).is_some());
            let card = match turn(&s).unwrap() {
                Turn::Over(outcome) => return self.close(outcome),
                Turn::Told(what) => panic!("{what}"),
                Turn::Act(card) => card,
            };
            let first = card.actions[0].clone();
            match &first.intent {
                StepIntent::Retry { .. } => panic!("{}: {:#?}", card.id, card.problem),
                StepIntent::Check | StepIntent::Confirm { .. } if handled.insert(card.id.clone()) => hand(self, &card),
                _ => {}
            }
            self.press(&card, &first);
        }
    }

    fn begin(&self, plan: &str) {
        self.desk.send(Command::DismissNotice);
        self.desk.send(Command::StartRun { plan: plan.to_owned(), strategy: None, dry_run: false });
    }

    /// Presses a button, with what it asks for, and waits until it shows.
    fn press(&self, card: &StepCard, button: &ActionView) {
        let intent = match button.intent.clone() {
            StepIntent::Decide { expected_loss, .. } => {
                let choice = Choice::FailOver;
                StepIntent::Decide { choice, reason: "the owner wants it back".to_owned(), expected_loss }
            }
            StepIntent::Confirm { .. } => StepIntent::Confirm { evidence: format!("seen at {}", card.target) },
            StepIntent::Perform { option, .. } => StepIntent::Perform { option, typed: button.typed_name.clone() },
            other => other,
        };
        self.desk.send(Command::Step(card.id.clone(), intent));
        let before = face(card);
        let other = |s: &Snapshot| match s.run.as_ref().map(|r| (r.current.as_ref(), &r.cards)) {
            Some((Some(id), cards)) => cards.iter().find(|c| c.id == *id).is_some_and(|c| face(c) != before),
            _ => true,
        };
        self.see("what came of it", |s| s.notice.is_some() || other(s));
    }

    /// Closes the run, and holds against each other what its record says and what Azure saw.
    fn close(&self, outcome: Outcome) -> Done {
        let closing = Command::Close { outcome, summary: "All steps are over.".to_owned() };
        self.desk.send(closing);
        let s = self.see("the end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
        let run = s.run.clone().unwrap();
        let dir: PathBuf = self.home.path().join("runs").join(&run.id);
        self.desk.send(Command::LeaveRun);
        self.see("no run", |s| s.run.is_none());

        // What was done by hand has no id.
        let mut counts = self.simulator.counts();
        counts.remove("");
        let records = sound(&RealDisk, &dir, &counts);
        assert_eq!(records, read_run(&RealDisk, &dir).unwrap());
        let sent: BTreeSet<String> = counts.keys().cloned().collect();
        assert_eq!(sent, intents(&records), "each change was sent once, and none without its intent");
        let said = say(self.home.path(), &["verify", dir.to_str().unwrap()]);
        assert_eq!(said.code, 1, "intact, and not signed: {}{}", said.out, said.err);
        for line in self.simulator.changing() {
            let low = line.to_ascii_lowercase();
            let purges = low.contains("purge") || low.starts_with("delete") && low.contains("/deleted");
            assert!(!purges, "{line}");
        }
        Done { cards: run.cards.clone(), records }
    }
}
