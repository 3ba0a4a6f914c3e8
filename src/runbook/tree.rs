//! A RON text as a tree of spans.
//!
//! Serde forgets where a value stood. This remembers it for every value, so that each can be read by itself (one bad
//! field does not hide the next) and each finding points at the very word. It keeps the limits, so it runs before `ron`
//! does; what is wrong with a text that it cannot follow is said by `ron`.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::diagnostic::{Report, Severity};
use super::{hidden, syntax};

/// A file larger than this is no runbook.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// One text in it.
const MAX_STRING: usize = 64 << 10;
/// Brackets in brackets.
const MAX_NESTING: usize = 64;
/// Values in it: more than the largest runbook has by far, and few enough to be looked at in no time.
const MAX_VALUES: usize = 150_000;

/// What kind of brackets a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// A number, a bare word, a character.
    Leaf,
    /// `Name(...)` or `(...)`.
    Struct,
    /// `[...]`
    List,
    /// `{...}`
    Map,
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The whole value.
    pub(crate) span: Range<usize>,
    /// The name before the bracket, or the bare word; empty where there is none.
    pub(crate) head: Range<usize>,
    /// The field's name or the map's key in front of it.
    pub(crate) key: Option<Range<usize>>,
    /// Its brackets.
    pub(crate) shape: Shape,
    /// What is in them.
    pub(crate) items: Vec<Node>,
}

impl Node {
    /// A text by itself.
    pub(crate) fn text(span: Range<usize>) -> Self {
        Self { head: span.start..span.start, span, key: None, shape: Shape::Text, items: Vec::new() }
    }
    /// The field of this name.
    pub(crate) fn field(&self, text: &str, name: &str) -> Option<&Node> {
        self.items.iter().find(|n| n.key_text(text) == Some(name))
    }
    /// The key as written, a string without its quotes.
    pub(crate) fn key_text<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.key.clone().map(|k| text[k].trim_matches('"'))
    }
    /// The name before the bracket.
    pub(crate) fn head_text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.head.clone()]
    }
    /// Where to point when the value as a whole is meant: its name, or its opening bracket.
    pub(crate) fn anchor(&self) -> Range<usize> {
        match self.shape {
            Shape::Text | Shape::Leaf => self.span.clone(),
            _ if !self.head.is_empty() => self.head.clone(),
            _ => self.span.start..self.span.start + 1,
        }
    }
    /// This node and everything in it.
    pub(crate) fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        self.items.iter().for_each(|n| n.walk(visit));
    }
}

fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
        .with_recursion_limit(MAX_NESTING)
}

/// The text as a tree, or nothing and a finding.
pub(crate) fn parse(report: &mut Report<'_>) -> Option<Node> {
    parse_file(0, report)
}

/// One of the joined files as a tree; its spans are those of the whole text.
pub(crate) fn parse_file(file: usize, report: &mut Report<'_>) -> Option<Node> {
    let range = report.files.get(file)?.1.clone();
    let (start, size) = (range.start, range.len());
    if size > MAX_BYTES {
        report.error(start..start, "RB002", format!("the file has {size} bytes; {MAX_BYTES} is the limit"));
        return None;
    }
    hidden::written(&range, report);
    let text = &report.text[..range.end];
    let mut scanner = Scanner::new(text, start);
    let root = scanner.file();
    if let Some((at, limit)) = scanner.limit {
        report.error(at..at + 1, "RB002", limit);
        return None;
    }
    if let Err(e) = options().from_str::<IgnoredAny>(&text[start..]) {
        let span = error_span(report, &range, &e.span);
        if e.code == ron::Error::ExceededRecursionLimit {
            report.error(span, "RB002", too_deep());
            return None;
        }
        let message = format!("this is not RON: {}", plain(&e.code.to_string()));
        let (span, message, fix) = syntax::explain(text, start, &span)
            .map_or((span.clone(), message.clone(), None), |x| {
                (x.span.unwrap_or(span), x.message.unwrap_or(message), Some(x.fix))
            });
        report.add(Severity::Error, span, "RB001", message, fix);
        return None;
    }
    let Some(root) = root else {
        let at = scanner.at.min(text.len());
        report.error(at..at, "RB001", "this is not RON as runbooks use it");
        return None;
    };
    hidden::escaped(&root, report);
    Some(root)
}

fn too_deep() -> String {
    format!("brackets nest deeper than {MAX_NESTING}")
}

/// The text as a tree, as far as brackets go: nothing is said of what is wrong in it.
pub(crate) fn sketch(text: &str) -> Option<Node> {
    if text.len() > MAX_BYTES { None } else { Scanner::new(text, 0).file() }
}

/// The name of the outermost bracket, even of a text that is broken further on.
pub(crate) fn outer_name(text: &str) -> &str {
    let mut scanner = Scanner::new(text, 0);
    scanner.start().and_then(|()| scanner.word()).map_or("", |w| &text[w])
}

/// One value, or nothing and a finding.
pub(crate) fn read<T: DeserializeOwned>(node: &Node, report: &mut Report<'_>) -> Option<T> {
    if report.full() {
        report.give_up();
        return None;
    }
    read_as(node, &report.text[node.span.clone()], report)
}

/// The same, of a text of the same layout that stands for the value's.
pub(crate) fn read_as<T: DeserializeOwned>(node: &Node, text: &str, report: &mut Report<'_>) -> Option<T> {
    let e = match options().from_str::<T>(text) {
        Ok(value) => return Some(value),
        Err(e) => e,
    };
    let span = error_span(report, &node.span, &e.span);
    let of = |outer: &Option<String>| outer.as_ref().map_or(String::new(), |o| format!(" in {o}"));
    match e.code {
        ron::Error::NoSuchEnumVariant { expected, found, .. } => {
            let span = smallest(node, span.start).anchor();
            let message = format!("`{}` is not known here", found.escape_debug());
            report.unknown(span, "RB008", message, &found, expected.iter().copied());
        }
        ron::Error::NoSuchStructField { expected, found, outer } => {
            let message = format!("there is no field `{}`{}", found.escape_debug(), of(&outer));
            report.unknown(span, "RB004", message, &found, expected.iter().copied());
        }
        ron::Error::MissingStructField { field, outer } => {
            let span = bracket(node, span.start.saturating_sub(1)).anchor();
            report.error(span, "RB006", format!("`{field}` is missing{}", of(&outer)));
        }
        ron::Error::DuplicateStructField { field, .. } => {
            report.error(span, "RB005", format!("`{field}` is there twice"));
        }
        ron::Error::Message(m) if m.contains("is not a duration") => {
            report.error(smallest(node, span.start.saturating_sub(1)).anchor(), "RB009", m);
        }
        other => {
            // The library points beside the value as often as at it.
            let near = smallest(node, span.start);
            let span = if span.is_empty() || near.items.is_empty() { near.anchor() } else { span };
            let written = &report.text[near.span.clone()];
            let inner = written.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
            let said = plain(&other.to_string());
            // ron names what it wanted; of a value in quotes that is all one needs to know.
            let number = said.contains("expected integer") || said.contains("expected float");
            let (code, message, fix) = match inner {
                Some(word) if said.contains("expected identifier") => (
                    "RB008",
                    "a word is wanted here, not a text in quotes".to_owned(),
                    Some(format!("write it without quotes: `{word}`")),
                ),
                Some(word) if number && word.contains('{') => (
                    "RB007",
                    format!("this cannot be read here: {said}"),
                    Some("bounds are plain numbers; no placeholders here".to_owned()),
                ),
                Some(_) if number => (
                    "RB007",
                    format!("this cannot be read here: {said}"),
                    Some("write the number without quotes".to_owned()),
                ),
                _ => ("RB007", format!("this cannot be read here: {said}"), None),
            };
            report.add(Severity::Error, span, code, message, fix);
        }
    }
    None
}

/// A text value without a finding; nothing if it is no text.
pub(crate) fn text_of(node: &Node, text: &str) -> Option<String> {
    (node.shape == Shape::Text).then(|| options().from_str::<String>(&text[node.span.clone()]).ok()).flatten()
}

/// A bare whole number; nothing if it is something else.
pub(crate) fn number_of(node: &Node, text: &str) -> Option<u64> {
    (node.shape == Shape::Leaf).then(|| options().from_str::<u64>(&text[node.span.clone()]).ok()).flatten()
}

/// The innermost value around a byte.
fn smallest(node: &Node, at: usize) -> &Node {
    node.items
        .iter()
        .find(|n| n.key.as_ref().map_or(n.span.start, |k| k.start) <= at && at < n.span.end)
        .map_or(node, |n| smallest(n, at))
}

/// The innermost value with brackets around a byte.
fn bracket(node: &Node, at: usize) -> &Node {
    let inner = node.items.iter().find(|n| n.span.contains(&at) && n.shape == Shape::Struct);
    inner.map_or(node, |n| bracket(n, at))
}

fn error_span(report: &Report<'_>, within: &Range<usize>, span: &ron::error::Span) -> Range<usize> {
    let start = report.byte_at(within, span.start.line, span.start.col);
    let end = report.byte_at(within, span.end.line, span.end.col);
    start..end.max(start)
}

/// Library wording as the middle of a sentence, kept short.
fn plain(message: &str) -> String {
    /// Enough for any of the library's sentences; a quoted value may be endless.
    const LONGEST: usize = 300;
    let mut short: String = message.chars().take(LONGEST).collect();
    if let Some(first) = short.get(..1).map(str::to_lowercase) {
        short.replace_range(..1, &first);
    }
    short
}

/// Reads brackets, strings and comments; nothing of meaning.
pub(super) struct Scanner<'t> {
    text: &'t str,
    pub(super) at: usize,
    depth: usize,
    values: usize,
    /// Where it met a limit, and which.
    limit: Option<(usize, String)>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at, depth: 0, values: 0, limit: None }
    }
    /// Nothing, for good: the rest is not looked at.
    fn refuse<T>(&mut self, at: usize, limit: String) -> Option<T> {
        self.limit = Some((at, limit));
        None
    }
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn eat(&mut self, word: &str) -> Option<()> {
        let there = self.rest().starts_with(word);
        if there {
            self.at += word.len();
        }
        there.then_some(())
    }

    /// Everything before the first value.
    fn start(&mut self) -> Option<()> {
        self.eat("\u{feff}");
        self.space()?;
        while self.rest().starts_with("#!") {
            self.at += self.rest().find(']')? + 1;
            self.space()?;
        }
        Some(())
    }

    fn file(&mut self) -> Option<Node> {
        self.start()?;
        let root = self.value()?;
        self.space()?;
        self.rest().is_empty().then_some(root)
    }

    /// White space and comments; block comments nest.
    pub(super) fn space(&mut self) -> Option<()> {
        loop {
            while let Some(c) = self.text.as_bytes().get(self.at) {
                match c {
                    b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                    0x80.. => match self.peek().filter(|c| c.is_whitespace()) {
                        Some(c) => self.at += c.len_utf8(),
                        None => break,
                    },
                    c if char::from(*c).is_whitespace() => self.at += 1,
                    _ => break,
                }
            }
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let mut open = 0usize;
                loop {
                    if self.eat("/*").is_some() {
                        open += 1;
                    } else if self.eat("*/").is_some() {
                        open -= 1;
                    } else {
                        self.at += self.peek()?.len_utf8();
                    }
                    if open == 0 {
                        break;
                    }
                }
            } else {
                return Some(());
            }
        }
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.at;
        self.values += 1;
        if self.values > MAX_VALUES {
            return self.refuse(start, format!("a file may have {MAX_VALUES} values at most"));
        }
        let node =
            |s: &Self, head: Range<usize>, shape, items| Node { span: start..s.at, head, key: None, shape, items };
        if self.string()? {
            if self.at - start > MAX_STRING {
                return self.refuse(start, format!("a text may have {MAX_STRING} bytes at most"));
            }
            return Some(node(self, start..start, Shape::Text, Vec::new()));
        }
        match self.peek()? {
            '[' => self.items(']', false).map(|i| node(self, start..start, Shape::List, i)),
            '{' => self.items('}', true).map(|i| node(self, start..start, Shape::Map, i)),
            '(' => self.items(')', false).map(|i| node(self, start..start, Shape::Struct, i)),
            '\'' => {
                self.at += 1;
                self.eat("\\");
                self.at += self.peek()?.len_utf8();
                self.at += self.rest().find('\'')? + 1;
                Some(node(self, start..self.at, Shape::Leaf, Vec::new()))
            }
            _ => {
                let head = self.word()?;
                let after_head = self.at;
                self.space()?;
                if self.peek() == Some('(') {
                    return self.items(')', false).map(|i| node(self, head, Shape::Struct, i));
                }
                self.at = after_head;
                Some(node(self, head, Shape::Leaf, Vec::new()))
            }
        }
    }

    pub(super) fn word(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        while let Some(c) = self.text.as_bytes().get(self.at) {
            match c {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => self.at += 1,
                b',' | b':' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b'\'' | b'/' => break,
                _ => match self.peek().filter(|c| !c.is_whitespace()) {
                    Some(c) => self.at += c.len_utf8(),
                    None => break,
                },
            }
        }
        (self.at > start).then_some(start..self.at)
    }

    /// A string in any of its spellings.
    pub(super) fn string(&mut self) -> Option<bool> {
        if !matches!(self.text.as_bytes().get(self.at), Some(b'"' | b'b' | b'r')) {
            return Some(false);
        }
        let prefix = ["b", "r", "br", ""].into_iter().find(|p| {
            let rest = self.rest().strip_prefix(p);
            let hashes = |r: &str| if p.ends_with('r') { r.trim_start_matches('#').starts_with('"') } else { false };
            rest.is_some_and(|r| r.starts_with('"') || hashes(r))
        });
        let Some(prefix) = prefix else { return Some(false) };
        self.at += prefix.len();
        if prefix.ends_with('r') {
            let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
            self.at += hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            self.at += self.rest().find(&close)? + close.len();
            return Some(true);
        }
        self.at += 1;
        loop {
            // Both are bytes that no other character has in it.
            match self.text.as_bytes().get(self.at)? {
                b'\\' => {
                    self.at += 1;
                    self.at += self.peek()?.len_utf8();
                }
                b'"' => {
                    self.at += 1;
                    return Some(true);
                }
                _ => self.at += 1,
            }
        }
    }

    fn items(&mut self, close: char, map: bool) -> Option<Vec<Node>> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return self.refuse(self.at, too_deep());
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space()?;
            if self.peek()? == close {
                self.at += 1;
                self.depth -= 1;
                return Some(items);
            }
            let key = if map { Some(self.value()?.span) } else { self.field_name() };
            if key.is_some() {
                self.space()?;
                if map {
                    self.eat(":")?;
                }
                self.space()?;
            }
            items.push(Node { key, ..self.value()? });
            self.space()?;
            if self.eat(",").is_none() && self.peek()? != close {
                return None;
            }
        }
    }

    /// `name:` is eaten and the name's span given; anything else is left alone.
    fn field_name(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let found = self.peek().filter(|c| c.is_alphabetic() || *c == '_').and_then(|_| {
            let name = self.word()?;
            self.space()?;
            self.eat(":")?;
            Some(name)
        });
        if found.is_none() {
            self.at = start;
        }
        found
    }
}
