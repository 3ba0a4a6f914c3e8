//! How the watch is set: read at the start, kept in the data folder, changed while it goes on.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::home::replace;
use super::super::supervisor::Desk;
use super::super::watch::{self, List, Targets, When};
use super::super::{DeskError, Options};
use crate::azure::Azure;
use crate::health::WatchSettings;
use crate::journal::Disk;
use crate::plan::model::Plan;
use crate::units::misfit;

/// A thousand addresses are a tenth of this.
const MAX_BYTES: usize = 1024 * 1024;
/// Pinned at most: what is pinned is meant to be seen.
const MAX_PINS: usize = 100;

/// How the watch is set here.
pub struct Watching {
    /// The settings.
    pub settings: Arc<WatchSettings>,
    /// Endpoints kept at the top.
    pub pinned: BTreeSet<String>,
    /// Where in the interval this program's turns lie; by chance, so that no two ask in step.
    pub seed: u64,
    /// Why the settings of the file are not used.
    pub trouble: Option<DeskError>,
}

impl Watching {
    /// Reads both files. One that cannot be used is left as it is, and the defaults hold.
    pub fn read(options: &Options) -> Self {
        let (disk, home) = (options.disk.as_ref(), &options.home);
        let bad = |why: String| DeskError::WatchFile { path: home.watch(), why };
        let settings = kept::<WatchSettings>(disk, &home.watch()).map_err(bad);
        let settings = settings.and_then(|s| match s {
            Some(s) => good(s).map_err(bad),
            None => Ok(WatchSettings::default()),
        });
        let (settings, trouble) = match settings {
            Ok(s) => (s, None),
            Err(e) => (WatchSettings::default(), Some(e)),
        };
        // What is pinned can be pinned again.
        let pinned = kept(disk, &home.pins()).ok().flatten().unwrap_or_default();
        let seed = RandomState::new().build_hasher().finish();
        Self { settings: Arc::new(settings), pinned, seed, trouble }
    }
}

/// Settings that hold, or the first thing that is wrong with them.
fn good(settings: WatchSettings) -> Result<WatchSettings, String> {
    let mistakes = settings.check();
    let more = if mistakes.len() > 1 { format!(" (and {} more)", mistakes.len() - 1) } else { String::new() };
    match mistakes.first() {
        None => Ok(settings),
        Some(m) => Err(format!("{m}{more}")),
    }
}

/// What a file of settings says; none: there is no file.
pub fn kept<T: DeserializeOwned>(disk: &dyn Disk, path: &Path) -> Result<Option<T>, String> {
    let bytes = match disk.read(path, 0, MAX_BYTES + 1) {
        Ok(bytes) if bytes.len() > MAX_BYTES => return Err(format!("it is longer than {MAX_BYTES} bytes")),
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(format!("it cannot be read: {e}")),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| misfit(&e))
}

/// Writes a file of settings.
pub fn keep<T: Serialize>(options: &Options, path: &Path, what: &T) -> Result<(), DeskError> {
    let failed = |source| DeskError::Save { path: path.to_path_buf(), source };
    let bytes = serde_json::to_vec_pretty(what).map_err(|e| failed(io::Error::other(e)))?;
    options.disk.create_dir_all(options.home.dir()).map_err(failed)?;
    replace(options.disk.as_ref(), path, &bytes).map_err(failed)
}

impl Desk {
    /// Everything to watch for a plan, as the watch is set.
    pub(in super::super) fn watch_list(&self, plan: &Plan, azure: &Azure) -> Result<List, DeskError> {
        // What is known of the real subscription is not known of a simulated one.
        let known = if azure.cloud().is_simulated() { None } else { self.options.home.known() };
        List::of(plan, &self.watching.settings, known.as_ref(), azure)
    }

    pub(super) fn set_watch(&mut self, settings: WatchSettings) -> Result<(), DeskError> {
        let settings = good(settings).map_err(DeskError::WatchSettings)?;
        let path = self.options.home.watch();
        if self.watching.trouble.take().is_some() {
            // Somebody wrote it by hand: it is kept beside.
            let _ = self.options.disk.rename(&path, &path.with_extension("damaged.json"));
        }
        keep(&self.options, &path, &settings)?;
        self.charting.keep(settings.keep_mib);
        self.watching.settings = Arc::new(settings);
        self.notice = None;
        let mut all = Ok(());
        self.each_run(|desk| {
            if let Err(e) = desk.watch_anew() {
                all = Err(e);
            }
        });
        all
    }

    /// The watch goes on as it is set now. What stays in it keeps its history. A rehearsal's is the scenario's.
    fn watch_anew(&mut self) -> Result<(), DeskError> {
        // A sealed run is not watched any more.
        if self.open.as_deref().is_some_and(|o| o.watch.is_none()) {
            return Ok(());
        }
        let in_run = self.open.is_some();
        let world = match (&self.open, &self.idle) {
            (Some(o), _) => o.world.clone(),
            (None, i) => i.as_ref().map(|i| i.world.clone()),
        };
        let Some(mut world) = world.filter(|w| !w.clock.is_scenario()) else { return Ok(()) };
        let list = self.watch_list(&world.plan, &world.azure)?;
        world.targets = Arc::new(Targets::new(list, &world.azure, self.watching.seed)?);
        self.hand_keys(&world.plan, &world.targets);
        world.monitor.lock().apply(world.targets.list());
        let when = if in_run { When::Run } else { When::Idle };
        let going = watch::start(world.clone(), when);
        match (self.open.as_mut(), self.idle.as_mut()) {
            (Some(o), _) => (o.watch, o.world) = (Some(going), Some(world)),
            (None, Some(i)) => (i.watch, i.world) = (going, world),
            (None, None) => {}
        }
        Ok(())
    }

    pub(super) fn pin(&mut self, endpoint: &str, on: bool) -> Result<(), DeskError> {
        let mut pinned = self.watching.pinned.clone();
        let changed = match on {
            true => pinned.len() < MAX_PINS && pinned.insert(endpoint.to_owned()),
            false => pinned.remove(endpoint),
        };
        if !changed {
            return Ok(());
        }
        keep(&self.options, &self.options.home.pins(), &pinned)?;
        let worlds = self.runs().filter_map(|o| o.world.as_ref());
        for world in worlds.chain(self.idle.as_ref().map(|i| &i.world)) {
            world.monitor.lock().pinned.clone_from(&pinned);
        }
        self.watching.pinned = pinned;
        Ok(())
    }
}
