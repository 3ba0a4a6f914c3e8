//! The sheet as a PDF for printing: black on white, page numbers, tagged, its fonts inside.

mod draw;
mod drawing;
mod face;
mod flow;
mod register;
mod step;
mod tree;

use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::document::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag};

use self::draw::Layout;
use self::face::{Cut, Faces, Style};
use self::flow::{Mark, Placed, paginate};
use super::block::Sheet;
use super::{ExportError, Printed};

/// The language of the sheet's own words.
const LANGUAGE: &str = "en";

/// Left and right: room for two holes in a binder.
const MARGIN_X: f32 = 48.0;
const MARGIN_TOP: f32 = 40.0;
/// The footer stands in it.
const MARGIN_BOTTOM: f32 = 52.0;

const FOOTER: Style = Style { cut: Cut::Regular, size: 8.0, lead: 10.0, gray: 70 };

/// A size of paper, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm.
    A4,
    /// 8.5 × 11 in.
    Letter,
}

impl Paper {
    /// Width and height in points.
    fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.276, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }
}

impl std::str::FromStr for Paper {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s.to_ascii_lowercase().as_str() {
            "a4" => Ok(Self::A4),
            "letter" => Ok(Self::Letter),
            _ => Err(format!("`{s}` is no paper; known are a4 and letter")),
        }
    }
}

/// Draws the sheet.
pub(super) fn render(sheet: &Sheet, printed: &Printed, paper: Paper) -> Result<Vec<u8>, ExportError> {
    let faces = Faces::load()?;
    let (width, height) = paper.size();
    let text_height = height - MARGIN_TOP - MARGIN_BOTTOM;
    let (pieces, tree) = Layout::of(sheet, &faces, width - 2.0 * MARGIN_X, text_height);
    let pages = paginate(pieces, text_height);
    if pages.len() > sheet.most_pages {
        return Err(ExportError::TooLong(sheet.most_pages));
    }
    let mut document = Document::new_with(settings());
    let mut places = tree.places();
    for (n, placed) in pages.iter().enumerate() {
        let mut page = document.start_page_with(page_settings(width, height));
        let mut surface = page.surface();
        let mut pen = Pen { surface: &mut surface, faces: &faces, places: &mut places };
        for p in placed {
            for mark in &p.piece.marks {
                pen.mark(mark, MARGIN_X, MARGIN_TOP + p.y);
            }
        }
        pen.footer(&sheet.footer, &format!("{} of {}", n + 1, pages.len()), width, height);
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(&pages));
    document.set_tag_tree(tree.finish(&places));
    document.set_metadata(metadata(sheet, printed));
    Ok(document.finish()?)
}

/// PDF/A-2a keeps it readable for decades, PDF/UA-1 for people who hear it.
fn settings() -> SerializeSettings {
    let both = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish();
    // The two standards agree on PDF 1.7, so this never falls back.
    SerializeSettings { configuration: both.unwrap_or_default(), ..SerializeSettings::default() }
}

fn page_settings(width: f32, height: f32) -> PageSettings {
    PageSettings::from_wh(width, height).unwrap_or_default()
}

fn metadata(sheet: &Sheet, printed: &Printed) -> Metadata {
    let meta = Metadata::new()
        .title(sheet.title.clone())
        .language(LANGUAGE.to_owned())
        .creator("Lifeboat".to_owned())
        .description(sheet.about.to_owned());
    let Ok(at) = jiff::Timestamp::from_millisecond(printed.at) else { return meta };
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let two = |n: i8| u8::try_from(n).unwrap_or(0);
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(two(at.month()))
        .day(two(at.day()))
        .hour(two(at.hour()))
        .minute(two(at.minute()))
        .second(two(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    meta.creation_date(date)
}

/// Headings, and under each its steps.
fn outline(pages: &[Vec<Placed>]) -> Outline {
    let mut parts: Vec<OutlineNode> = Vec::new();
    for (n, page) in pages.iter().enumerate() {
        for p in page {
            let Some((level, title)) = &p.piece.entry else { continue };
            let to = XyzDestination::new(n, Point::from_xy(0.0, MARGIN_TOP + p.y));
            let node = OutlineNode::new(title.clone(), to);
            match parts.last_mut().filter(|_| *level > 2) {
                Some(part) => part.push_child(node),
                None => parts.push(node),
            }
        }
    }
    let mut outline = Outline::new();
    parts.into_iter().for_each(|p| outline.push_child(p));
    outline
}

/// Draws marks on one page.
struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    faces: &'a Faces,
    places: &'a mut [Option<Identifier>],
}

impl Pen<'_, '_> {
    fn mark(&mut self, mark: &Mark, dx: f32, dy: f32) {
        let layout = ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout));
        match mark {
            Mark::Text { x, y, line, cut, size, gray, leaf } => {
                // A repeated head is no part of the text.
                let tag = if leaf.is_some() { ContentTag::Span(SpanTag::empty()) } else { layout };
                let place = self.surface.start_tagged(tag);
                self.text(dx + x, dy + y, &line.text, *cut, *size, *gray);
                self.surface.end_tagged();
                if let Some(slot) = leaf.and_then(|l| self.places.get_mut(l)) {
                    *slot = Some(place);
                }
            }
            Mark::Fill { x, y, w, h, gray } => {
                self.surface.start_tagged(layout);
                self.fill(dx + x, dy + y, *w, *h, *gray);
                self.surface.end_tagged();
            }
            Mark::Frame { x, y, w, h, weight, gray } => {
                self.surface.start_tagged(layout);
                self.frame([dx + x, dy + y, *w, *h], *weight, *gray);
                self.surface.end_tagged();
            }
            Mark::Group { marks, leaf } => {
                let place = self.surface.start_tagged(ContentTag::Other);
                for mark in marks {
                    self.bare(mark, dx, dy);
                }
                self.surface.end_tagged();
                if let Some(slot) = self.places.get_mut(*leaf) {
                    *slot = Some(place);
                }
            }
            Mark::Hook { x, y } => {
                self.surface.start_tagged(layout);
                self.hook(dx + x, dy + y);
                self.surface.end_tagged();
            }
        }
    }

    /// A mark within another that is tagged as a whole.
    fn bare(&mut self, mark: &Mark, dx: f32, dy: f32) {
        match mark {
            Mark::Text { x, y, line, cut, size, gray, .. } => self.text(dx + x, dy + y, &line.text, *cut, *size, *gray),
            Mark::Fill { x, y, w, h, gray } => self.fill(dx + x, dy + y, *w, *h, *gray),
            Mark::Frame { x, y, w, h, weight, gray } => self.frame([dx + x, dy + y, *w, *h], *weight, *gray),
            Mark::Hook { .. } | Mark::Group { .. } => {}
        }
    }

    fn frame(&mut self, [x, y, w, h]: [f32; 4], weight: f32, gray: u8) {
        if let Some(r) = Rect::from_xywh(x, y, w, h) {
            let mut path = PathBuilder::new();
            path.push_rect(r);
            self.stroke(path, weight, gray);
        }
    }

    fn text(&mut self, x: f32, y: f32, text: &str, cut: Cut, size: f32, gray: u8) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(paint(gray)));
        let glyphs = self.faces.glyphs(cut, text);
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, self.faces.font(cut), text, size, false);
    }

    fn fill(&mut self, x: f32, y: f32, w: f32, h: f32, gray: u8) {
        let Some(r) = Rect::from_xywh(x, y, w, h) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(r);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(paint(gray)));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn stroke(&mut self, path: PathBuilder, width: f32, gray: u8) {
        let paint = luma::Color::new(gray).into();
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { paint, width, ..Stroke::default() }));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// Down, then back to the left, with a small head: the line goes on.
    fn hook(&mut self, x: f32, y: f32) {
        let mut path = PathBuilder::new();
        path.move_to(x + 6.0, y - 5.5);
        path.line_to(x + 6.0, y - 1.5);
        path.line_to(x + 1.0, y - 1.5);
        path.move_to(x + 3.0, y - 3.5);
        path.line_to(x + 1.0, y - 1.5);
        path.line_to(x + 3.0, y + 0.5);
        self.stroke(path, 0.7, 90);
    }

    fn footer(&mut self, left: &str, right: &str, width: f32, height: f32) {
        let y = height - MARGIN_BOTTOM + 26.0;
        let number = self.faces.line(FOOTER, right, width);
        let room = width - 2.0 * MARGIN_X - number.width - 16.0;
        let words = self.faces.line(FOOTER, left, room);
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        self.fill(MARGIN_X, y - 13.0, width - 2.0 * MARGIN_X, 0.5, 150);
        self.text(MARGIN_X, y, &words.text, FOOTER.cut, FOOTER.size, FOOTER.gray);
        self.text(width - MARGIN_X - number.width, y, &number.text, Cut::Bold, FOOTER.size, 0);
        self.surface.end_tagged();
    }
}

fn paint(gray: u8) -> Fill {
    Fill { paint: luma::Color::new(gray).into(), ..Fill::default() }
}
