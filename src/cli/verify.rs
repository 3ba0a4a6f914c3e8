//! `lifeboat verify`: what can be said about the record of a run, in words.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::journal::{Disk, JournalError, RealDisk, contents, is_run, segment_number};
use crate::record::{Against, Anchor, Checkpoint, Report, Segment, Verdict, verify};
use crate::units::visible;

/// A checkpoint file is a few lines.
const MAX_CHECKPOINT: usize = 64 * 1024;
/// A lone file at most; see [`crate::journal::MAX_RUN`].
const MAX_FILE: usize = crate::journal::MAX_RUN as usize;

/// Verifies run folders, folders of runs and single files, and prints the verdicts.
///
/// Exit codes: 0 consistent, signed and anchored to the end; 1 consistent with limits; 2 tampered with or corrupt;
/// 3 could not be verified. Of several logs the worst counts: 2, then 3, then 1.
pub fn run(paths: &[PathBuf], checkpoint: Option<&Path>, json: bool) -> u8 {
    let outcome = examine(paths, checkpoint);
    let mut out = std::io::stdout().lock();
    super::say::written(if json { print_json(&mut out, &outcome) } else { print_text(&mut out, &outcome) });
    drop(out);
    outcome.verdict.exit_code()
}

struct Outcome {
    logs: Vec<(PathBuf, Result<Report, String>)>,
    problems: Vec<String>,
    verdict: Verdict,
}

fn examine(paths: &[PathBuf], checkpoint: Option<&Path>) -> Outcome {
    let mut problems = Vec::new();
    let outside = match checkpoint.map(read_checkpoint) {
        None => None,
        Some(Ok(c)) => Some(c),
        Some(Err(e)) => {
            problems.push(e);
            None
        }
    };
    if paths.is_empty() {
        problems.push("nothing to verify: give a run's folder, a folder of runs, or a .jsonl file".to_owned());
    }
    let targets: Vec<PathBuf> = paths.iter().flat_map(|p| targets(p)).collect();
    let alone = targets.len() == 1;
    let mut used = outside.is_none();
    let logs: Vec<_> = targets
        .into_iter()
        .map(|path| {
            let report = examine_one(&path, outside.as_ref(), alone);
            used |= report.as_ref().is_ok_and(|r| r.anchor != Anchor::None);
            (path, report)
        })
        .collect();
    if !used && let Some(c) = &outside {
        problems.push(format!("no log here is the one of the checkpoint, {}", visible(&c.log)));
    }
    let of = |r: &Result<Report, String>| r.as_ref().map_or(Verdict::Unverifiable, |r| r.verdict);
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

fn examine_one(path: &Path, outside: Option<&Checkpoint>, alone: bool) -> Result<Report, String> {
    let load = || -> Result<_, JournalError> {
        if path.is_dir() {
            let c = contents(&RealDisk, path)?;
            return Ok((c.segments, c.checkpoint, true));
        }
        let bytes = RealDisk.read(path, 0, MAX_FILE + 1).map_err(|source| JournalError::Io {
            doing: "read",
            path: path.to_path_buf(),
            source,
        })?;
        if bytes.len() > MAX_FILE {
            return Err(JournalError::TooBig(path.to_path_buf()));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok((vec![(segment_number(&name).unwrap_or(1), bytes)], None, false))
    };
    let (files, beside, whole) = load().map_err(|e| with_causes(&e))?;
    let segments: Vec<Segment<'_>> = files.iter().map(|(number, bytes)| Segment { number: *number, bytes }).collect();
    // One that cannot be read is no reason to call the log broken; accidents left it so.
    let beside = beside.and_then(|t| t.parse::<Checkpoint>().ok());
    let against = Against { outside, beside: beside.as_ref(), whole };
    let mut report = verify(&segments, against);
    if matches!(report.anchor, Anchor::OtherLog { .. }) && !alone {
        // Of several logs the checkpoint is for one; the others are judged without it.
        report = verify(&segments, Against { outside: None, ..against });
    }
    if whole {
        report.hold(|file| crate::desk::evidence::sha256_of(path, file));
    }
    Ok(report)
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
            Ok(report) => writeln!(out, "{report}")?,
            Err(e) => writeln!(out, "Verdict: could not be verified: {e}\n")?,
        }
    }
    for problem in &outcome.problems {
        writeln!(out, "Could not be verified: {problem}")?;
    }
    if outcome.logs.len() > 1 {
        writeln!(out, "All {} logs: {}", outcome.logs.len(), outcome.verdict)?;
    }
    out.flush()
}

fn print_json(out: &mut dyn Write, outcome: &Outcome) -> std::io::Result<()> {
    let logs: Vec<Value> = outcome
        .logs
        .iter()
        .map(|(path, result)| match result {
            Ok(report) => json!({ "path": path.display().to_string(), "report": report }),
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
