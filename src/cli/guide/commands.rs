//! What a line means when nothing is asked.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Speed;
use crate::desk::protocol::{Command, FacilitateIntent, RunIntent, WatchIntent};
use crate::desk::snapshot::{RunView, Snapshot, StepCard, StepState};
use crate::rehearsal::scenario::LONGEST;
use crate::runbook::model::StepId;
use crate::ui::ask::Ask;
use crate::ui::intent::primary;
use crate::ui::papers::{open_finding, unrated_finding, unvouched_finding};
use crate::ui::screens::run::other_speed;
use crate::units::{Millis, visible};

use super::card::{full, works};
use super::help::{HELP, about};
use super::question::{Makes, Next, choice, dialog, line, word};
use super::second::{Way, half_blocks, way};
use super::text::wrapped;
use super::views::{checklist, clocks, commander, health, pace, papers, runs};
use super::{Guide, say};

impl Guide<'_> {
    /// Does what one line says; false: the person leaves.
    pub(super) fn command(&mut self, text: &str, s: &Arc<Snapshot>) -> bool {
        let Some(run) = s.run.clone() else { return true };
        let card = self.card(&run);
        if text.is_empty() {
            self.choose(1, true, card.as_deref());
            return true;
        }
        if let Ok(n) = text.parse::<usize>() {
            self.choose(n, false, card.as_deref());
            return true;
        }
        if let Some(found) = run.cards.iter().find(|c| c.id.eq_ignore_ascii_case(text)) {
            self.picked = Some(found.id.clone());
            self.look_again();
            return true;
        }
        let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match head {
            "q" => {
                self.leaves();
                return false;
            }
            "l" => say(&checklist(&run, false)),
            "ll" => say(&checklist(&run, true)),
            "h" => say(&health(s)),
            "t" => say(&clocks(s, &run)),
            "w" => say(&commander(s)),
            "g" => say(&papers(&run)),
            "s" => match &card {
                Some(card) => say(&full(s, &run, card, true)),
                None => say("No step is open."),
            },
            "?" | "help" => match about(rest) {
                Some(long) => say(long),
                None => say(HELP),
            },
            "." => {
                self.picked = None;
                self.look_again();
            }
            "r" => self.runs(rest, s),
            "oo" => self.dialog(Ask::take_over(), s),
            "ob" => self.take_run_back(&run),
            _ if head.starts_with('a') => match way(head, rest, s, &run, card.as_ref().map(|c| c.id.as_str())) {
                Some(Way::Ask(q)) => self.asked = Some(q),
                Some(Way::Send(c)) => self.send(c),
                Some(Way::Shown) => {}
                None => unknown(text),
            },
            _ if !self.concerns(head, rest, s, &run, card.as_deref()) => unknown(text),
            _ => {}
        }
        true
    }

    /// What goes into the record of a run that goes on here; false: no such command.
    fn concerns(&mut self, head: &str, rest: &str, s: &Snapshot, run: &RunView, card: Option<&StepCard>) -> bool {
        let known = [
            "n", "p", "x", "xx", "d", "m", "ms", "z", "j", "v", "+", "c", "cc", "o", "b", "u", "uu", "rj", "gl", "gx",
            "ge", "gf", "gp", "gh", "gi", "gc", "gs", "gt", "gd", "gr", "gv",
        ];
        if !known.contains(&head) && !head.starts_with('+') {
            return false;
        }
        if !works(run) {
            say("This run is only read here. q leaves, r shows the others, ob takes back one that was handed over.");
            return true;
        }
        match head {
            "n" => self.dialog(Ask::note(), s),
            "p" if run.paused.is_some() => {
                say("The run goes on.");
                self.send(Command::Resume);
            }
            "p" => self.dialog(Ask::pause(), s),
            "x" => match card.and_then(|c| c.degraded.map(|on| (c.id.clone(), on))) {
                Some((step, on)) => self.send(Command::Degraded { step: Some(step), on: !on }),
                None => say("This step has one instruction for all cases."),
            },
            "xx" => {
                let which = if run.degraded { "Normal" } else { "Degraded" };
                say(&format!("{which} instructions at every step."));
                self.send(Command::Degraded { step: None, on: !run.degraded });
            }
            "d" => self.dialog(Ask::impact(), s),
            "m" => self.dialog(Ask::sighting(""), s),
            "ms" => {
                self.share = Some(s.situation.share.clone().unwrap_or_default());
                self.send(Command::Watch(WatchIntent::ShareSighting));
            }
            "z" => self.answer_for_systems(s),
            "j" if run.long_wait.is_none() && run.scenario.is_none() => say("Only a rehearsal's clock can jump."),
            "j" => self.send(Command::JumpToNextEvent),
            "v" => self.speed(rest, s),
            "c" => self.dialog(Ask::close(run), s),
            "cc" => self.dialog(Ask::abort(), s),
            "o" => {
                let keys = s.approvals.roster.iter().filter(|r| !r.own).map(|r| r.name.clone());
                self.dialog(Ask::hand_over(run, &keys.collect::<Vec<_>>()), s);
            }
            "b" => match card.and_then(Ask::break_glass) {
                Some(ask) => self.dialog(ask, s),
                None => say("No guard refuses this step: there is no glass to break."),
            },
            "u" => self.take_back_to(rest, run, card, s),
            "uu" if run.taking_back.is_empty() => say("Nothing is being taken back."),
            "uu" => self.send(Command::Run(RunIntent::StopTakingBack)),
            "rj" => self.send(Command::RetryJournal),
            "gl" => self.dialog(Ask::ledger(), s),
            "gx" => self.dialog(Ask::loss(), s),
            "ge" => self.dialog(Ask::evidence(card), s),
            "gf" => self.file(rest, card),
            "gh" => self.send(Command::FreezeHealth),
            "gi" => self.dialog(Ask::finding(), s),
            "gc" if open_finding(run).is_none() => say("No finding is open: gi adds one."),
            "gc" => self.dialog(Ask::corrective(run), s),
            "gs" => self.dialog(Ask::sign_off(), s),
            "gp" => match &s.checkpoint {
                Some(c) => {
                    // Its signature is wider than a terminal, and stands in the picture; these lines are a checkpoint, too.
                    let lines = c.text.split("\n\n").next().unwrap_or_default();
                    say(&format!("\n{}\n\n{}\n", half_blocks(&c.picture, rest == "light"), lines.trim_end()));
                    self.dialog(Ask::posted(c), s);
                }
                None => say(
                    "This process has written no checkpoint of this run yet; the next one comes within five minutes.",
                ),
            },
            "gt" => self.dialog(Ask::tell(), s),
            "gd" if run.clocks.t[0].is_none() => say("When the impact began is not known yet: d says it."),
            "gd" => self.dialog(Ask::declare(), s),
            "gr" if unrated_finding(run).is_none() => say("Every finding is rated: gi adds one."),
            "gr" => self.dialog(Ask::rate(run), s),
            "gv" if unvouched_finding(run).is_none() => say("No finding waits for that: gc says how one is put right."),
            "gv" => self.dialog(Ask::vouch(run), s),
            _ => self.step_clock(format!("{} {rest}", head.trim_start_matches('+')).trim(), s),
        }
        true
    }

    fn dialog(&mut self, ask: Ask, s: &Snapshot) {
        let step = dialog(ask, s.clock.now().utc);
        self.follow(step);
    }

    /// One of the card's choices, by number, or by Enter the first.
    fn choose(&mut self, n: usize, by_enter: bool, card: Option<&StepCard>) {
        let Some((card, a)) = card.and_then(|c| Some((c, c.actions.get(n.checked_sub(1)?)?))) else {
            if !by_enter {
                unknown(&n.to_string());
            }
            return;
        };
        if self.shown.as_ref() != Some(&card.id) {
            say("Another step is in front by now: look at it first.");
            return self.look_again();
        }
        let readable = self.handle.snapshot().run.as_deref().is_some_and(works);
        if !readable {
            say("This run is only read here.");
        } else if let Some(why) = &a.refused {
            say(&wrapped("! ", why));
        } else if by_enter && a.changes_azure {
            say("This changes something in Azure: type its number.");
        } else if by_enter && !primary(a) {
            say("Enter leaves nothing out and takes nothing back: type its number.");
        } else if let Some(ask) = Ask::action(card, a) {
            let s = self.handle.snapshot();
            self.dialog(ask, &s);
        } else if a.changes_azure {
            self.asked = Some(word(&a.label, None, Command::Step(card.id.clone(), a.intent.clone())));
        } else {
            self.send(Command::Step(card.id.clone(), a.intent.clone()));
        }
    }

    fn take_back_to(&mut self, rest: &str, run: &RunView, card: Option<&StepCard>, s: &Snapshot) {
        let done = |c: &StepCard| matches!(c.state, StepState::DoneByApp | StepState::DoneByHand);
        let named = run.cards.iter().find(|c| c.id.eq_ignore_ascii_case(rest)).map(|c| c.as_ref());
        if !run.taking_back.is_empty() {
            say("Steps are being taken back already: uu stops that first.");
            return;
        }
        match if rest.is_empty() { card } else { named } {
            Some(card) if done(card) => self.dialog(Ask::take_back_to(run, card), s),
            _ => {
                let last = run.cards.iter().filter(|c| done(c)).map(|c| c.id.as_str());
                let last: Vec<&str> = last.collect();
                let which = if last.is_empty() { "none yet".to_owned() } else { last.join(", ") };
                say(&wrapped("", &format!("Name a step that is done, as in: u AO-F6. Done: {which}")));
            }
        }
    }

    fn take_run_back(&mut self, run: &RunView) {
        if run.papers.handed_over.is_none() {
            say("This run was not handed over from here.");
            return;
        }
        let about = "Take it back only when nobody has its file, or it goes on in two places. Why is it taken back?";
        self.asked = Some(line(about, |reason| {
            Next::Ask(word("Take the run back", None, Command::Run(RunIntent::TakeRunBack { reason })))
        }));
    }

    fn file(&mut self, rest: &str, card: Option<&StepCard>) {
        let step: Option<StepId> = card.map(|c| c.id.clone());
        let send = |step, path: String| {
            let path = PathBuf::from(path);
            Command::Run(RunIntent::EvidenceFile { step, path })
        };
        if rest.is_empty() {
            self.asked = Some(line("Which file?", move |text| Next::Send(send(step, text))));
        } else {
            self.send(send(step, rest.to_owned()));
        }
    }

    /// A rehearsal's clock.
    fn speed(&mut self, rest: &str, s: &Snapshot) {
        let now = s.clock.speed();
        if !s.clock.is_scenario() {
            return say("Only a rehearsal's clock has a speed.");
        }
        let speed = match rest {
            "" => return say(&format!("{}. v 10, v max, v 0 stops it.", pace(s))),
            "+" | "-" => other_speed(now, rest == "+"),
            "0" => Speed::Times(0),
            text => match text.parse::<Speed>() {
                Ok(speed) => speed,
                Err(why) => return say(&wrapped("", &why)),
            },
        };
        self.send(Command::SetSpeed(speed));
        let words = if speed == Speed::Times(0) { "Clock stopped".to_owned() } else { format!("Clock {speed}") };
        say(&words);
    }

    fn step_clock(&mut self, rest: &str, s: &Snapshot) {
        if !s.clock.is_scenario() {
            return say("Only a rehearsal's clock can be moved on.");
        }
        match rest.parse::<Millis>() {
            Ok(by) if by > LONGEST => say(&format!("A rehearsal has {LONGEST} at most: let the clock go on by less.")),
            Ok(by) => {
                self.send(Command::StepClock(by));
                say(&format!("The clock goes on by {by}, and stands still again. v 1 lets it go."));
            }
            Err(_) => say("That is no duration: + 5m, + 1h30m and + 40s are."),
        }
    }

    /// Around a table: what a system does is said in its place.
    fn answer_for_systems(&mut self, s: &Snapshot) {
        let questions = s.facilitator.as_ref().map(|f| f.questions.clone()).unwrap_or_default();
        let Some((step, wanted)) = questions.into_iter().next() else {
            return say("No step waits to hear what a system does.");
        };
        let one = |label: &str, ok: Option<bool>| -> (String, Makes) {
            let step = step.clone();
            let seen = move |_| {
                let says = move |text| Next::Send(Command::Facilitate(FacilitateIntent::Answer { step, ok, text }));
                Next::Ask(line("What is seen", says))
            };
            (label.to_owned(), Box::new(seen))
        };
        let all = vec![one("So", Some(true)), one("Not so", Some(false)), one("Nobody can tell", None)];
        self.asked = Some(choice(&format!("{step} wants to know: {wanted}"), all));
    }

    /// The open runs: which there are, the way to another, and one more.
    fn runs(&mut self, rest: &str, s: &Snapshot) {
        if rest.is_empty() {
            return say(&runs(s));
        }
        let is = |id: &str, short: &str| id == rest || short.eq_ignore_ascii_case(rest);
        if let Some(r) = s.open_runs.iter().find(|r| is(&r.id, &r.short)) {
            return self.send(Command::Run(RunIntent::Focus(r.id.clone())));
        }
        if let Some(r) = s.audit.runs.iter().find(|r| r.open && is(&r.id, &r.short)) {
            return self.send(Command::OpenRun(r.id.clone()));
        }
        let (plan, dry) = rest.strip_suffix(" dry").map_or((rest, false), |plan| (plan.trim(), true));
        let Some(row) = s.library.plans.iter().find(|p| p.id == plan || p.name == plan) else {
            return say(&wrapped(
                "",
                &format!("Neither a run nor a plan is called {}. r shows the runs.", visible(rest)),
            ));
        };
        let start = Command::StartRun { plan: row.name.clone(), strategy: None, dry_run: dry };
        if dry {
            return self.send(start);
        }
        say(&wrapped("", &format!("{}, {}", row.title, row.strategy.display())));
        say(&wrapped("", "Its steps change real resources. Starting it changes nothing yet: every change asks first."));
        self.asked = Some(word("Start the live run", None, start));
    }
}

/// Leaves nobody without an answer.
fn unknown(text: &str) {
    say(&wrapped("", &format!("`{}` is not one of the choices; ? shows them all", visible(text))));
}
