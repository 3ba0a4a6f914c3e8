//! Everything beside the step: the checklist, the clocks, health, the papers, the open runs, and the commander's view.

use crate::desk::snapshot::{NoteView, PhaseView, RunView, Snapshot, StepRow, StepState};
use crate::run::clocks::NAMES;
use crate::ui::papers::LOSSES;
use crate::ui::screens::commander::{NEXT, next, state};
use crate::ui::screens::run::papers::{EVIDENCE, FINDINGS, LEDGER, LOSS, MISSING, NOBODY_YET, SIGNED, TOLD};
use crate::ui::screens::run::run_sentence;
use crate::ui::screens::run::side::clock_at;
use crate::ui::widgets::text::size;
use crate::units::{Millis, utc_clock};

use super::say;
use super::text::{wrapped, wrapped_at};

/// So many lines of each paper are shown; the record has all.
const MOST: usize = 30;
/// Characters of a digest that a person compares.
const DIGEST: usize = 12;

/// A line of output.
fn push(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// The checklist: the phases, and the steps of the one that is at hand, or of all.
pub fn checklist(run: &RunView, all: bool) -> String {
    let mut out = String::new();
    let here = |p: &PhaseView| p.steps.iter().any(|s| run.current.as_ref() == Some(&s.id));
    let mut together = false;
    for p in &run.phases {
        let over = p.steps.iter().filter(|s| s.state.over()).count();
        push(&mut out, &wrapped("", &format!("{:<26} {over} of {} over   {}", p.name, p.steps.len(), p.note)));
        if !(all || here(p)) {
            continue;
        }
        for (i, s) in p.steps.iter().enumerate() {
            let bracket = bracket(&p.steps, i);
            together |= bracket != ' ';
            push(&mut out, &row(run, s, bracket));
        }
    }
    if together {
        push(&mut out, "Steps in a bracket may be done at the same time, by several people.");
    }
    if run.phases.iter().any(|p| !(all || here(p))) {
        push(&mut out, "ll shows every phase; an id, such as a step's in front, looks at it.");
    }
    out.trim_end().to_owned()
}

fn row(run: &RunView, s: &StepRow, bracket: char) -> String {
    let mark = match s.state {
        _ if run.current.as_ref() == Some(&s.id) => '→',
        StepState::Failed | StepState::Indeterminate => '!',
        state if state.over() => 'x',
        _ => ' ',
    };
    // That a step waits for earlier ones shows from its place.
    let state = if s.state == StepState::Blocked { "" } else { s.state.word() };
    let both: Vec<&str> = [state, s.timing.as_str()].into_iter().filter(|t| !t.is_empty()).collect();
    let tail = if both.is_empty() { String::new() } else { format!(" ({})", both.join(", ")) };
    wrapped_at(&format!("{bracket}{mark} {:<8} ", s.id), "            ", &format!("{}{tail}", s.title))
}

/// What stands before steps that may be done at the same time.
fn bracket(steps: &[StepRow], i: usize) -> char {
    let group = |i: usize| steps.get(i).and_then(|s| s.group.as_ref());
    let same = |other: Option<usize>| group(i).is_some() && other.and_then(group) == group(i);
    match (same(i.checked_sub(1)), same(i.checked_add(1))) {
        (false, true) => '┌',
        (true, true) => '│',
        (true, false) => '└',
        (false, false) => ' ',
    }
}

/// What is believed of the regions, and whether users are well where they were moved to.
pub fn health(s: &Snapshot) -> String {
    let sit = &s.situation;
    let mut out = String::new();
    push(&mut out, &wrapped("# ", &sit.headline));
    push(&mut out, &wrapped("  ", &sit.explanation));
    for r in &sit.regions {
        push(&mut out, &wrapped("  ", &format!("{:<18} {:<10} {:<9} {}", r.display, r.role, r.mark.word(), r.calls)));
    }
    for r in &sit.reasons {
        push(&mut out, &wrapped_at("  ", "    ", &format!("{}: {} ({}Z)", r.mark.word(), r.text, utc_clock(r.at))));
    }
    for r in &sit.colleagues {
        push(&mut out, &wrapped_at("  ", "    ", &format!("colleague, {}: {}", r.mark.word(), r.text)));
    }
    if !sit.recommendation.is_empty() {
        push(&mut out, &wrapped("  ", &sit.recommendation));
    }
    for l in s.ladder.iter() {
        push(&mut out, &wrapped_at("  ", "    ", &format!("{:<18} {:<9} {}", l.name, l.mark.word(), l.text)));
    }
    if let Some(run) = &s.run {
        out.push_str(&green(run));
    }
    out.trim_end().to_owned()
}

fn green(run: &RunView) -> String {
    let Some(g) = &run.green else { return String::new() };
    let since = g.since.map_or(String::new(), |at| format!(" (since {}Z)", utc_clock(at)));
    let mut out = String::new();
    push(&mut out, &wrapped("  ", &format!("Watching until green: {}{since}", g.text)));
    for m in &g.missing {
        push(&mut out, &wrapped("    ", m));
    }
    out
}

fn seconds(ms: u64) -> String {
    Millis::from_secs(ms / 1_000).to_string()
}

/// How long each part took, who was waited for, what may be lost, and the moments.
pub fn clocks(s: &Snapshot, run: &RunView) -> String {
    let c = &run.clocks;
    let clock = clock_at(run, s.clock.now().utc);
    let mut out = String::new();
    push(&mut out, &wrapped("", &format!("{}: {}", clock.caption, clock.figure)));
    for text in c.breach.iter().chain(Some(&c.forecast).filter(|f| !f.is_empty())) {
        push(&mut out, &wrapped("  ", text));
    }
    let waited = format!("Waited for people {} · for Azure {}", seconds(c.waited_people), seconds(c.waited_azure));
    push(&mut out, &wrapped("  ", &waited));
    let took = |(name, d): &(&str, Option<u64>)| format!("{name} {}", d.map_or_else(|| "not yet".to_owned(), seconds));
    push(&mut out, &wrapped("  ", &c.segments.iter().map(took).collect::<Vec<_>>().join(" · ")));
    if let Some(rta) = c.rta {
        push(&mut out, &format!("  RTA {} of RTO {}", seconds(rta), seconds(c.rto)));
    }
    if !c.rpa.is_empty() {
        push(&mut out, &wrapped("  ", &format!("RPA {}", c.rpa)));
    }
    for (name, t) in NAMES.iter().zip(c.t) {
        let (n, name) = name.split_once(' ').unwrap_or((name, ""));
        let time = t.map_or("not yet".to_owned(), |t| format!("{} UTC", utc_clock(t)));
        push(&mut out, &format!("  {n:<3} {name:<28} {time}"));
    }
    out.push_str(&green(run));
    if s.clock.is_scenario() {
        push(&mut out, &format!("  {} (v, + and j change it)", pace(s)));
    }
    out.trim_end().to_owned()
}

/// How fast a rehearsal's clock goes.
pub fn pace(s: &Snapshot) -> String {
    let speed = s.clock.speed();
    if speed == crate::clock::Speed::Times(0) { "Clock stopped".to_owned() } else { format!("Clock {speed}") }
}

/// What people keep beside the steps.
pub fn papers(run: &RunView) -> String {
    let p = &run.papers;
    let mut out = String::new();
    section(&mut out, "Ledger", "gl", p.ledger.len(), LEDGER);
    notes(&mut out, &p.ledger);
    section(&mut out, "Loss register", "gx", p.losses.len(), LOSS);
    for (kind, name) in LOSSES {
        for l in p.losses.iter().filter(|l| l.kind == kind).take(MOST) {
            push(&mut out, &wrapped_at("  ", "    ", &format!("{name}: {}", l.text)));
        }
    }
    section(&mut out, "Evidence", "ge gf gh", p.evidence.len(), EVIDENCE);
    for e in last(&p.evidence) {
        let step = e.step.as_ref().map_or_else(|| "the run".to_owned(), |s| format!("step {s}"));
        let kept = if e.file.is_some() { size(e.bytes) } else { format!("text, {}", size(e.bytes)) };
        let sum = e.sha256.get(..DIGEST).unwrap_or(&e.sha256);
        let line = format!("{} {} {} · {step} · {kept} · SHA-256 {sum}…", utc_clock(e.at), e.who, e.name);
        push(&mut out, &wrapped_at("  ", "    ", &line));
    }
    section(&mut out, "Findings", "gi gr gc gv", p.findings.len(), FINDINGS);
    for f in last(&p.findings) {
        let how = f.corrective.as_ref().map_or_else(|| NOBODY_YET.to_owned(), |how| format!("Put right: {how}"));
        push(&mut out, &wrapped_at("  ", "    ", &format!("{}. {how}", f.text.trim_end_matches('.'))));
        for more in f.rated.iter().chain(&f.closed) {
            push(&mut out, &wrapped_at("    ", "    ", more));
        }
    }
    section(&mut out, "Told for the record", "gt gd", p.told.len(), TOLD);
    notes(&mut out, &p.told);
    section(&mut out, "Signed off", "gs", p.signoffs.len(), SIGNED);
    notes(&mut out, &p.signoffs);
    if !p.comms.is_empty() {
        section(&mut out, "Messages sent", "", p.comms.len(), "");
        notes(&mut out, &p.comms);
    }
    if !run.notes.is_empty() {
        section(&mut out, "Notes", "n", run.notes.len(), "");
        notes(&mut out, &run.notes);
    }
    if !p.missing.is_empty() {
        section(&mut out, MISSING, "", p.missing.len(), "");
        p.missing.iter().for_each(|what| push(&mut out, &wrapped_at("  ", "    ", what)));
    }
    out.trim_end().to_owned()
}

fn section(out: &mut String, name: &str, keys: &str, count: usize, about: &str) {
    let keys = if keys.is_empty() { String::new() } else { format!("  ({keys})") };
    let text = if count == 0 { format!("{name}{keys}: {about}") } else { format!("{name}{keys}: {count}") };
    push(out, &wrapped_at("", "  ", &text));
}

fn last<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(MOST)..]
}

fn notes(out: &mut String, all: &[NoteView]) {
    for n in last(all) {
        push(out, &wrapped_at("  ", "    ", &format!("{} {}: {}", utc_clock(n.at), n.who, n.text)));
    }
    if all.len() > MOST {
        push(out, &format!("  {} older ones are in the record", all.len() - MOST));
    }
}

/// What is happening, who waits for what, the time left, the next steps.
pub fn commander(s: &Snapshot) -> String {
    let mut out = String::new();
    push(&mut out, "What is happening");
    let headline = &s.situation.headline;
    push(&mut out, &wrapped("  ", if headline.is_empty() { "Nothing is watched yet" } else { headline }));
    for r in s.situation.regions.iter().filter(|r| !r.role.is_empty()) {
        push(&mut out, &wrapped("  ", &format!("{} ({}): {}", r.display, r.role, r.word)));
    }
    let Some(run) = &s.run else {
        push(&mut out, "No run is open.");
        return out.trim_end().to_owned();
    };
    push(&mut out, &wrapped("", &format!("Who waits for what · {}, run {}", run.title, run.short)));
    push(&mut out, &wrapped("  ", &state(run)));
    for a in s.approvals.asked.iter().take(2).filter(|_| run.closed.is_none()) {
        push(&mut out, &wrapped("  ", &format!("A second person is asked: {}", a.what)));
    }
    let clock = clock_at(run, s.clock.now().utc);
    push(&mut out, &wrapped("", &format!("{}: {}", clock.caption, clock.figure)));
    let c = &run.clocks;
    for text in c.breach.iter().chain(Some(&c.forecast).filter(|f| !f.is_empty())) {
        push(&mut out, &wrapped("  ", text));
    }
    let waited = format!("Waited for people {} · for Azure {}", seconds(c.waited_people), seconds(c.waited_azure));
    push(&mut out, &wrapped("  ", &waited));
    if !c.rpa.is_empty() {
        push(&mut out, &wrapped("  ", &format!("Recovery point: {}", c.rpa)));
    }
    let (done, all) = run.progress;
    let next = next(run);
    if !next.is_empty() && run.closed.is_none() {
        push(&mut out, &format!("Next · {done} of {all} steps are over"));
        for (i, step) in next.iter().take(NEXT).enumerate() {
            push(&mut out, &wrapped_at(&format!("  {}  ", i + 1), "     ", step));
        }
    }
    let others: Vec<_> = s.open_runs.iter().filter(|r| !r.shown).collect();
    if !others.is_empty() {
        push(&mut out, &format!("Other open runs: {}", others.len()));
        for r in others {
            push(&mut out, &wrapped_at("  ", "    ", &run_sentence(r)));
        }
    }
    out.trim_end().to_owned()
}

/// The runs that are open here, and those on disk that can be gone on with.
pub fn runs(s: &Snapshot) -> String {
    let mut out = String::new();
    push(&mut out, "Open here");
    for r in s.open_runs.iter() {
        let mark = if r.shown { "→ " } else { "  " };
        push(&mut out, &wrapped_at(mark, "    ", &run_sentence(r)));
    }
    let here = |id: &str| s.open_runs.iter().any(|o| o.id == id);
    let rest: Vec<_> = s.audit.runs.iter().filter(|r| r.open && !here(&r.id)).take(MOST).collect();
    if !rest.is_empty() {
        push(&mut out, "Open on this computer");
        for r in rest {
            push(&mut out, &wrapped_at("  ", "    ", &format!("{} · {} · {}", r.short, r.title, r.mode)));
        }
    }
    push(&mut out, "r and the four characters shows it, or goes on with it; r and a plan's id starts it.");
    out.trim_end().to_owned()
}

/// Clocks and score, at the end.
pub fn summary(run: &RunView) {
    for (name, t) in NAMES.iter().zip(run.clocks.t) {
        say(&format!("  {name:<26} {}", t.map_or("–".to_owned(), utc_clock)));
    }
    if let Some(rta) = run.clocks.rta {
        say(&format!("  RTA {} of RTO {}", seconds(rta), seconds(run.clocks.rto)));
    }
    if let Some(score) = &run.score {
        say(&format!("  Score {} of {}", score.points, score.of));
        for (what, points, of, why) in &score.lines {
            say(&wrapped_at("    ", "      ", &format!("{points}/{of} {what}: {why}")));
        }
    }
    if !run.papers.missing.is_empty() {
        say("  Auditors ask for this too, and the record does not say it:");
        run.papers.missing.iter().for_each(|what| say(&wrapped_at("    ", "      ", what)));
    }
    say(&wrapped("  ", &format!("Record: {}", run.journal)));
}
