//! Long tables: only the rows on show are laid out, so that a hundred thousand cost what thirty do.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Layout, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::text::{cut, small};
use crate::ui::theme::{self, ROW};

/// A table of single lines. `name` is a row's whole sentence for the screen reader, `cell` draws one cell; the result is
/// the row that was pressed.
pub fn table(
    ui: &mut Ui,
    id: &str,
    columns: &[(&str, Option<f32>)],
    rows: usize,
    selected: impl Fn(usize) -> bool,
    name: impl Fn(usize) -> String,
    cell: impl FnMut(&mut Ui, usize, usize),
) -> Option<usize> {
    table_to(ui, id, columns, rows, None, selected, name, cell)
}

/// The same, scrolled so that this row is in sight.
#[expect(clippy::too_many_arguments, reason = "each says one thing of the table, by name at its call")]
pub fn table_to(
    ui: &mut Ui,
    id: &str,
    columns: &[(&str, Option<f32>)],
    rows: usize,
    to: Option<usize>,
    selected: impl Fn(usize) -> bool,
    name: impl Fn(usize) -> String,
    mut cell: impl FnMut(&mut Ui, usize, usize),
) -> Option<usize> {
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.visuals_mut().selection.bg_fill = t.chosen;
    let mut clicked = None;
    let mut builder = TableBuilder::new(ui)
        .id_salt(id)
        .sense(Sense::click())
        .striped(false)
        .animate_scrolling(false)
        .auto_shrink([false, false])
        .min_scrolled_height(0.0)
        .cell_layout(Layout::left_to_right(egui::Align::Center));
    if let Some(row) = to {
        builder = builder.scroll_to_row(row, None);
    }
    for (_, width) in columns {
        builder = builder.column(match width {
            Some(w) => Column::exact(*w).clip(true),
            None => Column::remainder().clip(true),
        });
    }
    let mut focused: Option<egui::Response> = None;
    builder
        .header(ROW, |mut header| {
            for (name, _) in columns {
                header.col(|ui| {
                    cut(ui, small(ui, *name));
                });
            }
        })
        .body(|body| {
            body.rows(ROW, rows, |mut row| {
                let i = row.index();
                row.set_selected(selected(i));
                for c in 0..columns.len() {
                    row.col(|ui| cell(ui, i, c));
                }
                let response = row.response();
                response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected(i), name(i)));
                if response.clicked() {
                    clicked = Some(i);
                }
                if response.gained_focus() {
                    // Said in here, it is the table that scrolls.
                    response.scroll_to_me(None);
                }
                if response.has_focus() {
                    focused = Some(response);
                }
            });
        });
    if let Some(response) = focused {
        // A row is as wide as the window for the pointer; the ring stands where the row is to be seen.
        let seen = response.rect.with_max_x(response.rect.right().min(ui.max_rect().right()));
        super::button::focus_ring(ui, &response, seen.shrink(3.0));
    }
    clicked
}
