//! A plan becomes the blocks of its sheet. Everything that a page says is decided here.

use crate::plan::model::{Plan, PlannedStep, Side};
use crate::rehearsal::scenario::Choice;
use crate::run::clocks;
use crate::runbook::model::{Condition, Phase, Risk, Undo};
use crate::runbook::words;
use crate::units::{Millis, utc_text, visible};

use super::block::{Block, Body, Column, Fact, Row, Sheet, StepBlock};
use super::{Printed, count};

/// Characters of the digest at the foot of a page: enough to tell two prints apart.
const DIGEST_PREFIX: usize = 12;

/// Empty rows for people; an incident with more has a bridge call.
const PEOPLE: usize = 6;

/// How the sheet wants to be used.
const USE: &str = "For the hour when no screen helps. Work from top to bottom, and tick a box only when what stands \
    beside “done when” is true. Write times in UTC. When Lifeboat runs again, enter there what you did as done by hand: \
    its record counts, this paper does not.";

/// Lays out the sheet of a plan.
pub fn sheet(plan: &Plan, printed: &Printed) -> Sheet {
    let mut blocks = cover(plan, printed);
    blocks.push(heading("People", "approvers are never the operator", false));
    let people = [column("Name", 30), column("Telephone", 24), column("Approves what", 46)];
    blocks.push(Block::Table { columns: people.into(), rows: vec![vec![String::new(); 3]; PEOPLE] });
    blocks.push(heading("Time", "as planned, against what was agreed", false));
    blocks.extend(time(plan));
    blocks.push(heading("Values", "every parameter of the plan", false));
    let columns = vec![column("Parameter", 24), Column { title: "Value", share: 76, mono: true }];
    let rows = plan.values.iter().map(|(name, value)| vec![visible(name), visible(value)]).collect();
    blocks.push(Block::Table { columns, rows });
    for phase in Phase::ALL.into_iter().filter(|p| plan.phase(*p).next().is_some()) {
        let sum: Millis = plan.phase(phase).map(|s| s.expect).sum();
        let note = format!("{}, about {sum}", count(plan.phase(phase).count(), "step"));
        blocks.push(heading(phase.display(), &note, true));
        blocks.extend(plan.phase(phase).map(|s| Block::Step(step(s))));
    }
    blocks.extend(closing());
    let prefix: String = plan.digest.chars().take(DIGEST_PREFIX).collect();
    Sheet {
        title: visible(&format!("{} ({})", plan.title, plan.id)),
        about: "A plan on paper: a copy, not the record",
        most_pages: 500,
        footer: format!("{} · {prefix} · paper copy, not the record", visible(&plan.id)),
        blocks,
    }
}

fn cover(plan: &Plan, printed: &Printed) -> Vec<Block> {
    let mut out = vec![Block::Cover {
        eyebrow: "Lifeboat · plan on paper".to_owned(),
        place: visible(&plan.environment),
        title: visible(&plan.title),
        under: visible(&plan.runbook_title),
    }];
    out.extend(plan.labels.iter().map(|l| {
        let (label, text) = l.split_once(": ").unwrap_or(("note", l));
        Block::Frame { label: visible(label), text: visible(text) }
    }));
    out.push(Block::Figures(vec![
        ("Strategy".to_owned(), plan.strategy.display().to_owned()),
        ("RTO".to_owned(), plan.rto.to_string()),
        ("RPO".to_owned(), plan.rpo.to_string()),
        ("Detector tier".to_owned(), format!("{:?}", plan.tier)),
    ]));
    let mut facts = vec![fact("From", side(&plan.primary), exact(&plan.primary))];
    facts.push(match &plan.secondary {
        Some(s) => fact("To", side(s), exact(s)),
        None => fact("To", "the same place".to_owned(), String::new()),
    });
    let all = plan.components.iter().map(|(c, s)| format!("{c}: {}", s.display()));
    facts.push(fact("Components", or_none(all.collect::<Vec<_>>().join(", ")), String::new()));
    facts.push(fact("Plan", String::new(), plan.id.clone()));
    facts.push(fact("Runbook", String::new(), plan.runbook_id.clone()));
    facts.push(fact("Digest", String::new(), plan.digest.clone()));
    let at = utc_text(printed.at).replace('T', " ").replace('Z', " UTC");
    facts.push(fact("Printed", format!("{at}. What was changed since is not on this paper."), String::new()));
    out.push(Block::Facts(facts));
    out.push(heading("This incident", "", false));
    let fields = ["Incident number", "Started (UTC)", "Operator", "Second person", "Incident commander", "Bridge call"];
    out.push(Block::Fields(fields.map(str::to_owned).into()));
    out.push(Block::Manual(USE.to_owned()));
    out
}

fn time(plan: &Plan) -> [Block; 2] {
    let columns =
        vec![column("Phase", 34), column("Steps", 12), column("Expected", 18), column("Second person agrees to", 36)];
    let rows = Phase::ALL.into_iter().filter(|p| plan.phase(*p).next().is_some()).map(|p| {
        let sum: Millis = plan.phase(p).map(|s| s.expect).sum();
        let two: Vec<&str> = plan.phase(p).filter(|s| s.second_person.is_some()).map(|s| s.id.as_str()).collect();
        let two = or_none(visible(&two.join(", ")));
        vec![p.display().to_owned(), plan.phase(p).count().to_string(), sum.to_string(), two]
    });
    let rows = rows.collect();
    let planned: Millis = plan.phase(Phase::Decide).chain(plan.phase(Phase::FailOver)).map(|s| s.expect).sum();
    let against = if planned <= plan.rto {
        format!("{} to spare", plan.rto.saturating_sub(planned))
    } else {
        format!("{} too long", planned.saturating_sub(plan.rto))
    };
    let drill =
        plan.last_drill.map_or_else(|| "It was never rehearsed.".to_owned(), |d| format!("The last drill took {d}."));
    let total = format!(
        "Until users are moved (decide and fail over): {planned} planned, RTO {}, {against}. {drill}",
        plan.rto
    );
    [Block::Table { columns, rows }, Block::Text(total)]
}

fn step(s: &PlannedStep) -> StepBlock {
    let mut rows = Vec::new();
    let mut add = |label, body| rows.push(Row { label, body });
    let text = |t: &str| Body::Text(visible(t));
    if !s.target.is_empty() {
        add("on", text(&s.target));
    }
    if !s.why.is_empty() {
        add(if s.must_hold { "check" } else { "do" }, text(&s.why));
    }
    if !s.degraded.is_empty() {
        add("if tools fail", text(&s.degraded));
    }
    if !s.needs.is_empty() {
        add("after", text(&s.needs.join(", ")));
    }
    if let Some(loss) = &s.may_lose {
        add("may lose", Body::Strong(visible(loss)));
    }
    if let Some(why) = &s.second_person {
        add("must agree", Body::Strong(visible(&format!("A second person. {why}"))));
        add("", Body::Blanks(vec!["Name", "Signature", "Time"]));
    }
    if !s.guards.is_empty() {
        add("only if", Body::Ticks(s.guards.iter().map(|g| visible(&words::guard(g))).collect()));
    }
    if s.decision {
        add("decision", Body::Ticks(Choice::ALL.map(|c| c.display().to_owned()).into()));
        add("", Body::Blanks(vec!["Because", "Expected loss"]));
    }
    if !s.by_hand.is_empty() {
        add("by hand", Body::Commands(s.by_hand.iter().map(|l| visible(l)).collect()));
    }
    // What makes a decision done is that it was made.
    if !s.verify.is_empty() && !s.decision {
        add("done when", Body::Ticks(s.verify.iter().map(|c| visible(&check(c))).collect()));
    }
    if s.second_vantage {
        add("", Body::Blanks(vec!["Who saw it", "From where"]));
    }
    if s.undo != Undo::Nothing || s.risk != Risk::ReadOnly {
        add("undo", text(&words::undo(&s.undo)));
    }
    add("source", Body::Small(visible(&s.source.display())));
    add("", Body::Blanks(vec!["Started", "Done", "Initials"]));
    StepBlock {
        id: visible(&s.id),
        title: visible(&s.title),
        time: if s.expect.0 == 0 { String::new() } else { format!("about {}", s.expect) },
        under: visible(&under(s)),
        rows,
    }
}

/// One line: who, how dangerous, what it needs.
fn under(s: &PlannedStep) -> String {
    let mut parts = vec![if s.decision { "a decision" } else { words::kind(s.kind) }.to_owned()];
    parts.push(words::risk(s.risk).to_owned());
    if s.must_hold {
        parts.push("should be true already".to_owned());
    }
    parts.extend(words::rung(s.rung).map(|r| format!("needs {r}")));
    parts.extend(s.component.clone());
    parts.extend(s.group.as_ref().map(|g| format!("together with others of “{g}”")));
    parts.join(" · ")
}

fn check(c: &crate::runbook::model::Check) -> String {
    let said = words::condition(&c.condition);
    match &c.condition {
        Condition::Person(_) => said,
        _ if c.within.0 == 0 => said,
        _ => format!("{said} (give it {})", c.within),
    }
}

fn closing() -> Vec<Block> {
    let clocks = clocks::NAMES.map(|name| {
        let (code, what) = name.split_once(' ').unwrap_or((name, ""));
        vec![code.to_owned(), what.to_owned(), String::new(), String::new()]
    });
    let columns = vec![column("", 8), column("Instant", 34), column("Time (UTC)", 22), column("Seen by, evidence", 36)];
    let results = ["Recovery time, T8 − T0", "Age of lost data", "What was lost", "Steps left out, and why"];
    let signs = ["Operator", "Second person", "Incident commander", "Owner of the service"];
    let sign = |who: &str| vec![who.to_owned(), String::new(), String::new(), String::new()];
    vec![
        heading("Clock", "T0 may be entered later, from the earliest evidence", true),
        Block::Table { columns, rows: clocks.into() },
        heading("Signed off", "when the books are closed", false),
        Block::Fields(results.map(str::to_owned).into()),
        Block::Table {
            columns: vec![column("", 26), column("Name", 28), column("Signature", 28), column("Date, time", 18)],
            rows: signs.map(sign).into(),
        },
    ]
}

fn heading(text: &str, note: &str, new_page: bool) -> Block {
    Block::Heading { text: text.to_owned(), note: note.to_owned(), new_page }
}

fn column(title: &'static str, share: u8) -> Column {
    Column { title, share, mono: false }
}

fn fact(label: &str, value: String, exact: String) -> Fact {
    Fact { label: label.to_owned(), value: visible(&value), exact: visible(&exact) }
}

/// Region, and what serves there by name.
fn side(s: &Side) -> String {
    let of = s.resource.as_ref().map_or_else(String::new, |r| format!(" · {}", r.name()));
    format!("{} ({}){of}", s.region.display(), s.region.name())
}

/// ARM id and address.
fn exact(s: &Side) -> String {
    let id = s.resource.as_ref().map(|r| r.as_str());
    [id, s.address.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
