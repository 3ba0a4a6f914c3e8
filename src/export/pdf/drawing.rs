//! A picture on paper: one figure to whoever hears the document, with its words instead of its parts.

use super::super::block::{Anchor, Picture, Shape, WIDTH};
use super::draw::Layout;
use super::face::{Cut, Style};
use super::flow::{Mark, Piece};
use super::tree::Kind;

impl Layout<'_> {
    pub(super) fn picture(&mut self, picture: &Picture) {
        let part = self.tree.part(None, Kind::Figure(picture.text.clone()));
        let leaf = self.tree.leaf(part);
        let marks = picture.shapes.iter().map(|s| self.shape(s)).collect();
        self.pieces.push(Piece::gap(8.0).kept());
        let marks = vec![Mark::Group { marks, leaf }];
        self.pieces.push(Piece { height: picture.height, marks, ..Piece::default() });
        self.pieces.push(Piece::gap(4.0));
    }

    fn shape(&self, shape: &Shape) -> Mark {
        match shape {
            Shape::Fill { x, y, w, h, gray } => Mark::Fill { x: *x, y: *y, w: *w, h: *h, gray: *gray },
            Shape::Frame { x, y, w, h, gray } => Mark::Frame { x: *x, y: *y, w: *w, h: *h, weight: 0.7, gray: *gray },
            Shape::Text { x, y, text, size, bold, gray, anchor } => {
                let cut = if *bold { Cut::Bold } else { Cut::Regular };
                let style = Style { cut, size: *size, lead: *size, gray: *gray };
                let line = self.faces.line(style, text, WIDTH);
                let x = match anchor {
                    Anchor::Start => *x,
                    Anchor::Middle => x - line.width / 2.0,
                    Anchor::End => x - line.width,
                };
                Mark::Text { x, y: *y, line, cut, size: *size, gray: *gray, leaf: None }
            }
        }
    }
}
