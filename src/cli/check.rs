//! `lifeboat check`: what is wrong with runbooks, plans and scenarios, for people, editors and CI.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use codespan_reporting::diagnostic::{Diagnostic as Shown, Label, Severity as ShownSeverity};
use codespan_reporting::files::SimpleFiles;
use codespan_reporting::term::termcolor::{ColorChoice, StandardStream};
use codespan_reporting::term::{self, Config};
use serde::Serialize;

use crate::catalog::{Catalog, CatalogError, File, list_path, parse_scenario, read_file};
use crate::plan::order;
use crate::runbook::diagnostic::about_file;
use crate::runbook::model::{Runbook, Strategy};
use crate::runbook::{self, Diagnostic, Kind, Severity};
use crate::units::{hidden, visible};

/// Nothing is wrong, or nothing worse than warnings.
const CLEAN: u8 = 0;
/// An error, or a path that cannot be read.
const ERRORS: u8 = 2;

/// Everything that was found, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// Files looked at.
    pub files: Vec<String>,
    /// Runbooks without errors.
    pub runbooks: Vec<RunbookLine>,
    /// Files of shared steps without errors.
    pub parts: Vec<PartLine>,
    /// Plans without errors.
    pub plans: Vec<PlanLine>,
    /// Scenarios without errors.
    pub scenarios: Vec<String>,
    /// What is wrong, file by file, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A runbook in `--json`.
#[derive(Debug, Serialize)]
pub struct RunbookLine {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its system.
    pub system: &'static str,
    /// Ids of the steps in the order of a run, by strategy such as `hot/warm`.
    pub strategies: BTreeMap<&'static str, Vec<String>>,
}

/// A file of shared steps in `--json`.
#[derive(Debug, Serialize)]
pub struct PartLine {
    /// Its path.
    pub file: String,
    /// How many steps it has.
    pub steps: usize,
}

/// A plan in `--json`.
#[derive(Debug, Serialize)]
pub struct PlanLine {
    /// Its id.
    pub id: String,
    /// Its runbook's id.
    pub runbook: String,
    /// Its strategy.
    pub strategy: &'static str,
    /// What was agreed to, as a hash.
    pub digest: String,
    /// Ids of the steps in the order of the run.
    pub steps: Vec<String>,
}

/// Runs the command; the result is the exit code. Findings go to standard error, the summary or the JSON to standard output.
pub fn run(paths: &[PathBuf], json: bool) -> u8 {
    let (files, findings) = look(paths);
    let failed = findings.diagnostics.iter().any(Diagnostic::is_error);
    if json {
        match serde_json::to_string_pretty(&findings) {
            Ok(text) => out!("{}", plain_json(&text)),
            Err(e) => {
                say!("lifeboat: the findings could not be written: {e}");
                return ERRORS;
            }
        }
    } else {
        // Nobody reads a closed terminal; the summary and the exit code are for scripts.
        let _ = show(&files, &findings.diagnostics);
        out!("{}", summary(&findings));
    }
    if failed { ERRORS } else { CLEAN }
}

/// Reads and checks files and folders; the files and the parts they include come back for drawing the findings.
pub fn look(paths: &[PathBuf]) -> (Vec<File>, Findings) {
    let mut found = Findings::default();
    let mut files: Vec<File> = Vec::new();
    for path in paths {
        match list_path(path) {
            Ok(inside) if inside.is_empty() => {
                let message = "there is no `.ron` file in this folder".to_owned();
                found.diagnostics.push(about_file(&path.display().to_string(), "RB000", message));
            }
            Ok(inside) => {
                for path in inside {
                    let name = path.display().to_string();
                    if found.files.contains(&name) {
                        continue;
                    }
                    match read_file(&path) {
                        Ok(file) => files.push(file),
                        Err(e) => found.diagnostics.push(unreadable(&name, &e)),
                    }
                    found.files.push(name);
                }
            }
            Err(e) => found.diagnostics.push(unreadable(&path.display().to_string(), &e)),
        }
    }
    let catalog = Catalog::builtin().with(files.clone());
    for file in &files {
        one(file, &catalog, &mut found);
    }
    same_ids(&files, &mut found);
    // What is wrong with a part is found again by every runbook that includes it.
    let mut seen = BTreeSet::new();
    found.diagnostics.retain(|d| seen.insert((d.file.clone(), d.span.start, d.span.end, d.code, d.message.clone())));
    let included: Vec<File> = files.iter().flat_map(|f| parts(f, &catalog)).collect();
    for part in included {
        if !files.iter().any(|f| f.name == part.name) {
            files.push(part);
        }
    }
    (files, found)
}

/// The files that a runbook includes.
fn parts(file: &File, catalog: &Catalog) -> Vec<File> {
    if file.outline().map(|o| o.kind) != Some(Kind::Runbook) {
        return Vec::new();
    }
    let part = |p: runbook::Part| Some(File { name: p.name, text: p.text.ok()?, path: None });
    catalog.source(file).parts.into_iter().filter_map(part).collect()
}

/// JSON that a terminal can show as well: hidden characters, which stand in its texts only, as escapes.
fn plain_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if hidden(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|u| out.push_str(&format!("\\u{u:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

fn unreadable(name: &str, e: &CatalogError) -> Diagnostic {
    let why = std::error::Error::source(e).map_or(String::new(), |s| format!(": {s}"));
    about_file(name, "RB000", format!("{e}{why}"))
}

fn one(file: &File, catalog: &Catalog, found: &mut Findings) {
    match file.outline().map(|o| o.kind) {
        Some(Kind::Runbook) => {
            let (runbook, diagnostics) = runbook::load(&catalog.source(file));
            found.diagnostics.extend(diagnostics);
            found.runbooks.extend(runbook.map(|r| runbook_line(&r)));
        }
        Some(Kind::Part) => {
            let (steps, diagnostics) = runbook::check_part(&file.name, &file.text);
            found.diagnostics.extend(diagnostics);
            found.parts.extend(steps.map(|steps| PartLine { file: file.name.clone(), steps }));
        }
        Some(Kind::Plan) => {
            let (plan, diagnostics) = catalog.bind(file, None);
            // A runbook that was named as well says what is wrong with it itself.
            found
                .diagnostics
                .extend(diagnostics.into_iter().filter(|d| d.file == file.name || !found.files.contains(&d.file)));
            found.plans.extend(plan.map(|p| PlanLine {
                steps: p.steps.iter().map(|s| s.id.clone()).collect(),
                id: p.id,
                runbook: p.runbook_id,
                strategy: p.strategy.display(),
                digest: p.digest,
            }));
        }
        Some(Kind::Scenario) => {
            let (scenario, diagnostics) = parse_scenario(file);
            found.diagnostics.extend(diagnostics);
            found.scenarios.extend(scenario.map(|s| s.id));
        }
        None => {
            let message = "this is no Runbook(…), Part(…), Plan(…) or Scenario(…)".to_owned();
            found.diagnostics.push(about_file(&file.name, "RB000", message));
        }
    }
}

/// Two files with one id: which of them is used would depend on their names.
fn same_ids(files: &[File], found: &mut Findings) {
    let mut seen: BTreeMap<(Kind, String), &str> = BTreeMap::new();
    for file in files {
        let Some(key) = file.outline().and_then(|o| Some((o.kind, o.id?))) else { continue };
        let message = format!("`{}` is the id of another file, {}", key.1, seen.get(&key).copied().unwrap_or_default());
        if seen.insert(key, &file.name).is_some() {
            found.diagnostics.push(about_file(&file.name, "RB016", message));
        }
    }
}

fn runbook_line(runbook: &Runbook) -> RunbookLine {
    let steps = |s: Strategy| {
        let components = order::components(runbook, s, &BTreeMap::new());
        order::slots(runbook, s, &components, &BTreeMap::new()).into_iter().map(|slot| slot.id).collect()
    };
    RunbookLine {
        id: runbook.id.clone(),
        title: runbook.title.clone(),
        system: runbook.system.display(),
        strategies: runbook.objectives.keys().map(|&s| (s.display(), steps(s))).collect(),
    }
}

/// A longer line is not drawn: nobody finds a place in it.
const LONGEST: usize = 400;

/// Draws the findings with their lines.
fn show(files: &[File], diagnostics: &[Diagnostic]) -> std::io::Result<()> {
    let mut texts = SimpleFiles::new();
    let ids: BTreeMap<&str, usize> =
        files.iter().map(|f| (f.name.as_str(), texts.add(visible(&f.name), harmless(&f.text)))).collect();
    let colour = if std::io::stderr().is_terminal() { ColorChoice::Auto } else { ColorChoice::Never };
    let mut out = StandardStream::stderr(colour);
    for d in diagnostics {
        let severity = match d.severity {
            Severity::Error => ShownSeverity::Error,
            Severity::Warning => ShownSeverity::Warning,
            Severity::Note => ShownSeverity::Note,
        };
        let line = |id: usize| texts.get(id).ok()?.source().lines().nth(d.line.saturating_sub(1)).map(str::len);
        let drawn =
            |id: &&usize| (!d.span.is_empty() || d.line > 1) && line(**id).is_none_or(|length| length < LONGEST);
        let Some(&id) = ids.get(d.file.as_str()).filter(drawn) else {
            // About a file as a whole, one that is not at hand, or a line that no terminal shows: there is nothing to draw.
            writeln!(out, "{}", visible(&d.to_string()))?;
            continue;
        };
        let shown = Shown::new(severity)
            .with_code(d.code)
            .with_message(visible(&d.message))
            .with_label(Label::primary(id, d.span.clone()))
            .with_notes(d.suggestion.iter().map(|s| visible(s)).collect());
        term::emit_to_write_style(&mut out, &Config::default(), &texts, &shown).map_err(std::io::Error::other)?;
    }
    Ok(())
}

/// The text with what could play tricks on a terminal replaced, byte for byte, so that positions stay right.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        match c.len_utf8() {
            _ if !hidden(c) || text[i..].starts_with("\r\n") => out.push(c),
            1 => out.push('?'),
            2 => out.push('\u{b7}'),
            3 => out.push('\u{fffd}'),
            _ => out.push_str("\u{fffd}?"),
        }
    }
    out
}

/// What was found, a line for each file that can be used.
pub fn summary(found: &Findings) -> String {
    let mut lines = Vec::new();
    for r in &found.runbooks {
        let strategies: Vec<String> = r.strategies.iter().map(|(s, ids)| format!("{s} {} steps", ids.len())).collect();
        lines.push(format!("runbook {}: {}", r.id, strategies.join(", ")));
    }
    let many = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    lines.extend(found.parts.iter().map(|p| format!("part {}: {}", p.file, many(p.steps, "step"))));
    for p in &found.plans {
        lines.push(format!("plan {}: {}, {}, {} steps", p.id, p.runbook, p.strategy, p.steps.len()));
    }
    lines.extend(found.scenarios.iter().map(|s| format!("scenario {s}")));
    let count = |s: Severity| found.diagnostics.iter().filter(|d| d.severity == s).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let files = many(found.files.len(), "file");
    lines.push(format!("{files}, {}, {}", many(errors, "error"), many(warnings, "warning")));
    visible(&lines.join("\n"))
}
