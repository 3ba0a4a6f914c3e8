//! The second person: letters that cannot be forged or confused, rules that tell people apart by key, three processes.

pub mod desks;
mod letters;
mod phone;
mod questions;
mod restart;
mod rules;

use lifeboat::approval::{Answer, Asking, Device, Here, Request, Signed, Verdict, asking};
use lifeboat::health::sighting::Colleague;
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::run::approval::OPERATOR;
use lifeboat::run::command::{Command, StepCommand, Ticket};
use lifeboat::run::event::{Actor, Event, Mode, Proof, StepState};

use crate::run::{BEGIN, Bench, change, decision, reading, skip};

/// The step that switches.
pub const STEP: &str = "AO-F6";

pub fn device(n: u8) -> Device {
    Device::from_seed(&[n; 32]).unwrap()
}

pub fn colleague(name: &str, device: &Device) -> Colleague {
    Colleague { name: name.to_owned(), key: device.public().clone(), pair: Some(device.pair()) }
}

pub fn ticket(n: u64) -> Ticket {
    Ticket { nonce: format!("{n:032x}"), until: Some(BEGIN + 900_000) }
}

/// Ada asks, Ben answers, and Cleo is known as well.
pub struct People {
    pub ada: Device,
    pub ben: Device,
    pub cleo: Device,
    /// Whom Ada knows.
    pub adas: Vec<Colleague>,
    /// Whom Ben knows.
    pub bens: Vec<Colleague>,
}

impl People {
    pub fn new() -> Self {
        let (ada, ben, cleo) = (device(1), device(2), device(3));
        let adas = vec![colleague("Ben", &ben), colleague("Cleo", &cleo)];
        let bens = vec![colleague("Ada", &ada), colleague("Cleo", &cleo)];
        Self { ada, ben, cleo, adas, bens }
    }

    pub fn at_bens(&self) -> Here<'_> {
        Here { now: BEGIN + 60_000, mine: Some(self.ben.public()), known: &self.bens }
    }

    pub fn at_adas(&self) -> Here<'_> {
        Here { now: BEGIN + 60_000, mine: Some(self.ada.public()), known: &self.adas }
    }

    /// What a step of this run asks now, signed by Ada.
    pub fn request(&self, b: &Bench, id: &str) -> Signed<Request> {
        let read = ([change("one")], [reading(Some(true))]);
        let a = Asking { run: "run-7F3K", from: "Ada", read: Some((&read.0, &read.1)), head: None };
        let draft = asking(&b.run, b.run.step(id).unwrap(), &a, self.ada.public()).unwrap();
        Signed::new(draft, &self.ada).unwrap()
    }

    pub fn yes(&self, request: &Signed<Request>) -> Signed<Answer> {
        Answer::to(request, Verdict::Agreed, None, "Ben", &self.at_bens(), &self.ben).unwrap()
    }

    /// Ben answers what the step asks, as the program does it.
    pub fn agree(&self, b: &mut Bench, id: &str) -> Vec<Event> {
        let request = self.request(b, id);
        let proof = self.yes(&request).proof(&request, &self.at_adas()).unwrap();
        b.order(Actor::Approver("Ben".to_owned()), Command::Step(id.to_owned(), answer(b, id, proof))).unwrap()
    }
}

pub fn answer(b: &Bench, id: &str, proof: Proof) -> StepCommand {
    let digest = b.run.step(id).unwrap().asked.as_ref().map(|a| a.digest.clone()).unwrap_or_default();
    let (method, label) = ("device-key".to_owned(), "signed".to_owned());
    StepCommand::Answer { digest, verdict: Ok(()), method, label, proof: Some(Box::new(proof)) }
}

/// A live run that has come to the switch: decided with Ben's agreement, Ada's key in the record.
pub fn live(people: &People) -> Bench {
    let mut b = Bench::new(Mode::Live);
    let key = Some(people.ada.public().to_string());
    b.run_wide(Command::Join { name: "Ada".to_owned(), role: OPERATOR.to_owned(), key }).unwrap();
    let before: Vec<String> = b.run.steps.iter().map(|s| s.id.clone()).take_while(|x| x != STEP).collect();
    for step in before {
        if b.run.planned(&step).unwrap().decision {
            let decide = StepCommand::Ticketed(ticket(1), Box::new(decision(Choice::FailOver)));
            b.step(&step, decide).unwrap();
            assert_eq!(b.state(&step), StepState::AwaitingApproval);
            people.agree(&mut b, &step);
            assert_eq!(b.state(&step), StepState::DoneByHand);
        } else {
            b.step(&step, skip()).unwrap();
        }
    }
    b
}

/// The same, and the switch waits for the second person.
pub fn asked(people: &People) -> Bench {
    let mut b = live(people);
    ask(&mut b, 2).unwrap();
    b
}

pub fn ask(b: &mut Bench, n: u64) -> Result<Vec<Event>, lifeboat::run::decide::Refusal> {
    b.step(STEP, StepCommand::AskSecondPerson { changes: vec![change("one")], undo: false, ticket: ticket(n) })
}
