//! The layout model of a printed sheet: what stands on it and in which order, not where.
//!
//! Every text in it has been through [`crate::units::visible`]; a renderer has only to escape for its own format.

/// A sheet to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// For the title bar of a reader.
    pub title: String,
    /// What it is, for a reader's list of documents.
    pub about: &'static str,
    /// At the foot of every page, before the page number.
    pub footer: String,
    /// More pages than this are a mistake.
    pub most_pages: usize,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// One thing on the sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// The head of the first page.
    Cover {
        /// What kind of paper it is.
        eyebrow: String,
        /// Which environment it changes.
        place: String,
        /// The one big line.
        title: String,
        /// The line below it.
        under: String,
    },
    /// Starts a part.
    Heading {
        /// In words.
        text: String,
        /// Beside it, small.
        note: String,
        /// Starts a page as well.
        new_page: bool,
    },
    /// A paragraph.
    Text(String),
    /// How to use the sheet; a renderer adds how its commands are to be read.
    Manual(String),
    /// A paragraph nobody may overlook.
    Frame {
        /// What it is.
        label: String,
        /// What it says.
        text: String,
    },
    /// A few large values side by side: label, value.
    Figures(Vec<(String, String)>),
    /// Label and value, one below the other.
    Facts(Vec<Fact>),
    /// Lines to write on, two in a row.
    Fields(Vec<String>),
    /// Rows under a head; an empty cell is to be written in.
    Table {
        /// The head.
        columns: Vec<Column>,
        /// A cell for each column.
        rows: Vec<Vec<String>>,
    },
    /// A step to tick off.
    Step(StepBlock),
    /// Something to be seen.
    Picture(Picture),
    /// Records, one below the other: there may be a hundred thousand.
    Register(Vec<Entry>),
}

/// A drawing, [`WIDTH`] wide; what it shows stands in words beside it as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// What it shows, for those who do not see it.
    pub text: String,
    /// How high it is.
    pub height: f32,
    /// Its parts; places are from the top left.
    pub shapes: Vec<Shape>,
}

/// Width of a picture, in points on paper.
pub const WIDTH: f32 = 496.0;

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A part of a picture. Grays are from 0, black, to 255.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Fill {
        /// Left edge.
        x: f32,
        /// Upper edge.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
        /// Shade.
        gray: u8,
    },
    /// An empty rectangle.
    Frame {
        /// Left edge.
        x: f32,
        /// Upper edge.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
        /// Shade of its line.
        gray: u8,
    },
    /// A text on one line.
    Text {
        /// Where its anchor stands.
        x: f32,
        /// Base line.
        y: f32,
        /// What.
        text: String,
        /// Height of its letters.
        size: f32,
        /// In bold.
        bold: bool,
        /// Shade.
        gray: u8,
        /// Which end.
        anchor: Anchor,
    },
}

/// One record in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number.
    pub seq: String,
    /// Time.
    pub time: String,
    /// What it is about, and of which step.
    pub kind: String,
    /// Who.
    pub who: String,
    /// What happened.
    pub text: String,
    /// Its hash.
    pub hash: String,
}

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: String,
    /// In full, small and in fixed width below it; may be empty.
    pub exact: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// In the head.
    pub title: &'static str,
    /// Its part of the width; the parts of a table add up to 100.
    pub share: u8,
    /// Values that are compared or typed character by character.
    pub mono: bool,
}

/// A step on paper.
#[derive(Debug, Clone, PartialEq)]
pub struct StepBlock {
    /// The step's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Expected time; may be empty.
    pub time: String,
    /// Who, how dangerous, what is needed: one small line.
    pub under: String,
    /// What there is to know and to do, in order.
    pub rows: Vec<Row>,
}

/// A labelled part of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub label: &'static str,
    /// What it says.
    pub body: Body,
}

/// What a row holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A paragraph.
    Text(String),
    /// A paragraph in small print.
    Small(String),
    /// A paragraph nobody may overlook.
    Strong(String),
    /// Commands, each to be typed as one line.
    Commands(Vec<String>),
    /// Things to tick off.
    Ticks(Vec<String>),
    /// Names of lines to write on, side by side.
    Blanks(Vec<&'static str>),
}
