//! `lifeboat health`: one round of probes and what follows from it, for people, for scripts and for cron.
//!
//! One round proves a region that answers, and no outage: a region that does not answer once is not judged, and the exit
//! code says that something is not as it should be.

use std::io::IsTerminal;
use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::protocol::{Command, WatchIntent};
use crate::desk::snapshot::{Mark, Reason, Situation, Snapshot};
use crate::secrets::ANSWERS_WITHIN;
use crate::units::{Millis, utc_text, visible};

use super::{Args, FAILED, FINDING, FINE, USAGE};

/// So long the regions may take: a probe gives up after ten seconds, a token may take half a minute.
const PATIENCE: Duration = Duration::from_secs(45);
/// So much longer what else is asked may take: witnesses, sign-in, control plane.
const REST: Duration = Duration::from_secs(12);
/// So much longer Service Health may take; without it its silence is not its own, and that is said.
const NEWS: Duration = Duration::from_secs(5);

/// What is asked for.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Wish {
    /// Plan id, or a plan file, whose regions are probed (default: the first that fits the connected Azure)
    #[arg(long)]
    pub plan: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print what this computer sees as a block of text for colleagues, signed where there is a keyring
    #[arg(long)]
    pub share: bool,
}

/// Prints regions with verdict, reasons and ages; 1 when one is not ok, 3 when nothing could be asked.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    if let Err(why) = super::cloud(args) {
        say!("lifeboat: {why}");
        return USAGE;
    }
    let plan = wish.plan.as_deref();
    match plan.map(|p| (p, super::plan::find(args, p, None))) {
        Some((_, Err(why))) => {
            say!("lifeboat: {why}");
            return USAGE;
        }
        Some((name, Ok(f))) => {
            let run = format!("lifeboat run {name} --dry-run");
            if let Err(code) = super::trust::cleared(args, &f.plan, &f.places(), None, &run) {
                return code;
            }
        }
        None => {}
    }
    // Where nobody can type a code, nobody is waited for.
    let person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let desk = if person { super::desk_for(args, plan) } else { super::desk_unattended(args, plan) };
    let handle = match desk {
        Ok(h) => h,
        Err(code) => return code,
    };
    // Before its first picture the desk has not tried yet; after it, what is not watched will not be.
    let _ = handle.wait(PATIENCE, |s| s.revision > 0 && (!s.situation.watching || asked(&s.situation)));
    let s = handle.snapshot();
    if !s.situation.watching {
        let why = s.notice.as_ref().map_or_else(
            || "nothing is watched; connect an Azure (--cloud FILE) that a plan fits, or name the plan".to_owned(),
            |n| n.what.clone(),
        );
        say!("lifeboat: {why}");
        return FAILED;
    }
    if s.situation.regions.iter().all(|r| r.calls == NOT_ASKED) {
        let why =
            s.settings.sign_in.problem.as_ref().map_or_else(String::new, |(what, next)| format!(": {what}. {next}"));
        say!("lifeboat: no region could be asked within {} s{why}", PATIENCE.as_secs());
        return FAILED;
    }
    let _ = handle.wait(REST, complete);
    // Who cannot see hears no news either.
    let _ = handle.wait(NEWS, |s| s.situation.notices_read.is_some() || s.situation.mark == Some(Mark::Blind));
    let block = wish.share.then(|| {
        handle.send(Command::Watch(WatchIntent::ShareSighting));
        let shared = handle.wait(ANSWERS_WITHIN + REST, |s| s.situation.share.is_some());
        shared.and_then(|s| s.situation.share.as_deref().map(str::to_owned)).unwrap_or_default()
    });
    let s = handle.snapshot();
    let text = if wish.json { format!("{}\n", document(&s, block.as_deref())) } else { table(&s, block.as_deref()) };
    out!("{}", text.trim_end());
    if s.situation.regions.iter().all(|r| r.mark == Mark::Ok) { FINE } else { FINDING }
}

/// The board's word for it.
const NOT_ASKED: &str = "not asked yet";

/// Whether each region was asked, well or badly.
fn asked(s: &Situation) -> bool {
    s.regions.iter().all(|r| r.calls != NOT_ASKED)
}

/// Whether everything was asked: without the witnesses nobody knows whether this computer sees.
fn complete(s: &Snapshot) -> bool {
    let all = s.situation.endpoints.iter().all(|e| e.at.is_some());
    let mut others = s.ladder.iter().filter(|l| s.situation.regions.iter().all(|r| r.display != l.name));
    all && others.all(|l| l.mark != Mark::Unknown)
}

fn now(s: &Snapshot) -> i64 {
    s.clock.now().utc
}

fn age(s: &Snapshot, at: i64) -> u64 {
    u64::try_from(now(s).saturating_sub(at)).unwrap_or(0)
}

/// For people.
fn table(s: &Snapshot, block: Option<&str>) -> String {
    let sit = &s.situation;
    let mut out = format!("{}\n{}\n", visible(&sit.headline), visible(&sit.explanation));
    for r in &sit.regions {
        let row = format!(
            "{:<18} {:<10} {:<10} {:<24} {:<10} {}",
            r.display,
            r.role,
            r.mark.word(),
            r.word,
            r.figure,
            r.calls
        );
        out.push_str(&format!("{}\n", row.trim_end()));
    }
    for l in s.ladder.iter().filter(|l| sit.regions.iter().all(|r| r.display != l.name)) {
        let row = format!("{:<18} {:<10} {:<10} {}", l.name, "", l.mark.word(), l.text);
        out.push_str(&format!("{}\n", row.trim_end()));
    }
    for x in &sit.reasons {
        let ago = Millis(age(s, x.at) / 1_000 * 1_000);
        out.push_str(&format!("  {}: {} ({ago} ago)\n", x.mark.word(), visible(&x.text)));
    }
    if sit.regions.iter().any(|r| r.mark != Mark::Ok) {
        out.push_str(&format!("{}\n", visible(&sit.recommendation)));
    }
    if let Some(block) = block {
        out.push_str(&format!("\n{block}"));
    }
    out
}

/// For programs. The names are a promise; new ones may come.
fn document(s: &Snapshot, block: Option<&str>) -> Value {
    let sit = &s.situation;
    let reason = |x: &Reason| json!({ "text": x.text, "state": x.mark.word(), "age_ms": age(s, x.at) });
    let reasons = |all: &[Reason]| all.iter().map(reason).collect::<Vec<_>>();
    let sentence = |name: &str| s.ladder.iter().find(|l| l.name == name).map(|l| l.sentence.clone());
    let regions = sit.regions.iter().map(|r| {
        json!({
            "region": r.region, "name": r.display, "role": r.role, "verdict": r.mark.word(), "word": r.word,
            "sentence": sentence(&r.display), "calls": r.calls, "figure": r.figure,
            "control": r.control.as_ref().map(|(m, text)| json!({ "state": m.word(), "text": text })),
            "reasons": reasons(&r.reasons),
        })
    });
    let ladder = s
        .ladder
        .iter()
        .map(|l| json!({ "name": l.name, "state": l.mark.word(), "figure": l.text, "sentence": l.sentence }));
    let endpoints = sit.endpoints.iter().map(|e| {
        let t = |m: Option<Millis>| m.map(|m| m.0);
        json!({
            "id": e.id, "address": e.address, "region": e.region, "kind": e.kind, "state": e.mark.word(), "word": e.word,
            "answered": e.calls.0, "calls": e.calls.1, "age_ms": e.at.map(|at| age(s, at)),
            "stages_ms": { "dns": t(e.stages.dns), "connect": t(e.stages.connect), "tls": t(e.stages.tls),
                           "first_byte": t(e.stages.first_byte), "total": t(e.stages.total) },
            "facts": e.facts.iter().map(|(what, value)| json!({ "what": what, "value": value })).collect::<Vec<_>>(),
        })
    });
    let posted = sit.posted.iter().map(|p| {
        json!({ "source": p.source, "title": p.title, "text": p.text, "status": p.status, "region": p.region,
                "state": p.mark.word(), "age_ms": age(s, p.at) })
    });
    json!({
        "at": utc_text(now(s)), "headline": sit.headline, "explanation": sit.explanation,
        "blind": sit.mark == Some(Mark::Blind),
        "regions": regions.collect::<Vec<_>>(), "reasons": reasons(&sit.reasons),
        "ladder": ladder.collect::<Vec<_>>(), "endpoints": endpoints.collect::<Vec<_>>(),
        "recommendation": {
            "text": sit.recommendation, "plan": sit.open_plan,
            "arithmetic": sit.arithmetic.iter().map(|(what, value)| json!({ "what": what, "value": value })).collect::<Vec<_>>(),
        },
        "notices": reasons(&sit.notices), "posted": posted.collect::<Vec<_>>(),
        "notices_age_ms": sit.notices_read.map(|at| age(s, at)),
        "gaps": sit.gaps.iter().map(|g| json!({ "from": utc_text(g.from), "to": utc_text(g.to), "why": g.why })).collect::<Vec<_>>(),
        "colleagues": reasons(&sit.colleagues), "share": block,
    })
}
