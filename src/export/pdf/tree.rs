//! The structure of the document for readers that do not look at it: headings, lists, tables, commands.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, ListNumbering, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

/// What a part of the document is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Heading(u16, String),
    Paragraph,
    List,
    Item,
    ItemBody,
    Table,
    Row,
    Head,
    Cell,
    Command,
    /// With what it shows, in words.
    Figure(String),
}

enum Kid {
    Part(usize),
    Leaf(usize),
}

/// The parts, made while laying out; texts get their place when they are drawn.
#[derive(Default)]
pub(super) struct Tree {
    parts: Vec<(Kind, Vec<Kid>)>,
    top: Vec<usize>,
    leaves: usize,
}

impl Tree {
    /// A part at the end of another, or of the document.
    pub(super) fn part(&mut self, parent: Option<usize>, kind: Kind) -> usize {
        let id = self.parts.len();
        self.parts.push((kind, Vec::new()));
        match parent {
            Some(p) => self.parts[p].1.push(Kid::Part(id)),
            None => self.top.push(id),
        }
        id
    }

    /// A text at the end of a part.
    pub(super) fn leaf(&mut self, part: usize) -> usize {
        self.leaves += 1;
        self.parts[part].1.push(Kid::Leaf(self.leaves - 1));
        self.leaves - 1
    }

    /// As many places as there are texts.
    pub(super) fn places(&self) -> Vec<Option<Identifier>> {
        vec![None; self.leaves]
    }

    /// For krilla, with the places where the texts were drawn.
    pub(super) fn finish(self, places: &[Option<Identifier>]) -> TagTree {
        let nodes: Vec<Node> = self.top.iter().map(|id| self.group(*id, places).into()).collect();
        TagTree::from(nodes).with_lang(Some(super::LANGUAGE.to_owned()))
    }

    fn group(&self, id: usize, places: &[Option<Identifier>]) -> TagGroup {
        let (kind, kids) = &self.parts[id];
        let mut group = TagGroup::new(tag(kind));
        for kid in kids {
            match kid {
                Kid::Part(id) => group.push(self.group(*id, places)),
                Kid::Leaf(at) => places.get(*at).copied().flatten().into_iter().for_each(|p| group.push(p)),
            }
        }
        group
    }
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Heading(level, title) => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(title.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::Item => Tag::LI.into(),
        Kind::ItemBody => Tag::LBody.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Row => Tag::TR.into(),
        Kind::Head => Tag::TH(TableHeaderScope::Column).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Command => Tag::Code.into(),
        Kind::Figure(text) => Tag::Figure(Some(text.clone())).into(),
    }
}
