//! The shapes of a runbook's file, read field by field.
//!
//! Every field of a runbook or plan goes through [`Fields`], so that each bad one gives its own finding. The words of a step
//! (strategies, conditions, actions …) are the model's own enums: their names are the language.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::diagnostic::{Report, did_you_mean};
use super::model::{Check, Component, Condition, Objective, Parameter, ParameterKind, Role, Strategy};
use super::template;
use super::tree::{self, Node, Shape, read};
use crate::units::Millis;

/// Newest format version of runbooks that this program reads. 1 had no roles and no parts; it is read as it was meant.
pub(super) const SCHEMA: u32 = 2;
/// Patience of a check that names none.
const USUAL_PATIENCE: Millis = Millis::from_mins(1);

/// Elements of one list; more are no list that a person can follow.
pub(super) const MAX_ITEMS: usize = 2_000;

/// Fields of a runbook.
pub(super) const RUNBOOK: &[&str] = &[
    "schema",
    "id",
    "title",
    "about",
    "system",
    "retired",
    "incomplete",
    "resource_model",
    "objectives",
    "parameters",
    "components",
    "gate",
    "orders",
    "steps",
];
/// Fields of a file of shared steps.
pub(super) const PART: &[&str] = &["schema", "about", "steps"];
/// Fields that bring in the steps of such a file.
pub(super) const INCLUDE: &[&str] = &["file", "from", "to", "without", "with"];
/// Fields of a step.
pub(super) const STEP: &[&str] = &[
    "id",
    "phase",
    "component",
    "title",
    "why",
    "degraded",
    "do_in",
    "must_hold_in",
    "when",
    "group",
    "kind",
    "decision",
    "second_vantage",
    "reconciles",
    "target",
    "expect",
    "risk",
    "may_lose",
    "second_person",
    "needs",
    "rung",
    "action",
    "guards",
    "verify",
    "holds",
    "undo",
    "by_hand",
    "source",
];

/// The fields of one `Name(...)`, each read by itself.
pub(crate) struct Fields<'n> {
    /// The value they are in.
    pub(crate) node: &'n Node,
    broken: bool,
    lost: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Checks the name and that every field is known and there once.
    pub(crate) fn open(node: &'n Node, name: &str, known: &[&str], report: &mut Report<'_>) -> Self {
        let head = node.head_text(report.text);
        if node.shape != Shape::Struct || (!head.is_empty() && head != name) {
            let found = if head.is_empty() { String::new() } else { format!(", found `{head}`") };
            report.error_do(
                node.anchor(),
                "RB007",
                format!("expected `{name}(…)`{found}"),
                did_you_mean(head, [name]).unwrap_or_else(|| format!("write `{name}(field: value, …)`")),
            );
            return Self { node, broken: true, lost: Vec::new() };
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for item in &node.items {
            if report.full() {
                report.give_up();
                break;
            }
            let Some(key) = item.key_text(report.text) else {
                report.error(item.span.clone(), "RB007", format!("expected `field: value` in `{name}(…)`"));
                continue;
            };
            let at = item.key.clone().unwrap_or(item.span.clone());
            if !known.contains(&key) {
                let message = format!("there is no field `{key}` in {name}");
                report.unknown(at, "RB004", message, key, known.iter().copied());
            } else if !seen.insert(key) {
                report.error(at, "RB005", format!("`{key}` is there twice"));
            }
        }
        Self { node, broken: false, lost: Vec::new() }
    }
    /// Whether the value was no struct of this name at all.
    pub(crate) fn broken(&self) -> bool {
        self.broken
    }
    /// A field's value.
    pub(crate) fn node(&self, name: &str, report: &Report<'_>) -> Option<&'n Node> {
        self.node.field(report.text, name).filter(|_| !self.broken)
    }
    /// A field that may be missing.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<T> {
        let value = read::<Option<T>>(self.node(name, report)?, report);
        if value.is_none() {
            self.lost.push(name);
        }
        value.flatten()
    }
    /// A field that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<T> {
        let value = self.required_node(name, report).and_then(|n| read(n, report));
        if value.is_none() {
            self.lost.push(name);
        }
        value
    }
    /// A text that must be there and say something.
    pub(crate) fn text(&mut self, name: &'static str, report: &mut Report<'_>) -> String {
        let value: String = self.required(name, report).unwrap_or_default();
        self.not_empty(name, &value, report);
        value
    }
    /// A duration such as `15m`.
    pub(crate) fn duration(&mut self, name: &'static str, report: &mut Report<'_>) -> Millis {
        self.required(name, report).unwrap_or_default()
    }
    /// A finding if a text that is there says nothing.
    pub(crate) fn not_empty(&self, name: &'static str, value: &str, report: &mut Report<'_>) {
        if let Some(node) = self.node(name, report).filter(|_| value.trim().is_empty() && !self.lost(name)) {
            report.error(node.span.clone(), "RB011", format!("`{name}` says nothing"));
        }
    }
    /// The elements of a list that may be missing.
    pub(crate) fn list(&mut self, name: &'static str, report: &mut Report<'_>) -> &'n [Node] {
        self.bracket(name, Shape::List, "a list: [ … ]", report)
    }
    /// The entries of a map that may be missing.
    pub(crate) fn map(&mut self, name: &'static str, report: &mut Report<'_>) -> &'n [Node] {
        self.bracket(name, Shape::Map, "a map: { key: value, … }", report)
    }
    fn bracket(&mut self, name: &'static str, shape: Shape, what: &str, report: &mut Report<'_>) -> &'n [Node] {
        match self.node(name, report) {
            None => &[],
            Some(n) if n.shape == shape && n.items.len() <= MAX_ITEMS => &n.items,
            Some(n) => {
                if n.shape == shape {
                    let message = format!("`{name}` has {} elements; {MAX_ITEMS} is the limit", n.items.len());
                    report.error(n.anchor(), "RB002", message);
                } else {
                    report.error(n.anchor(), "RB007", format!("`{name}` should be {what}"));
                }
                self.lost.push(name);
                &[]
            }
        }
    }
    /// The value of a field that must be there.
    pub(crate) fn required_node(&self, name: &str, report: &mut Report<'_>) -> Option<&'n Node> {
        let node = self.node(name, report);
        if node.is_none() && !self.broken {
            report.error(self.node.anchor(), "RB006", format!("`{name}` is missing"));
        }
        node
    }
    /// Whether a field could not be read, so that nothing should be concluded from its emptiness.
    pub(crate) fn lost(&self, name: &str) -> bool {
        self.broken || self.lost.contains(&name)
    }
    /// Says so of a field that was read elsewhere.
    pub(crate) fn lose(&mut self, name: &'static str) {
        self.lost.push(name);
    }
}

/// The format version. Refuses a file of a newer program in one sentence, and notes an older one; `None` if refused.
pub(crate) fn schema(root: &Node, what: &str, newest: u32, report: &mut Report<'_>) -> Option<u32> {
    let node = root.field(report.text, "schema")?;
    let found: u32 = read(node, report)?;
    if found == 0 || found > newest {
        let message = format!("this {what} is written in schema {found}; this Lifeboat reads schema {newest}");
        report.error_do(node.span.clone(), "RB003", message, other_schema(found, newest));
        return None;
    }
    if found < newest {
        let message = format!("this {what} is written in schema {found} and read as schema {newest}");
        let fix = Some(format!("nothing has to be done; see the help page for what schema {newest} adds"));
        report.add(super::Severity::Note, node.span.clone(), "RB053", message, fix);
    }
    Some(found)
}

/// What to do about a file of a version that this program does not read.
pub(crate) fn other_schema(found: u32, newest: u32) -> String {
    let newer = if found > newest { "use a newer Lifeboat, or " } else { "" };
    format!("{newer}write `schema: {newest}`")
}

/// Lower-case words joined by `-`.
pub(crate) fn is_kebab(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id.split('-').all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// The id of a file: kebab-case, since it becomes a folder's name.
pub(crate) fn file_id(f: &mut Fields<'_>, report: &mut Report<'_>) -> String {
    let id = f.text("id", report);
    if let Some(n) = f.node("id", report).filter(|_| !id.trim().is_empty() && !is_kebab(&id)) {
        report.error(n.span.clone(), "RB044", "an id is lower-case words joined by `-`, for example `azure-openai`");
    }
    id
}

/// `HotHot: …` entries of a map.
pub(super) fn by_strategy<'n>(nodes: &'n [Node], report: &mut Report<'_>) -> BTreeMap<Strategy, &'n Node> {
    let mut out = BTreeMap::new();
    for node in nodes {
        let Some(key) = node.key.clone() else { continue };
        let name = Node { span: key.clone(), head: key.clone(), key: None, shape: Shape::Leaf, items: Vec::new() };
        if report.full() {
            break;
        }
        if let Some(strategy) = read::<Strategy>(&name, report)
            && out.insert(strategy, node).is_some()
        {
            report.error(key, "RB005", format!("{} is there twice", strategy.written()));
        }
    }
    out
}

/// `(rto: "30m", rpo: "0s", tier: T1, source: …)`.
pub(super) fn objective(node: &Node, report: &mut Report<'_>) -> Option<Objective> {
    let mut f = Fields::open(node, "Objective", &["rto", "rpo", "tier", "source"], report);
    let (rto, rpo) = (f.duration("rto", report), f.duration("rpo", report));
    Some(Objective { rto, rpo, tier: f.required("tier", report)?, source: f.required("source", report)? })
}

/// `Region(about: "…", differs_from: "…")` and the other kinds.
pub(super) fn parameter(node: &Node, schema: u32, report: &mut Report<'_>) -> Option<Parameter> {
    const KINDS: [&str; 9] = ["Region", "Resource", "Url", "Duration", "Number", "Choice", "List", "SecretRef", "Text"];
    let name = node.key_text(report.text).unwrap_or_default().to_owned();
    if !template::is_name(&name) {
        let at = node.key.clone().unwrap_or(node.span.clone());
        report.error(at, "RB044", "a parameter's name is lower-case letters, digits and `_`");
    }
    let head = node.head_text(report.text);
    let Some(head) = KINDS.into_iter().find(|k| *k == head) else {
        let message = format!("`{head}` is no kind of parameter");
        report.unknown(node.anchor(), "RB008", message, head, KINDS);
        return None;
    };
    let mut known = vec!["about", "default", "differs_from"];
    known.extend(match head {
        "Resource" => &["kind", "role", "default_store"][..],
        "Region" | "Url" => &["role"],
        "Choice" => &["of"],
        _ => &[],
    });
    let mut f = Fields::open(node, head, &known, report);
    let kind = match head {
        "Region" => ParameterKind::Region,
        "Resource" => ParameterKind::Resource(f.text("kind", report)),
        "Url" => ParameterKind::Url,
        "Duration" => ParameterKind::Duration,
        "Number" => ParameterKind::Number,
        "Choice" => ParameterKind::Choice(f.required("of", report)?),
        "List" => ParameterKind::List,
        "SecretRef" => ParameterKind::SecretRef,
        _ => ParameterKind::Text,
    };
    let about = f.text("about", report);
    let (default, differs_from) = (f.optional("default", report), f.optional("differs_from", report));
    let written = if known.contains(&"role") { f.optional("role", report) } else { None };
    let role = if schema == 1 { role_by_name(&name) } else { written };
    let default_store = head == "Resource" && f.optional("default_store", report).unwrap_or_default();
    Some(Parameter { name, kind, about, default, differs_from, role, default_store })
}

/// In schema 1 four names said what a role says now.
fn role_by_name(name: &str) -> Option<Role> {
    match name {
        "primary" | "primary_account" => Some(Role::Primary),
        "secondary" | "secondary_account" => Some(Role::Secondary),
        _ => None,
    }
}

/// `(title: "…", strategies: […], usual: HotWarm)`.
pub(super) fn component(node: &Node, report: &mut Report<'_>) -> Option<Component> {
    let mut f = Fields::open(node, "Component", &["title", "strategies", "usual"], report);
    let name = node.key_text(report.text)?.to_owned();
    let title = f.text("title", report);
    let strategies: Option<Vec<Strategy>> = f.required("strategies", report);
    let usual: Option<Strategy> = f.required("usual", report);
    let (strategies, usual) = (strategies?, usual?);
    if let Some(n) = f.node("usual", report).filter(|_| !strategies.contains(&usual)) {
        let message = format!("`{name}` is usually {}, which is not among its strategies", usual.written());
        report.error(n.span.clone(), "RB041", message);
    }
    Some(Component { name, title, strategies, usual })
}

/// A list of conditions; the field counts as lost when one cannot be read.
pub(super) fn checks(f: &mut Fields<'_>, name: &'static str, report: &mut Report<'_>) -> Vec<Check> {
    let mut out = Vec::new();
    for n in f.list(name, report) {
        match check(n, report) {
            Some(c) => out.push(c),
            None => f.lose(name),
        }
    }
    out
}

/// A condition with its patience: `Answers(region: "…", calls: 3, within: "1m")`.
fn check(node: &Node, report: &mut Report<'_>) -> Option<Check> {
    let mut text = report.text[node.span.clone()].to_owned();
    let mut within = Some(USUAL_PATIENCE);
    if let Some(item) = node.field(report.text, "within") {
        within = read(item, report);
        let from = item.key.as_ref().map_or(item.span.start, |k| k.start) - node.span.start;
        let mut to = item.span.end - node.span.start;
        let after = text[to..].trim_start();
        if after.starts_with(',') {
            to = text.len() - after.len() + 1;
        }
        let blank: String = text[from..to].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        text.replace_range(from..to, &blank);
    }
    let condition: Option<Condition> = tree::read_as(node, &text, report);
    Some(Check { condition: condition?, within: within? })
}
