//! Orders in any sequence, and what sequences have to come to: every order there is, from people, Azure and facilitators.

use super::*;
use std::cell::RefCell;
use std::collections::BTreeSet;

use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::{Declaration, Severity};
use lifeboat::run::event::{Effect as Shown, Evidence, Facilitated, Found, Identity, LossKind, Observed, Proof};
use lifeboat::run::state::ChangeState;
use lifeboat::run::told::{About, Vouched};

/// Which order, at what (part of) step, in which variation, how much later, and where the process dies of it.
pub type Roll = (u8, u8, u8, u32, u8);

/// What sequences came to: orders that were carried out, facts, states of steps.
pub type Met = RefCell<BTreeSet<String>>;

/// Kinds of rolls.
pub const KINDS: u8 = 66;

fn guards(v: u8) -> Vec<Reading> {
    let name = |r: Reading| Reading { name: "this laptop can see".to_owned(), ..r };
    match v % 8 {
        0 => vec![reading(None); 3],
        1 => vec![name(reading(Some(false))), reading(Some(true)), reading(Some(true))],
        2 => Vec::new(),
        _ => vec![reading(Some(true)); 3],
    }
}

fn changes(id: &str, v: u8) -> Vec<Change> {
    let unseen = || Some(Box::new(Shown::default()));
    let made = |n: usize| match v % 16 {
        3 => Change { effect: unseen(), ..change(&format!("{id}-{n}")) },
        5 => Change { previous: Some("{}".to_owned()), ..change(&format!("{id}-{n}")) },
        _ => change(&format!("{id}-{n}")),
    };
    (0..usize::from(v % 3)).map(made).collect()
}

fn found(v: u8) -> Found {
    [Found::Applied, Found::NotApplied, Found::Running, Found::Unknown][usize::from(v % 4)]
}

/// A question of its own: numbered, and open for ten minutes.
pub fn ticket(b: &Bench, v: u8) -> Ticket {
    let until = (v % 4 != 1).then_some(b.at + 600_000);
    Ticket { nonce: if v % 9 == 8 { "1".to_owned() } else { b.entries.len().to_string() }, until }
}

/// The second person's signed answer, or one that is not worth it.
pub fn proof(nonce: &str, v: u8) -> Option<Box<Proof>> {
    let key = if v % 11 == 3 { "ada" } else { "grace" };
    let nonce = if v % 13 == 4 { "other" } else { nonce };
    (v % 6 != 5).then(|| {
        Box::new(Proof {
            name: "Grace".to_owned(),
            key: key.to_owned(),
            request: "00".to_owned(),
            nonce: nonce.to_owned(),
            signature: "00".to_owned(),
            same_device: false,
        })
    })
}

/// An order of this kind; mostly about the step that is in front of the operator, or that Azure has an answer for.
pub fn order(b: &Bench, (kind, which, v, ..): Roll) -> (Actor, Command) {
    let steps = &b.run.steps;
    let in_state = |s: StepState| steps.iter().position(|x| x.own_state() == s);
    let wanted = match kind {
        16..=19 => in_state(StepState::Running),
        20 | 21 => in_state(StepState::Indeterminate),
        // What can be taken back.
        7 | 8 | 31 | 62 if kind > 8 || v % 3 == 0 => steps
            .iter()
            .position(|s| matches!(s.own_state(), StepState::DoneByApp | StepState::Failed) && !s.applied.is_empty()),
        _ => None,
    };
    let at = wanted.or_else(|| b.run.current()).unwrap_or(0);
    let i = if which < 200 { at } else { usize::from(which) % steps.len() };
    let id = steps[i].id.clone();
    let n = steps[i]
        .changes
        .iter()
        .position(|c| !matches!(c.state, ChangeState::Done))
        .map_or(u32::from(v % 3), |n| n as u32);
    let asked = steps[i].asked.as_ref();
    let digest = asked.map(|a| a.digest.clone()).unwrap_or_default();
    let nonce = asked.map(|a| a.nonce.clone()).unwrap_or_default();
    let broken = (v % 4 == 0).then(failure);
    let facilitator = Actor::Scenario("facilitator".to_owned());
    let ticketed = |c: StepCommand| StepCommand::Ticketed(ticket(b, v), Box::new(c));
    let planned = b.run.planned(&id);
    let typed = planned.and_then(|p| p.typed_name()).filter(|_| v % 7 != 0).map(str::to_owned);
    let unasked = planned.is_some_and(|p| p.second_person.is_some()) && steps[i].in_force().is_none();
    let (actor, step) = match kind {
        0..=3 => {
            // What the app does by itself.
            let own = b.run.automatic();
            let id = own.get(usize::from(v) % own.len().max(1)).cloned().unwrap_or(id);
            return (Actor::System, Command::Step(id, StepCommand::Check));
        }
        4..=6 => {
            let busy = steps.iter().find(|s| s.own_state() == StepState::Verifying);
            let id = busy.map_or(id, |s| s.id.clone());
            let broken = (v % 8 == 0).then(failure);
            return (Actor::System, Command::Step(id, verified(broken)));
        }
        7 | 8 => {
            let undo = v % 3 == 0;
            let changes = if undo { steps[i].applied.clone() } else { changes(&id, v) };
            (operator(), StepCommand::AskSecondPerson { changes, undo, ticket: ticket(b, v) })
        }
        9..=11 => {
            let who = if v % 8 == 0 { operator() } else { second() };
            let verdict = if v % 5 == 0 { Err("no".to_owned()) } else { Ok(()) };
            let digest = if v % 7 == 0 { "00".to_owned() } else { digest };
            let (method, label) = ("device-key".to_owned(), "a test".to_owned());
            (who, StepCommand::Answer { digest, verdict, method, label, proof: proof(&nonce, v) })
        }
        12..=14 => {
            let option = (v % 16 == 3).then(|| "smaller".to_owned());
            let changes = if asked.is_some() && v % 3 != 0 { changes(&id, 1) } else { changes(&id, v) };
            (operator(), StepCommand::Perform { changes, guards: guards(v), option, typed })
        }
        15 => (operator(), StepCommand::Check),
        16 => (Actor::System, StepCommand::Accepted { n, operation: "op".to_owned(), corr: Default::default() }),
        17 | 18 => (Actor::System, finished(n, broken)),
        19 => (Actor::System, StepCommand::Lost { n, why: "silence".to_owned() }),
        20 | 21 => (Actor::System, StepCommand::ReadBack { n, found: found(v), detail: "d".to_owned() }),
        22..=25 => (operator(), ticketed(confirm())),
        26..=28 => (operator(), skip()),
        29 | 30 => (operator(), reopen()),
        31 | 62 if unasked => {
            let changes = steps[i].applied.clone();
            (operator(), StepCommand::AskSecondPerson { changes, undo: true, ticket: ticket(b, 0) })
        }
        31 | 62 => {
            let left = if v % 4 == 0 { vec!["something".to_owned()] } else { Vec::new() };
            (operator(), StepCommand::Undo { changes: steps[i].applied.clone(), left, guards: guards(v), typed })
        }
        32..=34 => (operator(), ticketed(decision(Choice::ALL[if v < 180 { 0 } else { usize::from(v % 4) }]))),
        35 => return (operator(), if v % 3 == 0 { Command::Pause("p".to_owned()) } else { Command::Resume }),
        36 => return (Actor::System, Command::Open { scenario_ms: Some(1) }),
        37 => {
            let name = if v % 4 == 3 { "RPO point".to_owned() } else { format!("T{}", v % 15) };
            let value = (v % 5 != 0).then_some(b.at - i64::from(v));
            return (Actor::System, Command::Measure { name, value, how: "h".to_owned() });
        }
        38 => {
            let o = Observed {
                text: "t".to_owned(),
                what: "verdict".to_owned(),
                region: None,
                state: "down".to_owned(),
                reasons: vec![],
                picture: vec![],
            };
            return (Actor::System, Command::Observe(o));
        }
        39 => {
            let impact_start = [b.at, BEGIN - 60_000, i64::MAX, i64::MIN][usize::from(v % 4)];
            return (operator(), Command::Declare { impact_start, evidence: "e".to_owned() });
        }
        40 => return (operator(), Command::Note(if v == 0 { String::new() } else { "n".to_owned() })),
        41 | 42 => {
            let id = b.run.questions().get(usize::from(v) % 3).cloned().unwrap_or(id);
            let ok = [Some(true), Some(true), Some(false), None][usize::from(v % 4)];
            let f = Facilitated::Answered { step: id, ok, text: "seen".to_owned() };
            return (facilitator, Command::Facilitate(f));
        }
        43 => {
            let said = || "f".to_owned();
            let all = [
                Facilitated::Unavailable("Grace".to_owned(), v % 2 == 0),
                Facilitated::Now(1),
                Facilitated::Held,
                Facilitated::LetGo,
                Facilitated::Revealed(1),
                Facilitated::Noted(said()),
                Facilitated::Said(said()),
            ];
            return (facilitator, Command::Facilitate(all[usize::from(v) % all.len()].clone()));
        }
        44 | 45 => {
            let guard = "this laptop can see".to_owned();
            let (reason, changes) = ("r".to_owned(), changes(&id, 1));
            (operator(), StepCommand::BreakGlass { guard, reason, changes, ticket: ticket(b, v) })
        }
        46 => (if v % 2 == 0 { operator() } else { Actor::System }, StepCommand::Expire { digest }),
        47 => {
            let name = if v % 2 == 0 { "a person's word" } else { "chart" }.to_owned();
            (operator(), StepCommand::Evidence(Evidence { name, text: "x".to_owned(), ..Evidence::default() }))
        }
        48 => return (operator(), Command::Ledger(format!("line {v}"))),
        49 => {
            let kind = [LossKind::Lost, LossKind::Unavailable, LossKind::Duplicated][usize::from(v % 3)];
            return (operator(), Command::Loss(kind, "l".to_owned()));
        }
        50 => {
            let corrective = Command::Corrective { text: "c".to_owned(), owner: "o".to_owned(), due: "d".to_owned() };
            return (operator(), if v % 2 == 0 { Command::Finding("f".to_owned()) } else { corrective });
        }
        51 => {
            let vouched = Vouched { seen: "s".to_owned(), by: "Grace".to_owned(), ..Vouched::default() };
            let (about, _) = About::ALL[usize::from(v) % About::ALL.len()];
            let told = [
                Command::SignOff { role: "owner".to_owned(), statement: "s".to_owned() },
                Command::Rate(Severity::ALL[usize::from(v) % 4], "c".to_owned()),
                Command::Vouch(vouched),
                Command::Declaration(Declaration { by: "Mira".to_owned(), ..Declaration::default() }),
                Command::Tell(about, "Noor".to_owned(), "5m, said".to_owned()),
            ];
            return (operator(), told[usize::from(v) % told.len()].clone());
        }
        52 if v % 4 == 0 => return (operator(), Command::HandOver { to: "Grace".to_owned() }),
        53 | 54 if b.run.handed_over.is_some() => {
            let operator = if v % 2 == 0 { "Ada" } else { "Mo" }.to_owned();
            let key = Some(operator.to_lowercase());
            return (operator_of(&operator), Command::TakeOver { operator, key, sha256: "00".to_owned() });
        }
        // Rare, or nothing would ever come after it.
        55 if v < 8 => return (operator(), Command::Close { outcome: Outcome::Recovered, summary: "s".to_owned() }),
        55 if v < 16 => return (operator(), Command::Abort("a".to_owned())),
        56 => return (Actor::System, Command::Inject { n: u32::from(v % 4), text: "i".to_owned() }),
        63 => {
            let name = "Mo".to_owned();
            let me = Identity { tenant: "t".to_owned(), object: v.to_string(), ..Identity::default() };
            let (to, text, outcome) = ("teams".to_owned(), "t".to_owned(), "sent".to_owned());
            let all = [
                Command::Join { name, role: "operator".to_owned(), key: None },
                Command::SignedIn(me),
                Command::SetDegraded(v % 2 == 0),
                Command::Step(steps[i].id.clone(), StepCommand::SetDegraded(v % 2 == 1)),
                Command::Comms { id: None, to, text, outcome },
                Command::Evidence(Evidence { name: "chart".to_owned(), ..Evidence::default() }),
            ];
            return (operator(), all[usize::from(v) % all.len()].clone());
        }
        // The road on, so that many sequences come far.
        _ => {
            let s = &steps[i];
            match s.own_state() {
                StepState::Verifying => (Actor::System, verified(None)),
                StepState::Running => (Actor::System, finished(n, None)),
                StepState::AwaitingApproval => {
                    let (method, label) = ("device-key".to_owned(), "a test".to_owned());
                    (second(), StepCommand::Answer { digest, verdict: Ok(()), method, label, proof: proof(&nonce, 0) })
                }
                StepState::Failed => (operator(), reopen()),
                _ if planned.is_some_and(|p| p.decision) => (operator(), ticketed(decision(Choice::FailOver))),
                _ if b.run.waits_for_word(i) => (operator(), ticketed(confirm())),
                _ if planned.is_some_and(|p| p.action.is_none()) => (operator(), StepCommand::Check),
                _ if unasked => {
                    let changes = changes(&id, 1);
                    (operator(), StepCommand::AskSecondPerson { changes, undo: false, ticket: ticket(b, 0) })
                }
                _ => {
                    let (changes, guards) = (changes(&id, 1), vec![reading(Some(true)); 3]);
                    (operator(), StepCommand::Perform { changes, guards, option: None, typed })
                }
            }
        }
    };
    (actor, Command::Step(id, step))
}

fn operator_of(name: &str) -> Actor {
    Actor::Operator(name.to_owned())
}

/// Notes an order that was carried out.
pub fn meet(met: &Met, command: &Command) {
    let word = |d: String| d.split([' ', '(']).next().unwrap_or_default().to_owned();
    let mut met = met.borrow_mut();
    met.insert(format!("Command {}", word(format!("{command:?}"))));
    let mut inner = match command {
        Command::Step(_, c) => Some(c),
        _ => None,
    };
    while let Some(c) = inner {
        met.insert(format!("StepCommand {}", word(format!("{c:?}"))));
        inner = match c {
            StepCommand::Ticketed(_, c) => Some(c),
            _ => None,
        };
    }
}

/// Names of an enum's variants, so that one that is added is asked for as well.
fn variants(source: &str, name: &str) -> Vec<String> {
    let (_, rest) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let named = |l: &&str| l.starts_with("    ") && l[4..].starts_with(|c: char| c.is_ascii_uppercase());
    let until = |l: &str| l[4..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned();
    body.lines().filter(named).map(until).collect()
}

/// Everything that sequences have to come to, or they would prove nothing.
pub fn to_be_met() -> Vec<String> {
    let (commands, facts) = (include_str!("../../../src/run/command.rs"), include_str!("../../../src/run/fact.rs"));
    let renamed = include_str!("../../../src/run/event.rs").split("#[serde(rename = \"").skip(1);
    let kinds = renamed.filter_map(|r| r.split('"').next()).map(str::to_owned);
    let orders = |name: &'static str| variants(commands, name).into_iter().map(move |v| format!("{name} {v}"));
    let all = orders("Command").chain(orders("StepCommand")).chain(variants(facts, "StepState")).chain(kinds);
    // A run begins once, and only older programs wrote that a step is ready.
    let never = ["Command Start", "run.plan", "run.start", "step.ready"];
    all.filter(|v| !never.contains(&v.as_str())).collect()
}
