//! A dossier becomes the blocks of its pages. Everything that a page says is decided here.

use super::super::block::{Block, Column, Entry, Fact, Sheet};
use super::super::utc;
use super::{Chapter, Dossier, Story, pictures};
use crate::record::PROMISE;
use crate::run::event::Mode;
use crate::run::fields::Held;
use crate::units::{Millis, utc_clock, utc_text, visible};

/// A hundred thousand records fill four thousand pages; this is a mistake.
const MOST_PAGES: usize = 20_000;

/// Lines behind a record that its chapter tells; the register has all.
const BEHIND: usize = 4;

/// Lays out the pages of a run.
pub fn pages(d: &Dossier) -> Sheet {
    let mode = d.mode.word();
    let mut blocks = Vec::new();
    match &d.story {
        Ok(s) => {
            blocks.extend(cover(d, s));
            blocks.extend(objectives(s));
            blocks.extend(timeline(d, s));
            blocks.extend(people(s));
            s.chapters.iter().for_each(|c| blocks.extend(chapter(c)));
            blocks.extend(evidence(s));
        }
        Err(why) => {
            blocks.push(Block::Cover {
                eyebrow: EYEBROW.to_owned(),
                place: mode.to_owned(),
                title: format!("Run {}", d.short),
                under: String::from("What its records add up to cannot be told; they stand below."),
            });
            blocks.push(Block::Frame { label: "Not told".to_owned(), text: visible(why) });
            blocks.push(rendering(d));
        }
    }
    blocks.extend(completeness(d));
    blocks.extend(integrity(d));
    blocks.extend(register(d));
    let title = d.story.as_ref().map_or("", |s| s.title.as_str());
    Sheet {
        title: visible(&format!("{mode}: {title}, run {}", d.short)),
        about: "The record of a run: a rendering, not the record",
        most_pages: MOST_PAGES,
        footer: format!("{mode} · {} · run {} · a rendering, not the record", visible(title), d.short),
        blocks,
    }
}

const EYEBROW: &str = "Lifeboat · record of a run";

fn cover(d: &Dossier, s: &Story) -> Vec<Block> {
    let figure = |label: &str, value: String| (label.to_owned(), value);
    let took = s.ended.map_or_else(|| "open".to_owned(), |e| span(s.started, e));
    let rto = s.objectives.first().map_or("", |o| o.met_objective.word());
    let rpo = s.objectives.get(1).map_or("", |o| o.met_objective.word());
    let mut facts = vec![
        fact("Outcome", &s.outcome, ""),
        fact("Said at the end", or(&s.summary, "nothing was said"), ""),
        fact("What was done", &meaning(d.mode, s), ""),
        fact("Environment", &s.environment, ""),
        fact("Began", &utc_text(s.started), ""),
        fact("Ended", &s.ended.map_or_else(|| "it is open".to_owned(), utc_text), ""),
        fact("Phases", or(&s.phases, "all"), ""),
        fact("Plan", &format!("{} ({})", s.title, s.plan), &format!("SHA-256 {}", s.digest)),
        fact("Runbook", &s.runbook, ""),
    ];
    if let Some((id, sha256)) = &s.scenario {
        facts.push(fact("Scenario", id, &format!("SHA-256 {sha256}")));
    }
    facts.push(fact("Run", &d.short, &d.run));
    if s.ended.is_none() {
        facts.push(fact("As of", &format!("{}, with {} records", utc(d.as_of()), d.rows.len()), ""));
    }
    vec![
        Block::Cover {
            eyebrow: EYEBROW.to_owned(),
            place: d.mode.word().to_owned(),
            title: visible(&s.title),
            under: visible(&format!("{} · {}", s.strategy, utc_text(s.started))),
        },
        rendering(d),
        Block::Figures(vec![
            figure("Outcome", visible(&s.outcome)),
            figure("Took", took),
            figure("RTO", rto.to_owned()),
            figure("RPO", rpo.to_owned()),
        ]),
        Block::Facts(facts),
    ]
}

/// What the mode means, for a reader who never saw the program.
fn meaning(mode: Mode, s: &Story) -> String {
    match mode {
        Mode::Live => format!("Real resources in {} were changed.", s.environment),
        Mode::DryRun => format!("A dry run: {} was read, nothing was changed.", s.environment),
        Mode::Rehearsal => {
            "A rehearsal on a simulated Azure; nothing real was changed. Times are the scenario's.".to_owned()
        }
        Mode::Tabletop => "A tabletop: people answered for the systems; no Azure was spoken to.".to_owned(),
    }
}

/// Whose time the record is told in.
fn clock(d: &Dossier) -> &'static str {
    let played = d.story.as_ref().is_ok_and(|s| s.scenario.is_some());
    if played { "scenario time (UTC)" } else { "time (UTC)" }
}

fn rendering(d: &Dossier) -> Block {
    let names = if d.pseudonyms {
        " Names of people and devices are replaced (Person 1, Device 1); the record has them. Names that stand only in a \
         free text may be left: read it before you pass it on."
    } else {
        ""
    };
    Block::Frame {
        label: "A rendering, not the record".to_owned(),
        text: format!(
            "These pages are made from {} records as of {}. What counts is the record itself; its root and the verdicts on it \
             stand under Integrity.{names}",
            d.rows.len(),
            utc(d.as_of())
        ),
    }
}

fn objectives(s: &Story) -> Vec<Block> {
    let mut out = vec![heading("Objectives", "as agreed before the start, against what was measured")];
    out.extend(pictures::objectives(&s.objectives).map(Block::Picture));
    let columns =
        vec![column("", 8), column("Agreed", 12), column("Measured", 16), column("Result", 18), column("Counted", 46)];
    let rows = s.objectives.iter().map(|o| {
        let measured = o.actual().map_or_else(|| "not measured".to_owned(), |m| m.to_string());
        vec![
            o.name.clone(),
            o.agreed().to_string(),
            measured,
            o.met_objective.word().to_owned(),
            visible(&sentence(&o.how)),
        ]
    });
    out.push(Block::Table { columns, rows: rows.collect() });
    if !s.not_measured.is_empty() {
        out.push(Block::Text(format!("Not measured, as said at the end: {}.", visible(&s.not_measured.join("; ")))));
    }
    out
}

fn timeline(d: &Dossier, s: &Story) -> Vec<Block> {
    let mut out = vec![heading("Timeline", "UTC, by the run's clock")];
    out.extend(pictures::timeline(d).into_iter().map(Block::Picture));
    let columns = vec![column("", 8), column("Instant", 46), column("Time (UTC)", 46)];
    let rows = s
        .instants
        .iter()
        .map(|i| vec![i.code.clone(), i.name.clone(), i.at.map_or_else(|| "not known".to_owned(), utc_text)]);
    out.push(Block::Table { columns, rows: rows.collect() });
    out.push(heading("Steps", &super::super::count(s.steps.len(), "step")));
    let columns = vec![
        column("Step", 12),
        column("", 28),
        column("Came to", 20),
        column("Began", 14),
        column("Over", 14),
        column("Took", 12),
    ];
    let clock = |at: Option<i64>| at.map_or_else(|| "–".to_owned(), utc_clock);
    let rows = s.steps.iter().map(|l| {
        let took = l.from.zip(l.to).map_or_else(|| "–".to_owned(), |(a, b)| span(a, b));
        vec![visible(&l.id), visible(&l.title), l.state.clone(), clock(l.from), clock(l.to), took]
    });
    out.push(Block::Table { columns, rows: rows.collect() });
    out
}

fn people(s: &Story) -> Vec<Block> {
    let columns =
        vec![column("Name", 26), column("Role", 24), Column { title: "Key of their device", share: 50, mono: true }];
    let rows: Vec<_> = s.people.iter().map(|p| p.iter().map(|t| visible(or(t, "–"))).collect()).collect();
    let mut out = vec![heading("People", "who took part, as recorded")];
    out.push(if rows.is_empty() {
        Block::Text("The record names nobody.".to_owned())
    } else {
        Block::Table { columns, rows }
    });
    out
}

fn chapter(c: &Chapter) -> Vec<Block> {
    let mut out = vec![heading(&c.title, &super::super::count(c.told.len(), "record"))];
    if c.told.is_empty() {
        out.push(Block::Text(c.none.clone()));
        return out;
    }
    let columns = vec![column("", 8), column("Time", 14), column("Who, step", 20), column("What", 58)];
    let rows = c.told.iter().map(|t| {
        let mut text = t.text.clone();
        for more in t.more.iter().take(BEHIND) {
            text.push('\n');
            text.push_str(more);
        }
        if t.more.len() > BEHIND {
            text.push_str(&format!("\nand {} more lines: see record {}", t.more.len() - BEHIND, t.seq));
        }
        let who = if t.step.is_empty() { t.who.clone() } else { format!("{}\n{}", t.who, t.step) };
        vec![t.seq.to_string(), utc_clock(t.at), visible(or(&who, "–")), visible(or(&text, "–"))]
    });
    out.push(Block::Table { columns, rows: rows.collect() });
    out
}

fn evidence(s: &Story) -> Vec<Block> {
    let mut out = vec![heading("Evidence", &super::super::count(s.evidence.len(), "piece"))];
    if s.evidence.is_empty() {
        out.push(Block::Text(
            "No file and no text was kept as evidence. What people gave their word for stands in the record, with its step."
                .to_owned(),
        ));
        return out;
    }
    let facts = s.evidence.iter().map(|e| {
        let of = if e.step.is_empty() { String::new() } else { format!(", step {}", e.step) };
        let file = if e.file.is_empty() { "a text in the record".to_owned() } else { format!("evidence/{}", e.file) };
        let value = format!("{}{of}, {} bytes, kept by {} at {}; {file}", e.name, e.bytes, e.who, utc_clock(e.at));
        fact(&format!("Record {}", e.seq), &value, &format!("SHA-256 {}", e.sha256))
    });
    out.push(Block::Facts(facts.collect()));
    out
}

fn completeness(d: &Dossier) -> Vec<Block> {
    if d.fields.is_empty() {
        return Vec::new();
    }
    let columns =
        vec![column("", 8), column("Asked", 34), column("There", 12), column("What it says, or where it is told", 46)];
    let rows = d.fields.iter().map(|f| {
        let (word, text) = match &f.held {
            Held::Yes(text) => ("yes", text),
            Held::NotNeeded(text) => ("not needed", text),
            Held::Missing(text) => ("MISSING", text),
        };
        vec![f.id.to_owned(), f.title.to_owned(), word.to_owned(), visible(or(text, "–"))]
    });
    let missing = d.fields.iter().filter(|f| matches!(f.held, Held::Missing(_))).count();
    let note = if missing == 0 { "nothing is missing".to_owned() } else { format!("{missing} missing") };
    vec![heading("Completeness", &note), Block::Table { columns, rows: rows.collect() }]
}

fn integrity(d: &Dossier) -> Vec<Block> {
    let r = &d.report;
    let rows = r.lines().into_iter().map(|(name, text)| vec![name.to_owned(), visible(or(&text, "–"))]);
    let columns = vec![column("Question", 28), column("Answer", 72)];
    let mut facts = vec![fact("Records", &d.rows.len().to_string(), "")];
    if let Some(root) = r.root {
        facts.push(fact("Root", "over all of them (RFC 6962, SHA-256)", &root.to_string()));
    }
    match d.keys.last() {
        Some(k) => facts.push(fact("Key", &format!("{}, kept in: {}", k.fingerprint, k.kept), &k.key)),
        None => facts.push(fact("Key", "the record names none: it is not signed", "")),
    }
    let note = match d.checkpoint.is_empty() {
        true => "none that it fits",
        false => "the last that it fits; compare it with one that was kept elsewhere",
    };
    facts.push(fact("Checkpoint", note, d.checkpoint.trim_end()));
    let mut out = vec![
        heading("Integrity", "what verification said when these pages were made"),
        Block::Table { columns, rows: rows.collect() },
        Block::Frame { label: "Verdict".to_owned(), text: sentence(&r.verdict.to_string()) },
        Block::Facts(facts),
    ];
    out.extend(PROMISE.map(|(head, text)| Block::Text(format!("{head}: {text}"))));
    out
}

fn register(d: &Dossier) -> Vec<Block> {
    let entries = d.rows.iter().map(|r| {
        let step = if r.step.is_empty() { String::new() } else { format!(" · {}", r.step) };
        let mut text = r.text.clone();
        for more in &r.more {
            text.push_str("; ");
            text.push_str(more);
        }
        Entry {
            seq: r.seq.to_string(),
            time: utc_clock(r.at),
            kind: visible(&format!("{}{step}", r.kind)),
            who: visible(&r.actor),
            text: visible(or(&text, "–")),
            hash: r.h.to_string(),
        }
    });
    let head = Block::Heading {
        text: "Record".to_owned(),
        note: format!("every entry: number, {}, kind and step, who, hash; what it says", clock(d)),
        new_page: true,
    };
    vec![head, Block::Register(entries.collect())]
}

fn span(from: i64, to: i64) -> String {
    let ms = Millis(u64::try_from(to.saturating_sub(from)).unwrap_or(0));
    if ms.0 < 1_000 { ms.to_string() } else { Millis(ms.0 / 1_000 * 1_000).to_string() }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.trim().is_empty() { otherwise } else { text }
}

/// With a capital letter and a stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

fn heading(text: &str, note: &str) -> Block {
    Block::Heading { text: text.to_owned(), note: note.to_owned(), new_page: false }
}

fn column(title: &'static str, share: u8) -> Column {
    Column { title, share, mono: false }
}

fn fact(label: &str, value: &str, exact: &str) -> Fact {
    Fact { label: label.to_owned(), value: visible(value), exact: visible(exact) }
}
