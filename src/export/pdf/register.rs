//! The register of records on paper: a line to find each by, with its hash, and what it says below.

use super::super::block::Entry;
use super::draw::{HAIR, Layout, base};
use super::face::{Cut, Style};
use super::flow::{Mark, Piece};
use super::tree::Kind;

const HEAD: Style = Style { cut: Cut::Regular, size: 7.5, lead: 11.0, gray: 70 };
const SEQ: Style = Style { cut: Cut::MonoBold, size: 7.5, lead: 11.0, gray: 0 };
const SAID: Style = Style { cut: Cut::Regular, size: 8.5, lead: 11.4, gray: 0 };
const HASH: Style = Style { cut: Cut::Mono, size: 5.3, lead: 11.0, gray: 90 };

/// Columns: number, time, kind, who; the hash stands at the right edge.
const TIME_X: f32 = 40.0;
const KIND_X: f32 = 84.0;
const WHO_X: f32 = 206.0;
/// Between who and the hash.
const GAP: f32 = 6.0;

impl Layout<'_> {
    pub(super) fn register(&mut self, entries: &[Entry]) {
        for e in entries {
            let part = self.tree.part(None, Kind::Paragraph);
            let hash = self.faces.line(HASH, &e.hash, self.width);
            let hash_x = self.width - hash.width;
            let cells = [
                (SEQ, self.faces.line(SEQ, &format!("{} ", e.seq), TIME_X), 0.0),
                (HEAD, self.faces.line(HEAD, &format!("{} ", e.time), KIND_X - TIME_X), TIME_X),
                (HEAD, self.faces.line(HEAD, &format!("{} ", e.kind), WHO_X - KIND_X - 4.0), KIND_X),
                (HEAD, self.faces.line(HEAD, &format!("{} ", e.who), hash_x - GAP - WHO_X), WHO_X),
                (HASH, hash, hash_x),
            ];
            let marks = cells.into_iter().map(|(style, line, x)| {
                let (cut, size, gray) = (style.cut, style.size, style.gray);
                Mark::Text { x, y: base(SEQ) + 2.0, line, cut, size, gray, leaf: None }
            });
            let head = Mark::Group { marks: marks.collect(), leaf: self.tree.leaf(part) };
            let mut pieces = vec![Piece { height: SEQ.lead + 2.0, marks: vec![head], keep: true, ..Piece::default() }];
            pieces.extend(self.paragraph(part, SAID, &e.text, TIME_X, self.width - TIME_X));
            if let Some(last) = pieces.last_mut() {
                last.keep = false;
                last.height += 3.0;
                let y = last.height - 0.4;
                last.marks.push(Mark::Fill { x: 0.0, y, w: self.width, h: 0.4, gray: HAIR });
            }
            self.pieces.append(&mut pieces);
        }
    }
}
