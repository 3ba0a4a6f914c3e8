//! The table: one line a thing, the most urgent first, with a bar for the time that is left.

use eframe::egui::{Sense, Stroke, Ui, vec2};

use super::{left, shape};
use crate::desk::snapshot::DeletedRow;
use crate::ui::theme;
use crate::ui::view::{Cx, View};
use crate::ui::widgets::table::table;
use crate::ui::widgets::text::cut;
use crate::ui::widgets::{body, deadline, secondary};

/// A column's meaning.
#[derive(Clone, Copy)]
enum Column {
    Place,
    What,
    Name,
    Subscription,
    Region,
    Time,
    Way,
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let board = &cx.snap.recovery;
    if view.board.rows.is_empty() {
        super::none(ui, board);
        return;
    }
    let width = ui.available_width();
    let mut columns = vec![
        (Column::Place, ("", Some(28.0))),
        (Column::What, ("What", Some(if width < 640.0 { 104.0 } else { 156.0 }))),
        (Column::Name, ("Name", None)),
    ];
    if width >= 1_000.0 {
        columns.push((Column::Subscription, ("Subscription", Some(132.0))));
    }
    if width >= 860.0 {
        columns.push((Column::Region, ("Region", Some(120.0))));
    }
    columns.push((Column::Time, ("Time left", Some(196.0))));
    if width >= 560.0 {
        columns.push((Column::Way, ("In the way, or waiting", None)));
    }
    if columns.len() > 4 {
        // Names are short beside what is in the way.
        let gaps = ui.spacing().item_spacing.x * (columns.len() - 1) as f32;
        let taken: f32 = columns.iter().filter_map(|(_, (_, width))| *width).sum::<f32>() + gaps;
        columns[2].1.1 = Some(((width - taken) * 0.36).max(96.0));
    }
    let heads: Vec<(&str, Option<f32>)> = columns.iter().map(|(_, head)| *head).collect();
    let at = |i: usize| view.board.rows.get(i).and_then(|n| board.rows.get(*n));
    let chosen = super::chosen(&view.board, cx.snap).map(|r| r.id.as_str());
    let clicked = table(
        ui,
        "deleted",
        &heads,
        view.board.rows.len(),
        |i| at(i).is_some_and(|r| Some(r.id.as_str()) == chosen),
        |i| at(i).map_or_else(String::new, |r| sentence(cx, r)),
        |ui, i, c| {
            if let (Some(r), Some((column, _))) = (at(i), columns.get(c)) {
                cell(ui, cx, r, *column);
            }
        },
    );
    if let Some(id) = clicked.and_then(at).map(|r| r.id.clone()) {
        view.board.selected = Some(id);
    }
}

/// A row for who cannot see it.
fn sentence(cx: &Cx, r: &DeletedRow) -> String {
    let place = if r.place > 0 { format!("{}: ", r.place) } else { String::new() };
    let way = r.blockers.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("; ");
    let way = if way.is_empty() { String::new() } else { format!(". In the way: {way}") };
    format!("{place}{} {}, {}, {}, {}{way}", r.what, r.name, r.subscription, left(cx, r), r.alarm(cx.now.wall).word())
}

fn cell(ui: &mut Ui, cx: &Cx, r: &DeletedRow, column: Column) {
    match column {
        Column::Place if r.place > 0 => {
            ui.label(secondary(ui, r.place.to_string()));
        }
        Column::Place => {}
        Column::What => {
            cut(ui, secondary(ui, r.what));
        }
        Column::Name => {
            cut(ui, body(&r.name));
        }
        Column::Subscription => {
            cut(ui, secondary(ui, &r.subscription));
        }
        Column::Region => {
            cut(ui, secondary(ui, &r.region));
        }
        Column::Time => time(ui, cx, r),
        Column::Way => {
            let certain = r.blockers.iter().find(|(_, certain)| *certain).or(r.blockers.first());
            if let Some((text, sure)) = certain {
                let more = if r.blockers.len() > 1 { format!(" (+{})", r.blockers.len() - 1) } else { String::new() };
                let text = format!("{text}{more}");
                cut(ui, if *sure { body(text) } else { secondary(ui, text) });
            } else if let Some((text, ..)) = &r.wanted {
                // Why it stands so far up.
                cut(ui, secondary(ui, text));
            }
        }
    }
}

/// Shape, bar and words; the bar is as long as the share of the time that is left.
pub fn time(ui: &mut Ui, cx: &Cx, r: &DeletedRow) {
    let (now, words) = (cx.now.wall, left(cx, r));
    // The column's head says that it is left.
    let words = words.strip_suffix(" left").unwrap_or(&words);
    let alarm = r.alarm(now);
    match shape(alarm) {
        Some(mark) => deadline(ui, mark, Some(r.term.share(now)), words),
        // No shape of a status: nothing about it can change any more.
        None => {
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, theme::ROW), Sense::hover());
            let dash = rect.left() + 3.0..=rect.left() + 13.0;
            ui.painter().hline(dash, rect.center().y, Stroke::new(2.0, theme::of(ui).secondary));
            ui.spacing_mut().item_spacing.x = 0.0;
            cut(ui, secondary(ui, alarm.word()));
        }
    }
}
