//! Azure as a step sees it, in memory: it does what it is sent, as a road says, and knows what it must never be sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lifeboat::plan::model::PlannedStep;
use lifeboat::run::command::StepCommand;
use lifeboat::run::effect::Effect;
use lifeboat::run::event::{Change, Correlation, Effect as Shown, Failure, FieldChange, Found, Reading};
use lifeboat::runbook::model::{Action, StepId};

/// What becomes of the first request of each step, and of its first verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Road {
    /// All goes well; what takes long is followed.
    Smooth,
    /// All goes well, and everything takes long.
    Slow,
    /// Refused.
    Refused,
    /// Accepted, and the operation fails.
    Fails,
    /// Done, and the answer never comes.
    LostDone,
    /// It never arrives.
    LostNever,
    /// Done, the answer never comes, and Azure cannot be read at first.
    LostLate,
    /// Accepted, and the operation's end is never seen.
    Silence,
    /// Done, and what verifies it does not hold at first.
    NotVerified,
    /// The second person refuses at first.
    Denied,
    /// Done, taken back and done again.
    TakenBack,
}

impl Road {
    pub const ALL: [Self; 11] = [
        Self::Smooth,
        Self::Slow,
        Self::TakenBack,
        Self::NotVerified,
        Self::LostLate,
        Self::LostDone,
        Self::LostNever,
        Self::Silence,
        Self::Fails,
        Self::Refused,
        Self::Denied,
    ];
}

/// The Azure of one run.
#[derive(Clone)]
pub struct Model {
    road: Road,
    /// What is there, by address; what no request has touched is as it was before.
    there: HashMap<String, Option<String>>,
    /// Requests by the id they carried.
    pub received: BTreeMap<String, u32>,
    /// Operations: of what, and whether it worked, once it is over.
    operations: BTreeMap<String, (Change, Option<bool>)>,
    /// Where the road has led somewhere else than expected.
    pub struck: BTreeSet<StepId>,
    looks: HashMap<StepId, u32>,
}

impl Model {
    pub fn new(road: Road) -> Self {
        let (received, operations) = (BTreeMap::new(), BTreeMap::new());
        let (there, struck, looks) = (HashMap::new(), BTreeSet::new(), HashMap::new());
        Self { road, there, received, operations, struck, looks }
    }

    /// Whether Azure is as the change would make it.
    pub fn shows(&self, c: &Change) -> bool {
        let now = self.there.get(&c.url).unwrap_or(&c.previous);
        if c.method == "DELETE" { now.is_none() } else { *now == c.body }
    }

    /// What a look at Azure says there is to send.
    pub fn missing(&self, step: &PlannedStep) -> Vec<Change> {
        requests(step).into_iter().filter(|c| !self.shows(c)).collect()
    }

    /// What takes these back, the last first.
    pub fn back(&self, applied: &[Change]) -> Vec<Change> {
        let back = |c: &Change| match &c.previous {
            None => Change { method: "DELETE".to_owned(), body: None, previous: c.body.clone(), ..c.clone() },
            Some(before) => Change {
                method: "PUT".to_owned(),
                body: Some(before.clone()),
                previous: Some(c.body.clone().unwrap_or_else(|| "nothing".to_owned())),
                ..c.clone()
            },
        };
        applied.iter().rev().map(back).filter(|c| !self.shows(c)).collect()
    }

    fn make(&mut self, c: &Change) {
        self.there.insert(c.url.clone(), c.body.clone());
    }

    /// For the first time on this road; of several requests the last is the one.
    fn strikes(&mut self, step: &str, here: bool, road: &[Road]) -> bool {
        here && road.contains(&self.road) && self.struck.insert(step.to_owned())
    }

    /// A request arrives. `last`: none of the same step comes after it.
    pub fn send(&mut self, step: &str, n: u32, c: &Change, id: &str, last: bool) -> StepCommand {
        let times = self.received.entry(id.to_owned()).or_default();
        *times += 1;
        assert_eq!(*times, 1, "{step}: one request was sent twice");
        assert!(!self.shows(c), "{step}: sent, and Azure has it already: {}", c.what);
        assert!(self.working(c).is_none(), "{step}: sent while Azure works on it: {}", c.what);
        let corr = Correlation { status: Some(200), request_id: Some(id.to_owned()), ..Correlation::default() };
        if self.strikes(step, last, &[Road::Refused]) {
            return StepCommand::Finished { n, failure: Some(failure("Conflict")), corr };
        }
        if self.strikes(step, last, &[Road::LostNever]) {
            return StepCommand::Lost { n, why: "no answer in time".to_owned() };
        }
        if self.strikes(step, last, &[Road::LostDone, Road::LostLate]) {
            self.make(c);
            return StepCommand::Lost { n, why: "no answer in time".to_owned() };
        }
        let long = matches!(self.road, Road::Slow | Road::Fails | Road::Silence) || takes_long(c);
        if long {
            let operation = format!("operation of {id}");
            self.operations.insert(operation.clone(), (c.clone(), None));
            return StepCommand::Accepted { n, operation, corr };
        }
        self.make(c);
        StepCommand::Finished { n, failure: None, corr }
    }

    fn working(&self, c: &Change) -> Option<String> {
        let works = |(of, worked): &(Change, Option<bool>)| of.url == c.url && worked.is_none();
        self.operations.iter().find(|(_, o)| works(o)).map(|(id, _)| id.clone())
    }

    /// An operation comes to its end, seen or unseen; whether it worked.
    fn end(&mut self, step: &str, operation: &str) -> bool {
        let known = self.operations.get(operation).cloned();
        let (c, worked) = known.unwrap_or_else(|| panic!("{step}: Azure knows nothing of {operation}"));
        let worked = worked.unwrap_or_else(|| !self.strikes(step, true, &[Road::Fails]));
        let before = self.operations.insert(operation.to_owned(), (c.clone(), Some(worked)));
        if worked && before.is_some_and(|(_, worked)| worked.is_none()) {
            self.make(&c);
        }
        worked
    }

    /// An operation is followed to its end.
    fn follow(&mut self, step: &str, n: u32, c: &Change, operation: &str) -> StepCommand {
        let of = self.operations.get(operation).map(|(of, _)| of.url.as_str());
        assert_eq!(of, Some(c.url.as_str()), "{step}: another request's operation is followed");
        let worked = self.end(step, operation);
        if self.strikes(step, true, &[Road::Silence]) {
            return StepCommand::Lost { n, why: "the operation is not known any more".to_owned() };
        }
        StepCommand::Finished { n, failure: (!worked).then(|| failure("InternalError")), corr: Correlation::default() }
    }

    fn read_back(&mut self, step: &str, c: &Change) -> Found {
        let look = self.looks.entry(step.to_owned()).or_default();
        *look += 1;
        let look = *look;
        match (look, self.working(c)) {
            _ if !c.can_be_read_back() => Found::Unknown,
            (1, _) if self.road == Road::LostLate => Found::Unknown,
            (2, _) if self.road == Road::LostLate => Found::Running,
            // It comes to its end unseen.
            (_, Some(operation)) => {
                self.end(step, &operation);
                Found::Running
            }
            _ if self.shows(c) => Found::Applied,
            _ => Found::NotApplied,
        }
    }

    /// What an effect comes to, and whether whoever looks goes on looking.
    pub fn answer(&mut self, e: &Effect, id: Option<&str>, last: bool) -> (StepId, StepCommand, bool) {
        let reading = |ok: bool| Reading {
            name: "seen".to_owned(),
            value: "42 of 60".to_owned(),
            ok: Some(ok),
            source: "model".to_owned(),
            at_utc: 0,
            latency: None,
            raw: None,
        };
        let held = |ok: bool| StepCommand::Verified {
            readings: vec![reading(ok)],
            failure: (!ok).then(|| failure("NotVerified")),
        };
        match e {
            Effect::Send(step, n, c) => {
                let id = id.unwrap_or_else(|| panic!("{step}: sent without a durable intent"));
                (step.clone(), self.send(step, *n, c, id, last), false)
            }
            Effect::Follow(step, n, c, operation) => (step.clone(), self.follow(step, *n, c, operation), false),
            Effect::ReadBack(step, n, c) => {
                let found = self.read_back(step, c);
                let again = matches!(found, Found::Running | Found::Unknown) && c.can_be_read_back();
                (step.clone(), StepCommand::ReadBack { n: *n, found, detail: format!("{found:?}") }, again)
            }
            Effect::Verify(step) => {
                let fails = self.strikes(step, true, &[Road::NotVerified]);
                (step.clone(), held(!fails), false)
            }
            Effect::VerifyUndone(step, changes) => {
                assert!(changes.iter().all(|c| self.shows(c)), "{step}: called taken back, and it is not");
                (step.clone(), held(true), false)
            }
            Effect::Ask(step, digest) => {
                let refuses = self.strikes(step, true, &[Road::Denied]);
                let verdict = if refuses { Err("not like this".to_owned()) } else { Ok(()) };
                let (method, label) = ("scripted".to_owned(), "a test".to_owned());
                let answer = StepCommand::Answer { digest: digest.clone(), verdict, method, label, proof: None };
                (step.clone(), answer, false)
            }
        }
    }
}

fn failure(code: &str) -> Failure {
    Failure { code: code.to_owned(), message: "no".to_owned(), next: "try again".to_owned() }
}

/// What Azure answers at once: settings of a store.
fn takes_long(c: &Change) -> bool {
    !c.target.contains("/configurationStores/") && c.method != "DELETE"
}

/// A name for what a step does, as the matrix counts it.
pub fn kind_of(s: &PlannedStep) -> &'static str {
    match &s.action {
        Some(action) => action.traits().name,
        None if s.decision => "a decision",
        None if s.asks_a_person() => "a person's word",
        None if s.asks_a_word_too() => "a look and a person's word",
        None => "a look",
    }
}

/// The requests of a step whose action nobody has done yet, in the shapes that its kind has.
pub fn requests(s: &PlannedStep) -> Vec<Change> {
    use lifeboat::runbook::traits::Back;
    let Some(action) = &s.action else { return Vec::new() };
    let several = match action {
        Action::SetAppConfiguration { values, .. } => values.len(),
        Action::CopyDeployments { .. } | Action::RaiseCapacity { .. } | Action::DeleteCreatedDeployments { .. } => 2,
        _ => 1,
    };
    let before = || Some("{\"as\":\"before\"}".to_owned());
    (0..several)
        .map(|n| {
            let target = action.target();
            let url = format!("https://management.azure.com{target}/{}-{n}?api-version=1", s.id.replace('/', "-"));
            let c = Change {
                what: format!("{} {n}", action.traits().name),
                method: "PUT".to_owned(),
                body: Some(format!("{{\"by\":\"{}\",\"n\":{n}}}", s.id)),
                if_match: None,
                only_if_absent: false,
                target: target.to_owned(),
                fields: vec![FieldChange { name: "x".to_owned(), before: None, after: Some("1".to_owned()) }],
                previous: None,
                effect: None,
                url: url.clone(),
            };
            let shown = |url| Some(Box::new(Shown { url, shows: Some("{}".to_owned()), ..Shown::default() }));
            match (action, action.traits().back) {
                (Action::HttpRequest { .. }, _) => Change { method: "POST".to_owned(), effect: shown(None), ..c },
                (Action::DeleteCreatedDeployments { .. }, _) => {
                    Change { method: "DELETE".to_owned(), body: None, previous: before(), ..c }
                }
                (Action::SetAppConfiguration { .. }, _) => {
                    Change { if_match: Some("\"1\"".to_owned()), previous: before(), ..c }
                }
                (_, Back::Restores) => Change { method: "PATCH".to_owned(), previous: before(), ..c },
                (_, Back::Deletes) => Change { only_if_absent: true, ..c },
                // A recovery, a failover: what it asks for is seen elsewhere.
                (_, Back::No) => Change { effect: shown(Some(url)), ..c },
            }
        })
        .collect()
}
