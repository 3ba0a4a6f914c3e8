//! What a desktop expects of a window: a title that tells mode and run, and files that are given to it: at the start, or dropped.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Align2, Area, Context, Frame, Id, Margin, Order, Stroke, Ui, ViewportCommand};

use super::app::App;
use super::ask::Ask;
use super::intent::{self, Intent};
use super::theme::{self, RADIUS};
use super::view::{Act, Screen};
use super::widgets::text::{body, wrapped};
use crate::desk::protocol::{ApprovalIntent, Command, RunIntent};
use crate::desk::snapshot::Snapshot;

/// What a file means here and now.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// The field of the dialog that is open.
    Field,
    /// Evidence of the run on show.
    Evidence,
    /// A picture of a colleague's request.
    Request,
    /// A colleague's run.
    Handed,
    /// Plans or runbooks.
    Runbooks,
    /// Nothing, and why.
    Nothing(String),
}

impl App {
    /// Mode and run in the title, so that the list of windows and a picture of the screen tell a drill from reality.
    pub(super) fn entitle(&mut self, ctx: &Context, snap: &Snapshot) {
        let title = title(snap);
        // Heard when the window comes to the front.
        ctx.accesskit_node_builder(egui::accesskit_root_id(), |node| node.set_label(title.as_str()));
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Takes files as if they were dropped as soon as the window is there: what a file manager opens.
    pub fn give(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.given.extend(files);
        // No remembered screen says what a file is for that came from outside.
        if !self.given.is_empty() {
            self.view.screen = Screen::Runbooks;
        }
    }

    /// What was given or dropped, by what it is and what is on show.
    pub(super) fn dropped(&mut self, ui: &Ui, snap: &Snapshot, files: Vec<PathBuf>) {
        let step = snap.run.as_deref().and_then(|r| self.view.card(r)).map(|c| c.id.clone());
        let mut pictures = Vec::new();
        // What each means is settled before the first is taken: that may open a dialog, which asks for a file itself.
        let meant: Vec<(Meaning, PathBuf)> = files
            .into_iter()
            .map(|path| {
                // Asked of the disk only where the name does not say it, and once.
                let folder = !named(&path) && path.is_dir();
                (self.meaning(snap, &path, folder), path)
            })
            .collect();
        for (meaning, path) in meant {
            match meaning {
                Meaning::Field => {
                    if let Ok(mut place) = self.view.picked.lock() {
                        *place = Some(path);
                    }
                }
                Meaning::Evidence => {
                    self.say_to_desk(Command::Run(RunIntent::EvidenceFile { step: step.clone(), path }))
                }
                Meaning::Request => pictures.push(path),
                Meaning::Handed => {
                    self.view.ask = Some(Ask::take_over());
                    if let Ok(mut place) = self.view.picked.lock() {
                        *place = Some(path);
                    }
                }
                Meaning::Runbooks => self.act(ui, snap, Act::Open(path)),
                Meaning::Nothing(why) => self.view.said = Some(why),
            }
        }
        if !pictures.is_empty() {
            self.view.screen = Screen::Approve;
            self.say_to_desk(Command::Approval(ApprovalIntent::ReadPictures(pictures)));
        }
    }

    /// While something is held over the window: what would become of it.
    pub(super) fn hovered(&self, ui: &Ui, snap: &Snapshot) {
        let held: Vec<PathBuf> = ui.input(|i| i.raw.hovered_files.iter().filter_map(|f| f.path.clone()).collect());
        let Some(first) = held.first() else { return };
        let name = short(first);
        // In each frame: the disk is not asked. What has no ending is a folder, as far as can be seen.
        let words = match self.meaning(snap, first, first.extension().is_none()) {
            Meaning::Field => format!("Drop {name} here: it is the file that is asked for"),
            Meaning::Evidence => match snap.run.as_deref().and_then(|r| self.view.card(r)) {
                Some(card) => format!("Drop {name} here: evidence for step {}", card.id),
                None => format!("Drop {name} here: evidence of this run"),
            },
            Meaning::Request => format!("Drop {name} here: it is read as a colleague's request"),
            Meaning::Handed => format!("Drop {name} here: a colleague's run, to be taken over"),
            Meaning::Runbooks => format!("Drop {name} here: it is opened in Runbooks"),
            Meaning::Nothing(why) => why,
        };
        let others = if held.len() > 1 { format!(", and {} more", held.len() - 1) } else { String::new() };
        let t = theme::of(ui);
        let frame = Frame::new().fill(t.raised).stroke(Stroke::new(1.0, t.accent)).corner_radius(RADIUS);
        Area::new(Id::unique("hovered")).order(Order::Tooltip).anchor(Align2::CENTER_CENTER, egui::Vec2::ZERO).show(
            ui.ctx(),
            |ui| {
                frame.inner_margin(Margin::same(16)).show(ui, |ui| {
                    ui.set_max_width(520.0);
                    wrapped(ui, body(words + &others));
                })
            },
        );
    }

    fn meaning(&self, snap: &Snapshot, path: &Path, folder: bool) -> Meaning {
        let ending = ending(path);
        if let Some(ask) = &self.view.ask {
            return match ask.fields.iter().any(|f| f.browse.is_some()) {
                true => Meaning::Field,
                false => {
                    Meaning::Nothing(format!("{} cannot be taken: finish or cancel this dialog first", short(path)))
                }
            };
        }
        let runbooks = ending == "ron" || folder;
        let picture = ["png", "jpg", "jpeg"].contains(&ending.as_str());
        let evidence = self.view.screen == Screen::Run && intent::available(Intent::EvidenceFile, snap, &self.view);
        match ending.as_str() {
            _ if evidence && !folder => Meaning::Evidence,
            _ if runbooks => Meaning::Runbooks,
            _ if picture => Meaning::Request,
            "age" => Meaning::Handed,
            "zip" | "jsonl" => no(path, "a record is checked in a terminal, with: lifeboat verify FILE"),
            "txt" if self.view.screen == Screen::Approve => no(path, "copy its text, and paste that here"),
            _ => {
                no(path, "it is no plan or runbook (.ron), no folder of them, and no picture of a request (.png, .jpg)")
            }
        }
    }
}

fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Its name says what kind of file it is.
fn named(path: &Path) -> bool {
    ["ron", "age", "zip", "jsonl", "txt", "png", "jpg", "jpeg"].contains(&ending(path).as_str())
}

fn no(path: &Path, why: &str) -> Meaning {
    Meaning::Nothing(format!("{} cannot be taken: {why}", short(path)))
}

fn short(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// `REHEARSAL · prod-chat · 7F3K – Lifeboat`: what matters most is not cut off where there is little room.
fn title(snap: &Snapshot) -> String {
    let band = &snap.band;
    match band.mode {
        Some(_) => {
            let mode = band.text.split(" · ").next().unwrap_or_default();
            format!("{mode} · {} – Lifeboat", band.run.replace(" · run ", " · "))
        }
        None => super::memory::TITLE.to_owned(),
    }
}
