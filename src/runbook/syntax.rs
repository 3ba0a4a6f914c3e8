//! What is wrong with a text that is not RON, in the words of whoever types it.
//!
//! `ron` says where it lost the thread, which is often far behind the bracket or the quote that is missing. This looks at
//! brackets and quotes alone and says which of them it was.

use std::ops::Range;

use super::tree::Scanner;

/// Quotes that word processors make of straight ones.
const SMART: [char; 7] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{201a}'];

/// What was probably meant; what is not said stays as `ron` says it.
pub(super) struct Explained {
    /// A better place.
    pub(super) span: Option<Range<usize>>,
    /// A better sentence.
    pub(super) message: Option<String>,
    /// What to do.
    pub(super) fix: String,
}

/// Brackets and quotes of a text, up to where they stop making sense.
#[derive(Default)]
struct Scan {
    /// Brackets that are open, each with the name before it.
    open: Vec<(char, Range<usize>)>,
    /// A bracket was closed that is not the innermost open one.
    mismatch: bool,
    /// The last text that began at or before the error.
    text: Option<Range<usize>>,
    /// The first smart quote outside of texts and comments.
    smart: Option<Range<usize>>,
}

/// Looks at the file that begins at `start`; `error` is where `ron` gave up.
pub(super) fn explain(text: &str, start: usize, error: &Range<usize>) -> Option<Explained> {
    let scan = scan(text, start, error.start);
    let line = |at: usize| text[start..at].matches('\n').count() + 1;
    let smart_in = |r: &Range<usize>| text[r.clone()].char_indices().find(|(_, c)| SMART.contains(c));
    let broken = scan.text.as_ref().filter(|r| text[(*r).clone()].contains('\n'));
    let inside = broken.and_then(|r| smart_in(r).map(|(i, c)| r.start + i..r.start + i + c.len_utf8()));
    if let Some(at) = scan.smart.filter(|at| at.start <= error.end).or(inside) {
        let message = format!("this is not RON: `{}` is no quote here", &text[at.clone()]);
        return Some(Explained {
            span: Some(at),
            message: Some(message),
            fix: "use straight quotes: \"…\"".to_owned(),
        });
    }
    if let Some(broken) = broken {
        let fix = format!(
            "a quote is missing before this: the text that begins in line {} breaks its line",
            line(broken.start)
        );
        return Some(Explained { span: None, message: None, fix });
    }
    let (_, name) = scan.open.last()?;
    // Without its name it would not be found among many.
    let fix = format!("the `{}` of line {} is not closed", &text[name.clone()], line(name.start));
    Some(Explained { span: None, message: None, fix })
}

fn scan(text: &str, start: usize, error: usize) -> Scan {
    let mut out = Scan::default();
    let mut scanner = Scanner::new(text, start);
    let mut name = start..start;
    while scanner.space().is_some() {
        let at = scanner.at;
        let string = scanner.string();
        if scanner.at > at || string.is_none() {
            let end = if string.is_none() { text.len() } else { scanner.at };
            if at <= error {
                out.text = Some(at..end);
            }
            if string.is_none() {
                break;
            }
            continue;
        }
        let Some(c) = scanner.peek() else { break };
        if SMART.contains(&c) && out.smart.is_none() {
            out.smart = Some(at..at + c.len_utf8());
        }
        match c {
            '(' | '[' | '{' => {
                let named = if c == '(' && name.end == at { name.start } else { at };
                out.open.push((c, named..at + 1));
            }
            ')' | ']' | '}' => {
                let opening =
                    out.open.pop().map(|(o, at)| (matches!((o, c), ('(', ')') | ('[', ']') | ('{', '}')), (o, at)));
                match opening {
                    Some((true, _)) => {}
                    Some((false, opening)) => {
                        out.open.push(opening);
                        out.mismatch = true;
                    }
                    None => out.mismatch = true,
                }
            }
            '\'' => {
                // A character, `'x'`: its quote opens nothing.
                let skip: usize = text[at..].chars().skip(1).take(2).map(char::len_utf8).sum();
                scanner.at += skip;
            }
            _ => {
                // Up to the next smart quote: to the scanner it is a letter like any other.
                if let Some(word) = scanner.word() {
                    let cut = text[word.clone()].char_indices().skip(1).find(|(_, c)| SMART.contains(c));
                    scanner.at = cut.map_or(word.end, |(i, _)| word.start + i);
                    name = word.start..scanner.at;
                    continue;
                }
            }
        }
        if out.mismatch {
            break;
        }
        scanner.at += c.len_utf8();
    }
    out
}
