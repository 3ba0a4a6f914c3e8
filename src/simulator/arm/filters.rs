//! The `$filter` of lists of resources and groups: comparisons joined by `and` and `or`, and two functions.

use serde_json::Value;

use crate::simulator::http::Reply;

/// Comparisons of a filter; a loop of a client writes more.
const MAX: usize = 100;
/// What resources are compared by.
const FIELDS: [&str; 8] =
    ["resourcetype", "location", "name", "resourcegroup", "kind", "tagname", "tagvalue", "managedby"];

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Is,
    IsNot,
    Holds,
    Begins,
}

/// One comparison.
#[derive(Debug, Clone)]
struct Condition {
    field: String,
    how: How,
    value: String,
}

/// A filter: any of these, each of which is all of those.
#[derive(Debug, Clone, Default)]
pub struct Filter(Vec<Vec<Condition>>);

impl Filter {
    /// Reads a filter; the refusal of one that cannot be honoured.
    pub fn read(text: Option<&str>) -> Result<Self, Box<Reply>> {
        let text = text.unwrap_or_default();
        let refused = || {
            let text = format!("Invalid $filter '{text}' specified in the query string.");
            Box::new(Reply::error(400, "InvalidFilterInQueryString", &text))
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let tokens = tokens(text).filter(|t| t.len() <= MAX * 8).ok_or_else(refused)?;
        let any: Option<Vec<_>> = tokens.split(|t| word(t, "or")).map(all).collect();
        any.map(Self).ok_or_else(refused)
    }

    /// Whether something with these fields and tags fits. Tags are compared by name and value together.
    pub fn fits<'v>(&self, field: impl Fn(&str) -> Option<&'v str>, tags: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|all| fits(all, &field, tags))
    }

    /// Whether it asks for tags: Azure then does not tell them.
    pub fn of_tags(&self) -> bool {
        self.0.iter().flatten().any(|c| c.field.starts_with("tag"))
    }

    /// Whether it asks for nothing but these fields.
    pub fn only(&self, fields: &[&str]) -> bool {
        self.0.iter().flatten().all(|c| fields.contains(&c.field.as_str()))
    }
}

fn fits<'v>(all: &[Condition], field: &impl Fn(&str) -> Option<&'v str>, tags: &Value) -> bool {
    let of = |name: &str| all.iter().filter(|c| c.field == name).cloned().collect::<Vec<_>>();
    let (names, values) = (of("tagname"), of("tagvalue"));
    let tagged = names.is_empty() && values.is_empty()
        || tags.as_object().into_iter().flatten().any(|(name, value)| {
            // Names of tags compare without regard to case, values do not.
            names.iter().all(|c| c.met(Some(name)))
                && values.iter().all(|c| (value == &c.value) == (c.how != How::IsNot))
        });
    tagged && all.iter().filter(|c| !c.field.starts_with("tag")).all(|c| c.met(field(&c.field)))
}

impl Condition {
    fn met(&self, own: Option<&str>) -> bool {
        let own = own.unwrap_or_default().to_ascii_lowercase();
        let value = self.value.to_ascii_lowercase();
        match self.how {
            How::Is => own == value,
            How::IsNot => own != value,
            How::Holds => own.contains(&value),
            How::Begins => own.starts_with(&value),
        }
    }
}

/// A word, a sign, or a text in quotes.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Sign(char),
    Text(String),
}

fn word(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(w) if w.eq_ignore_ascii_case(wanted))
}

/// `None` where a quote is not closed.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' => {}
            '(' | ')' | ',' => out.push(Token::Sign(c)),
            '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next()? {
                        // Two quotes stand for one.
                        '\'' if rest.next_if_eq(&'\'').is_some() => value.push('\''),
                        '\'' => break,
                        other => value.push(other),
                    }
                }
                out.push(Token::Text(value));
            }
            first => {
                let mut value = String::from(first);
                while let Some(c) = rest.next_if(|c| !" (),'".contains(*c)) {
                    value.push(c);
                }
                out.push(Token::Word(value));
            }
        }
    }
    Some(out)
}

/// Comparisons joined by `and`, with or without a bracket around them.
fn all(tokens: &[Token]) -> Option<Vec<Condition>> {
    if let [Token::Sign('('), inner @ .., Token::Sign(')')] = tokens {
        return all(inner);
    }
    tokens.split(|t| word(t, "and")).map(one).collect()
}

fn one(tokens: &[Token]) -> Option<Condition> {
    let known = |name: &str| Some(name.to_ascii_lowercase()).filter(|n| FIELDS.contains(&n.as_str()));
    match tokens {
        [Token::Sign('('), inner @ .., Token::Sign(')')] => one(inner),
        [Token::Word(name), Token::Word(how), Token::Text(value) | Token::Word(value)] => {
            let how = match how.to_ascii_lowercase().as_str() {
                "eq" => How::Is,
                "ne" => How::IsNot,
                _ => return None,
            };
            Some(Condition { field: known(name)?, how, value: value.clone() })
        }
        [
            Token::Word(f),
            Token::Sign('('),
            Token::Text(value),
            Token::Sign(','),
            Token::Word(name),
            Token::Sign(')'),
        ] if f.eq_ignore_ascii_case("substringof") => {
            Some(Condition { field: known(name)?, how: How::Holds, value: value.clone() })
        }
        [
            Token::Word(f),
            Token::Sign('('),
            Token::Word(name),
            Token::Sign(','),
            Token::Text(value),
            Token::Sign(')'),
        ] if f.eq_ignore_ascii_case("startswith") => {
            Some(Condition { field: known(name)?, how: How::Begins, value: value.clone() })
        }
        _ => None,
    }
}
