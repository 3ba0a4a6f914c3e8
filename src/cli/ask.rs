//! Filling in a plan at a prompt: one question a value, each with what is wanted and what may be chosen.
//!
//! What an answer may be is asked of the plan's reader, so that nothing is taken here that a file could not hold.

use std::collections::BTreeSet;
use std::io::{BufRead, Read, Write};

use crate::desk::view::draft::{components, strategies};
use crate::plan::draft::{Draft, wanted};
use crate::plan::inventory::{Inventory, Suggestion};
use crate::runbook::Source;
use crate::runbook::model::{Parameter, ParameterKind, Runbook, Strategy};
use crate::units::{Region, visible};

use super::guide::{wrapped, wrapped_at};

/// Enough to choose from on half a screen; `?` shows the rest.
const SHOWN: usize = 8;
/// No value is longer, and an endless line must not fill the memory.
const LONGEST_LINE: u64 = 64 << 10;

/// Something that is filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The plan's id.
    Id,
    /// Its title.
    Title,
    /// Its environment.
    Environment,
    /// Strategy of the whole.
    Strategy,
    /// Strategy of a component.
    Component(String),
    /// Value of a parameter.
    Value(String),
}

impl Field {
    /// As a finding names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Environment => "environment",
            Self::Strategy => "strategy",
            Self::Component(name) | Self::Value(name) => name,
        }
    }
}

/// What is known while a plan is filled in.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The runbook that is bound.
    pub runbook: &'a Runbook,
    /// Its texts.
    pub source: &'a Source,
    /// What there is; empty when nothing is known.
    pub inventory: &'a Inventory,
    /// What was said already, and is asked for only if it is wrong.
    pub settled: &'a BTreeSet<Field>,
    /// Whether everything else is asked for, or only what is missing or wrong.
    pub all: bool,
}

/// A person who answers.
#[derive(Debug)]
pub struct Ask<R, W> {
    input: R,
    out: W,
    ended: bool,
}

/// A question: its words, what Enter takes, and what may be chosen for what was typed.
struct Question<'q> {
    name: &'q str,
    about: String,
    offer: Option<Suggestion>,
    shown: Vec<Suggestion>,
    fitting: &'q dyn Fn(&str) -> Vec<Suggestion>,
}

impl<R: BufRead, W: Write> Ask<R, W> {
    /// Reads answers from `input` and writes questions to `out`.
    pub const fn new(input: R, out: W) -> Self {
        Self { input, out, ended: false }
    }

    /// Asks for everything that the form wants. What a person leaves for later stays as it is.
    pub fn fill(&mut self, form: &Form<'_>, draft: &mut Draft) {
        let components = form.runbook.components.iter().map(|c| Field::Component(c.name.clone()));
        let values = form.runbook.parameters.iter().map(|p| Field::Value(p.name.clone()));
        let mut fields = vec![Field::Id, Field::Title, Field::Environment, Field::Strategy];
        fields.extend(components.chain(values));
        let mut told = false;
        for field in fields {
            let unsaid = form.all && !form.settled.contains(&field) && form.has_choice(&field);
            if self.ended || !(unsaid || form.wrong(draft, &field).is_some()) {
                continue;
            }
            if !told {
                self.say(&wrapped("", "Enter takes what stands in [ ], ? shows what there is, . leaves it for later."));
                told = true;
            }
            self.one(form, &field, draft);
        }
    }

    fn one(&mut self, form: &Form<'_>, field: &Field, draft: &mut Draft) {
        let now = draft.clone();
        let plain = |text: &str| Suggestion { value: text.to_owned(), label: text.to_owned(), about: String::new() };
        let none: &dyn Fn(&str) -> Vec<Suggestion> = &|_| Vec::new();
        let text = |about: &str, value: &str| Question {
            name: field.name(),
            about: about.to_owned(),
            offer: Some(plain(value)).filter(|s| !s.value.trim().is_empty()),
            shown: Vec::new(),
            fitting: none,
        };
        let accept = &mut |typed: &str| form.accept(draft, field, typed);
        match field {
            Field::Id => self.question(text("lower-case words joined by “-”", &now.id), accept),
            Field::Title => self.question(text("one line", &now.title), accept),
            Field::Environment => self.question(text("as the band at the top shall name it", &now.environment), accept),
            Field::Strategy => {
                let rows = rows(&strategies(&now, form.runbook));
                let about = format!("of the plan as a whole; the runbook is “{}”", form.runbook.title);
                let offer = now.strategy.map(|s| plain(s.display()));
                let fitting: &dyn Fn(&str) -> Vec<Suggestion> = &|_| rows.clone();
                self.question(Question { name: "strategy", about, offer, shown: rows.clone(), fitting }, accept);
            }
            Field::Component(name) => {
                let all = components(&now, form.runbook, &|_| Vec::new());
                let Some(c) = all.into_iter().find(|c| c.name == *name) else { return };
                let rows = rows(&c.choices);
                let (about, offer) = (format!("strategy of: {}", c.title), Some(plain(c.chosen.display())));
                let fitting: &dyn Fn(&str) -> Vec<Suggestion> = &|_| rows.clone();
                self.question(Question { name, about, offer, shown: rows.clone(), fitting }, accept);
            }
            Field::Value(name) => {
                let Some(p) = form.runbook.parameters.iter().find(|p| p.name == *name) else { return };
                let fitting: &dyn Fn(&str) -> Vec<Suggestion> = &|typed| form.fitting(&now, p, typed);
                // Every region there is would be a page.
                let shown = if p.kind == ParameterKind::Region { Vec::new() } else { fitting("") };
                let about = format!("{}. Wanted: {}", p.about.trim_end_matches('.'), wanted(&p.kind));
                let value = now.values.get(name).filter(|v| !v.trim().is_empty());
                let offer = value.map(|v| plain(v)).or_else(|| form.surely(&now, p, &shown));
                self.question(Question { name, about, offer, shown, fitting }, accept);
            }
        }
    }

    fn question(&mut self, q: Question<'_>, accept: &mut dyn FnMut(&str) -> Result<(), String>) {
        let Question { name, about, mut offer, shown, fitting } = q;
        self.say(&format!("\n{}", wrapped_at(&format!("{name}: "), "  ", &about)));
        let (mut shown, mut typed) = (self.list(shown, SHOWN), String::new());
        loop {
            let offered = offer.as_ref().map_or_else(String::new, |s| format!(" [{}]", visible(called(s))));
            let Some(line) = self.line(&format!("{name}{offered}> ")) else { return };
            let number = line.parse::<usize>().ok().and_then(|n| shown.get(n.checked_sub(1)?).cloned());
            let answer = match (line.as_str(), &offer) {
                ("", Some(s)) => s.value.clone(),
                ("", None) | (".", _) => {
                    self.say("  Left for later.");
                    return;
                }
                ("?", _) => {
                    shown = self.list(fitting(&typed), usize::MAX);
                    if shown.is_empty() {
                        self.say("  Nothing is known that could be chosen here: type it.");
                    }
                    continue;
                }
                (text, _) => text.to_owned(),
            };
            let taken = accept(&answer).or_else(|why| match &number {
                // A figure may be a value of its own; it is a row's number when it is not.
                Some(s) => accept(&s.value),
                None => Err(why),
            });
            let Err(why) = taken else { return };
            self.say(&wrapped("  ! ", &why));
            // What was refused is not offered again.
            offer = None;
            if number.is_none() {
                typed = answer;
                shown = self.list(fitting(&typed), SHOWN);
                offer = shown.first().filter(|_| shown.len() == 1).cloned();
            }
        }
    }

    /// Shows rows with numbers, as many as are wanted; gives back those shown.
    fn list(&mut self, mut rows: Vec<Suggestion>, most: usize) -> Vec<Suggestion> {
        let more = rows.len().saturating_sub(most);
        rows.truncate(most);
        for (n, s) in rows.iter().enumerate() {
            let name = called(s);
            let about: Vec<&str> =
                [s.label.as_str(), &s.about].into_iter().filter(|t| !t.is_empty() && *t != name).collect();
            let row = format!("{name}  {}", about.join(", "));
            self.say(&wrapped_at(&format!("  {:>2}  ", n + 1), "      ", row.trim_end()));
        }
        if more > 0 {
            self.say(&format!("      ? shows {more} more"));
        }
        rows
    }

    fn say(&mut self, text: &str) {
        // Nobody reads a closed terminal; what comes of it is said by the exit code.
        let _ = writeln!(self.out, "{text}");
    }

    /// One line without the space around it; `None` at the end of the input, which ends all questions.
    fn line(&mut self, prompt: &str) -> Option<String> {
        let _ = write!(self.out, "{}", visible(prompt)).and_then(|()| self.out.flush());
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes);
        if !matches!(read, Ok(n) if n > 0) {
            self.ended = true;
            self.say("");
            return None;
        }
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

impl Form<'_> {
    /// Whether there is anything to choose.
    fn has_choice(&self, field: &Field) -> bool {
        match field {
            Field::Strategy => self.runbook.objectives.len() > 1,
            Field::Component(name) => self.runbook.components.iter().any(|c| c.name == *name && c.strategies.len() > 1),
            _ => true,
        }
    }

    /// What is wrong with a field, or that it has no value.
    fn wrong(&self, draft: &Draft, field: &Field) -> Option<String> {
        // Strategies of components are refused where they are typed.
        if matches!(field, Field::Component(_)) {
            return None;
        }
        let found = draft.check(self.source);
        found.iter().find(|f| f.said.is_error() && f.field.as_deref() == Some(field.name())).map(|f| f.text())
    }

    /// Takes an answer over into the draft, or says why it cannot be.
    fn accept(&self, draft: &mut Draft, field: &Field, typed: &str) -> Result<(), String> {
        let mut then = draft.clone();
        match field {
            Field::Id => typed.clone_into(&mut then.id),
            Field::Title => typed.clone_into(&mut then.title),
            Field::Environment => typed.clone_into(&mut then.environment),
            Field::Strategy => then.take(typed.parse()?, self.runbook),
            Field::Component(name) => {
                let s: Strategy = typed.parse()?;
                let known = self.runbook.components.iter().find(|c| c.name == *name);
                if !known.is_some_and(|c| c.strategies.contains(&s)) {
                    return Err(format!("{} makes no sense for `{name}`; choose one of the list", s.display()));
                }
                then.components.insert(name.clone(), s);
            }
            Field::Value(name) => drop(then.values.insert(name.clone(), typed.to_owned())),
        }
        self.wrong(&then, field).map_or_else(
            || {
                *draft = then;
                Ok(())
            },
            Err,
        )
    }

    /// Suggestions for a parameter, resources of its side's region first.
    fn fitting(&self, draft: &Draft, p: &Parameter, typed: &str) -> Vec<Suggestion> {
        let mut all = self.inventory.complete(&p.kind, typed);
        if let Some(region) = self.side(draft, p) {
            all.sort_by_key(|s| !self.lies_in(s, &region));
        }
        all
    }

    /// The one value that can be meant before anything was typed.
    fn surely(&self, draft: &Draft, p: &Parameter, shown: &[Suggestion]) -> Option<Suggestion> {
        let near: Vec<&Suggestion> = match self.side(draft, p) {
            Some(region) => shown.iter().filter(|s| self.lies_in(s, &region)).collect(),
            None => shown.iter().collect(),
        };
        near.first().filter(|_| near.len() == 1).map(|s| (*s).clone())
    }

    /// Region of the side that a resource's parameter describes, once it is known.
    fn side(&self, draft: &Draft, p: &Parameter) -> Option<Region> {
        let role = p.role.filter(|_| matches!(p.kind, ParameterKind::Resource(_)))?;
        let is = |r: &&Parameter| r.role == Some(role) && r.kind == ParameterKind::Region;
        let region = self.runbook.parameters.iter().find(is)?;
        draft.values.get(&region.name).filter(|v| !v.trim().is_empty()).map(|v| Region::new(v))
    }

    fn lies_in(&self, s: &Suggestion, region: &Region) -> bool {
        self.inventory.get(&s.value).is_some_and(|r| r.region == *region)
    }
}

/// What a suggestion is called in a row: a resource by its name, everything else by its value.
fn called(s: &Suggestion) -> &str {
    if s.value.starts_with('/') && !s.label.is_empty() { &s.label } else { &s.value }
}

/// Strategies as rows.
fn rows(choices: &[(Strategy, String)]) -> Vec<Suggestion> {
    let row = |(s, change): &(Strategy, String)| Suggestion {
        value: s.display().to_owned(),
        label: String::new(),
        about: change.clone(),
    };
    choices.iter().map(row).collect()
}
