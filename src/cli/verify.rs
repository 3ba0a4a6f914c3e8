//! `lifeboat verify`: what can be said about the record of a run, in words.

mod excerpt;
mod found;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use self::found::Found;
use crate::desk::Home;
use crate::desk::anchors::witness;
use crate::journal::{Disk, RealDisk, is_run};
use crate::record::{Against, Anchor, Checkpoint, Files, PROMISE, Pin, Report, Verdict};
use crate::units::{PublicKey, visible};

/// A checkpoint file is a few lines.
const MAX_CHECKPOINT: usize = 64 * 1024;
/// What is asked.
#[derive(Debug, Clone, Default, Args)]
pub struct Wish {
    /// Run folders, segments, a folder of runs; bundles, packed or unpacked; excerpts
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

/// Verifies run folders, folders of runs, single files, bundles and excerpts, and prints the verdicts.
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
    logs: Vec<(PathBuf, Result<Said, String>)>,
    problems: Vec<String>,
    verdict: Verdict,
}

/// What is said of what lies at a path.
enum Said {
    /// Of a log.
    Log {
        report: Box<Report>,
        /// Of the list of files of the bundle that it is in.
        files: Option<Files>,
        /// Records covered by the checkpoint that it was held against because this computer signed it as a witness.
        witnessed: Option<u64>,
    },
    /// Of some records of one.
    Excerpt(Box<excerpt::Proof>),
}

impl Said {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Log { report, .. } => report.verdict,
            Self::Excerpt(p) => p.verdict,
        }
    }

    fn log(&self) -> Option<&str> {
        match self {
            Self::Log { report, .. } => Some(&report.log),
            Self::Excerpt(_) => None,
        }
    }

    fn witnessed(&self) -> bool {
        matches!(self, Self::Log { witnessed: Some(_), .. })
    }

    /// Held against what this computer signed.
    fn seen_here(mut self, size: u64) -> Self {
        if let Self::Log { witnessed, .. } = &mut self {
            *witnessed = Some(size);
        }
        self
    }

    /// What the checkpoint from elsewhere says of it.
    fn anchor(&self) -> &Anchor {
        match self {
            Self::Log { report, .. } => &report.anchor,
            Self::Excerpt(p) => &p.anchor,
        }
    }
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
        problems
            .push("nothing to verify: give a run's folder, a folder of runs, a bundle, or a .jsonl file".to_owned());
    }
    let targets: Vec<PathBuf> = wish.paths.iter().flat_map(|p| targets(p)).collect();
    let alone = targets.len() == 1;
    let mut used = outside.is_none();
    let logs: Vec<_> = targets
        .into_iter()
        .map(|path| {
            let said = examine_one(&path, home.as_ref(), &pins, outside.as_ref(), alone);
            // Where what was signed here contradicts, that is what is said; the one that was given was looked at too.
            used |= said.as_ref().is_ok_and(|s| {
                let of = |c: &Checkpoint| s.log() == Some(c.log.as_str());
                if s.witnessed() { outside.as_ref().is_some_and(of) } else { *s.anchor() != Anchor::None }
            });
            (path, said)
        })
        .collect();
    if !used && let Some(c) = &outside {
        problems.push(format!("no log here is the one of the checkpoint, {}", visible(&c.log)));
    }
    let of = |r: &Result<Said, String>| r.as_ref().map_or(Verdict::Unverifiable, Said::verdict);
    let worst = logs.iter().map(|(_, r)| of(r)).max().unwrap_or(Verdict::Unverifiable);
    let verdict = if problems.is_empty() { worst } else { worst.max(Verdict::Unverifiable) };
    Outcome { logs, problems, verdict }
}

/// A folder of runs becomes its runs; anything else stands for itself.
fn targets(path: &Path) -> Vec<PathBuf> {
    let runs: Vec<PathBuf> = match RealDisk.list(path) {
        Ok(entries) if !holds_run(path) => {
            entries.into_iter().filter(|e| e.dir).map(|e| path.join(e.name)).filter(|d| holds_run(d)).collect()
        }
        _ => Vec::new(),
    };
    if runs.is_empty() { vec![path.to_path_buf()] } else { runs }
}

/// Whether a folder is a run's, or an unpacked bundle.
fn holds_run(dir: &Path) -> bool {
    is_run(&RealDisk, dir) || is_run(&RealDisk, &dir.join(found::RECORD))
}

fn examine_one(
    path: &Path,
    home: Option<&Home>,
    pins: &Pins,
    outside: Option<&Checkpoint>,
    alone: bool,
) -> Result<Said, String> {
    let against = Against { outside, pins: &pins.all, only_pins: pins.only, ..Against::default() };
    let found = if !path.is_dir() && excerpt::is_one(path) { None } else { Some(Found::at(path)?) };
    let look = |against: Against<'_>| match &found {
        None => excerpt::examine(path, against).map(|proof| Said::Excerpt(Box::new(proof))),
        Some(found) => {
            found.examine(against).map(|(report, files)| Said::Log { report: Box::new(report), files, witnessed: None })
        }
    };
    let mut said = look(against)?;
    if let Some(home) = home
        && let Said::Log { report, .. } = &said
        && let Some(seen) = witness::held(home, &report.log, &report.keys)
            .map_err(|e| format!("{e}: {}", home.dir().join("witnessed").join(&report.log).display()))?
    {
        // What this computer signed as a witness counts where nothing else was given, and always where it does not fit.
        let held = look(Against { outside: Some(&seen.checkpoint), ..against })?;
        let new = *said.anchor() == Anchor::None && *held.anchor() != Anchor::NotComparable;
        let better = held.verdict() < said.verdict();
        if held.verdict() == Verdict::Broken || (new && (seen.certain || !better)) {
            said = held.seen_here(seen.checkpoint.size);
        }
    }
    if matches!(said.anchor(), Anchor::OtherLog { .. }) && !alone {
        // Of several logs the checkpoint is for one; the others are judged without it.
        return look(Against { outside: None, ..against });
    }
    Ok(said)
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
            Ok(Said::Log { report, files, witnessed }) => {
                if let Some(size) = witnessed {
                    writeln!(
                        out,
                        "Held against the checkpoint of {size} records that this computer signed as a witness."
                    )?;
                }
                files.as_ref().map_or(Ok(()), |f| writeln!(out, "Manifest: {}", found::in_words(f)))?;
                writeln!(out, "{report}")?;
            }
            Ok(Said::Excerpt(proof)) => writeln!(out, "{proof}")?,
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
            Ok(Said::Log { report, files, witnessed }) => {
                let mut report = json!(report);
                report["manifest"] = json!(files);
                let mut said = json!({ "path": path.display().to_string(), "report": report });
                if let Some(size) = witnessed {
                    said["witnessed"] = json!(size);
                }
                said
            }
            Ok(Said::Excerpt(proof)) => json!({ "path": path.display().to_string(), "excerpt": proof }),
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
