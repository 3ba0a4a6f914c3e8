//! `lifeboat verify`: what can be said about the record of a run, in words.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::desk::Home;
use crate::desk::anchors::witness;
use crate::journal::{Disk, OnDisk, RealDisk, Source, files, is_run, segment_number, verify_files};
use crate::record::{Against, Anchor, Checkpoint, PROMISE, Pin, Report, Verdict};
use crate::units::{PublicKey, visible};

/// A checkpoint file is a few lines.
const MAX_CHECKPOINT: usize = 64 * 1024;
/// What is asked.
#[derive(Debug, Clone, Default, Args)]
pub struct Wish {
    /// Run folders, segments, or a folder of runs
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A checkpoint kept elsewhere; without it the largest that this computer signed as a witness counts, if it did
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// A key that must have signed: 64 hexadecimal digits, or a colleague's key line; without it the keys known here count
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Keys, and whether no other will do.
struct Pins {
    all: Vec<Pin>,
    only: bool,
}

/// Verifies run folders, folders of runs and single files, and prints the verdicts.
///
/// Exit codes: 0 consistent, signed and anchored to the end; 1 consistent with limits; 2 tampered with or corrupt;
/// 3 could not be verified. Of several logs the worst counts: 2, then 3, then 1.
pub fn run(args: &super::Args, wish: &Wish) -> u8 {
    let outcome = examine(args, wish);
    let mut out = std::io::stdout().lock();
    super::say::written(if wish.json { print_json(&mut out, &outcome) } else { print_text(&mut out, &outcome) });
    drop(out);
    outcome.verdict.exit_code()
}

struct Outcome {
    logs: Vec<(PathBuf, Result<Found, String>)>,
    problems: Vec<String>,
    verdict: Verdict,
}

fn examine(args: &super::Args, wish: &Wish) -> Outcome {
    let mut problems = Vec::new();
    let home = Home::find(args.home.as_deref()).ok();
    let pins = match pins(home.as_ref(), &wish.keys) {
        Ok(pins) => pins,
        Err(e) => {
            problems.push(e);
            Pins { all: Vec::new(), only: true }
        }
    };
    let outside = match wish.checkpoint.as_deref().map(read_checkpoint) {
        None => None,
        Some(Ok(c)) => Some(c),
        Some(Err(e)) => {
            problems.push(e);
            None
        }
    };
    if wish.paths.is_empty() {
        problems.push("nothing to verify: give a run's folder, a folder of runs, or a .jsonl file".to_owned());
    }
    let targets: Vec<PathBuf> = wish.paths.iter().flat_map(|p| targets(p)).collect();
    let alone = targets.len() == 1;
    let mut used = outside.is_none();
    let logs: Vec<_> = targets
        .into_iter()
        .map(|path| {
            let found = examine_one(&path, home.as_ref(), &pins, outside.as_ref(), alone);
            used |= found.as_ref().is_ok_and(|f| f.witnessed.is_none() && f.report.anchor != Anchor::None);
            (path, found)
        })
        .collect();
    if !used && let Some(c) = &outside {
        problems.push(format!("no log here is the one of the checkpoint, {}", visible(&c.log)));
    }
    let of = |r: &Result<Found, String>| r.as_ref().map_or(Verdict::Unverifiable, |f| f.report.verdict);
    let worst = logs.iter().map(|(_, r)| of(r)).max().unwrap_or(Verdict::Unverifiable);
    let verdict = if problems.is_empty() { worst } else { worst.max(Verdict::Unverifiable) };
    Outcome { logs, problems, verdict }
}

/// A folder of runs becomes its runs; anything else stands for itself.
fn targets(path: &Path) -> Vec<PathBuf> {
    let runs: Vec<PathBuf> = match RealDisk.list(path) {
        Ok(entries) if !is_run(&RealDisk, path) => {
            entries.into_iter().filter(|e| e.dir).map(|e| path.join(e.name)).filter(|d| is_run(&RealDisk, d)).collect()
        }
        _ => Vec::new(),
    };
    if runs.is_empty() { vec![path.to_path_buf()] } else { runs }
}

/// What was found of one log.
struct Found {
    report: Report,
    /// Records covered by the checkpoint that it was held against because this computer signed it as a witness.
    witnessed: Option<u64>,
}

fn examine_one(
    path: &Path,
    home: Option<&Home>,
    pins: &Pins,
    outside: Option<&Checkpoint>,
    alone: bool,
) -> Result<Found, String> {
    let (files, beside, whole) = if path.is_dir() {
        let (files, beside) = files(&RealDisk, path).map_err(|e| with_causes(&e))?;
        (files, beside, true)
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = OnDisk::of(&RealDisk, path, segment_number(&name).unwrap_or(1)).map_err(|e| with_causes(&e))?;
        (vec![file], None, false)
    };
    let sources: Vec<&dyn Source> = files.iter().map(|f| f as &dyn Source).collect();
    let against = Against { outside, beside: beside.as_ref(), whole, pins: &pins.all, only_pins: pins.only };
    let mut report = verify_files(&sources, against)?;
    let mut witnessed = None;
    if let Some(seen) = home.and_then(|home| witness::largest(home, &report.log)) {
        // What this computer signed as a witness counts where nothing else was given, and always where it does not fit.
        let held = verify_files(&sources, Against { outside: Some(&seen), ..against })?;
        if report.anchor == Anchor::None || held.verdict == Verdict::Broken {
            (report, witnessed) = (held, Some(seen.size));
        }
    }
    if matches!(report.anchor, Anchor::OtherLog { .. }) && !alone {
        // Of several logs the checkpoint is for one; the others are judged without it.
        report = verify_files(&sources, Against { outside: None, ..against })?;
    }
    if whole {
        report.hold(|file| crate::desk::evidence::sha256_of(path, file));
    } else {
        report.not_held();
    }
    Ok(Found { report, witnessed })
}

/// The keys that were named; without any those that are known on this computer.
fn pins(home: Option<&Home>, named: &[String]) -> Result<Pins, String> {
    let pin = |text: &String| {
        let given = || "given with --key".to_owned();
        match (text.parse::<PublicKey>(), crate::approval::known(text)) {
            (Ok(key), _) => Ok(Pin { key, of: given() }),
            (_, Ok(c)) => Ok(Pin { key: c.key, of: c.name }),
            _ => Err(format!(
                "`{}` is no key: give 64 hexadecimal digits, or the line of a colleague's key",
                visible(text)
            )),
        }
    };
    if !named.is_empty() {
        return Ok(Pins { all: named.iter().map(pin).collect::<Result<_, _>>()?, only: true });
    }
    let known = home.map_or_else(Vec::new, crate::desk::examining::pins);
    Ok(Pins { all: known, only: false })
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, String> {
    let bytes = RealDisk
        .read(path, 0, MAX_CHECKPOINT)
        .map_err(|e| format!("the checkpoint {} could not be read: {e}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    text.parse().map_err(|e| format!("{} is not a checkpoint: {e}", path.display()))
}

fn with_causes(e: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(e.source(), |c| c.source());
    causes.fold(e.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn print_text(out: &mut dyn Write, outcome: &Outcome) -> std::io::Result<()> {
    for (path, result) in &outcome.logs {
        writeln!(out, "{}", path.display())?;
        match result {
            Ok(Found { report, witnessed }) => {
                if let Some(size) = witnessed {
                    writeln!(
                        out,
                        "Held against the checkpoint of {size} records that this computer signed as a witness."
                    )?;
                }
                writeln!(out, "{report}")?;
            }
            Err(e) => writeln!(out, "Verdict: could not be verified: {e}\n")?,
        }
    }
    for problem in &outcome.problems {
        writeln!(out, "Could not be verified: {problem}")?;
    }
    if outcome.logs.len() > 1 {
        writeln!(out, "All {} logs: {}", outcome.logs.len(), outcome.verdict)?;
    }
    for (head, text) in PROMISE {
        writeln!(out, "{head}: {text}")?;
    }
    out.flush()
}

fn print_json(out: &mut dyn Write, outcome: &Outcome) -> std::io::Result<()> {
    let logs: Vec<Value> = outcome
        .logs
        .iter()
        .map(|(path, result)| match result {
            Ok(Found { report, witnessed: None }) => json!({ "path": path.display().to_string(), "report": report }),
            Ok(Found { report, witnessed }) => {
                json!({ "path": path.display().to_string(), "report": report, "witnessed": witnessed })
            }
            Err(e) => json!({ "path": path.display().to_string(), "error": e }),
        })
        .collect();
    let all = json!({
        "version": 1,
        "verdict": outcome.verdict,
        "exit_code": outcome.verdict.exit_code(),
        "problems": outcome.problems,
        "logs": logs,
    });
    writeln!(out, "{all:#}")?;
    out.flush()
}
