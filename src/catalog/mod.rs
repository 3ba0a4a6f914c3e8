//! Runbooks, plans and scenarios: those in the binary and those on disk.
//!
//! The catalog finds texts and hands them out; what they mean is the core's business. What lies on disk comes before what is
//! built in, so that a team can keep its own version of a runbook under the same id.

mod builtin;
mod disk;
mod scenarios;
mod watching;

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::plan::model::{Plan, Texts};
use crate::rehearsal::scenario::Scenario;
use crate::runbook::model::{Runbook, Strategy};
use crate::runbook::{self, Diagnostic, Kind, Outline, Part, Source};
pub use disk::{list_path, read_file, read_path};
pub use watching::{Watching, watch};

/// Newest format version of scenarios that this program reads.
const SCENARIO_SCHEMA: u32 = 1;

/// A text and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// For diagnostics: the path, or `built-in/…`.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// Where it lies; none for what is built in.
    pub path: Option<PathBuf>,
}

impl File {
    /// As it lies on the disk now; what was read before when it is gone from there or no longer readable.
    pub fn fresh(&self) -> Self {
        let now = self.path.as_deref().and_then(|p| read_file(p).ok());
        now.filter(|f| f.outline().is_some()).unwrap_or_else(|| self.clone())
    }
    /// What it is, at first sight.
    pub fn outline(&self) -> Option<Outline> {
        runbook::outline(&self.text)
    }
}

/// Why something could not be had from the catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A path that cannot be read.
    #[error("cannot read {}; check the path and its permissions", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Too much for a folder of runbooks.
    #[error("{} holds more than {limit} {what}; point at a smaller folder", path.display())]
    TooMuch {
        /// Which.
        path: PathBuf,
        /// How many are read.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// The system does not tell of changes.
    #[error("changes to files on disk will not be seen; open them again after saving")]
    Watch {
        /// Why.
        source: notify::Error,
    },
    /// Nothing of this id.
    #[error("there is no {what} `{id}`; known are {}", known.join(", "))]
    Unknown {
        /// Kind of thing.
        what: &'static str,
        /// What was asked for.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It is there and cannot be used.
    #[error("{}", findings.iter().filter(|d| d.is_error()).map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Broken {
        /// What is wrong with it.
        findings: Vec<Diagnostic>,
    },
}

/// Files by kind; those from disk first.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    files: Vec<(File, Outline)>,
}

impl Catalog {
    /// What is in the binary.
    pub fn builtin() -> Self {
        // What every file is takes a look through all of them; they are the same each time.
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(Catalog::of_binary);
        BUILTIN.clone()
    }

    fn of_binary() -> Self {
        let shelves = [("runbooks", builtin::RUNBOOKS), ("plans", builtin::PLANS), ("scenarios", &scenarios::FILES)];
        let files = shelves.iter().flat_map(|(shelf, files)| files.iter().map(move |f| (shelf, f)));
        let file = |(shelf, (name, text)): (&&str, &(&str, &str))| File {
            name: format!("built-in/{shelf}/{name}"),
            text: (*text).to_owned(),
            path: None,
        };
        Self::default().with(files.map(file).collect())
    }
    /// The same with files that take precedence. What is no runbook, plan or scenario is left out.
    pub fn with(mut self, files: Vec<File>) -> Self {
        let known = files.into_iter().filter_map(|f| f.outline().map(|o| (f, o)));
        self.files.splice(0..0, known.collect::<Vec<_>>());
        self
    }

    /// Takes in what has changed on the disk in files that are known.
    pub fn reread(&mut self) {
        for (file, outline) in self.files.iter_mut().filter(|(f, _)| f.path.is_some()) {
            *file = file.fresh();
            if let Some(now) = file.outline() {
                *outline = now;
            }
        }
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &(File, Outline)> {
        self.files.iter().filter(move |(_, o)| o.kind == kind)
    }
    /// Every runbook's file, precedence first.
    pub fn runbooks(&self) -> impl Iterator<Item = &File> {
        self.of(Kind::Runbook).map(|(f, _)| f)
    }
    /// Every plan's file, precedence first.
    pub fn plans(&self) -> impl Iterator<Item = &File> {
        self.of(Kind::Plan).map(|(f, _)| f)
    }
    /// Every scenario's file, precedence first.
    pub fn scenarios(&self) -> impl Iterator<Item = &File> {
        self.of(Kind::Scenario).map(|(f, _)| f)
    }

    /// Ids of one kind, precedence first.
    pub fn ids(&self, kind: Kind) -> Vec<String> {
        self.of(kind).filter_map(|(_, o)| o.id.clone()).collect()
    }
    fn find(&self, kind: Kind, what: &'static str, id: &str) -> Result<&File, CatalogError> {
        let found = self.of(kind).find(|(_, o)| o.id.as_deref() == Some(id)).map(|(f, _)| f);
        found.ok_or_else(|| CatalogError::Unknown { what, id: id.to_owned(), known: self.ids(kind) })
    }
    /// A plan's file by id.
    pub fn plan_file(&self, id: &str) -> Result<&File, CatalogError> {
        self.find(Kind::Plan, "plan", id)
    }
    /// A runbook's file by id.
    pub fn runbook_file(&self, id: &str) -> Result<&File, CatalogError> {
        self.find(Kind::Runbook, "runbook", id)
    }

    /// A runbook's text with the parts it includes: those beside its own file come before the built-in ones.
    pub fn source(&self, file: &File) -> Source {
        let read = |path: &String| match &file.path {
            Some(own) => disk::read_part(own, path).or_else(|| builtin::part(path)),
            None => builtin::part(path),
        };
        let part = |path: String| {
            let (name, text) = read(&path)?;
            Some(Part { path, name, text })
        };
        let wanted = file.outline().map(|o| o.includes).unwrap_or_default();
        let parts = wanted.into_iter().take(runbook::MAX_PARTS + 1).filter_map(part).collect();
        Source { name: file.name.clone(), text: file.text.clone(), parts }
    }
    /// A runbook by id, checked.
    pub fn runbook(&self, id: &str) -> Result<Runbook, CatalogError> {
        let file = self.runbook_file(id)?;
        let (runbook, findings) = runbook::load(&self.source(file));
        runbook.ok_or(CatalogError::Broken { findings })
    }
    /// A scenario's file by id.
    pub fn scenario_file(&self, id: &str) -> Result<&File, CatalogError> {
        self.find(Kind::Scenario, "scenario", id)
    }
    /// A scenario by id.
    pub fn scenario(&self, id: &str) -> Result<Scenario, CatalogError> {
        let (scenario, findings) = self.read_scenario(self.scenario_file(id)?);
        scenario.ok_or(CatalogError::Broken { findings })
    }
    /// A scenario's file in the world that it begins with.
    fn read_scenario(&self, file: &File) -> (Option<Scenario>, Vec<Diagnostic>) {
        let (scenario, mut findings) = parse_scenario(file);
        let Some(mut scenario) = scenario else { return (None, findings) };
        let mut wrong = |message: String| {
            findings.push(runbook::diagnostic::about_file(&file.name, "RB003", message));
        };
        if let Some(id) = scenario.world_of.take() {
            // One step, not a chain: whoever reads a scenario has two files to look at and no more.
            let base = self.scenario_file(&id).ok().and_then(|f| parse_scenario(f).0).filter(|b| b.world_of.is_none());
            match base {
                Some(base) => scenario.world = std::mem::take(&mut scenario.world).over(base.world),
                None => wrong(format!(
                    "`{id}`, whose world this scenario begins with, is no scenario with a world of its own"
                )),
            }
        }
        if scenario.world.subscription.is_empty() || scenario.world.client_id.is_empty() {
            wrong("the world has no subscription or no client_id".to_owned());
        }
        let whole = findings.iter().all(|d| !d.is_error());
        (whole.then_some(scenario), findings)
    }
    /// A plan by id, bound to its runbook.
    pub fn plan(&self, id: &str, strategy: Option<Strategy>) -> Result<Plan, CatalogError> {
        let (plan, findings) = self.bind(self.plan_file(id)?, strategy);
        plan.ok_or(CatalogError::Broken { findings })
    }

    /// The runbook a plan names: beside the plan's own file, else here.
    pub fn runbook_of(&self, plan: &File) -> Option<File> {
        let id = plan.outline()?.runbook?;
        let beside = plan.path.as_ref().and_then(|p| p.parent()).and_then(|p| disk::read_folder(p).ok());
        let is = |o: Outline| o.kind == Kind::Runbook && o.id.as_deref() == Some(&id);
        let beside = beside.unwrap_or_default().into_iter().find(|f| f.outline().is_some_and(is));
        beside.or_else(|| self.runbook_file(&id).ok().map(File::fresh))
    }
    /// Where a text of a plan lies: `plan`, `runbook`, or the path of a shared file as the runbook writes it.
    pub fn place(&self, plan: &File, what: &str) -> String {
        let runbook = || self.runbook_of(plan);
        match what {
            "plan" => plan.name.clone(),
            "runbook" => runbook().map_or_else(|| what.to_owned(), |r| r.name),
            part => runbook()
                .and_then(|r| r.path)
                .and_then(|p| Some(p.parent()?.join(part).display().to_string()))
                .unwrap_or_else(|| part.to_owned()),
        }
    }
    /// Everything that is wrong with a file.
    pub fn check(&self, file: &File) -> Vec<Diagnostic> {
        match file.outline().map(|o| o.kind) {
            Some(Kind::Runbook) => runbook::load(&self.source(file)).1,
            Some(Kind::Part) => runbook::check_part(&file.name, &file.text).1,
            Some(Kind::Plan) => self.bind(file, None).1,
            Some(Kind::Scenario) => self.read_scenario(file).1,
            None => {
                let message = "this is no Runbook(…), Part(…), Plan(…) or Scenario(…)".to_owned();
                vec![runbook::diagnostic::about_file(&file.name, "RB000", message)]
            }
        }
    }
    /// Binds any plan file to its runbook.
    pub fn bind(&self, plan: &File, strategy: Option<Strategy>) -> (Option<Plan>, Vec<Diagnostic>) {
        match self.runbook_of(plan) {
            Some(r) => crate::plan::bind(&plan.name, &plan.text, &self.source(&r), strategy),
            None => {
                let own = plan.path.as_ref().and_then(|p| p.parent()).and_then(|p| disk::read_folder(p).ok());
                let own = own.unwrap_or_default().into_iter().filter_map(|f| f.outline());
                let own = own.filter(|o| o.kind == Kind::Runbook).filter_map(|o| o.id);
                let mut known: Vec<String> = own.collect();
                known.extend(self.ids(Kind::Runbook).into_iter().filter(|id| !known.contains(id)).collect::<Vec<_>>());
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                (None, crate::plan::without_runbook(&plan.name, &plan.text, &known))
            }
        }
    }
}

/// Which of a plan's texts are not in the binary, byte for byte: `plan`, `runbook`, or the path of a shared file.
pub fn foreign(texts: &Texts) -> Vec<String> {
    let whole = [("plan", &texts.plan), ("runbook", &texts.runbook)];
    let whole = whole.into_iter().filter(|(_, text)| !builtin::has(text)).map(|(what, _)| what.to_owned());
    let own = |path: &str, text: &str| builtin::part(path).is_some_and(|(_, t)| t.as_deref() == Ok(text));
    let parts = texts.parts.iter().filter(|(path, text)| !own(path, text)).map(|(path, _)| path.clone());
    whole.chain(parts).collect()
}

/// Reads a scenario's file, with findings at their place.
pub fn parse_scenario(file: &File) -> (Option<Scenario>, Vec<Diagnostic>) {
    let (scenario, mut findings) = runbook::read_whole::<Scenario>(&file.name, &file.text);
    let newer = scenario.as_ref().map(|s| s.schema).filter(|s| *s != SCENARIO_SCHEMA);
    if let Some(found) = newer {
        let message =
            format!("this scenario is written in schema {found}; this Lifeboat reads schema {SCENARIO_SCHEMA}");
        let finding = runbook::diagnostic::about_file(&file.name, "RB003", message);
        let fix = runbook::format::other_schema(found, SCENARIO_SCHEMA);
        findings.push(Diagnostic { suggestion: Some(fix), ..finding });
    }
    let beyond = scenario.as_ref().and_then(Scenario::beyond_limits);
    findings.extend(beyond.clone().map(|message| runbook::diagnostic::about_file(&file.name, "RB010", message)));
    (scenario.filter(|_| newer.is_none() && beyond.is_none()), findings)
}
