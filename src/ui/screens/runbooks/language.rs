//! The page on the language, as it stands in the repository: headings, paragraphs, tables and code, nothing else.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{FontId, Frame, Grid, Label, Margin, Ui};

use crate::ui::theme::{self, BODY, SMALL};
use crate::ui::view::View;
use crate::ui::widgets::text::copyable;
use crate::ui::widgets::{Button, bold, mono, title};

const PAGE: &str = include_str!("../../../../runbooks/README.md");

/// Draws it.
pub fn show(ui: &mut Ui, view: &mut View) {
    ui.set_max_width(ui.available_width().min(860.0));
    if Button::new("Back to the library").small().show(ui) {
        view.library.language = false;
    }
    ui.add_space(8.0);
    let mut lines = PAGE.lines().peekable();
    let (mut n, mut examples) = (0usize, 0usize);
    while let Some(line) = lines.next() {
        n += 1;
        if let Some(text) = line.strip_prefix("# ") {
            title(ui, text);
        } else if let Some(text) = line.strip_prefix("## ") {
            ui.add_space(12.0);
            ui.label(bold(text));
        } else if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
            examples += 1;
            code_block(ui, examples, &code.join("\n"));
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|l| l.starts_with('|')) {
                rows.push(row);
            }
            table(ui, n, &rows);
        } else if !line.trim().is_empty() {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|l| !l.trim().is_empty() && !l.starts_with(['|', '#', '`'])) {
                text.push(' ');
                text.push_str(more);
            }
            coded(ui, &text, false);
        }
        ui.add_space(4.0);
    }
}

fn code_block(ui: &mut Ui, n: usize, code: &str) {
    let t = theme::of(ui);
    let name = if n == 1 { "Copy the example".to_owned() } else { format!("Copy the example, number {n}") };
    if Button::new("Copy the example").name(&name).small().id(n).show(ui) {
        ui.ctx().copy_text(code.to_owned());
    }
    Frame::new().fill(t.raised).corner_radius(6).inner_margin(Margin::same(12)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        for line in code.lines() {
            copyable(ui, mono(if line.is_empty() { " " } else { line }));
        }
    });
}

fn table(ui: &mut Ui, n: usize, rows: &[&str]) {
    let cells = |row: &str| -> Vec<String> { row.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect() };
    let columns = rows.first().map_or(1, |r| cells(r).len());
    let wide = ui.available_width();
    Grid::new(("table", n)).num_columns(columns).striped(true).spacing([16.0, 6.0]).show(ui, |ui| {
        for (i, row) in rows.iter().enumerate().filter(|(_, r)| !r.starts_with("|---")) {
            for (k, cell) in cells(row).iter().enumerate() {
                let share = if columns < 3 { [0.34, 0.62] } else { [0.16, 0.36] };
                let width = wide * if k == 0 { share[0] } else { share[1] };
                ui.scope(|ui| {
                    ui.set_max_width(width);
                    coded(ui, cell, i == 0);
                });
            }
            ui.end_row();
        }
    });
}

/// Wrapped text to copy; what stands between backticks is set as code.
pub fn coded(ui: &mut Ui, text: &str, strong: bool) {
    let t = theme::of(ui);
    let prose = if strong { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let mut job = LayoutJob::default();
    for (i, part) in text.split('`').enumerate().filter(|(_, part)| !part.is_empty()) {
        let font_id = if i % 2 == 0 { prose.clone() } else { FontId::monospace(SMALL) };
        let format = TextFormat { font_id, color: t.text, line_height: Some(theme::LINE), ..TextFormat::default() };
        job.append(part, 0.0, format);
    }
    ui.add(Label::new(job).wrap().selectable(true));
}
