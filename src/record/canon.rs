//! The one way a body is written: sorted ASCII keys, no blanks, no floats.
//!
//! The shape of RFC 8785 without the part that makes it hard (doubles, UTF-16 order), so that anything which parses
//! JSON can read a record without losing a digit.

use serde_json::Value;

use super::record::RecordError;

/// Integers stand strictly between minus and plus this, so that every JSON reader keeps them whole.
pub const MAX_INTEGER: u64 = 1 << 53;
/// A record is a fact, not a document; deeper nesting is a mistake and would cost stack.
pub const MAX_DEPTH: usize = 32;

/// The canonical bytes of `value`.
pub fn canonical(value: &Value) -> Result<Vec<u8>, RecordError> {
    let mut out = Vec::with_capacity(1024);
    write(value, 0, &mut out).map_err(RecordError::from)?;
    Ok(out)
}

/// A refusal on its way up; the path is put together as it rises.
pub(super) struct Refused {
    path: Vec<String>,
    what: What,
}

enum What {
    Float(String),
    Integer(String),
    Key(String),
    Depth,
    Text(serde_json::Error),
}

impl Refused {
    fn new(what: What) -> Self {
        Self { path: Vec::new(), what }
    }
    fn under(mut self, key: impl Into<String>) -> Self {
        self.path.push(key.into());
        self
    }
}

impl From<Refused> for RecordError {
    fn from(mut r: Refused) -> Self {
        r.path.reverse();
        let at = if r.path.is_empty() { "the body".to_owned() } else { r.path.join(".") };
        match r.what {
            What::Float(text) => Self::Float { at, text },
            What::Integer(text) => Self::Integer { at, text },
            What::Key(key) => Self::Key { at, key },
            What::Depth => Self::Depth { at },
            What::Text(source) => Self::Json { source },
        }
    }
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), Refused> {
    if depth > MAX_DEPTH {
        return Err(Refused::new(What::Depth));
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(n) => {
            let size = match (n.as_u64(), n.as_i64()) {
                (Some(u), _) => u,
                (None, Some(i)) => i.unsigned_abs(),
                (None, None) => return Err(Refused::new(What::Float(n.to_string()))),
            };
            if size >= MAX_INTEGER {
                return Err(Refused::new(What::Integer(n.to_string())));
            }
            out.extend_from_slice(n.to_string().as_bytes());
        }
        Value::String(s) => text(s, out)?,
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, depth + 1, out).map_err(|e| e.under(i.to_string()))?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            // Sorted here and not by the map: a dependency may switch the map to insertion order.
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_unstable_by_key(|(k, _)| *k);
            out.push(b'{');
            for (i, (key, item)) in fields.into_iter().enumerate() {
                if !key.bytes().all(|b| (0x20..0x7f).contains(&b)) {
                    return Err(Refused::new(What::Key(key.clone())));
                }
                if i > 0 {
                    out.push(b',');
                }
                text(key, out)?;
                out.push(b':');
                write(item, depth + 1, out).map_err(|e| e.under(key.as_str()))?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn text(s: &str, out: &mut Vec<u8>) -> Result<(), Refused> {
    serde_json::to_writer(out, s).map_err(|e| Refused::new(What::Text(e)))
}
