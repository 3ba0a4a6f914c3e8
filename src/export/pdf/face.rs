//! The sheet's fonts: which characters they have, how wide a text is, where a line ends.

use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use super::super::ExportError;

/// Where a long word may end a line, so that ids and addresses break where people would break them.
/// Never behind a hyphen, which at the end of a line looks like one that the line brought with it.
const BREAK_AFTER: &str = "/_.,&?=:;";

/// Least part of a line that a broken word fills; before that any character will do.
const BREAK_LEAST: f32 = 0.6;

/// Which cut of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Regular,
    Bold,
    Mono,
    MonoBold,
}

const FILES: [(&str, &[u8]); 4] = [
    ("B612-Regular", include_bytes!("../../../assets/fonts/B612-Regular.otf")),
    ("B612-Bold", include_bytes!("../../../assets/fonts/B612-Bold.otf")),
    ("B612Mono-Regular", include_bytes!("../../../assets/fonts/B612Mono-Regular.otf")),
    ("B612Mono-Bold", include_bytes!("../../../assets/fonts/B612Mono-Bold.otf")),
];

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub cut: Cut,
    /// Points.
    pub size: f32,
    /// From line to line, in points.
    pub lead: f32,
    /// 0 black, 255 white.
    pub gray: u8,
}

/// One line of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub text: String,
    pub width: f32,
    /// The next line goes on with the same word.
    pub broken: bool,
}

struct Face {
    font: Font,
    read: FontRef<'static>,
    /// What nearly every character is: asked once, since a long record has tens of millions of them.
    ascii: [Option<Glyph>; 128],
}

/// A character's picture in a font, and how far it advances, as a part of the size.
#[derive(Debug, Clone, Copy)]
struct Glyph {
    id: u32,
    advance: f32,
}

impl Face {
    fn of((name, bytes): (&'static str, &'static [u8])) -> Result<Self, ExportError> {
        let font = Font::new(Data::from(bytes), 0).ok_or(ExportError::Font(name))?;
        let read = FontRef::new(bytes).map_err(|_| ExportError::Font(name))?;
        let mut face = Self { font, read, ascii: [None; 128] };
        face.ascii = std::array::from_fn(|n| u8::try_from(n).ok().and_then(|n| face.read_glyph(n.into())));
        Ok(face)
    }

    /// None for what the font lacks.
    fn glyph(&self, c: char) -> Option<Glyph> {
        self.ascii.get(c as usize).copied().unwrap_or_else(|| self.read_glyph(c))
    }

    fn read_glyph(&self, c: char) -> Option<Glyph> {
        let id = self.read.charmap().map(c).filter(|g| g.to_u32() != 0)?;
        let metrics = self.read.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = metrics.advance_width(id).unwrap_or_default() / self.font.units_per_em();
        Some(Glyph { id: id.to_u32(), advance })
    }
}

/// All four cuts, read once a document.
pub(super) struct Faces([Face; 4]);

impl Faces {
    pub(super) fn load() -> Result<Self, ExportError> {
        let [a, b, c, d] = FILES.map(Face::of);
        Ok(Self([a?, b?, c?, d?]))
    }

    fn face(&self, cut: Cut) -> &Face {
        &self.0[cut as usize]
    }

    /// For krilla.
    pub(super) fn font(&self, cut: Cut) -> Font {
        self.face(cut).font.clone()
    }

    /// The text with what this font lacks as numbers, so that nothing on paper is a mere box.
    fn printable(&self, cut: Cut, text: &str) -> String {
        let face = self.face(cut);
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push(c),
                '\t' => out.push_str("    "),
                _ if face.glyph(c).is_some() => out.push(c),
                _ => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            }
        }
        out
    }

    /// Glyphs of a line, advances as parts of the size.
    pub(super) fn glyphs(&self, cut: Cut, text: &str) -> Vec<KrillaGlyph> {
        let face = self.face(cut);
        let glyph = |(at, c): (usize, char)| {
            let Glyph { id, advance } = face.glyph(c).unwrap_or(Glyph { id: 0, advance: 0.0 });
            KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// Advance of every character of a text, in points.
    fn advances(&self, style: Style, text: &str) -> Vec<f32> {
        let face = self.face(style.cut);
        text.chars().map(|c| face.glyph(c).map_or(0.0, |g| g.advance * style.size)).collect()
    }

    /// A text that stays on one line, cut with an ellipsis where it would not fit.
    pub(super) fn line(&self, style: Style, text: &str, room: f32) -> Line {
        let text = self.printable(style.cut, text).replace('\n', " ");
        let width: f32 = self.advances(style, &text).iter().sum();
        if width <= room {
            return Line { text, width, broken: false };
        }
        let dots = self.advances(style, "…").iter().sum::<f32>();
        let (mut kept, mut used) = (String::new(), dots);
        for (c, w) in text.chars().zip(self.advances(style, &text)) {
            if used + w > room {
                break;
            }
            used += w;
            kept.push(c);
        }
        kept.push('…');
        Line { text: kept, width: used, broken: false }
    }

    /// A text in lines of at most `first` points for the first and `rest` for the others.
    ///
    /// A line that ends between two words keeps its blank, so that a reader of the text finds the words apart.
    pub(super) fn wrap(&self, style: Style, text: &str, first: f32, rest: f32) -> Vec<Line> {
        let text = self.printable(style.cut, text);
        let mut out = Vec::new();
        for paragraph in text.split('\n') {
            let advances = self.advances(style, paragraph);
            let chars: Vec<char> = paragraph.chars().collect();
            let mut from = 0;
            loop {
                let room = if out.is_empty() { first } else { rest };
                let (to, broken) = line_end(&chars[from..], &advances[from..], room);
                let to = from + to;
                let text: String = chars[from..to].iter().collect();
                out.push(Line { text, width: advances[from..to].iter().sum(), broken });
                from = to;
                if from >= chars.len() {
                    break;
                }
            }
        }
        out
    }
}

/// How many characters the next line takes, at least one, and whether it ends within a word.
fn line_end(chars: &[char], advances: &[f32], room: f32) -> (usize, bool) {
    let mut used = 0.0;
    // The last places a line may end at: after a blank, and within a word.
    let (mut blank, mut joint) = (None, None);
    for (i, (c, w)) in chars.iter().zip(advances).enumerate() {
        // A blank may hang over the edge.
        if *c == ' ' {
            used += w;
            blank = Some(i + 1);
            continue;
        }
        if used + w > room {
            let blank = blank.filter(|at| *at < chars.len());
            let long = word_is_longer_than(&chars[blank.unwrap_or(0)..], &advances[blank.unwrap_or(0)..], room);
            // A word that no line could hold begins on this one; any other moves to the next.
            return match (blank, joint) {
                (Some(at), None) => (at, false),
                (Some(at), Some(_)) if !long => (at, false),
                (_, Some((at, filled))) if filled >= BREAK_LEAST * room => (at, true),
                (Some(at), _) => (at, false),
                (None, _) => (i.max(1), true),
            };
        }
        if *c == '-' && i > 0 && !" -".contains(chars[i - 1]) {
            joint = Some((i, used));
        }
        used += w;
        if BREAK_AFTER.contains(*c) && chars.get(i + 1).is_some_and(|n| *n != ' ' && *n != '-') {
            joint = Some((i + 1, used));
        }
    }
    (chars.len(), false)
}

fn word_is_longer_than(chars: &[char], advances: &[f32], room: f32) -> bool {
    chars.iter().zip(advances).take_while(|(c, _)| **c != ' ').map(|(_, w)| w).sum::<f32>() > room
}
