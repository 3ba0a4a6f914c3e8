//! Blocks become pieces of a page: sizes, indents and distances are decided here (and in `step`).

use std::rc::Rc;

use super::super::block::{Block, Column, Fact, Sheet};
use super::face::{Cut, Faces, Line, Style};
use super::flow::{Mark, Piece};
use super::tree::{Kind, Tree};

pub(super) const BODY: Style = Style { cut: Cut::Regular, size: 10.0, lead: 13.6, gray: 0 };
pub(super) const STRONG: Style = Style { cut: Cut::Bold, ..BODY };
pub(super) const SMALL: Style = Style { cut: Cut::Regular, size: 8.5, lead: 11.6, gray: 70 };
pub(super) const LABEL: Style = Style { cut: Cut::Bold, size: 8.0, lead: 13.6, gray: 80 };
pub(super) const CODE: Style = Style { cut: Cut::Mono, size: 8.5, lead: 12.0, gray: 0 };
const EYEBROW: Style = Style { cut: Cut::Bold, size: 8.5, lead: 20.0, gray: 80 };
const PLACE: Style = Style { cut: Cut::Bold, size: 11.0, lead: 20.0, gray: 0 };
const TITLE: Style = Style { cut: Cut::Bold, size: 23.0, lead: 29.0, gray: 0 };
const UNDER: Style = Style { cut: Cut::Regular, size: 12.0, lead: 18.0, gray: 40 };
const HEADING: Style = Style { cut: Cut::Bold, size: 16.0, lead: 22.0, gray: 0 };
const FIGURE: Style = Style { cut: Cut::Bold, size: 15.0, lead: 20.0, gray: 0 };

/// How commands are to be read here.
const COMMANDS: &str = "A command that goes on indented is one line: a blank stands where it was cut, except behind a \
    small hook.";

/// Grays of lines: to write on, between rows.
pub(super) const WRITE_ON: u8 = 110;
pub(super) const HAIR: u8 = 185;

/// Room for a hand's writing.
pub(super) const HAND: f32 = 25.0;

const FACT_LABEL: f32 = 86.0;
const GUTTER: f32 = 22.0;
/// Rows of a table with fewer lines than this are not cut.
const ROW_WHOLE: usize = 9;
/// A table to write in with fewer rows than this is not cut.
const TABLE_WHOLE: usize = 9;

/// Where the base line lies in a line of this style.
pub(super) fn base(style: Style) -> f32 {
    style.lead * 0.5 + style.size * 0.36
}

/// What has been laid out so far.
pub(super) struct Layout<'a> {
    pub(super) faces: &'a Faces,
    pub(super) tree: Tree,
    pub(super) pieces: Vec<Piece>,
    /// Of the text.
    pub(super) width: f32,
    /// Of a page's text.
    pub(super) height: f32,
}

impl<'a> Layout<'a> {
    /// Lays out a whole sheet on pages of this size.
    pub(super) fn of(sheet: &Sheet, faces: &'a Faces, width: f32, height: f32) -> (Vec<Piece>, Tree) {
        let mut all = Self { faces, tree: Tree::default(), pieces: Vec::new(), width, height };
        for block in &sheet.blocks {
            all.block(block);
        }
        (all.pieces, all.tree)
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Cover { eyebrow, place, title, under } => self.cover(eyebrow, place, title, under),
            Block::Heading { text, note, new_page } => self.heading(text, note, *new_page),
            Block::Text(text) => self.text(text),
            Block::Manual(text) => self.text(&format!("{text} {COMMANDS}")),
            Block::Frame { label, text } => self.frame(label, text),
            Block::Figures(all) => self.figures(all),
            Block::Facts(all) => all.iter().for_each(|f| self.fact(f)),
            Block::Fields(names) => self.fields(names),
            Block::Table { columns, rows } => self.table(columns, rows),
            Block::Step(step) => self.step(step),
            Block::Picture(picture) => self.picture(picture),
            Block::Register(entries) => self.register(entries),
        }
    }

    /// A line of text that belongs to a part of the document.
    pub(super) fn said(&mut self, part: usize, style: Style, line: Line, x: f32, y: f32) -> Mark {
        let leaf = Some(self.tree.leaf(part));
        Mark::Text { x, y, line, cut: style.cut, size: style.size, gray: style.gray, leaf }
    }

    /// A text in pieces of one line each; one line never stands alone at the end or the top of a page.
    pub(super) fn paragraph(&mut self, part: usize, style: Style, text: &str, x: f32, room: f32) -> Vec<Piece> {
        let lines = self.faces.wrap(style, text, room, room);
        let n = lines.len();
        let piece = |(i, line): (usize, Line)| Piece {
            height: style.lead,
            marks: vec![self.said(part, style, line, x, base(style))],
            keep: i + 1 < n && (i == 0 || i + 2 == n),
            ..Piece::default()
        };
        lines.into_iter().enumerate().map(piece).collect()
    }

    fn text(&mut self, text: &str) {
        self.pieces.push(Piece::gap(8.0));
        let part = self.tree.part(None, Kind::Paragraph);
        let lines = self.paragraph(part, BODY, text, 0.0, self.width);
        self.pieces.extend(lines);
    }

    fn rule(&mut self, weight: f32, gray: u8) {
        let mark = Mark::Fill { x: 0.0, y: 0.0, w: self.width, h: weight, gray };
        self.pieces.push(Piece { height: weight, marks: vec![mark], keep: true, ..Piece::default() });
    }

    fn cover(&mut self, eyebrow: &str, place: &str, title: &str, under: &str) {
        let part = self.tree.part(None, Kind::Paragraph);
        let place = self.faces.line(PLACE, place, self.width / 2.0);
        let (w, x) = (place.width, self.width - place.width);
        let eyebrow = self.faces.line(EYEBROW, eyebrow, self.width - w - 40.0);
        let marks = vec![
            self.said(part, EYEBROW, eyebrow, 0.0, base(EYEBROW)),
            Mark::Frame { x: x - 20.0, y: 0.5, w: w + 19.5, h: 20.0, weight: 1.2, gray: 0 },
            self.said(part, PLACE, place, x - 10.0, base(PLACE) + 0.5),
        ];
        self.pieces.push(Piece { height: 30.0, marks, keep: true, ..Piece::default() });
        let part = self.tree.part(None, Kind::Heading(1, title.to_owned()));
        let mut lines = self.paragraph(part, TITLE, title, 0.0, self.width);
        if let Some(first) = lines.first_mut() {
            first.entry = Some((1, title.to_owned()));
        }
        let part = self.tree.part(None, Kind::Paragraph);
        lines.extend(self.paragraph(part, UNDER, under, 0.0, self.width));
        self.pieces.extend(lines.into_iter().map(Piece::kept));
        self.pieces.push(Piece::gap(9.0).kept());
        self.rule(2.0, 0);
    }

    fn heading(&mut self, text: &str, note: &str, new_page: bool) {
        if !new_page {
            self.pieces.push(Piece::gap(22.0));
        }
        let part = self.tree.part(None, Kind::Heading(2, text.to_owned()));
        let line = self.faces.line(HEADING, text, self.width);
        let room = self.width - line.width - GUTTER;
        let mut marks = vec![self.said(part, HEADING, line, 0.0, base(HEADING))];
        if !note.is_empty() {
            let part = self.tree.part(None, Kind::Paragraph);
            let note = self.faces.line(SMALL, note, room);
            let x = self.width - note.width;
            marks.push(self.said(part, SMALL, note, x, base(HEADING)));
        }
        let entry = Some((2, text.to_owned()));
        self.pieces.push(Piece { height: HEADING.lead + 3.0, marks, keep: true, new_page, entry, ..Piece::default() });
        self.rule(1.2, 0);
        self.pieces.push(Piece::gap(2.0).kept());
    }

    fn frame(&mut self, label: &str, text: &str) {
        self.pieces.push(Piece::gap(10.0));
        let part = self.tree.part(None, Kind::Paragraph);
        let mut all = self.paragraph(part, STRONG, label, 12.0, self.width - 12.0);
        all.extend(self.paragraph(part, BODY, text, 12.0, self.width - 12.0));
        if let Some(first) = all.first_mut() {
            first.keep = true;
        }
        for p in &mut all {
            p.marks.push(Mark::Fill { x: 0.0, y: 0.0, w: 4.0, h: p.height, gray: 0 });
        }
        self.pieces.extend(all);
    }

    fn figures(&mut self, all: &[(String, String)]) {
        self.pieces.push(Piece::gap(8.0).kept());
        let room = self.width / all.len().max(1) as f32;
        let mut marks = Vec::new();
        for (i, (label, value)) in all.iter().enumerate() {
            let part = self.tree.part(None, Kind::Paragraph);
            let x = room * i as f32;
            let label = self.faces.line(LABEL, label, room - 8.0);
            let value = self.faces.line(FIGURE, value, room - 8.0);
            marks.push(self.said(part, LABEL, label, x, base(LABEL)));
            marks.push(self.said(part, FIGURE, value, x, LABEL.lead + base(FIGURE)));
        }
        let height = LABEL.lead + FIGURE.lead;
        self.pieces.push(Piece { height, marks, keep: true, ..Piece::default() });
        self.pieces.push(Piece::gap(8.0).kept());
        self.rule(0.5, HAIR);
        self.pieces.push(Piece::gap(4.0));
    }

    fn fact(&mut self, fact: &Fact) {
        let part = self.tree.part(None, Kind::Paragraph);
        let label = self.faces.line(LABEL, &fact.label, FACT_LABEL - 6.0);
        let label = self.said(part, LABEL, label, 0.0, base(LABEL));
        let mut lines = Vec::new();
        let room = self.width - FACT_LABEL;
        if !fact.value.is_empty() {
            lines.extend(self.paragraph(part, BODY, &fact.value, FACT_LABEL, room));
        }
        if !fact.exact.is_empty() {
            let style = Style { lead: if lines.is_empty() { BODY.lead } else { CODE.lead }, ..CODE };
            lines.extend(self.paragraph(part, style, &fact.exact, FACT_LABEL, room));
        }
        if let Some(first) = lines.first_mut() {
            first.marks.insert(0, label);
        }
        self.pieces.push(Piece::gap(5.0));
        let last = lines.len().saturating_sub(1);
        self.pieces.extend(lines.into_iter().enumerate().map(|(i, p)| Piece { keep: i < last, ..p }));
    }

    fn fields(&mut self, names: &[String]) {
        let room = (self.width - GUTTER) / 2.0;
        for pair in names.chunks(2) {
            let mut marks = Vec::new();
            for (i, name) in pair.iter().enumerate() {
                let part = self.tree.part(None, Kind::Paragraph);
                marks.extend(self.field(part, name, (room + GUTTER) * i as f32, room));
            }
            self.pieces.push(Piece { height: HAND, marks, ..Piece::default() });
        }
    }

    /// A name and a line to write on.
    pub(super) fn field(&mut self, part: usize, name: &str, x: f32, room: f32) -> [Mark; 2] {
        let name = self.faces.line(SMALL, name, room * 0.7);
        let from = x + name.width + 6.0;
        let line = Mark::Fill { x: from, y: HAND - 5.0, w: x + room - from, h: 0.6, gray: WRITE_ON };
        [self.said(part, SMALL, name, x, HAND - 6.0), line]
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        let table = self.tree.part(None, Kind::Table);
        let head = self.table_head(Some(table), columns);
        // At the top of the next page it is repeated for the eye alone.
        let again = Rc::new(self.table_head(None, columns));
        self.pieces.push(Piece::gap(4.0).kept());
        self.pieces.push(head);
        let whole = rows.len() < TABLE_WHOLE && rows.iter().flatten().any(String::is_empty);
        for (at, row) in rows.iter().enumerate() {
            let mut pieces = self.table_row(table, columns, row);
            let n = pieces.len();
            for (i, p) in pieces.iter_mut().enumerate() {
                p.again = Some(again.clone());
                p.keep = i + 1 < n && (n < ROW_WHOLE || i == 0 || i + 2 == n);
                p.keep |= whole && at + 1 < rows.len();
            }
            self.pieces.extend(pieces);
        }
    }

    fn table_head(&mut self, table: Option<usize>, columns: &[Column]) -> Piece {
        let row = table.map(|t| self.tree.part(Some(t), Kind::Row));
        let mut marks = Vec::new();
        for (x, room, c) in cells(columns, self.width) {
            // A reader finds a cell by its place: an empty one holds a blank.
            let line = self.faces.line(LABEL, if c.title.is_empty() { " " } else { c.title }, room);
            let leaf = row.map(|r| {
                let part = self.tree.part(Some(r), Kind::Head);
                self.tree.leaf(part)
            });
            marks.push(Mark::Text {
                x,
                y: base(LABEL) + 2.0,
                line,
                cut: LABEL.cut,
                size: LABEL.size,
                gray: LABEL.gray,
                leaf,
            });
        }
        marks.push(Mark::Fill { x: 0.0, y: LABEL.lead + 4.0, w: self.width, h: 0.8, gray: 60 });
        Piece { height: LABEL.lead + 5.0, marks, keep: true, ..Piece::default() }
    }

    fn table_row(&mut self, table: usize, columns: &[Column], row: &[String]) -> Vec<Piece> {
        let part = self.tree.part(Some(table), Kind::Row);
        let hand = row.iter().any(String::is_empty);
        let mut pieces: Vec<Piece> = Vec::new();
        let lead = BODY.lead;
        for ((x, room, c), text) in cells(columns, self.width).zip(row) {
            let cell = self.tree.part(Some(part), Kind::Cell);
            let style = Style { lead, ..if c.mono { CODE } else { BODY } };
            let text = if text.is_empty() { " " } else { text };
            for (i, line) in self.faces.wrap(style, text, room, room).into_iter().enumerate() {
                if pieces.len() <= i {
                    pieces.push(Piece { height: lead, ..Piece::default() });
                }
                let y = if hand { HAND - 8.0 - lead + base(style) } else { base(style) + 3.0 };
                let mark = self.said(cell, style, line, x, y);
                pieces[i].marks.push(mark);
            }
        }
        if let Some(last) = pieces.last_mut() {
            last.height = if hand { HAND } else { lead + 6.0 };
            let (y, gray) = (last.height - 0.5, if hand { WRITE_ON } else { HAIR });
            last.marks.push(Mark::Fill { x: 0.0, y, w: self.width, h: 0.5, gray });
        }
        pieces
    }
}

/// Left edge and width of each column, with a gutter on the right.
fn cells(columns: &[Column], width: f32) -> impl Iterator<Item = (f32, f32, &Column)> {
    let mut x = 0.0;
    columns.iter().map(move |c| {
        let (left, all) = (x, width * f32::from(c.share) / 100.0);
        x += all;
        (left, all - 10.0, c)
    })
}
