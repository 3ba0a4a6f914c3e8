//! A run's record into a file: which form, with which names, what is kept back, where to; and how far that is.

use std::path::PathBuf;

use eframe::egui::{Margin, OpenUrl, TextEdit, Ui, vec2};

use super::shown_run;
use crate::desk::protocol::{AuditIntent, Command};
use crate::desk::snapshot::{ExportPaper, ExportState, RunRow, Snapshot, Wish, numbers};
use crate::ui::ask::Browse;
use crate::ui::intent::{self, Intent};
use crate::ui::theme::CONTROL;
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::layout::{field, named};
use crate::ui::widgets::text::{copyable, size, small, wrapped};
use crate::ui::widgets::{Button, body, bold, in_line, mono, row, secondary, verdict};

/// Forms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Everything.
    #[default]
    Bundle,
    /// Some records.
    Excerpt,
    /// The record in one file.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// For a browser.
    Html,
    /// For paper.
    Pdf,
    /// For a SIEM.
    Ocsf,
}

impl Format {
    /// Each with its name, what it is for, and how its file ends.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 7] = [
        (
            Self::Bundle,
            "Bundle",
            "Evidence of record: the record, checkpoints, keys, evidence, renderings, and a verifier, in one ZIP",
            "zip",
        ),
        (Self::Excerpt, "Excerpt", "Some entries, with the proof that they are in the run", "json"),
        (Self::Jsonl, "JSONL", "The record as stored, in one file", "jsonl"),
        (Self::Csv, "CSV", "A spreadsheet: one row an entry", "csv"),
        (Self::Html, "HTML", "One page for a browser, without script and without network", "html"),
        (Self::Pdf, "PDF", "For paper and signing off", "pdf"),
        (Self::Ocsf, "OCSF", "For a SIEM: one JSON line an entry", "ocsf.jsonl"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|f| f.0 == self).map_or(("", ""), |f| (f.2, f.3))
    }

    /// Names can be replaced: it is not the record itself.
    fn hides(self) -> bool {
        !matches!(self, Self::Bundle | Self::Excerpt)
    }
}

/// What is to be exported, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportForm {
    /// How.
    pub format: Format,
    /// With other names.
    pub pseudonyms: bool,
    /// Which entries an excerpt shows.
    pub entries: String,
    /// Which entries a bundle keeps back.
    pub withheld: String,
    /// Letter instead of A4.
    pub letter: bool,
    /// Where to.
    pub path: String,
    /// The place that was proposed; another one is the person's own.
    proposed: String,
}

impl ExportForm {
    /// Proposes a place, unless the person has named one.
    fn propose(&mut self, snap: &Snapshot, run: &RunRow) {
        let name = format!("run-{}.{}", run.short.to_lowercase(), self.format.row().1);
        let path = PathBuf::from(&snap.settings.home).join("exports").join(name).display().to_string();
        if self.path == self.proposed && path != self.proposed {
            self.path.clone_from(&path);
            self.proposed = path;
        }
    }

    fn wish(&self) -> Result<Wish, String> {
        let list = |text: &str| numbers(text).map_err(|e| e.to_string());
        Ok(match self.format {
            Format::Jsonl => Wish::Jsonl,
            Format::Csv => Wish::Csv,
            Format::Html => Wish::Html,
            Format::Pdf => Wish::Pdf(if self.letter { ExportPaper::Letter } else { ExportPaper::A4 }),
            Format::Ocsf => Wish::Ocsf,
            Format::Bundle if self.withheld.trim().is_empty() => Wish::Bundle(Vec::new()),
            Format::Bundle => Wish::Bundle(list(&self.withheld)?),
            Format::Excerpt => Wish::Excerpt(list(&self.entries)?),
        })
    }
}

/// An export is on its way.
pub fn working(snap: &Snapshot) -> bool {
    snap.audit.export.as_ref().is_some_and(|e| matches!(e.state, ExportState::Working(_)))
}

/// What is asked of the desk, or why it cannot be.
pub fn command(form: &mut ExportForm, snap: &Snapshot) -> Result<Command, String> {
    let run = shown_run(snap).ok_or("No run is shown.")?;
    form.propose(snap, run);
    if form.path.trim().is_empty() {
        return Err("Say into which file it goes.".to_owned());
    }
    let (out, pseudonyms) = (PathBuf::from(form.path.trim()), form.pseudonyms && form.format.hides());
    Ok(Command::Audit(AuditIntent::Export { run: run.id.clone(), wish: form.wish()?, pseudonyms, out }))
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(run) = shown_run(cx.snap) else {
        wrapped(ui, secondary(ui, "The register is one log of plain files: copy its folder, and verify the copy."));
        return;
    };
    if let Some(path) = view.picked.lock().ok().filter(|_| view.ask.is_none()).and_then(|mut p| p.take()) {
        view.audit.export.path = path.to_string_lossy().into_owned();
    }
    let form = &mut view.audit.export;
    ui.set_max_width(ui.available_width().min(720.0));
    ui.horizontal_wrapped(|ui| {
        for (format, name, ..) in Format::ALL {
            if Button::new(name).small().selected(form.format == format).id(("format", name)).show(ui) {
                form.format = format;
            }
        }
    });
    form.propose(cx.snap, run);
    ui.add_space(4.0);
    wrapped(ui, secondary(ui, form.format.row().0));
    ui.add_space(8.0);
    options(ui, form);
    let named_path = ui.label(small(ui, "New file"));
    in_line(ui, |ui| {
        let width = (ui.available_width() - 104.0).max(160.0);
        let edit = TextEdit::singleline(&mut form.path).desired_width(width);
        let field = named(ui, edit.margin(Margin::symmetric(10, 9)).min_size(vec2(0.0, CONTROL)), "New file");
        let _ = field.labelled_by(named_path.id);
        if Button::new("Choose…").name("Choose the file").show(ui) {
            cx.act(Act::Browse(Browse::Save));
        }
    });
    ui.add_space(12.0);
    let busy = working(cx.snap).then_some("An export is on its way");
    let key = intent::key_text(Intent::Confirm);
    if Button::new("Export the run").primary().key(key).refused(busy).show(ui) {
        match command(form, cx.snap) {
            Ok(command) => cx.send(command),
            Err(why) => cx.act(Act::Say(why)),
        }
    }
    ui.add_space(12.0);
    came(ui, cx);
}

fn options(ui: &mut Ui, form: &mut ExportForm) {
    match form.format {
        Format::Excerpt => {
            field(ui, "Entries, by number (such as 12, 40-44)", &mut form.entries, false, 260.0);
        }
        Format::Bundle => {
            field(
                ui,
                "Entries to withhold, by number (such as 12, 40-44); their hashes stay",
                &mut form.withheld,
                false,
                260.0,
            );
        }
        _ => {
            ui.horizontal_wrapped(|ui| {
                for (name, other) in [("Names as recorded", false), ("Pseudonyms", true)] {
                    if Button::new(name).small().selected(form.pseudonyms == other).show(ui) {
                        form.pseudonyms = other;
                    }
                }
                if form.format == Format::Pdf {
                    ui.add_space(12.0);
                    for (name, letter) in [("A4", false), ("Letter", true)] {
                        if Button::new(name).small().selected(form.letter == letter).show(ui) {
                            form.letter = letter;
                        }
                    }
                }
            });
        }
    }
    ui.add_space(8.0);
}

/// What came of the last one.
fn came(ui: &mut Ui, cx: &Cx) {
    let Some(export) = &cx.snap.audit.export else { return };
    let path = export.out.display().to_string();
    match &export.state {
        ExportState::Working(text) => {
            ui.horizontal_wrapped(|ui| {
                ui.label(body(text));
                if Button::new("Stop").small().show(ui) {
                    cx.send(Command::Audit(AuditIntent::StopExport));
                }
            });
        }
        ExportState::Failed(why) => {
            ui.horizontal_wrapped(|ui| {
                verdict(ui, Some(false));
                ui.label(bold("Not exported"));
            });
            copyable(ui, body(why));
            wrapped(
                ui,
                secondary(ui, "No file was left behind. Mend what it names, or choose another file, and export again."),
            );
        }
        ExportState::Done { bytes, sha256, notes } => {
            ui.horizontal_wrapped(|ui| {
                verdict(ui, Some(true));
                ui.label(bold(format!("Exported, {}", size(*bytes))));
            });
            row(ui, 72.0, "file", |ui| copyable(ui, mono(&path)));
            row(ui, 72.0, "SHA-256", |ui| copyable(ui, mono(sha256)));
            for note in notes {
                copyable(ui, body(format!("Note: {note}")));
            }
            ui.add_space(6.0);
            ui.horizontal_wrapped(|ui| {
                if Button::new("Open folder").small().show(ui) {
                    let folder = export.out.parent().unwrap_or(&export.out).display().to_string();
                    ui.ctx().open_url(OpenUrl::new_tab(format!("file://{folder}")));
                }
                if Button::new("Copy path").small().show(ui) {
                    cx.act(Act::Copy(path.clone(), "The path"));
                }
                if Button::new("Copy SHA-256").small().show(ui) {
                    cx.act(Act::Copy(sha256.clone(), "The SHA-256"));
                }
            });
        }
    }
}
