//! Characters that hide: a text that looks like another one, or plays tricks on a terminal, is refused wherever it stands,
//! in a comment as well.

use std::ops::Range;

use super::diagnostic::Report;
use super::tree::{Node, text_of};
use crate::units::{hidden, visible};

/// A file full of them is told of the first few.
const TOLD: usize = 10;

/// Finds them in a file as it is written.
pub(super) fn written(range: &Range<usize>, report: &mut Report<'_>) {
    let text = &report.text[range.clone()];
    // A byte order mark begins a file; a carriage return ends a line together with what follows.
    let starts = usize::from(text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (i, byte) in text.bytes().enumerate().skip(starts) {
        // Most of a file is plain, and what is plain needs no second look.
        if matches!(byte, b' '..=b'~' | b'\n' | b'\t' | 0x80..=0xbf) {
            continue;
        }
        let Some(c) = text[i..].chars().next().filter(|c| hidden(*c)) else { continue };
        if c == '\r' && text[i + 1..].starts_with('\n') {
            continue;
        }
        if let Some(last) = found.last_mut().filter(|last| last.end == i) {
            last.end = i + c.len_utf8();
        } else if found.len() == TOLD {
            break;
        } else {
            found.push(i..i + c.len_utf8());
        }
    }
    for at in found {
        tell(&text[at.clone()], range.start + at.start..range.start + at.end, report);
    }
}

/// Finds them where they are written as escapes, which mean the same once read.
pub(super) fn escaped(root: &Node, report: &mut Report<'_>) {
    let text = report.text;
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    let mut look = |node: &Node| {
        if found.len() < TOLD
            && text[node.span.clone()].contains('\\')
            && let Some(value) = text_of(node, text)
        {
            let bad: String = value.chars().filter(|c| hidden(*c)).collect();
            // What stands there as it is was found above.
            if bad.chars().any(|c| !text[node.span.clone()].contains(c)) {
                found.push((bad, node.span.clone()));
            }
        }
    };
    root.walk(&mut |n| {
        if let Some(key) = n.key.clone().filter(|k| text[k.clone()].starts_with('"')) {
            look(&Node::text(key));
        }
        if n.items.is_empty() {
            look(n);
        }
    });
    for (bad, span) in found {
        tell(&bad, span, report);
    }
}

fn tell(hidden: &str, span: Range<usize>, report: &mut Report<'_>) {
    let first = hidden.chars().next().unwrap_or_default();
    let (what, fix) = match first {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            ("turns the direction of the text around it", "delete it and write the words in the order they are read")
        }
        '\u{2028}' | '\u{2029}' | '\r' => ("breaks the line where editors show none", "write `\\n` for a new line"),
        c if c.is_control() => ("is a control character", "delete it; write `\\n` for a new line, `\\t` for a tab"),
        _ => ("cannot be seen, so one name can pass for another", "delete it, or write a space"),
    };
    let shown: String = visible(hidden).chars().take(60).collect();
    report.error_do(span, "RB052", format!("`{shown}` {what}"), fix.to_owned());
}
