//! The expressions of templates, `[parameters('name')]`: the functions that plain templates use. Another function is refused
//! by its name, so that nobody takes a wrong value for Azure's.

use std::cell::Cell;

use serde_json::{Map, Value, json};

/// Calls in calls; a deeper one is no template of a person.
const MAX_DEPTH: usize = 32;
/// What all results of a template may come to, in bytes: expressions can double each other.
pub const BUDGET: usize = 32 * 1024 * 1024;
/// What every call costs of it, so that their number is bounded as well.
const CALL: usize = 64;

/// Finds a resource as ARM shows it.
pub type Find<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// What an expression may look at.
pub struct Scope<'a> {
    /// Effective parameters: name → value.
    pub parameters: &'a Value,
    /// Variables: name → value, evaluated when used.
    pub variables: &'a Value,
    /// `subscription()`.
    pub subscription: Value,
    /// `resourceGroup()`; null at subscription scope.
    pub group: Value,
    /// `deployment()`.
    pub deployment: Value,
    /// Finds a resource by id or by its name in the template, for `reference()`; `None` where that cannot be said yet.
    pub find: Option<&'a Find<'a>>,
    /// What is left of [`BUDGET`].
    pub budget: Cell<usize>,
}

impl Scope<'_> {
    fn spend(&self, value: &Value) -> Result<(), String> {
        let left = self.budget.get().checked_sub(CALL + weight(value)).ok_or("it comes to too much")?;
        self.budget.set(left);
        Ok(())
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(s) => s.len() + 8,
        Value::Array(all) => all.iter().map(weight).sum::<usize>() + 8,
        Value::Object(all) => all.iter().map(|(k, v)| k.len() + weight(v)).sum::<usize>() + 8,
        _ => 8,
    }
}

/// Evaluates every expression in a document.
pub fn filled(value: &Value, scope: &Scope<'_>) -> Result<Value, String> {
    fill(value, scope, 0)
}

fn fill(value: &Value, scope: &Scope<'_>, depth: usize) -> Result<Value, String> {
    match value {
        Value::String(s) => text(s, scope, depth),
        Value::Array(all) => all.iter().map(|v| fill(v, scope, depth)).collect(),
        Value::Object(all) => {
            let pairs = all.iter().map(|(k, v)| {
                let key = match text(k, scope, depth)? {
                    Value::String(s) => s,
                    other => other.to_string(),
                };
                Ok((key, fill(v, scope, depth)?))
            });
            Ok(Value::Object(pairs.collect::<Result<Map<_, _>, String>>()?))
        }
        other => Ok(other.clone()),
    }
}

fn text(s: &str, scope: &Scope<'_>, depth: usize) -> Result<Value, String> {
    if let Some(literal) = s.strip_prefix("[[") {
        return Ok(json!(format!("[{literal}")));
    }
    let Some(inner) = s.strip_prefix('[').and_then(|s| s.strip_suffix(']')) else { return Ok(json!(s)) };
    let mut reader = Reader { rest: inner, scope, depth };
    let named = |why: String| if depth == 0 { format!("the expression '{s}': {why}") } else { why };
    let value = reader.value().map_err(named)?;
    if reader.rest.trim().is_empty() { Ok(value) } else { Err(format!("the expression '{s}' does not end properly")) }
}

struct Reader<'t, 's> {
    rest: &'t str,
    scope: &'s Scope<'s>,
    depth: usize,
}

impl Reader<'_, '_> {
    fn skip(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.starts_with(mark);
        if found {
            self.rest = &self.rest[mark.len_utf8()..];
        }
        found
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn value(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        self.rest = self.rest.trim_start();
        let mut value = match self.rest.chars().next() {
            Some('\'') => self.string()?,
            Some(c) if c.is_ascii_digit() || c == '-' => self.number()?,
            Some(c) if c.is_ascii_alphabetic() => self.call()?,
            _ => return Err("a value is missing".to_owned()),
        };
        loop {
            if self.skip('.') {
                let name = self.word();
                value = member(&value, &name)?;
            } else if self.skip('[') {
                let key = self.value()?;
                if !self.skip(']') {
                    return Err("a ']' is missing".to_owned());
                }
                value = match (&key, &value) {
                    (Value::String(name), _) => member(&value, name)?,
                    (_, Value::Array(all)) => {
                        let n = key.as_u64().and_then(|n| usize::try_from(n).ok());
                        n.and_then(|n| all.get(n)).cloned().ok_or("an index lies outside of its array")?
                    }
                    _ => return Err("only arrays and objects have parts".to_owned()),
                };
            } else {
                self.depth -= 1;
                return Ok(value);
            }
        }
    }

    fn string(&mut self) -> Result<Value, String> {
        let mut out = String::new();
        let mut rest = &self.rest[1..];
        loop {
            let end = rest.find('\'').ok_or("a string does not end")?;
            out.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            // Two quotes stand for one.
            match rest.strip_prefix('\'') {
                Some(more) => {
                    out.push('\'');
                    rest = more;
                }
                None => break,
            }
        }
        self.rest = rest;
        Ok(json!(out))
    }

    fn number(&mut self) -> Result<Value, String> {
        let end = self.rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(self.rest.len(), |n| n + 1);
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits.parse::<i64>().map(|n| json!(n)).map_err(|e| format!("'{digits}': {e}"))
    }

    fn call(&mut self) -> Result<Value, String> {
        let name = self.word();
        if !self.skip('(') {
            return Err(format!("'{name}' is no function call"));
        }
        let mut args = Vec::new();
        while !self.skip(')') {
            if !args.is_empty() && !self.skip(',') {
                return Err(format!("'{name}(' is not closed"));
            }
            args.push(self.value()?);
        }
        let result = apply(&name, &args, self.scope, self.depth)?;
        self.scope.spend(&result)?;
        Ok(result)
    }
}

fn member(value: &Value, name: &str) -> Result<Value, String> {
    let all = value.as_object().ok_or_else(|| format!("'{name}' is asked of something that has no parts"))?;
    let found = all.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
    found.ok_or_else(|| format!("the property '{name}' does not exist"))
}

/// As `concat`, `format` and `string` write a value.
fn written(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

/// A text with a part of it exchanged, unless that makes it too large.
fn replaced(text: &str, from: &str, to: &str) -> Result<String, String> {
    let size = text.matches(from).count().saturating_mul(to.len());
    if size > BUDGET { Err("it comes to too much".to_owned()) } else { Ok(text.replace(from, to)) }
}

fn apply(name: &str, args: &[Value], scope: &Scope<'_>, depth: usize) -> Result<Value, String> {
    let arg = |n: usize| args.get(n).ok_or_else(|| format!("{name} needs {} arguments", n + 1));
    let word = |n: usize| arg(n)?.as_str().ok_or_else(|| format!("argument {} of {name} is no string", n + 1));
    let truth = |v: &Value| v.as_bool().ok_or_else(|| format!("{name} wants true or false"));
    Ok(match name.to_ascii_lowercase().as_str() {
        "parameters" => member(scope.parameters, word(0)?).map_err(|e| format!("parameters: {e}"))?,
        "variables" => {
            let raw = member(scope.variables, word(0)?).map_err(|e| format!("variables: {e}"))?;
            if depth >= MAX_DEPTH {
                return Err("variables name each other in a circle".to_owned());
            }
            fill(&raw, scope, depth + 1)?
        }
        "subscription" => scope.subscription.clone(),
        "resourcegroup" if scope.group.is_null() => return Err("there is no resource group at this scope".to_owned()),
        "resourcegroup" => scope.group.clone(),
        "deployment" => scope.deployment.clone(),
        "concat" => match args.first() {
            Some(Value::Array(_)) => args.iter().flat_map(|a| a.as_array().cloned().unwrap_or_default()).collect(),
            _ => json!(args.iter().map(written).collect::<String>()),
        },
        "format" => {
            let mut out = word(0)?.to_owned();
            for (n, a) in args[1..].iter().enumerate() {
                out = replaced(&out, &format!("{{{n}}}"), &written(a))?;
            }
            json!(out)
        }
        "tolower" => json!(word(0)?.to_lowercase()),
        "toupper" => json!(word(0)?.to_uppercase()),
        "replace" => json!(replaced(word(0)?, word(1)?, word(2)?)?),
        "string" => json!(written(arg(0)?)),
        "true" => json!(true),
        "false" => json!(false),
        "null" => Value::Null,
        "createarray" => json!(args),
        "createobject" => args
            .chunks(2)
            .map(|pair| (written(&pair[0]), pair.get(1).cloned().unwrap_or_default()))
            .collect::<Map<_, _>>()
            .into(),
        "if" => arg(if truth(arg(0)?)? { 1 } else { 2 })?.clone(),
        "equals" => json!(arg(0)? == arg(1)?),
        "not" => json!(!truth(arg(0)?)?),
        "and" => json!(args.iter().map(truth).collect::<Result<Vec<_>, _>>()?.iter().all(|b| *b)),
        "or" => json!(args.iter().map(truth).collect::<Result<Vec<_>, _>>()?.iter().any(|b| *b)),
        "empty" => json!(match arg(0)? {
            Value::Null => true,
            Value::String(s) => s.is_empty(),
            Value::Array(a) => a.is_empty(),
            Value::Object(o) => o.is_empty(),
            _ => false,
        }),
        "resourceid" | "subscriptionresourceid" => {
            let parts = args.iter().map(|a| a.as_str().ok_or("resourceId takes strings"));
            json!(resource_id(&parts.collect::<Result<Vec<_>, _>>()?, scope, name.len() > 10)?)
        }
        "reference" => {
            let Some(find) = scope.find else {
                return Err("reference() is known in the outputs only, in this simulated Azure".to_owned());
            };
            let id = word(0)?;
            let whole = find(id).ok_or_else(|| format!("the resource '{id}' is not defined"))?;
            let full = args.iter().skip(1).any(|a| a.as_str().is_some_and(|a| a.eq_ignore_ascii_case("full")));
            if full { whole } else { whole["properties"].clone() }
        }
        other => return Err(format!("this simulated Azure does not evaluate the template function '{other}'")),
    })
}

/// `resourceId([subscription], [group], type, names…)`.
fn resource_id(parts: &[&str], scope: &Scope<'_>, of_subscription: bool) -> Result<String, String> {
    let at = parts.iter().position(|p| p.contains('/')).ok_or("resourceId needs a type with a provider")?;
    let (before, rest) = parts.split_at(at);
    let (kind, names) = rest.split_first().ok_or("resourceId needs a type")?;
    let own = scope.subscription["subscriptionId"].as_str().unwrap_or_default();
    let here = scope.group["name"].as_str();
    let (subscription, group) = match before {
        [] => (own, here),
        [g] if !of_subscription => (own, Some(*g)),
        [s] => (*s, None),
        [s, g, ..] => (*s, Some(*g)),
    };
    let group = if of_subscription { None } else { group };
    tail(kind, names).map(|tail| match group {
        Some(g) => format!("/subscriptions/{subscription}/resourceGroups/{g}/providers/{tail}"),
        None => format!("/subscriptions/{subscription}/providers/{tail}"),
    })
}

/// `Provider/type/name/type/name` of a type and its names.
pub fn tail(kind: &str, names: &[&str]) -> Result<String, String> {
    let mut types = kind.split('/');
    let provider = types.next().unwrap_or_default();
    let types: Vec<&str> = types.collect();
    if types.len() != names.len() {
        return Err(format!("the type '{kind}' needs {} names, not {}", types.len(), names.len()));
    }
    Ok(types.iter().zip(names).fold(provider.to_owned(), |a, (t, n)| format!("{a}/{t}/{n}")))
}
