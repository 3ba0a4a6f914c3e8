//! One step on paper: a box to tick, a line to find it by, and what there is to know in labelled rows.

use std::rc::Rc;

use super::super::block::{Body, Row, StepBlock};
use super::draw::{BODY, CODE, HAIR, HAND, LABEL, Layout, SMALL, STRONG, base};
use super::face::{Cut, Style};
use super::flow::{Mark, Piece};
use super::tree::Kind;

const ID: Style = Style { cut: Cut::MonoBold, size: 10.5, lead: 17.0, gray: 0 };
const NAME: Style = Style { cut: Cut::Bold, size: 12.0, lead: 17.0, gray: 0 };
const AGAIN: Style = Style { cut: Cut::Regular, size: 9.0, lead: 16.0, gray: 70 };

/// Columns: box, label, body.
const LABEL_X: f32 = 22.0;
const BODY_X: f32 = 88.0;
const BOX: f32 = 13.0;
const TICK: f32 = 8.0;
const TICK_TEXT: f32 = 15.0;
/// A command's bar, then its first line, then what it goes on with.
const COMMAND_X: f32 = 9.0;
const COMMAND_ON: f32 = 12.0;
/// The sign that a line goes on within a word needs this.
const HOOK: f32 = 9.0;

/// A step that fills less of a page than this is never cut.
const WHOLE: f32 = 0.45;

impl Layout<'_> {
    pub(super) fn step(&mut self, step: &StepBlock) {
        let mut pieces = self.step_head(step);
        let head = pieces.len();
        for row in &step.rows {
            let at_end = row.label.is_empty();
            let mut row = self.row(row);
            // Blanks go with what they are for; a row with its distance.
            if at_end && let Some(last) = pieces.last_mut() {
                last.keep = true;
            }
            pieces.push(Piece { keep: at_end, ..Piece::gap(if at_end { 0.0 } else { 2.5 }) });
            pieces.append(&mut row);
        }
        let tall: f32 = pieces.iter().map(|p| p.height).sum();
        let again = Rc::new(self.step_again(step));
        let n = pieces.len();
        for (i, p) in pieces.iter_mut().enumerate() {
            // The head takes the first row along.
            p.keep |= i + 1 < n && (i <= head + 1 || tall < WHOLE * self.height);
            if i >= head {
                p.again = Some(again.clone());
            }
        }
        self.pieces.push(Piece::gap(9.0));
        self.pieces.extend(pieces);
        self.pieces.push(Piece::gap(9.0));
        let line = Mark::Fill { x: 0.0, y: 0.0, w: self.width, h: 0.5, gray: HAIR };
        self.pieces.push(Piece { height: 0.5, marks: vec![line], gap: true, ..Piece::default() });
    }

    fn step_head(&mut self, step: &StepBlock) -> Vec<Piece> {
        let name = format!("{} {}", step.id, step.title);
        let part = self.tree.part(None, Kind::Heading(3, name.clone()));
        let time = self.faces.line(SMALL, &step.time, 120.0);
        let room = self.width - LABEL_X;
        let mut id = self.faces.line(ID, &step.id, room / 2.0);
        let title_x = (LABEL_X + id.width + 10.0).max(BODY_X);
        // So that the id and the title are two words to a reader of the text.
        id.text.push(' ');
        let title_room = self.width - title_x - time.width - 12.0;
        let mut out = Vec::new();
        for (i, line) in self.faces.wrap(NAME, &step.title, title_room, title_room).into_iter().enumerate() {
            let mut marks = Vec::new();
            if i == 0 {
                let (y, weight) = ((NAME.lead - BOX) / 2.0 + 0.3, 1.1);
                marks.push(Mark::Frame { x: 0.6, y, w: BOX, h: BOX, weight, gray: 0 });
                let id = std::mem::replace(&mut id, self.faces.line(ID, "", 0.0));
                marks.push(self.said(part, ID, id, LABEL_X, base(ID)));
            }
            marks.push(self.said(part, NAME, line, title_x, base(NAME)));
            let entry = (i == 0).then(|| (3, name.clone()));
            out.push(Piece { height: NAME.lead, marks, keep: true, entry, ..Piece::default() });
        }
        let part = self.tree.part(None, Kind::Paragraph);
        if let Some(first) = out.first_mut().filter(|_| !step.time.is_empty()) {
            let x = self.width - time.width;
            first.marks.push(self.said(part, SMALL, time, x, base(NAME)));
        }
        let under = self.paragraph(part, SMALL, &step.under, BODY_X, self.width - BODY_X);
        out.extend(under.into_iter().map(Piece::kept));
        out
    }

    /// What stands above the rest of a step on the next page.
    fn step_again(&self, step: &StepBlock) -> Piece {
        let line = self.faces.line(AGAIN, &format!("{} {}, continued", step.id, step.title), self.width - LABEL_X);
        let text = Mark::Text {
            x: LABEL_X,
            y: base(AGAIN),
            line,
            cut: AGAIN.cut,
            size: AGAIN.size,
            gray: AGAIN.gray,
            leaf: None,
        };
        let rule = Mark::Fill { x: 0.0, y: AGAIN.lead + 1.0, w: self.width, h: 0.5, gray: HAIR };
        Piece { height: AGAIN.lead + 6.0, marks: vec![text, rule], ..Piece::default() }
    }

    fn row(&mut self, row: &Row) -> Vec<Piece> {
        let part = self.tree.part(None, Kind::Paragraph);
        let room = self.width - BODY_X;
        let label = (!row.label.is_empty()).then(|| {
            let line = self.faces.line(LABEL, row.label, BODY_X - LABEL_X - 4.0);
            self.said(part, LABEL, line, LABEL_X, 0.0)
        });
        let (mut pieces, style) = match &row.body {
            Body::Text(text) => (self.paragraph(part, BODY, text, BODY_X, room), BODY),
            Body::Strong(text) => (self.paragraph(part, STRONG, text, BODY_X, room), STRONG),
            Body::Small(text) => (self.paragraph(part, SMALL, text, BODY_X, room), SMALL),
            Body::Commands(all) => (self.commands(all), CODE),
            Body::Ticks(all) => (self.ticks(all), BODY),
            Body::Blanks(names) => (vec![self.blanks(part, names)], BODY),
        };
        if let (Some(first), Some(Mark::Text { x, line, cut, size, gray, leaf, .. })) = (pieces.first_mut(), label) {
            first.marks.insert(0, Mark::Text { x, y: base(style), line, cut, size, gray, leaf });
        }
        pieces
    }

    fn commands(&mut self, all: &[String]) -> Vec<Piece> {
        let part = self.tree.part(None, Kind::Paragraph);
        let room = self.width - BODY_X - COMMAND_X - HOOK;
        let mut out: Vec<Piece> = Vec::new();
        for (n, command) in all.iter().enumerate() {
            if n > 0 {
                out.push(Piece::gap(4.0));
            }
            let part = self.tree.part(Some(part), Kind::Command);
            let lines = self.faces.wrap(CODE, command, room, room - COMMAND_ON);
            let count = lines.len();
            for (i, line) in lines.into_iter().enumerate() {
                let x = BODY_X + COMMAND_X + if i == 0 { 0.0 } else { COMMAND_ON };
                let (end, broken) = (x + line.width, line.broken);
                let bar = Mark::Fill { x: BODY_X, y: 0.0, w: 1.5, h: CODE.lead, gray: 150 };
                let mut marks = vec![bar, self.said(part, CODE, line, x, base(CODE))];
                if broken {
                    marks.push(Mark::Hook { x: end + 1.0, y: base(CODE) });
                }
                let keep = i + 1 < count;
                out.push(Piece { height: CODE.lead, marks, keep, ..Piece::default() });
            }
        }
        out
    }

    fn ticks(&mut self, all: &[String]) -> Vec<Piece> {
        let list = self.tree.part(None, Kind::List);
        let mut out = Vec::new();
        for text in all {
            let item = self.tree.part(Some(list), Kind::Item);
            let part = self.tree.part(Some(item), Kind::ItemBody);
            let x = BODY_X + TICK_TEXT;
            let mut lines = self.paragraph(part, BODY, text, x, self.width - x);
            if let Some(first) = lines.first_mut() {
                let y = (BODY.lead - TICK) / 2.0 + 0.2;
                first.marks.insert(0, Mark::Frame { x: BODY_X + 0.5, y, w: TICK, h: TICK, weight: 0.8, gray: 30 });
            }
            out.append(&mut lines);
        }
        out
    }

    fn blanks(&mut self, part: usize, names: &[&'static str]) -> Piece {
        let room = (self.width - BODY_X) / names.len().max(1) as f32;
        let mut marks = Vec::new();
        for (i, name) in names.iter().enumerate() {
            marks.extend(self.field(part, name, BODY_X + room * i as f32, room - 10.0));
        }
        Piece { height: HAND, marks, ..Piece::default() }
    }
}
