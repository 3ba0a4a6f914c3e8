//! The shelf: the files and folders a person keeps beside what is built in, read again whenever they change; and the
//! plan that is being filled in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::azure::{AzureError, Cloud};
use crate::catalog::{Catalog, CatalogError, File, Watching, list_path, read_file, watch};
use crate::export::{Paper, Printed, sheet_html, sheet_pdf};
use crate::plan::draft::Draft;
use crate::plan::inventory::{Found, Inventory};
use crate::plan::readiness::readiness;
use crate::runbook::model::{Runbook, Strategy};
use crate::runbook::{Kind, Source};
use crate::units::{Millis, ResourceId};

use super::DeskError;
use super::home::{write_new, write_whole};
use super::mailbox::{Envelope, Mail};
use super::protocol::{Command, DraftIntent};
use super::snapshot::PlaceRow;
use super::supervisor::Desk;
use super::trust::Book;
use super::view::{book, draft, library};

/// Format of the list of places on disk.
const SCHEMA: u32 = 1;
/// Plans of one name that are told apart by a number.
const MOST_NUMBERED: usize = 1_000;

/// What is read beside what is built in.
#[derive(Default)]
pub(super) struct Shelf {
    places: Vec<PathBuf>,
    rows: Vec<PlaceRow>,
    watching: Option<Watching>,
    draft: Option<Editing>,
    drafts: u64,
    /// The plan that was asked for; it stays the one that is meant while its file is broken.
    plan: Option<(String, Option<Strategy>)>,
    /// The runbook that was asked for, if it came after the plan.
    book: Option<(String, Option<Strategy>)>,
    /// Files that runbooks on the shelf include, which may lie deeper than what is watched with them.
    parts: Vec<PathBuf>,
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
    /// The file it was read from, and what stood in it.
    read: Option<(PathBuf, String)>,
}

impl Editing {
    /// Values that somebody gave, rather than the runbook.
    fn said(&self) -> impl Iterator<Item = &String> {
        let given = |name: &String, value: &String| {
            let p = self.runbook.parameters.iter().find(|p| p.name == *name);
            p.is_none_or(|p| p.default.as_ref() != Some(value))
        };
        self.draft.values.iter().filter(move |(name, value)| given(name, value)).map(|(_, value)| value)
    }
}

/// The list of places as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    places: Vec<PathBuf>,
}

/// The places on disk; a list that cannot be read has to be put aside before it is written.
fn kept(path: &Path) -> Result<Vec<PathBuf>, ()> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let kept = serde_json::from_slice::<Kept>(&bytes).ok().filter(|k| k.schema == SCHEMA);
            kept.map(|k| k.places).ok_or(())
        }
        Err(_) if !path.exists() => Ok(Vec::new()),
        Err(_) => Err(()),
    }
}

impl Desk {
    fn kept_places(&self) -> PathBuf {
        self.options.home.dir().join("library.json")
    }

    /// The team's own folder; places are compared with it, and they are absolute.
    fn own_plans(&self) -> PathBuf {
        let plans = self.options.home.plans();
        std::path::absolute(&plans).unwrap_or(plans)
    }

    /// Begins to read what there is; it goes on while the person types.
    pub(super) fn read_inventory(&mut self) -> Result<(), DeskError> {
        if self.shelf.reading {
            return Ok(());
        }
        let mut azure = self.connected()?;
        if azure.cloud().subscription.is_empty() {
            let values = self.shelf.draft.iter().flat_map(Editing::said);
            let id = values.filter_map(|v| v.parse::<ResourceId>().ok()).next().ok_or(DeskError::NoSubscription)?;
            azure = azure.in_subscription(id.subscription());
        }
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
        let path = self.kept_places();
        self.shelf.places = kept(&path).unwrap_or_else(|()| {
            self.say(format!("{} cannot be read: open your files and folders again", path.display()));
            Vec::new()
        });
        self.shelf.inventory = self.options.home.known();
        self.reread();
    }

    /// Everything on the shelf, read and shown again.
    pub(super) fn reload(&mut self) {
        self.reread();
        self.redraw_library(None, None);
    }

    fn reread(&mut self) {
        let own = Some(self.own_plans()).filter(|p| p.is_dir());
        let paths: Vec<PathBuf> = own.into_iter().chain(self.shelf.places.iter().cloned()).collect();
        // Watched first, then read: what changes in between is read twice rather than never.
        self.watch_shelf(&paths);
        let mut files = self.read_shelf(&paths);
        let parts = included(&files);
        if parts != self.shelf.parts {
            self.shelf.parts = parts;
            self.watch_shelf(&paths);
            files = self.read_shelf(&paths);
        }
        // Runbooks and plans show what is wrong with them themselves.
        let other = |f: &&File| f.outline().is_none_or(|o| matches!(o.kind, Kind::Part | Kind::Scenario));
        let others: Vec<File> = files.iter().filter(other).cloned().collect();
        self.catalog = Catalog::builtin().with(files);
        self.findings = others.iter().flat_map(|f| self.catalog.check(f)).collect();
    }

    /// The files of all places, each once, and what to say of each place.
    fn read_shelf(&mut self, paths: &[PathBuf]) -> Vec<File> {
        let mut files: Vec<File> = Vec::new();
        self.shelf.rows.clear();
        for path in paths {
            let (note, failed) = match read_there(path) {
                Ok((more, unread)) => {
                    let of = |k: Kind| more.iter().filter(|f| f.outline().is_some_and(|o| o.kind == k)).count();
                    let mut note = held(of(Kind::Runbook), of(Kind::Plan));
                    for e in &unread {
                        note.push_str(&format!("; {}", super::chain(e)));
                    }
                    let new: Vec<File> = more.into_iter().filter(|f| !files.iter().any(|g| g.path == f.path)).collect();
                    files.extend(new);
                    (note, !unread.is_empty())
                }
                Err(e) => (super::chain(&e), true),
            };
            self.shelf.rows.push(PlaceRow { path: path.clone(), note, failed });
        }
        files
    }

    fn watch_shelf(&mut self, paths: &[PathBuf]) {
        let watched: Vec<PathBuf> = paths.iter().chain(&self.shelf.parts).cloned().collect();
        let to = self.to.clone();
        let tell = move || drop(to.send(Envelope { session: 0, mail: Mail::Command(Command::Reload), busy: None }));
        self.shelf.watching = None;
        if watched.is_empty() {
            return;
        }
        match watch(&watched, tell) {
            Ok(w) => self.shelf.watching = Some(w),
            Err(e) => self.say(super::chain(&e)),
        }
    }

    /// Takes a file or folder onto the shelf and shows what is in it.
    pub(super) fn open_path(&mut self, path: &Path) -> Result<(), DeskError> {
        // Relative paths would mean something else at the next start.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (files, mut unread) = read_there(&path)?;
        if files.is_empty()
            && let Some(e) = unread.pop()
        {
            return Err(e.into());
        }
        if !self.shelf.places.contains(&path) && !path.starts_with(self.own_plans()) {
            self.keep_places(|places| {
                if !places.contains(&path) {
                    places.insert(0, path);
                }
            })?;
        }
        self.reload();
        let of = |k: Kind| files.iter().find(|f| f.outline().is_some_and(|o| o.kind == k)).map(|f| f.name.clone());
        match (of(Kind::Plan), of(Kind::Runbook)) {
            (Some(plan), _) => self.show_plan(&plan, None),
            (None, Some(book)) => self.show_book(&book, None),
            (None, None) => Ok(()),
        }
    }

    /// Takes it off again.
    pub(super) fn forget_path(&mut self, path: &Path) -> Result<(), DeskError> {
        self.keep_places(|places| places.retain(|p| p != path))?;
        self.reload();
        Ok(())
    }

    /// Changes the list as it is on disk now: another window on the same data may have changed it since it was read.
    fn keep_places(&mut self, change: impl FnOnce(&mut Vec<PathBuf>)) -> Result<(), DeskError> {
        let path = self.kept_places();
        let failed = |source| DeskError::Save { path: path.clone(), source };
        std::fs::create_dir_all(self.options.home.dir()).map_err(failed)?;
        let lock = self.options.disk.try_lock(&path.with_extension("lock")).map_err(failed)?;
        let _lock = lock.ok_or_else(|| failed(io::Error::other("another Lifeboat is writing it; try again")))?;
        let mut places = match kept(&path) {
            Ok(places) => places,
            Err(()) => {
                let aside = path.with_extension("damaged");
                std::fs::rename(&path, &aside).map_err(|source| DeskError::Save { path: aside, source })?;
                self.shelf.places.clone()
            }
        };
        change(&mut places);
        let bytes = serde_json::to_vec_pretty(&Kept { schema: SCHEMA, places: places.clone() }).unwrap_or_default();
        write_whole(&path, &bytes)?;
        self.shelf.places = places;
        Ok(())
    }

    /// A plan, by id or file.
    pub(super) fn show_plan(&mut self, plan: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        self.shelf.printed = None;
        let file = self.catalog.plans().find(|f| f.name == plan);
        let file = file.map_or_else(|| self.catalog.plan_file(plan), Ok)?;
        let found = file.name.clone();
        if self.catalog.bind(file, None).0.is_none() {
            return self.draft(DraftIntent::Edit(found));
        }
        self.shelf.draft = None;
        self.redraw_library(Some((&found, strategy)), None);
        Ok(())
    }

    /// A runbook, by its file.
    pub(super) fn show_book(&mut self, name: &str, strategy: Option<Strategy>) -> Result<(), DeskError> {
        if !self.catalog.runbooks().any(|f| f.name == name) {
            return Err(DeskError::Gone(name.to_owned()));
        }
        self.shelf.draft = None;
        self.redraw_library(None, Some((name, strategy)));
        Ok(())
    }

    /// Something about the plan that is being filled in.
    pub(super) fn draft(&mut self, intent: DraftIntent) -> Result<(), DeskError> {
        match intent {
            DraftIntent::New(book) => {
                let file = self.catalog.runbooks().find(|f| f.name == book).cloned();
                self.fresh(&file.ok_or(DeskError::Gone(book))?, |_| {})?;
            }
            DraftIntent::Edit(plan) => {
                let file = self.catalog.plans().find(|f| f.name == plan).cloned().ok_or(DeskError::Gone(plan))?;
                let wrong = || self.catalog.check(&file);
                let Some(draft) = Draft::read(&file.text) else {
                    let first = wrong().first().map_or_else(String::new, ToString::to_string);
                    return Err(DeskError::NoPlan { file: file.name.clone(), first });
                };
                let book = self.catalog.runbook_of(&file);
                let book = book.ok_or_else(|| CatalogError::Broken { findings: wrong() })?;
                let source = self.catalog.source(&book);
                let (runbook, findings) = crate::runbook::load(&source);
                let runbook = runbook.ok_or(CatalogError::Broken { findings })?;
                let copy = || self.own_plans().join(format!("{}.ron", self.free(&draft.id)));
                let path = file.path.clone().unwrap_or_else(copy);
                let read = file.path.map(|p| (p, file.text));
                self.edit(Editing { draft, runbook, source, path, read });
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

    /// Begins a plan of a runbook with this id, and lets `fill` say what is known of it.
    pub(super) fn begin_draft(&mut self, runbook: &str, fill: impl FnOnce(&mut Draft)) -> Result<(), DeskError> {
        let file = self.catalog.runbook_file(runbook)?.clone();
        self.fresh(&file, fill)?;
        self.redraw_library(None, None);
        Ok(())
    }

    fn fresh(&mut self, file: &File, fill: impl FnOnce(&mut Draft)) -> Result<(), DeskError> {
        let source = self.catalog.source(file);
        let (runbook, findings) = crate::runbook::load(&source);
        let runbook = runbook.ok_or(CatalogError::Broken { findings })?;
        let mut draft = Draft::of(&runbook);
        fill(&mut draft);
        draft.id = self.free(&draft.id);
        let path = self.own_plans().join(format!("{}.ron", draft.id));
        self.edit(Editing { draft, runbook, source, path, read: None });
        Ok(())
    }

    fn edit(&mut self, editing: Editing) {
        self.shelf.drafts += 1;
        self.shelf.draft = Some(editing);
    }

    /// This id, or with a number behind it the first whose file is not there yet.
    fn free(&self, id: &str) -> String {
        let plans = self.own_plans();
        let taken = |id: &String| plans.join(format!("{id}.ron")).exists();
        let numbered = std::iter::once(id.to_owned()).chain((2..MOST_NUMBERED).map(|n| format!("{id}-{n}")));
        numbered.into_iter().find(|id| !taken(id)).unwrap_or_else(|| id.to_owned())
    }

    fn save_draft(&mut self, path: PathBuf) -> Result<(), DeskError> {
        let Some(e) = &mut self.shelf.draft else { return Ok(()) };
        // Folders are searched for this ending, and relative paths would mean something else at the next start.
        let mut path = path.into_os_string();
        if Path::new(&path).extension().is_none_or(|e| e != "ron") {
            path.push(".ron");
        }
        let path = PathBuf::from(path);
        let path = std::path::absolute(&path).unwrap_or(path);
        e.path.clone_from(&path);
        let own = |there: &[u8]| e.read.as_ref().is_some_and(|(p, text)| *p == path && text.as_bytes() == there);
        match std::fs::read(&path) {
            Ok(there) if own(&there) => write_whole(&path, e.draft.text().as_bytes())?,
            // What cannot be read is somebody's as well.
            _ => write_new(&path, e.draft.text().as_bytes()).map_err(|e| match e {
                DeskError::Exists(path) => DeskError::Taken(path),
                e => e,
            })?,
        }
        self.shelf.draft = None;
        self.reload();
        let name = path.display().to_string();
        if !self.catalog.plans().any(|f| f.name == name) {
            if let Err(e) = self.keep_places(|places| places.insert(0, path.clone())) {
                self.shelf.places.insert(0, path);
                self.problem(&e);
            }
            self.reload();
        }
        self.say(format!("saved {name}"));
        self.show_plan(&name, None)
    }

    /// The library anew, with the plan or runbook asked for, or what is shown.
    pub(super) fn redraw_library(
        &mut self,
        plan: Option<(&str, Option<Strategy>)>,
        book: Option<(&str, Option<Strategy>)>,
    ) {
        self.library_due = false;
        // What cannot be read counts as nothing; that was said at the start, and is said again when it is in the way.
        let trusted = Book::read(self.options.disk.as_ref(), &self.options.home).unwrap_or_default();
        let (past, now) = (self.past.runs(), self.system_clock.now().utc);
        let mut next = library::view(&self.catalog, &self.findings, &trusted, |p| {
            readiness(p.subject(), &past, now).against(self.drift_of(p).as_ref())
        });
        next.places = self.shelf.rows.clone();
        next.printed.clone_from(&self.shelf.printed);
        if plan.is_some() || book.is_some() {
            self.shelf.book = book.map(|(name, strategy)| (name.to_owned(), strategy));
        }
        let shown = self.shelf.book.as_ref().and_then(|(name, strategy)| {
            let file = self.catalog.runbooks().find(|f| f.name == *name)?;
            Some(book::preview(&self.catalog.source(file), *strategy))
        });
        next.book = shown.map(Arc::new);
        let first = next.plans.iter().find(|p| p.errors == 0).map(|p| (p.name.clone(), None));
        if let Some((name, strategy)) = plan {
            self.shelf.plan = Some((name.to_owned(), strategy));
        }
        // Another plan in the place of one that is broken for now would be started by mistake.
        let meant = self.shelf.plan.clone().filter(|(name, _)| next.plans.iter().any(|p| p.name == *name));
        let wanted = meant.or(first);
        next.preview = wanted.and_then(|(name, s)| self.preview_of(&name, s, &trusted)).map(Arc::new);
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
        let checks = self.checks_of(&plan);
        let ready = readiness(plan.subject(), &self.past.runs(), self.system_clock.now().utc);
        let ready = ready.against(checks.drift.as_deref());
        Some(library::preview(&plan, name, book.objectives.keys().copied().collect(), trust, ready, checks))
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

/// What can be read there, and what cannot: one bad file in a folder takes no other along.
fn read_there(path: &Path) -> Result<(Vec<File>, Vec<CatalogError>), CatalogError> {
    // Whoever reads a pipe or a device may wait for ever.
    if path.exists() && !path.is_dir() && !path.is_file() {
        let source = std::io::Error::other("it is neither a file nor a folder");
        return Err(CatalogError::Read { path: path.to_owned(), source });
    }
    if !path.is_dir() {
        return Ok((vec![read_file(path)?], Vec::new()));
    }
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for p in list_path(path)? {
        match read_file(&p) {
            Ok(f) => files.push(f),
            Err(e) => unread.push(e),
        }
    }
    Ok((files, unread))
}

/// Where the parts lie that these runbooks include, there or not.
fn included(files: &[File]) -> Vec<PathBuf> {
    let of = |f: &File| {
        let folder = f.path.as_deref().and_then(Path::parent).map(Path::to_owned);
        let inside = f.outline().map(|o| o.includes).unwrap_or_default();
        let inside = inside.into_iter().filter(|p| crate::runbook::stays_inside(p)).take(crate::runbook::MAX_PARTS);
        folder.into_iter().flat_map(|d| inside.clone().map(move |p| d.join(p)).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}
