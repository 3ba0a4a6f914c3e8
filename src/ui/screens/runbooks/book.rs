//! A runbook: its steps in a strategy, or its text with what is wrong beside the line.

use eframe::egui::{Align, CentralPanel, Frame, Label, Layout, Margin, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::plan::phases;
use super::{finding, strategies};
use crate::desk::protocol::{Command, DraftIntent};
use crate::desk::snapshot::{RunbookPreview, SourceText};
use crate::runbook::model::System;
use crate::ui::theme;
use crate::ui::view::{Cx, View};
use crate::ui::widgets::text::{copyable, cut, small, wrapped};
use crate::ui::widgets::{Button, banner, body, card, mono, row, secondary, title};

/// Height of a line of text.
const LINE: f32 = 20.0;
/// Width of a character of text.
const MONO: f32 = 8.0;
/// Height of a finding below its line.
const FINDING: f32 = 44.0;

/// Draws its steps.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, b: &RunbookPreview) {
    ui.set_max_width(ui.available_width().min(860.0));
    head(ui, cx, view, b);
    strategies(ui, &b.strategies, b.strategy, |s| {
        cx.send(Command::PreviewRunbook { file: b.name.clone(), strategy: Some(s) });
    });
    let t = theme::of(ui);
    let totals = secondary(ui, &b.totals);
    wrapped(ui, if b.too_long { totals.color(t.down) } else { totals });
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for (label, text) in &b.facts {
            row(ui, 150.0, label, |ui| copyable(ui, body(text)));
        }
    });
    ui.add_space(12.0);
    phases(ui, &b.phases);
}

fn head(ui: &mut Ui, cx: &Cx, view: &mut View, b: &RunbookPreview) {
    let system = b.system.map_or("has errors", System::display);
    ui.label(small(ui, format!("Runbook {} · {system}", b.id)));
    title(ui, &b.title);
    wrapped(ui, secondary(ui, &b.about));
    for label in &b.labels {
        ui.add_space(8.0);
        banner(ui, theme::of(ui).degraded, |ui| wrapped(ui, body(label)));
    }
    ui.add_space(12.0);
    tabs(ui, cx, view, b);
    ui.add_space(12.0);
}

fn tabs(ui: &mut Ui, cx: &Cx, view: &mut View, b: &RunbookPreview) {
    let text = view.library.text || b.system.is_none();
    ui.horizontal_wrapped(|ui| {
        let refused = b.system.is_none().then_some("Mend its errors first");
        if Button::new("Steps").small().selected(!text).refused(refused).show(ui) {
            view.library.text = false;
        }
        let (errors, warnings) = b.findings;
        let label = match (errors, warnings) {
            (0, 0) => "Text".to_owned(),
            (0, w) => format!("Text · {w} to look at"),
            (e, _) => format!("Text · {e} wrong"),
        };
        if Button::new(&label).small().selected(text).id("text").show(ui) {
            view.library.text = true;
        }
        let refused = (errors > 0).then_some("Mend its errors first");
        if Button::new("Make a plan…").small().refused(refused).show(ui) {
            cx.send(Command::Draft(DraftIntent::New(b.name.clone())));
        }
    });
}

/// Draws its text: thousands of lines, of which only those in sight cost anything.
pub fn text(ui: &mut Ui, cx: &Cx, view: &mut View, b: &RunbookPreview) {
    let margin = Margin { left: 24, right: 24, top: 20, bottom: 12 };
    CentralPanel::no_frame().frame(Frame::new().inner_margin(margin)).show(ui, |ui| {
        ui.label(small(ui, if b.id.is_empty() { "Runbook".to_owned() } else { format!("Runbook {}", b.id) }));
        title(ui, &b.title);
        ui.add_space(8.0);
        tabs(ui, cx, view, b);
        ui.add_space(8.0);
        files(ui, view, b);
        let Some(source) = b.texts.get(view.library.part).or(b.texts.first()) else { return };
        navigation(ui, view, source);
        lines(ui, view, source);
    });
}

fn files(ui: &mut Ui, view: &mut View, b: &RunbookPreview) {
    if b.texts.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for (i, s) in b.texts.iter().enumerate() {
                let name = s.file.rsplit(['/', '\\']).next().unwrap_or(&s.file);
                let label = if s.marked.is_empty() { name.to_owned() } else { format!("{name} · {}", s.marked.len()) };
                if Button::new(&label).small().selected(view.library.part == i).id(&s.file).show(ui) {
                    view.library.part = i;
                }
            }
        });
        ui.add_space(4.0);
    }
}

fn navigation(ui: &mut Ui, view: &mut View, source: &SourceText) {
    ui.horizontal_wrapped(|ui| {
        cut(ui, small(ui, &source.file)).on_hover_text(&source.file);
    });
    if source.marked.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for at in source.marked.iter().take(12) {
            if Button::new(&format!("Line {}", at + 1)).small().id(at).show(ui) {
                view.library.jump = Some(*at);
            }
        }
        if source.marked.len() > 12 {
            ui.label(small(ui, format!("and {} more", source.marked.len() - 12)));
        }
    });
    ui.add_space(4.0);
}

/// Where a line begins: those above it, and the findings above it.
fn top(source: &SourceText, line: usize) -> f32 {
    let above = source.marked.iter().take_while(|m| **m < line);
    let findings: usize = above.filter_map(|m| source.lines.get(*m)).map(|l| l.findings.len()).sum();
    line as f32 * LINE + findings as f32 * FINDING
}

fn lines(ui: &mut Ui, view: &mut View, source: &SourceText) {
    let t = theme::of(ui);
    let digits = source.lines.len().to_string().len();
    let mut area = ScrollArea::both().id_salt(("text", &source.file)).auto_shrink([false, false]);
    if let Some(line) = view.library.jump.take() {
        area = area.vertical_scroll_offset((top(source, line) - 4.0 * LINE).max(0.0));
    }
    let longest = source.lines.iter().map(|l| l.text.chars().count()).max().unwrap_or(0);
    area.show_viewport(ui, |ui, seen| {
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        let width = seen.width().max((digits + 2 + longest) as f32 * MONO);
        let first = first_at(source, seen.top());
        ui.allocate_space(vec2(width, top(source, first)));
        let mut at = first;
        let mut y = top(source, first);
        while at < source.lines.len() && y < seen.bottom() {
            let line = &source.lines[at];
            ui.push_id(at, |ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
                let row = Layout::left_to_right(Align::Center);
                let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(row));
                child.label(mono(format!("{:>digits$}", at + 1)).color(t.faint));
                let text = if line.text.is_empty() { " " } else { &line.text };
                child.add(Label::new(mono(text)).selectable(true).extend());
                for d in &line.findings {
                    let (rect, _) = ui.allocate_exact_size(vec2(seen.width() - 16.0, FINDING), Sense::hover());
                    ui.painter().rect_filled(rect.shrink2(vec2(0.0, 2.0)), f32::from(theme::RADIUS), t.raised);
                    let mut child = ui.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))));
                    child.set_clip_rect(rect.intersect(ui.clip_rect()));
                    finding(&mut child, d);
                }
            });
            at += 1;
            y = top(source, at);
        }
        ui.allocate_space(vec2(width, (top(source, source.lines.len()) - y).max(0.0)));
    });
}

/// The line that stands at this height.
fn first_at(source: &SourceText, y: f32) -> usize {
    let (mut low, mut high) = (0, source.lines.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if top(source, middle + 1) < y { low = middle + 1 } else { high = middle }
    }
    low
}
