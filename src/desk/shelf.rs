//! The shelf: the files and folders a person keeps beside what is built in, read again whenever they change; and the
//! plan that is being filled in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::azure::{Azure, AzureError, Cloud};
use crate::catalog::{Catalog, File, Watching, read_path, watch};
use crate::export::{Paper, Printed, sheet_html, sheet_pdf};
use crate::plan::draft::Draft;
use crate::plan::inventory::{Found, Inventory};
use crate::plan::readiness::readiness;
use crate::runbook::model::{Runbook, Strategy};
use crate::runbook::{Kind, Source};
use crate::units::{Millis, ResourceId};

use super::DeskError;
use super::home::write_whole;
use super::mailbox::{Envelope, Mail};
use super::protocol::{Command, DraftIntent};
use super::snapshot::PlaceRow;
use super::supervisor::Desk;
use super::trust::Book;
use super::view::{book, draft, library};

/// Format of the list of places on disk.
const SCHEMA: u32 = 1;

/// What is read beside what is built in.
#[derive(Default)]
pub(super) struct Shelf {
    places: Vec<PathBuf>,
    rows: Vec<PlaceRow>,
    watching: Option<Watching>,
    draft: Option<Editing>,
    drafts: u64,
    inventory: Option<Inventory>,
    reading: bool,
    printed: Option<PathBuf>,
}

/// A plan that is being filled in.
struct Editing {
    draft: Draft,
    runbook: Runbook,
    source: Source,
    path: PathBuf,
}

/// The list of places as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    places: Vec<PathBuf>,
}

impl Desk {
    fn kept_places(&self) -> PathBuf {
        self.options.home.dir().join("library.json")
    }

    /// Begins to read what there is; it goes on while the person types.
    pub(super) fn read_inventory(&mut self) -> Result<(), DeskError> {
        let mut cloud = self.cloud()?;
        if cloud.subscription.is_empty() {
            let values = self.shelf.draft.iter().flat_map(|e| e.draft.values.values());
            let id = values.filter_map(|v| v.parse::<ResourceId>().ok()).next().ok_or(DeskError::NoSubscription)?;
            id.subscription().clone_into(&mut cloud.subscription);
        }
        let azure = Azure::new(cloud)?;
        let (to, task) = (self.to.clone(), self.system_clock.task());
        self.shelf.reading = true;
        tokio::spawn(async move {
            let mail = Mail::Inventory(crate::azure::inventory::inventory(&azure, &task).await);
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
        self.redraw_library(None, None);
        Ok(())
    }

    /// A plan's sheet goes into the data folder, where its path can be shown and opened.
    pub(super) fn print_plan(&mut self, name: &str, strategy: Strategy, html: bool) -> Result<(), DeskError> {
        let plan = self.plan_named(name, Some(strategy))?;
        let printed = Printed { at: self.system_clock.now().utc };
        let (bytes, kind) = if html {
            (sheet_html(&plan, &printed).into_bytes(), "html")
        } else {
            (sheet_pdf(&plan, &printed, Paper::A4)?, "pdf")
        };
        let strategy = strategy.display().replace('/', "-");
        let path = self.options.home.dir().join("sheets").join(format!("{}-{strategy}.{kind}", plan.id));
        write_whole(&path, &bytes)?;
        self.say(format!("printed {}", path.display()));
        self.shelf.printed = Some(path);
        self.redraw_library(None, None);
        Ok(())
    }

    /// What was read is kept, so that plans can be filled in and judged without Azure; a failure keeps what was known.
    pub(super) fn inventory_came(&mut self, read: Result<Vec<Found>, AzureError>) {
        self.shelf.reading = false;
        match read {
            Ok(resources) => {
                let inventory = Inventory { at: self.system_clock.now().utc, resources };
                let bytes = serde_json::to_vec(&inventory).unwrap_or_default();
                if let Err(e) = write_whole(&self.options.home.inventory(), &bytes) {
                    self.problem(&e);
                }
                self.shelf.inventory = Some(inventory);
            }
            Err(e) => self.problem(&DeskError::Azure(e)),
        }
        self.redraw_library(None, None);
    }

    /// Age and size of the inventory, or how to get one.
    fn inventory_words(&self) -> String {
        match &self.shelf.inventory {
            _ if self.shelf.reading => "Reading what there is in the subscription …".to_owned(),
            Some(i) => {
                let age = i.age(self.system_clock.now().utc);
                let age = if age < Millis::from_mins(1) { "just now".to_owned() } else { format!("{age} ago") };
                format!("{} resources and groups are known, read {age}.", i.resources.len())
            }
            None => "Nothing is known of your resources yet: ids are checked for their form only.".to_owned(),
        }
    }

    /// Reads the list of places, and what is in them.
    pub(super) fn fill_shelf(&mut self) {
        let kept = std::fs::read(self.kept_places()).ok().and_then(|b| serde_json::from_slice::<Kept>(&b).ok());
        self.shelf.inventory = self.options.home.known();
        self.shelf.places = kept.filter(|k| k.schema == SCHEMA).map(|k| k.places).unwrap_or_default();
        self.reload();
    }

    /// Everything on the shelf, read again.
    pub(super) fn reload(&mut self) {
        let own = Some(self.options.home.plans()).filter(|p| p.is_dir());
        let mut files: Vec<File> = Vec::new();
        self.shelf.rows.clear();
        for path in own.iter().chain(&self.shelf.places) {
            let (note, failed) = match read_path(path) {
                Ok(more) => {
                    let of = |k: Kind| more.iter().filter(|f| f.outline().is_some_and(|o| o.kind == k)).count();
                    let note = held(of(Kind::Runbook), of(Kind::Plan));
                    files.extend(
                        more.into_iter().filter(|f| !files.iter().any(|g| g.path == f.path)).collect::<Vec<_>>(),
                    );
                    (note, false)
                }
                Err(e) => (super::chain(&e), true),
            };
            self.shelf.rows.push(PlaceRow { path: path.clone(), note, failed });
        }
        // Runbooks and plans show what is wrong with them themselves.
        let other = |f: &&File| f.outline().is_none_or(|o| matches!(o.kind, Kind::Part | Kind::Scenario));
        let others: Vec<File> = files.iter().filter(other).cloned().collect();
        self.catalog = Catalog::builtin().with(files);
        self.findings = others.iter().flat_map(|f| self.catalog.check(f)).collect();
        let watched: Vec<PathBuf> = self.shelf.rows.iter().filter(|r| !r.failed).map(|r| r.path.clone()).collect();
        let to = self.to.clone();
        let tell = move || drop(to.send(Envelope { session: 0, mail: Mail::Command(Command::Reload), busy: None }));
        self.shelf.watching = None;
        if !watched.is_empty() {
            match watch(&watched, tell) {
                Ok(w) => self.shelf.watching = Some(w),
                Err(e) => self.say(super::chain(&e)),
            }
        }
        self.redraw_library(None, None);
    }

    /// Takes a file or folder onto the shelf and shows what is in it.
    pub(super) fn open_path(&mut self, path: &Path) -> Result<(), DeskError> {
        // Relative paths would mean something else at the next start.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let files = read_path(&path)?;
        if !self.shelf.places.contains(&path) && !path.starts_with(self.options.home.plans()) {
            self.shelf.places.insert(0, path);
            self.keep_places()?;
        }
        self.reload();
        let of = |k: Kind| files.iter().find(|f| f.outline().is_some_and(|o| o.kind == k)).map(|f| f.name.clone());
        self.shelf.draft = None;
        match (of(Kind::Plan), of(Kind::Runbook)) {
            (Some(plan), _) => self.show_plan(&plan, None),
            (None, Some(book)) => self.show_book(&book, None),
            (None, None) => Ok(()),
        }
    }

    /// Takes it off again.
    pub(super) fn forget_path(&mut self, path: &Path) -> Result<(), DeskError> {
        self.shelf.places.retain(|p| p != path);
        self.keep_places()?;
        self.reload();
        Ok(())
    }

    fn keep_places(&self) -> Result<(), DeskError> {
        let kept = Kept { schema: SCHEMA, places: self.shelf.places.clone() };
        let bytes = serde_json::to_vec_pretty(&kept).unwrap_or_default();
        write_whole(&self.kept_places(), &bytes)
    }

    /// A plan, by id or file.
    pub(super) fn show_plan(&mut self, plan: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        self.shelf.printed = None;
        let file = self.catalog.plans().find(|f| f.name == plan);
        let found =
            file.map_or_else(|| self.catalog.plan_file(plan).map(|f| f.name.clone()), |f| Ok(f.name.clone()))?;
        self.shelf.draft = None;
        let broken =
            self.catalog.plans().find(|f| f.name == found).is_none_or(|f| self.catalog.bind(f, None).0.is_none());
        if broken {
            return self.draft(DraftIntent::Edit(found));
        }
        self.redraw_library(Some((&found, strategy)), None);
        Ok(())
    }

    /// A runbook, by its file.
    pub(super) fn show_book(&mut self, name: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        self.shelf.draft = None;
        self.redraw_library(None, Some((name, strategy)));
        Ok(())
    }

    /// Something about the plan that is being filled in.
    pub(super) fn draft(&mut self, intent: DraftIntent) -> Result<(), DeskError> {
        match intent {
            DraftIntent::New(book) => {
                let file = self.catalog.runbooks().find(|f| f.name == book).cloned();
                let source = self.catalog.source(&file.ok_or(DeskError::Gone(book))?);
                let (runbook, findings) = crate::runbook::load(&source);
                let runbook = runbook.ok_or(crate::catalog::CatalogError::Broken { findings })?;
                self.edit(Draft::of(&runbook), runbook, source, None);
            }
            DraftIntent::Edit(plan) => {
                let file = self.catalog.plans().find(|f| f.name == plan).cloned().ok_or(DeskError::Gone(plan))?;
                let read = Draft::read(&file.text).ok_or_else(|| DeskError::NoPlan(file.name.clone()))?;
                let book = self.catalog.runbook_of(&file).ok_or_else(|| DeskError::Gone(read.runbook.clone()))?;
                let source = self.catalog.source(&book);
                let (runbook, findings) = crate::runbook::load(&source);
                let runbook = runbook.ok_or(crate::catalog::CatalogError::Broken { findings })?;
                self.edit(read, runbook, source, file.path);
            }
            DraftIntent::Change(changed) => {
                if let Some(e) = &mut self.shelf.draft {
                    e.draft = *changed;
                }
            }
            DraftIntent::Save(path) => return self.save_draft(path),
            DraftIntent::Discard => self.shelf.draft = None,
        }
        self.redraw_library(None, None);
        Ok(())
    }

    fn edit(&mut self, draft: Draft, runbook: Runbook, source: Source, path: Option<PathBuf>) {
        self.shelf.drafts += 1;
        let own = |id: &str| self.options.home.plans().join(format!("{id}.ron"));
        let path = path.unwrap_or_else(|| own(&draft.id));
        self.shelf.draft = Some(Editing { draft, runbook, source, path });
    }

    fn save_draft(&mut self, path: PathBuf) -> Result<(), DeskError> {
        let Some(e) = &mut self.shelf.draft else { return Ok(()) };
        // A runbook that is not built in is found beside the plan, or by its place on the shelf.
        e.path.clone_from(&path);
        let text = e.draft.text();
        write_whole(&path, text.as_bytes())?;
        self.shelf.draft = None;
        let inside = |p: &PathBuf| path.starts_with(p);
        if !self.shelf.places.iter().any(inside) && !path.starts_with(self.options.home.plans()) {
            self.shelf.places.insert(0, path.clone());
            self.keep_places()?;
        }
        self.reload();
        self.say(format!("saved {}", path.display()));
        self.show_plan(&path.display().to_string(), None)
    }

    /// The library anew, with the plan or runbook asked for, or what is shown.
    pub(super) fn redraw_library(
        &mut self,
        plan: Option<(&str, Option<Strategy>)>,
        book: Option<(&str, Option<Strategy>)>,
    ) {
        // What cannot be read counts as nothing; that was said at the start, and is said again when it is in the way.
        let trusted = Book::read(self.options.disk.as_ref(), &self.options.home).unwrap_or_default();
        let (past, now) = (self.past.runs(), self.system_clock.now().utc);
        let mut next = library::view(&self.catalog, &self.findings, &trusted, |p| readiness(p.subject(), &past, now));
        next.places = self.shelf.rows.clone();
        next.printed.clone_from(&self.shelf.printed);
        let shown = self.library.clone();
        let file = |name: &str| self.catalog.runbooks().find(|f| f.name == name);
        next.book = match (plan, book, &shown.book) {
            (Some(_), ..) => None,
            (None, Some((name, strategy)), _) => file(name).map(|f| (f, strategy)),
            (None, None, Some(b)) => file(&b.name).map(|f| (f, b.strategy)),
            (None, None, None) => None,
        }
        .map(|(f, strategy)| Arc::new(book::preview(&self.catalog.source(f), strategy)));
        let first = next.plans.iter().find(|p| p.errors == 0).map(|p| (p.name.clone(), None));
        let wanted = match (plan, &shown.preview) {
            (Some((name, strategy)), _) => Some((name.to_owned(), strategy)),
            (None, Some(p)) => Some((p.name.clone(), Some(p.strategy))),
            (None, None) => first.clone(),
        };
        let draw = |(name, strategy): (String, Option<Strategy>)| self.preview_of(&name, strategy, &trusted);
        next.preview = wanted.and_then(draw).or_else(|| first.and_then(draw)).map(Arc::new);
        next.draft = self.shelf.draft.as_ref().map(|e| {
            let known = self.shelf.inventory.as_ref();
            let mut view = draft::view(self.shelf.drafts, &e.draft, (&e.runbook, &e.source), known);
            view.path.clone_from(&e.path);
            view.inventory = self.inventory_words();
            Arc::new(view)
        });
        self.library = Arc::new(next);
    }

    fn preview_of(
        &self,
        name: &str,
        strategy: Option<Strategy>,
        trusted: &Book,
    ) -> Option<super::snapshot::PlanPreview> {
        let file = self.catalog.plans().find(|f| f.name == name)?;
        let (plan, _) = self.catalog.bind(file, strategy);
        let plan = plan?;
        let source = self.catalog.source(&self.catalog.runbook_of(file)?);
        let book = crate::runbook::load(&source).0?;
        // Without an Azure, the hosts are those of the one that would be connected.
        let cloud = self.cloud().or_else(|_| Cloud::public()).ok()?;
        let trust = library::trust(&plan, trusted, &cloud, |what| self.places(&plan, what));
        let ready = readiness(plan.subject(), &self.past.runs(), self.system_clock.now().utc);
        Some(library::preview(&plan, name, book.objectives.keys().copied().collect(), trust, ready))
    }
}

fn held(runbooks: usize, plans: usize) -> String {
    let of = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let all: Vec<String> = of(runbooks, "runbook").into_iter().chain(of(plans, "plan")).collect();
    if all.is_empty() { "no runbook or plan".to_owned() } else { all.join(", ") }
}
