//! `lifeboat plan … --out FILE`: a plan file from a runbook, or from another plan with other values.
//!
//! Only a plan that binds is written, and only where its runbook is found again: what this command leaves behind is
//! something that can be read, rehearsed and trusted.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;

use crate::azure::Azure;
use crate::catalog::{Catalog, File, read_file, read_path};
use crate::clock::Clock;
use crate::desk::home::{write_new, write_whole};
use crate::desk::{Home, chain};
use crate::plan::draft::{Draft, Finding, wanted};
use crate::plan::inventory::{self, Inventory};
use crate::runbook::model::{Runbook, Strategy};
use crate::runbook::{Kind, Severity, Source, load};
use crate::units::{Millis, visible};

use super::ask::{Ask, Field, Form};
use super::{Args, FAILED, FINDING, FINE, USAGE, plan};

/// What a plan file shall say.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Writing a plan file (with --out; on a terminal, what is missing is asked for)")]
pub struct Says {
    /// Make a plan of a runbook: PLAN is the runbook's id, or its file
    #[arg(long, requires = "out", conflicts_with = "print")]
    pub new: bool,
    /// Value of a parameter; may be given many times
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "out", conflicts_with = "print")]
    pub set: Vec<(String, String)>,
    /// Strategy of a component; may be given many times
    #[arg(long, value_name = "NAME=STRATEGY", value_parser = component, requires = "out", conflicts_with = "print")]
    pub component: Vec<(String, Strategy)>,
    /// Id: lower-case words joined by `-`
    #[arg(long, requires = "out", conflicts_with = "print")]
    pub id: Option<String>,
    /// Title, one line
    #[arg(long, requires = "out", conflicts_with = "print")]
    pub title: Option<String>,
    /// Environment, as the window's band names it
    #[arg(long, value_name = "NAME", requires = "out", conflicts_with = "print")]
    pub environment: Option<String>,
    /// Replace FILE if it is there
    #[arg(long, requires = "out", conflicts_with = "print")]
    pub force: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(n, v)| (n.trim(), v.trim())) {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE; neither may be empty".to_owned()),
    }
}

fn component(text: &str) -> Result<(String, Strategy), String> {
    let (name, value) = pair(text).map_err(|_| "write NAME=STRATEGY".to_owned())?;
    Ok((name, value.parse()?))
}

/// Why it ends early: exit code and sentence.
struct Stop(u8, String);

impl Stop {
    fn usage(why: impl Into<String>) -> Self {
        Self(USAGE, why.into())
    }
}

/// What a plan is made from.
struct Base {
    source: Source,
    runbook: Runbook,
    draft: Draft,
}

/// Writes a plan file; the exit code.
pub fn run(args: &Args, name: &str, strategy: Option<Strategy>, says: &Says, out: &Path) -> u8 {
    make(args, name, strategy, says, out).unwrap_or_else(|Stop(code, why)| {
        say!("lifeboat: {why}");
        code
    })
}

fn make(args: &Args, name: &str, strategy: Option<Strategy>, says: &Says, out: &Path) -> Result<u8, Stop> {
    free(out, says.force)?;
    let home = Home::find(args.home.as_deref()).map_err(|e| Stop(FAILED, chain(&e)))?;
    let catalog = home.catalog().map_err(|e| Stop(FAILED, chain(&e)))?;
    let base = if says.new { fresh(&catalog, name)? } else { existing(&catalog, name)? };
    let Base { source, runbook, mut draft } = base;
    found_from(&catalog, &home, out, &draft, &source)?;
    let settled = apply(&mut draft, &runbook, strategy, says);
    let known = known(args, &home)?;
    let asked = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if asked {
        mendable(&draft, &runbook, &source)?;
        if known.is_none() {
            say!("Nothing is known of your resources yet: ids are checked for their form only.\n");
        }
        let nothing = Inventory::default();
        let inventory = known.as_ref().unwrap_or(&nothing);
        let form = Form { runbook: &runbook, source: &source, inventory, settled: &settled, all: says.new };
        Ask::new(std::io::stdin().lock(), std::io::stderr()).fill(&form, &mut draft);
    }
    let (errors, rest): (Vec<_>, Vec<_>) = draft.check(&source).into_iter().partition(|f| f.said.is_error());
    if !errors.is_empty() {
        let mut why = refusal(&errors, &runbook);
        if asked {
            why.push_str(&format!("\nGo on with what was said so far:\n  {}", again(name, &draft, says, out)));
        }
        return Err(Stop::usage(why));
    }
    for f in &rest {
        say!("lifeboat: {}", f.text());
    }
    let write = if says.force { write_whole } else { write_new };
    write(out, draft.text().as_bytes()).map_err(|e| Stop(FAILED, chain(&e)))?;
    // As it lies there now, and as every other command will find it.
    let written = plan::find(args, &out.display().to_string(), None).map_err(|why| Stop(FAILED, why))?;
    plan::written(args, &written, out);
    Ok(known.map_or(FINE, |i| judge(&written.plan, &runbook, &i)))
}

/// Nothing is overwritten unasked.
fn free(out: &Path, force: bool) -> Result<(), Stop> {
    let shown = out.display();
    if out.is_dir() {
        return Err(Stop::usage(format!("{shown} is a folder; name the plan's file in it, such as {shown}/plan.ron")));
    }
    if out.extension().is_none_or(|e| e != "ron") {
        return Err(Stop::usage(format!(
            "{shown} is no name for a plan file: it ends in .ron; for a sheet give --print"
        )));
    }
    if out.exists() && !force {
        return Err(Stop::usage(format!("{shown} is there already, and was left as it is; --force replaces it")));
    }
    // A slip must not cost a runbook.
    let plan = |f: File| f.outline().is_some_and(|o| o.kind == Kind::Plan);
    if out.exists() && !read_file(out).is_ok_and(plan) {
        return Err(Stop::usage(format!("{shown} is no plan, and was left as it is; choose another file")));
    }
    Ok(())
}

/// An empty plan of a runbook.
fn fresh(catalog: &Catalog, name: &str) -> Result<Base, Stop> {
    let usage = |e: &dyn std::error::Error| Stop::usage(chain(e));
    let path = Path::new(name);
    let file = if path.is_file() {
        let is = |f: &File| f.outline().is_some_and(|o| o.kind == Kind::Runbook);
        let file = read_path(path).map_err(|e| usage(&e))?.into_iter().find(is);
        file.ok_or_else(|| Stop::usage(format!("{name} holds no runbook; `lifeboat check {name}` says what it is")))?
    } else if catalog.runbook_file(name).is_err() && catalog.plan_file(name).is_ok() {
        return Err(Stop::usage(format!("`{name}` is a plan already; leave out --new to write it with other values")));
    } else {
        catalog.runbook_file(name).map_err(|e| usage(&e))?.clone()
    };
    let source = catalog.source(&file);
    let runbook = loaded(&source)?;
    Ok(Base { draft: Draft::of(&runbook), source, runbook })
}

/// A plan that is there.
fn existing(catalog: &Catalog, name: &str) -> Result<Base, Stop> {
    let path = Path::new(name);
    let file = if path.is_file() {
        read_path(path).map_err(|e| Stop::usage(chain(&e)))?.into_iter().next()
    } else {
        Some(catalog.plan_file(name).map_err(|e| Stop::usage(chain(&e)))?.clone())
    };
    let file = file.filter(|f| f.outline().is_some_and(|o| o.kind == Kind::Plan));
    let file = file.ok_or_else(|| {
        Stop::usage(format!(
            "{name} holds no plan; for a plan of a runbook, add --new. `lifeboat check {name}` says more"
        ))
    })?;
    let found = catalog.check(&file);
    // Of a file that cannot be read, something would be lost unseen.
    let broken = found.iter().find(|d| d.file == file.name && d.is_error() && !mended_by_values(d.code));
    let draft = Draft::read(&file.text).filter(|_| broken.is_none());
    let (Some(draft), Some(book)) = (draft, catalog.runbook_of(&file)) else {
        let first = broken.or(found.first()).map_or_else(|| format!("{name} cannot be read"), ToString::to_string);
        return Err(Stop::usage(first));
    };
    if file.text.lines().any(|l| l.trim_start().starts_with("//")) {
        say!("lifeboat: comments of {} are not taken along", visible(&file.name));
    }
    let source = catalog.source(&book);
    Ok(Base { runbook: loaded(&source)?, source, draft })
}

/// Whether another value, strategy or name can be the answer to a finding.
fn mended_by_values(code: &str) -> bool {
    const NOTHING_SAID: &str = "RB011";
    const BAD_ID: &str = "RB044";
    const NO_RUNBOOK: &str = "PL009";
    [NOTHING_SAID, BAD_ID].contains(&code) || code.starts_with("PL") && code != NO_RUNBOOK
}

fn loaded(source: &Source) -> Result<Runbook, Stop> {
    let (runbook, found) = load(source);
    runbook.ok_or_else(|| {
        let first = found.iter().find(|d| d.is_error()).map(ToString::to_string).unwrap_or_default();
        Stop::usage(format!("{first}\nThe runbook has errors; `lifeboat check {}` shows everything", source.name))
    })
}

/// A plan names its runbook by id; from where it is written, that must lead to this one.
fn found_from(catalog: &Catalog, home: &Home, out: &Path, draft: &Draft, source: &Source) -> Result<(), Stop> {
    let file = File { name: out.display().to_string(), text: draft.text(), path: Some(out.to_owned()) };
    let (id, shown) = (&draft.runbook, out.display());
    match catalog.runbook_of(&file).map(|f| catalog.source(&f)) {
        Some(s)
            if s.text == source.text && s.parts.iter().map(|p| &p.text).eq(source.parts.iter().map(|p| &p.text)) =>
        {
            Ok(())
        }
        Some(other) => Err(Stop::usage(format!(
            "a plan in {shown} would be for another runbook `{id}`, {}, and not for {}; write it beside the one that is meant",
            other.name, source.name
        ))),
        None => Err(Stop::usage(format!(
            "a plan in {shown} would not find the runbook `{id}`; write it beside {}, or put the runbook into {}",
            source.name,
            home.plans().display()
        ))),
    }
}

/// Takes over what the command line says; what that was.
fn apply(draft: &mut Draft, runbook: &Runbook, strategy: Option<Strategy>, says: &Says) -> BTreeSet<Field> {
    let mut settled = BTreeSet::new();
    let names = [
        (&says.id, &mut draft.id, Field::Id),
        (&says.title, &mut draft.title, Field::Title),
        (&says.environment, &mut draft.environment, Field::Environment),
    ];
    for (said, place, field) in names {
        if let Some(text) = said {
            text.trim().clone_into(place);
            settled.insert(field);
        }
    }
    if let Some(s) = strategy {
        draft.take(s, runbook);
        settled.insert(Field::Strategy);
    }
    for (name, s) in &says.component {
        draft.components.insert(name.clone(), *s);
        settled.insert(Field::Component(name.clone()));
    }
    for (name, value) in &says.set {
        draft.values.insert(name.clone(), value.clone());
        settled.insert(Field::Value(name.clone()));
    }
    settled
}

/// What is known of the subscription: of the simulated Azure that is named, or as it was last read.
fn known(args: &Args, home: &Home) -> Result<Option<Inventory>, Stop> {
    let Some(cloud) = super::cloud(args).map_err(|why| Stop(FAILED, why))? else { return Ok(home.known()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop(FAILED, format!("it could not be begun to read the subscription: {e}")))?;
    let clock = Clock::system();
    let read = Azure::new(cloud).and_then(|azure| {
        let task = clock.task();
        runtime.block_on(crate::azure::inventory::inventory(&azure, &task))
    });
    let resources = read.map_err(|e| Stop(FAILED, format!("what there is could not be read: {}", chain(&e))))?;
    Ok(Some(Inventory { at: clock.now().utc, resources }))
}

/// Names that nobody declared cannot be asked for; they end it before the first question.
fn mendable(draft: &Draft, runbook: &Runbook, source: &Source) -> Result<(), Stop> {
    const ASKED: [&str; 4] = ["id", "title", "environment", "strategy"];
    let errors = draft.check(source).into_iter().filter(|f| f.said.is_error());
    let unknown = |f: &Finding| {
        let name = f.field.as_deref().unwrap_or_default();
        !ASKED.contains(&name) && !runbook.parameters.iter().any(|p| p.name == name)
    };
    let errors: Vec<Finding> = errors.filter(unknown).collect();
    if errors.is_empty() { Ok(()) } else { Err(Stop::usage(refusal(&errors, runbook))) }
}

/// Everything that is missing or wrong, field by field, and what to do.
fn refusal(errors: &[Finding], runbook: &Runbook) -> String {
    let mut out = match errors.len() {
        1 => "nothing was written; this is missing or wrong:".to_owned(),
        n => format!("nothing was written; these {n} things are missing or wrong:"),
    };
    for f in errors {
        let field = f.field.as_deref().unwrap_or_default();
        let parameter = runbook.parameters.iter().find(|p| p.name == field);
        let fix = match (parameter, field) {
            (Some(p), _) => format!("give --set {field}=… ({})", wanted(&p.kind)),
            (None, "id" | "title" | "environment") => format!("give --{field} …"),
            (None, "strategy") => "give --strategy …".to_owned(),
            (None, "components") => "give --component NAME=STRATEGY".to_owned(),
            // A name that is not known: what was probably meant stands in the finding.
            (None, _) => String::new(),
        };
        out.push_str(&format!("\n  {}", visible(&f.text())));
        if !fix.is_empty() {
            out.push_str(&format!("\n      {fix}"));
        }
    }
    out
}

/// The command line that says everything that was said, so that no answer is typed twice.
fn again(name: &str, draft: &Draft, says: &Says, out: &Path) -> String {
    let mut words = vec!["lifeboat".to_owned(), "plan".to_owned(), name.to_owned()];
    let mut flag = |flag: &str, value: String| words.extend([format!("--{flag}"), value]);
    for (name, text) in [("id", &draft.id), ("title", &draft.title), ("environment", &draft.environment)] {
        if !text.is_empty() {
            flag(name, text.clone());
        }
    }
    if let Some(s) = draft.strategy {
        flag("strategy", s.display().to_owned());
    }
    for (name, s) in &draft.components {
        flag("component", format!("{name}={}", s.display()));
    }
    for (name, value) in draft.values.iter().filter(|(_, v)| !v.trim().is_empty()) {
        flag("set", format!("{name}={value}"));
    }
    flag("out", out.display().to_string());
    words.extend(says.new.then(|| "--new".to_owned()));
    words.extend(says.force.then(|| "--force".to_owned()));
    words.iter().map(|w| quoted(&visible(w))).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The plan against what there is, for people; the exit code.
fn judge(plan: &crate::plan::model::Plan, runbook: &Runbook, inventory: &Inventory) -> u8 {
    let found = inventory::check(plan, runbook, inventory);
    for f in &found {
        let Some(value) = plan.values.get(&f.parameter) else { continue };
        say!(
            "lifeboat: {} {} at `{}`: {}; {}\n  {}",
            f.severity.display(),
            f.code,
            f.parameter,
            visible(&f.message),
            visible(&f.advice),
            visible(value)
        );
        if let Some(instead) = &f.instead {
            say!("  --set {}", quoted(&visible(&format!("{}={instead}", f.parameter))));
        }
    }
    if !found.is_empty() {
        let (many, age) = (inventory.resources.len(), inventory.age(Clock::system().now().utc));
        say!("lifeboat: by {many} resources and groups, read {} ago", Millis(age.0 / 1_000 * 1_000));
    }
    if found.iter().any(|f| f.severity == Severity::Error) { FINDING } else { FINE }
}
