//! From blocks to pages: pieces that are never cut, what must stay together, where a page ends.

use std::rc::Rc;

use super::face::{Cut, Line};

/// Something to be drawn; places are from the left of the text and the top of its piece.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A line of text on its base line.
    Text { x: f32, y: f32, line: Line, cut: Cut, size: f32, gray: u8, leaf: Option<usize> },
    /// A filled rectangle: rules and bars.
    Fill { x: f32, y: f32, w: f32, h: f32, gray: u8 },
    /// An empty rectangle: boxes to tick, frames.
    Frame { x: f32, y: f32, w: f32, h: f32, weight: f32, gray: u8 },
    /// Texts, fills and frames that a reader takes as one.
    Group { marks: Vec<Mark>, leaf: usize },
    /// The sign at the end of a line that goes on within a word.
    Hook { x: f32, y: f32 },
}

/// A strip of the page that is never cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub height: f32,
    pub marks: Vec<Mark>,
    /// Stays on one page with the next piece.
    pub keep: bool,
    /// Only distance: dropped at the top of a page.
    pub gap: bool,
    /// Starts a new page.
    pub new_page: bool,
    /// What is repeated above this piece when it comes to stand at the top of a page.
    pub again: Option<Rc<Piece>>,
    /// Where a reader's table of contents leads: level and title.
    pub entry: Option<(u8, String)>,
}

impl Piece {
    /// Empty space.
    pub(super) fn gap(height: f32) -> Self {
        Self { height, gap: true, ..Self::default() }
    }
    /// The same, kept with what follows.
    pub(super) fn kept(self) -> Self {
        Self { keep: true, ..self }
    }
}

/// A piece and where it stands on its page.
pub(super) struct Placed {
    pub y: f32,
    pub piece: Rc<Piece>,
}

/// Puts pieces on pages of this height.
pub(super) fn paginate(pieces: Vec<Piece>, height: f32) -> Vec<Vec<Placed>> {
    let pieces: Vec<Rc<Piece>> = pieces.into_iter().map(Rc::new).collect();
    let (mut pages, mut page, mut y, mut i) = (Vec::new(), Vec::<Placed>::new(), 0.0, 0);
    while i < pieces.len() {
        let group = &pieces[i..i + together(&pieces[i..])];
        i += group.len();
        let tall: f32 = group.iter().map(|p| p.height).sum();
        // What no page holds begins where it stands, unless little of the page is left.
        let hopeless = tall > height && y < height / 2.0;
        let next = group[0].new_page || (y + tall > height && !hopeless);
        for (n, piece) in group.iter().enumerate() {
            if !page.is_empty() && ((n == 0 && next) || y + piece.height > height) {
                pages.push(std::mem::take(&mut page));
                y = 0.0;
            }
            if page.is_empty() {
                if piece.gap {
                    continue;
                }
                if let Some(again) = &piece.again {
                    y = again.height;
                    page.push(Placed { y: 0.0, piece: again.clone() });
                }
            }
            page.push(Placed { y, piece: piece.clone() });
            y += piece.height;
        }
    }
    pages.push(page);
    pages
}

/// How many pieces from here on stay together.
fn together(pieces: &[Rc<Piece>]) -> usize {
    let kept = pieces.iter().take_while(|p| p.keep).count();
    (kept + 1).min(pieces.len())
}
