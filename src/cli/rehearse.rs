//! `lifeboat rehearse`: guided by a person, or scripted to the end for CI of runbooks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::catalog::Catalog;
use crate::clock::Speed;
use crate::desk::protocol::Command;
use crate::desk::snapshot::{RunView, Snapshot};
use crate::desk::{Handle, Home, ScriptSource};
use crate::rehearsal::scenario::{Answer, Wrong};
use crate::runbook::model::Strategy;
use crate::units::{Millis, utc_text};

use super::{Args, FAILED, FINDING, FINE, USAGE, guide};

/// A scripted rehearsal that takes longer than this (real time) hangs.
const PATIENCE: Duration = Duration::from_secs(600);
/// A scripted rehearsal that is not closed by then (scenario time) is stuck.
const STUCK_AFTER: Millis = Millis::from_mins(24 * 60);

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Scenario.
    pub scenario: Option<String>,
    /// Strategy.
    pub strategy: Option<Strategy>,
    /// By script.
    pub scripted: bool,
    /// Other answers.
    pub answers: Option<PathBuf>,
    /// One of the scenario's wrong ways.
    pub wrong: Option<String>,
    /// Without any Azure.
    pub tabletop: bool,
    /// Speed.
    pub speed: Option<Speed>,
    /// Seed.
    pub seed: u64,
    /// Run to continue.
    pub resume: Option<String>,
    /// Print JSON.
    pub json: bool,
}

impl Wish {
    /// What someone gets who types nothing but `lifeboat` where there is no display.
    pub fn first(scripted: bool) -> Self {
        Self {
            scenario: Some("region-loss".to_owned()),
            strategy: Some(Strategy::HotWarm),
            scripted,
            seed: 1,
            ..Self::default()
        }
    }
}

/// `--list`.
pub fn list(json: bool) -> u8 {
    let catalog = Catalog::builtin();
    let all: Vec<_> = catalog
        .ids(crate::runbook::Kind::Scenario)
        .into_iter()
        .filter_map(|id| catalog.scenario(&id).ok())
        .filter(|s| !s.plan.is_empty())
        .collect();
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|s| {
                let strategies: Vec<_> = s.strategies.iter().map(|s| s.display()).collect();
                let wrong: Vec<_> = s.wrong.iter().map(|w| json!({ "id": w.id, "about": w.about })).collect();
                json!({
                    "id": s.id, "title": s.title, "strategies": strategies, "about": s.about, "plan": s.plan,
                    "minutes": s.minutes, "tabletop": s.tabletop.offered, "wrong": wrong,
                })
            })
            .collect();
        out!("{}", json!({ "scenarios": rows }));
    } else {
        for s in &all {
            let strategies: Vec<_> = s.strategies.iter().map(|s| s.display()).collect();
            out!("{:<18} {}  ({})", s.id, s.title, strategies.join(", "));
        }
    }
    FINE
}

/// Rehearses.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    let script = match (&wish.answers, &wish.wrong, wish.scripted) {
        (_, _, false) => None,
        (None, Some(id), true) => Some(ScriptSource::Wrong(id.clone())),
        (None, None, true) => Some(ScriptSource::Scenario),
        (Some(path), _, true) => match answers(path) {
            Ok(a) => Some(ScriptSource::Answers(a)),
            Err(e) => {
                say!("lifeboat: {e}");
                return USAGE;
            }
        },
    };
    if args.cloud.is_some() {
        say!(
            "lifeboat: a rehearsal brings a simulated Azure of its own: leave --cloud out; a plan is run on that one with: \
             lifeboat run PLAN --cloud FILE"
        );
        return USAGE;
    }
    if let Some(id) = &wish.scenario
        && let Err(why) = possible(args, id, wish)
    {
        say!("lifeboat: {why}");
        return USAGE;
    }
    // Every record names this very program by its hash: that is had by the time the first is written.
    std::thread::spawn(crate::journal::this_app);
    let handle = match super::desk(args, script) {
        Ok(h) => h,
        Err(code) => return code,
    };
    let speed = wish.speed.unwrap_or(if wish.scripted { Speed::Max } else { guide::PERSON_SPEED });
    let command = match (&wish.resume, &wish.scenario) {
        (Some(run), _) => Command::OpenRun(run.clone()),
        (None, Some(id)) => Command::StartRehearsal {
            scenario: id.clone(),
            strategy: wish.strategy,
            speed,
            seed: wish.seed,
            tabletop: wish.tabletop,
        },
        (None, None) => {
            say!("lifeboat: name a scenario; --list shows them");
            return USAGE;
        }
    };
    handle.send(command);
    if wish.resume.is_some() {
        handle.send(Command::SetSpeed(speed));
    }
    // The answer is a run on the screen, or a notice that says why not.
    let Some(first) = handle.wait(Duration::from_secs(60), |s| s.run.is_some() || s.notice.is_some()) else {
        say!("lifeboat: the rehearsal did not start within a minute");
        return FAILED;
    };
    let Some(view) = &first.run else {
        let why = first.notice.as_ref().map_or_else(String::new, |n| format!("{} {}", n.what, n.next));
        say!("lifeboat: {why}");
        return FAILED;
    };
    if view.closed.is_some() {
        say!("lifeboat: run {} is closed; there is nothing to continue", view.short);
        return report(args, view, wish);
    }
    // What was handed over can be looked at, and taken back.
    if let Some(why) = view.read_only.as_ref().filter(|_| wish.scripted || view.papers.handed_over.is_none()) {
        say!("lifeboat: {why}");
        return FAILED;
    }
    if let Some(why) = view.weak.as_ref().filter(|_| wish.scripted) {
        say!("lifeboat: {why}");
    }
    if wish.scripted { scripted(args, &handle, wish) } else { guide::guide(&handle) }
}

/// What can be rehearsed: a team's own scenarios lie beside its plans, and take the place of built-in ones of their name.
fn catalog(args: &Args) -> Catalog {
    Home::find(args.home.as_deref()).ok().and_then(|h| h.catalog().ok()).unwrap_or_else(Catalog::builtin)
}

/// Whether there is such a rehearsal, before anything is started for it.
fn possible(args: &Args, id: &str, wish: &Wish) -> Result<(), String> {
    let scenario = catalog(args).scenario(id).map_err(|e| e.to_string())?;
    if scenario.plan.is_empty() {
        return Err(format!("`{id}` is a world without a rehearsal; connect to it with: lifeboat simulate {id}"));
    }
    if wish.tabletop && !scenario.tabletop.offered {
        return Err(format!("`{id}` is not meant for a tabletop; leave --tabletop out"));
    }
    if let Some(wrong) = &wish.wrong
        && !scenario.wrong.iter().any(|w| w.id == *wrong)
    {
        let known: Vec<_> = scenario.wrong.iter().map(|w| w.id.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("`{id}` has no wrong way `{wrong}`; there is {known}"));
    }
    let with = wish.strategy.or(scenario.strategies.first().copied());
    let not_here = |w: &&Wrong| !w.only_in.is_empty() && with.is_some_and(|s| !w.only_in.contains(&s));
    if let Some(w) = scenario.wrong.iter().filter(|w| wish.wrong.as_ref() == Some(&w.id)).find(not_here) {
        let known: Vec<_> = w.only_in.iter().map(|s| s.display()).collect();
        return Err(format!("the wrong way `{}` is for {}; choose it with --strategy", w.id, known.join(", ")));
    }
    match wish.strategy {
        Some(s) if !scenario.strategies.contains(&s) => {
            let known: Vec<_> = scenario.strategies.iter().map(|s| s.display()).collect();
            Err(format!("`{id}` cannot be rehearsed {}; it can be {}", s.display(), known.join(", ")))
        }
        _ => Ok(()),
    }
}

fn answers(path: &std::path::Path) -> Result<Vec<Answer>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    ron::from_str(&text).map_err(|e| format!("{}:{}: {}", path.display(), e.span.start, e.code))
}

/// Whether the mistakes of a wrong way were scored.
fn caught(args: &Args, wish: &Wish, wrong: &str, made: &[String]) -> u8 {
    let scenario = wish.scenario.as_ref().and_then(|id| catalog(args).scenario(id).ok());
    // A file that was there when it began may be gone: what cannot be compared was not seen to hold.
    let Some(way) = scenario.and_then(|s| s.wrong.into_iter().find(|w| w.id == wrong)) else {
        say!("lifeboat: `{wrong}` was played, and its scenario cannot be read any more");
        return FAILED;
    };
    let missed: Vec<_> = way.fails.into_iter().filter(|f| !made.contains(f)).collect();
    if missed.is_empty() {
        return FINE;
    }
    say!("lifeboat: `{wrong}` was played, and these mistakes were not scored: {}", missed.join(", "));
    FINDING
}

fn over(s: &Snapshot) -> bool {
    s.run.as_ref().is_some_and(|r| r.closed.is_some() || r.read_only.is_some())
        || s.clock.now().mono > STUCK_AFTER.0 && s.run.as_ref().is_some_and(|r| r.closed.is_none())
}

fn scripted(args: &Args, handle: &Handle, wish: &Wish) -> u8 {
    let Some(end) = handle.wait(PATIENCE, over) else {
        say!("lifeboat: the script did not come to an end within {} min", PATIENCE.as_secs() / 60);
        stuck(&handle.snapshot());
        return FAILED;
    };
    let Some(run) = end.run.clone() else { return FAILED };
    if run.closed.is_none() {
        stuck(&end);
        return FAILED;
    }
    if !wish.json {
        transcript(handle, &run);
    }
    report(args, &run, wish)
}

fn stuck(s: &Arc<Snapshot>) {
    let Some(run) = &s.run else { return };
    if let Some(why) = &run.read_only {
        say!("lifeboat: {why}");
    }
    let card = run.current.as_ref().and_then(|id| run.cards.iter().find(|c| c.id == *id));
    if let Some(c) = card {
        let why = c.problem.as_ref().map(|p| p.what.clone()).or_else(|| c.progress.clone()).unwrap_or_default();
        say!("lifeboat: stuck at {} {} ({}): {why}", c.id, c.title, c.state.word());
    }
    say!("lifeboat: the run stays open; its record is in {}", run.journal);
}

/// The record in words.
fn transcript(handle: &Handle, run: &RunView) {
    handle.send(Command::ShowRecord(run.id.clone()));
    let shown = handle.wait(Duration::from_secs(60), |s| s.audit.shown.as_ref().is_some_and(|r| r.run == run.id));
    if let Some(record) = shown.and_then(|s| s.audit.shown.clone()) {
        for r in &record.rows {
            out!("{} {:<8} {:<24} {}", r.time, r.step, r.actor, r.text);
        }
        out!("{}", record.summary);
    }
}

/// The result; 0 when the expectations are met, of a wrong way when its mistakes were scored.
fn report(args: &Args, run: &RunView, wish: &Wish) -> u8 {
    let score = run.score.clone().unwrap_or_default();
    if wish.json {
        let clocks: serde_json::Map<String, serde_json::Value> =
            run.clocks.t.iter().enumerate().map(|(n, t)| (format!("T{n}"), json!(t.map(utc_text)))).collect();
        let lines: Vec<_> = score
            .lines
            .iter()
            .map(|(what, points, of, why)| json!({ "what": what, "points": points, "of": of, "why": why }))
            .collect();
        let segments: serde_json::Map<String, serde_json::Value> =
            run.clocks.segments.iter().map(|(name, ms)| ((*name).to_owned(), json!(ms))).collect();
        let closed = run.closed.as_deref().unwrap_or_default();
        let (outcome, summary) = closed.split_once(". ").unwrap_or((closed, ""));
        out!(
            "{}",
            json!({
                "run": run.id, "journal": run.journal, "strategy": run.strategy.display(),
                "outcome": outcome, "summary": summary, "mode": run.mode.name(),
                "score": { "points": score.points, "of": score.of, "lines": lines, "mistakes": score.mistakes },
                "clocks": clocks, "segments_ms": segments, "rta_ms": run.clocks.rta, "rto_ms": run.clocks.rto,
                "waited_ms": { "people": run.clocks.waited_people, "azure": run.clocks.waited_azure },
            })
        );
    } else {
        guide::summary(run);
    }
    match &wish.wrong {
        Some(wrong) => caught(args, wish, wrong, &score.mistakes),
        None if score.points == score.of => FINE,
        None => FINDING,
    }
}
