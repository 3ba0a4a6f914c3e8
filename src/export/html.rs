//! The sheet as one HTML file: no script, no other file, no network; good on paper of any size and in any browser.
//!
//! Everything is escaped by the template engine. Should anything slip through all the same, the page's own policy allows
//! nothing but the one style and the fonts that are in it.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::block::{Anchor, Block, Body, Column, Entry, Fact, Picture, Row, Shape, Sheet, StepBlock, WIDTH};

const STYLE: &str = include_str!("sheet.css");

/// A part with less than this, in letters, is never cut in print.
const SHORT: usize = 1_000;

/// How commands are to be read here.
const COMMANDS: &str = "A command that goes on indented is one line; copied from the screen it is whole.";

/// Family, weight and file; a browser brings its own letters for what these lack.
const FONTS: [(&str, u16, &[u8]); 3] = [
    ("B612", 400, include_bytes!("../../assets/fonts/B612-Regular.otf")),
    ("B612", 700, include_bytes!("../../assets/fonts/B612-Bold.otf")),
    ("B612 Mono", 400, include_bytes!("../../assets/fonts/B612Mono-Regular.otf")),
];

/// Draws the sheet.
pub(super) fn render(sheet: &Sheet) -> String {
    let style = style(&sheet.footer);
    let policy = format!(
        "default-src 'none'; font-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(style.as_bytes()))
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="referrer" content="no-referrer";
                title { (sheet.title) }
                style { (PreEscaped(style)) }
            }
            body {
                main { @for part in parts(&sheet.blocks) { (section(part)) } }
                footer { (sheet.footer) }
            }
        }
    };
    page.into_string()
}

/// The style sheet with its fonts, and the foot of each printed page.
fn style(footer: &str) -> String {
    let mut out = String::new();
    for (family, weight, bytes) in FONTS {
        let data = STANDARD.encode(bytes);
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "@font-face{{font-family:\"{family}\";font-weight:{weight};src:url(data:font/otf;base64,{data})}}"
        );
    }
    out.push_str(STYLE);
    let _ = writeln!(out, "@page{{@bottom-left{{content:\"{}\"}}}}", css_text(footer));
    out
}

/// A text inside a CSS string: all but letters, digits and blanks as numbers, so that nothing can end the string or the style.
/// A blank ends each number; without it the text's own would be taken for that.
fn css_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            let _ = write!(out, "\\{:06x} ", c as u32);
        }
    }
    out
}

/// Blocks from one heading to the next.
fn parts(blocks: &[Block]) -> impl Iterator<Item = &[Block]> {
    let mut rest = blocks;
    std::iter::from_fn(move || {
        let after = rest.iter().skip(1).position(|b| matches!(b, Block::Heading { .. })).map(|n| n + 1);
        let (part, left) = rest.split_at(after.unwrap_or(rest.len()));
        rest = left;
        (!part.is_empty()).then_some(part)
    })
}

fn section(part: &[Block]) -> Markup {
    // The register goes on where the part before it ends: nobody knows what that page holds.
    let new_page =
        matches!(part, [Block::Heading { new_page: true, .. }, next, ..] if !matches!(next, Block::Register(_)));
    html! {
        section .new-page[new_page] .whole[short(part)] {
            @for b in part {
                // On a narrow screen a picture keeps its size, and scrolls.
                @if matches!(b, Block::Picture(_)) { div.picture { (block(b)) } } @else { (block(b)) }
            }
        }
    }
}

/// Whether a part is so short, in letters or what is as high, that keeping it whole leaves no hole on the page before.
fn short(part: &[Block]) -> bool {
    let size = |b: &Block| match b {
        Block::Heading { .. } => 0,
        Block::Text(text) | Block::Manual(text) => text.len(),
        Block::Fields(names) => 80 * names.len(),
        Block::Table { rows, .. } => rows.iter().map(|r| 60 + r.iter().map(String::len).sum::<usize>()).sum(),
        _ => SHORT,
    };
    part.iter().map(size).sum::<usize>() < SHORT
}

fn block(b: &Block) -> Markup {
    match b {
        Block::Cover { eyebrow, place, title, under } => html! {
            header {
                p.eyebrow { span { (eyebrow) } strong { (place) } }
                h1 { (title) }
                p.under { (under) }
            }
        },
        Block::Heading { text, note, .. } => html! {
            div.heading { h2 { (text) } @if !note.is_empty() { p { (note) } } }
        },
        Block::Text(text) => html! { p { (text) } },
        Block::Manual(text) => html! { p { (text) " " (COMMANDS) } },
        Block::Frame { label, text } => html! { div.frame { p { strong { (label) } } p { (text) } } },
        Block::Figures(all) => html! {
            dl.figures { @for (label, value) in all { div { dt { (label) } dd { (value) } } } }
        },
        Block::Facts(all) => html! { dl.facts { @for f in all { (fact(f)) } } },
        Block::Fields(names) => html! { ul.fields { @for n in names { li { (n) } } } },
        Block::Table { columns, rows } => table(columns, rows),
        Block::Step(s) => step(s),
        Block::Picture(p) => picture(p),
        Block::Register(entries) => register(entries),
    }
}

fn picture(p: &Picture) -> Markup {
    html! {
        svg role="img" viewBox=(format!("0 0 {WIDTH} {}", p.height)) {
            title { (p.text) }
            @for s in &p.shapes { (shape(s)) }
        }
    }
}

fn shape(s: &Shape) -> Markup {
    let shade = |gray: &u8| format!("#{gray:02x}{gray:02x}{gray:02x}");
    match s {
        Shape::Fill { x, y, w, h, gray } => {
            html! { rect x=(x) y=(y) width=(w) height=(h) fill=(shade(gray)) {} }
        }
        Shape::Frame { x, y, w, h, gray } => html! {
            rect x=(x) y=(y) width=(w) height=(h) fill="none" stroke=(shade(gray)) stroke-width="0.7" {}
        },
        Shape::Text { x, y, text, size, bold, gray, anchor } => {
            let end = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *bold { "700" } else { "400" };
            html! {
                text x=(x) y=(y) font-size=(size) font-weight=(weight) fill=(shade(gray)) text-anchor=(end) { (text) }
            }
        }
    }
}

fn register(entries: &[Entry]) -> Markup {
    html! {
        table.register {
            thead { tr {
                th scope="col" { "No." } th scope="col" { "Time" } th scope="col" { "Kind, step, who" }
                th scope="col" { "What, and hash" }
            } }
            tbody {
                @for e in entries {
                    tr {
                        td { (e.seq) } td { (e.time) } td { (e.kind) br; (e.who) }
                        td { (e.text) code { (e.hash) } }
                    }
                }
            }
        }
    }
}

fn fact(f: &Fact) -> Markup {
    html! {
        div {
            dt { (f.label) }
            dd {
                @if !f.value.is_empty() { div { (f.value) } }
                @for line in f.exact.lines() { code { (line) } }
            }
        }
    }
}

fn table(columns: &[Column], rows: &[Vec<String>]) -> Markup {
    html! {
        table {
            colgroup { @for c in columns { col class={ "w" (c.share) }; } }
            thead { tr { @for c in columns { th scope="col" { (c.title) } } } }
            tbody {
                @for row in rows {
                    tr .hand[row.iter().any(String::is_empty)] {
                        @for (c, text) in columns.iter().zip(row) {
                            td { @if c.mono { code { (text) } } @else { (text) } }
                        }
                    }
                }
            }
        }
    }
}

fn step(s: &StepBlock) -> Markup {
    html! {
        article {
            div.step {
                span.box {}
                h3 { span.id { (s.id) } " " span { (s.title) } }
                span.time { (s.time) }
                p.small { (s.under) }
            }
            dl.rows { @for r in &s.rows { (row(r)) } }
        }
    }
}

fn row(r: &Row) -> Markup {
    let code = matches!(r.body, Body::Commands(_));
    html! {
        div .code[code] {
            dt { (r.label) }
            dd {
                @match &r.body {
                    Body::Text(text) => p { (text) },
                    Body::Small(text) => p.small { (text) },
                    Body::Strong(text) => p { strong { (text) } },
                    Body::Commands(all) => @for c in all { code { (c) } },
                    Body::Ticks(all) => ul.ticks { @for t in all { li { (t) } } },
                    Body::Blanks(names) => ul.blanks { @for n in names { li { (n) } } },
                }
            }
        }
    }
}
