//! Text for 80 columns. Words are wrapped; a command stays one that a shell takes when it is copied off the screen.

use crate::units::visible;

/// Columns that a phone's SSH client still shows.
pub const WIDTH: usize = 78;
/// Before a command.
const PROMPT: &str = "  $ ";
/// Before the rest of one.
const REST: &str = "      ";

/// Text in lines that fit, all indented by as much as `indent` has.
pub fn wrapped(indent: &str, text: &str) -> String {
    wrapped_at(indent, &" ".repeat(indent.chars().count()), text)
}

/// The first line begins with `first`, the others with `indent`.
pub fn wrapped_at(first: &str, indent: &str, text: &str) -> String {
    let mut out = String::new();
    for (n, paragraph) in visible(text).split('\n').enumerate() {
        let mut line = if n == 0 { first } else { indent }.to_owned();
        let mut width = line.chars().count();
        let mut begun = false;
        for word in paragraph.split(' ') {
            for piece in pieces(word, WIDTH - indent.chars().count().min(WIDTH / 2)) {
                let long = piece.chars().count();
                if begun && width + long > WIDTH {
                    out.push_str(line.trim_end());
                    out.push('\n');
                    line = indent.to_owned();
                    width = line.chars().count();
                }
                line.push_str(piece);
                width += long;
                begun = true;
            }
            line.push(' ');
            width += 1;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// A word that is longer than a line, in parts that fit.
fn pieces(word: &str, most: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = word;
    while let Some((at, _)) = rest.char_indices().nth(most) {
        let (piece, more) = rest.split_at(at);
        out.push(piece);
        rest = more;
    }
    out.push(rest);
    out
}

/// Where a character of a command stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

/// A command to copy: what does not fit goes on behind a backslash, so that a shell reads the same words.
pub fn command(text: &str) -> String {
    let text = visible(text);
    if let Some(comment) = text.strip_prefix('#') {
        return wrapped_at("  # ", "  # ", comment.trim_start());
    }
    let mut out = String::from(PROMPT);
    let mut width = PROMPT.len();
    let mut quote = Quote::None;
    let (mut escaped, mut variable) = (false, false);
    // A quote in double quotes may hold a substitution, in which another quote begins: nothing is broken from there on.
    let mut whole = text.contains(['\n', '`']) || text.contains("<<");
    let mut chars = text.chars().peekable();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String, width: &mut usize| {
        let long = word.chars().count();
        if *width + long + 2 > WIDTH && *width > REST.len() {
            out.push_str("\\\n");
            out.push_str(REST);
            *width = REST.len();
        }
        out.push_str(word);
        *width += long;
        word.clear();
    };
    while let Some(c) = chars.next() {
        whole |= quote == Quote::Double && c == '$' && chars.peek() == Some(&'(');
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != Quote::Single => escaped = true,
            '\'' if quote == Quote::None => quote = Quote::Single,
            '\'' if quote == Quote::Single => quote = Quote::None,
            '"' if quote == Quote::None => quote = Quote::Double,
            '"' if quote == Quote::Double => quote = Quote::None,
            _ => {}
        }
        variable = quote != Quote::Single && (c == '$' || variable && (c.is_alphanumeric() || matches!(c, '_' | '{')));
        word.push(c);
        if c == ' ' && quote == Quote::None && !whole && !escaped {
            flush(&mut word, &mut out, &mut width);
            continue;
        }
        // A long value is put together of two: 'ab'\ and 'cd' in the next line are one word to a shell.
        let full = word.chars().count() + REST.len() + 4 > WIDTH;
        let safe = !whole && !escaped && !variable && !matches!(c, '\'' | '"');
        let next_ends = matches!(chars.peek(), None | Some('\'' | '"' | ' ' | '\\'));
        if full && safe && !next_ends && quote != Quote::None {
            let mark = if quote == Quote::Single { '\'' } else { '"' };
            word.push(mark);
            flush(&mut word, &mut out, &mut width);
            out.push_str("\\\n");
            width = 0;
            word.push(mark);
        } else if full && safe && !next_ends && quote == Quote::None && c.is_alphanumeric() {
            flush(&mut word, &mut out, &mut width);
            out.push_str("\\\n");
            width = 0;
        }
    }
    flush(&mut word, &mut out, &mut width);
    out.trim_end().to_owned()
}
