//! A plan while it is being filled in: what a person edits, what is still wrong with it, and the file it becomes.
//!
//! A draft may be wrong in every field. Whether it is a plan is asked of its text, so that what the editor accepts is what
//! the file's reader accepts.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::agreed::AGREED;
use super::format::PLAN;
use super::order;
use crate::health::{Adjustment, Knob, Unit};
use crate::runbook::model::{ParameterKind, Phase, Runbook, Step, StepId, Strategy};
use crate::runbook::{Diagnostic, Source};
use crate::units::Millis;

/// Ids named in a sentence; the rest is a number.
const NAMED: usize = 6;

/// What a person fills in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Kebab-case id.
    pub id: String,
    /// One line.
    pub title: String,
    /// Name for the mode band.
    pub environment: String,
    /// Id of the runbook.
    pub runbook: String,
    /// Strategy of the plan as a whole.
    pub strategy: Option<Strategy>,
    /// Strategy of components, where it is said.
    pub components: BTreeMap<String, Strategy>,
    /// Values of parameters, as typed.
    pub values: BTreeMap<String, String>,
    /// Duration of the last drill, as written.
    pub last_drill: Option<Millis>,
    /// Where more evidence is wanted than the tier's, as written.
    pub detector: Adjustment,
    /// What is agreed beforehand: the section's text, kept as it was written.
    pub agreed: Option<String>,
}

impl Draft {
    /// An empty plan of a runbook: its defaults, its first strategy.
    pub fn of(runbook: &Runbook) -> Self {
        let values = runbook.parameters.iter().map(|p| (p.name.clone(), p.default.clone().unwrap_or_default()));
        Self {
            id: format!("{}-plan", runbook.id),
            title: runbook.title.clone(),
            environment: String::new(),
            runbook: runbook.id.clone(),
            strategy: runbook.objectives.keys().next().copied(),
            components: runbook.components.iter().map(|c| (c.name.clone(), c.usual)).collect(),
            values: values.collect(),
            last_drill: None,
            detector: Adjustment::default(),
            agreed: None,
        }
    }

    /// Takes another strategy, and with it every component for which that makes sense.
    pub fn take(&mut self, strategy: Strategy, runbook: &Runbook) {
        self.strategy = Some(strategy);
        for c in runbook.components.iter().filter(|c| c.strategies.contains(&strategy)) {
            self.components.insert(c.name.clone(), strategy);
        }
    }

    /// What can be read of a plan's text, however wrong it is; nothing if it is no plan at all.
    pub fn read(text: &str) -> Option<Self> {
        let mut report = crate::runbook::diagnostic::Report::new("", text);
        let file = super::format::plan(&mut report)?;
        let components = file.components.into_iter().filter_map(|(k, e)| Some((k, e.value?)));
        let values = file.values.into_iter().map(|(k, e)| (k, e.value.unwrap_or_default()));
        Some(Self {
            id: file.id,
            title: file.title,
            environment: file.environment,
            runbook: file.runbook.map(|r| r.value).unwrap_or_default(),
            strategy: file.strategy.map(|s| s.value),
            components: components.collect(),
            values: values.collect(),
            last_drill: file.last_drill,
            detector: Adjustment(file.detector.into_iter().map(|(knob, w)| (knob, w.value)).collect()),
            agreed: file.agreed_at.and_then(|at| text.get(at)).map(str::to_owned),
        })
    }

    /// The file. Values that are empty are left out, so that what is missing is said to be missing.
    pub fn text(&self) -> String {
        let mut out = String::from("Plan(\n    schema: 1,\n");
        let mut field = |name: &str, value: &str| {
            let _ = writeln!(out, "    {name}: {},", quoted(value));
        };
        field("id", &self.id);
        field("title", &self.title);
        field("environment", &self.environment);
        field("runbook", &self.runbook);
        if let Some(s) = self.strategy {
            let _ = writeln!(out, "    strategy: {s:?},");
        }
        // One a line: a finding is told by its line.
        if !self.components.is_empty() {
            out.push_str("    components: {\n");
            for (name, strategy) in &self.components {
                let _ = writeln!(out, "        {}: {strategy:?},", quoted(name));
            }
            out.push_str("    },\n");
        }
        out.push_str("    values: {\n");
        for (name, value) in self.values.iter().filter(|(_, v)| !v.trim().is_empty()) {
            let _ = writeln!(out, "        {}: {},", quoted(name), quoted(value.trim()));
        }
        out.push_str("    },\n");
        if let Some(d) = self.last_drill {
            let _ = writeln!(out, "    last_drill: Some({}),", quoted(&format!("{}ms", d.0)));
        }
        if !self.detector.0.is_empty() {
            out.push_str("    detector: (\n");
            for (knob, amount) in &self.detector.0 {
                let _ = match knob.unit() {
                    Unit::Time => writeln!(out, "        {}: {},", knob.name(), quoted(&format!("{}ms", amount.0))),
                    _ => writeln!(out, "        {}: {},", knob.name(), amount.0),
                };
            }
            out.push_str("    ),\n");
        }
        if let Some(agreed) = &self.agreed {
            let _ = writeln!(out, "    agreed: {agreed},");
        }
        out.push_str(")\n");
        out
    }

    /// What is wrong with it, each finding with the field it is about.
    pub fn check(&self, source: &Source) -> Vec<Finding> {
        const NAME: &str = "plan";
        let text = self.text();
        let (_, found) = super::bind(NAME, &text, source, None);
        // The runbook's own findings are shown with the runbook.
        found
            .into_iter()
            .filter(|d| d.file == NAME)
            .map(|d| Finding { field: self.field_of(&text, &d), said: d })
            .collect()
    }

    /// The parameter, component or field that a finding in the text is about.
    fn field_of(&self, text: &str, d: &Diagnostic) -> Option<String> {
        let named = || d.message.split('`').nth(1);
        // What is missing stands on no line; the sentence names it.
        if d.code == "PL002" {
            return named().map(str::to_owned);
        }
        let line = text.lines().nth(d.line.checked_sub(1)?)?.trim_start();
        let begins = |name: &&String| line.strip_prefix(&quoted(name)).is_some_and(|rest| rest.starts_with(':'));
        let entry = self.values.keys().chain(self.components.keys()).find(begins).cloned();
        let knob = |name: &str| Knob::ALL.iter().any(|k| k.name() == name).then_some("detector");
        let within = |name: &str| AGREED.contains(&name).then_some("agreed");
        let own = |name: &str| {
            PLAN.iter().copied().find(|f| *f == name).or_else(|| knob(name)).or_else(|| within(name)).map(str::to_owned)
        };
        let written = line.split_once(':').and_then(|(name, _)| own(name));
        entry.or(written).or_else(|| named().and_then(own))
    }
}

/// Something wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Parameter or field, where it is about one.
    pub field: Option<String>,
    /// What is said.
    pub said: Diagnostic,
}

impl Finding {
    /// What is wrong, and what was probably meant.
    pub fn text(&self) -> String {
        let message = &self.said.message;
        self.said.suggestion.as_ref().map_or_else(|| message.clone(), |s| format!("{message}; {s}"))
    }
}

fn quoted(text: &str) -> String {
    ron::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// What changes when one component takes another strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Steps to do that are not in now.
    pub to_do: Vec<StepId>,
    /// Steps that are in now and then not.
    pub gone: Vec<StepId>,
    /// Steps that must hold already then, and not now.
    pub to_hold: Vec<StepId>,
    /// Planned time until users are moved and it is verified, now and then.
    pub time: (Millis, Millis),
}

impl Switch {
    /// `adds AO-F2, AO-F3 · leaves out AO-P3 · 40 min longer`.
    pub fn sentence(&self) -> String {
        let list = |ids: &[String]| {
            let named = ids.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            if ids.len() > NAMED { format!("{named} and {} more", ids.len() - NAMED) } else { named }
        };
        let mut out = Vec::new();
        if !self.to_do.is_empty() {
            out.push(format!("adds {}", list(&self.to_do)));
        }
        if !self.gone.is_empty() {
            out.push(format!("leaves out {}", list(&self.gone)));
        }
        if !self.to_hold.is_empty() {
            out.push(format!("must hold already: {}", list(&self.to_hold)));
        }
        let (now, then) = self.time;
        if then > now {
            out.push(format!("{} longer", then.saturating_sub(now)));
        } else if now > then {
            out.push(format!("{} shorter", now.saturating_sub(then)));
        }
        if out.is_empty() { "changes no step".to_owned() } else { out.join(" · ") }
    }
}

/// Compares two choices of strategies.
pub fn compare(
    runbook: &Runbook,
    strategy: (Strategy, Strategy),
    components: (&BTreeMap<String, Strategy>, &BTreeMap<String, Strategy>),
    values: &BTreeMap<String, String>,
) -> Switch {
    // An empty field is a choice that is not made yet.
    let made = values.iter().filter(|(_, v)| !v.trim().is_empty());
    let made: BTreeMap<String, String> = made.map(|(k, v)| (k.clone(), v.trim().to_owned())).collect();
    let slots = |s: Strategy, given: &BTreeMap<String, Strategy>| {
        let all = order::components(runbook, s, given);
        order::slots(runbook, s, &all, &made)
    };
    let (now, then) = (slots(strategy.0, components.0), slots(strategy.1, components.1));
    let ids = |a: &[order::Slot], b: &[order::Slot], hold: bool| -> Vec<StepId> {
        let here = a.iter().filter(|x| x.must_hold == hold && !x.id.contains('/'));
        here.filter(|x| !b.iter().any(|y| y.id == x.id && y.must_hold == hold)).map(|x| x.id.clone()).collect()
    };
    let time = |slots: &[order::Slot]| {
        let steps = slots.iter().filter(|s| !s.must_hold).filter_map(|s| runbook.steps.get(s.index));
        until_verified(steps)
    };
    Switch {
        to_do: ids(&then, &now, false),
        gone: ids(&now, &then, false),
        to_hold: ids(&then, &now, true),
        time: (time(&now), time(&then)),
    }
}

/// Planned time of deciding, moving and verifying, as the lint against the RTO counts it.
pub fn until_verified<'s>(steps: impl Iterator<Item = &'s Step> + Clone) -> Millis {
    let of = |phase| crate::runbook::planned_time(steps.clone().filter(move |s| s.phase == phase));
    [Phase::Decide, Phase::FailOver, Phase::Verify].map(of).into_iter().sum()
}

/// What a kind of parameter wants, in words.
pub fn wanted(kind: &ParameterKind) -> String {
    match kind {
        ParameterKind::Region => "Azure region".to_owned(),
        ParameterKind::Resource(of) if of.is_empty() => "ARM id of a resource".to_owned(),
        ParameterKind::Resource(of) => of.clone(),
        ParameterKind::Url => "https address".to_owned(),
        ParameterKind::Duration => "duration, such as 15m".to_owned(),
        ParameterKind::Number => "whole number".to_owned(),
        ParameterKind::Choice(of) => format!("one of {}", of.join(", ")),
        ParameterKind::List => "names with commas between".to_owned(),
        ParameterKind::SecretRef => "name of a keyring entry".to_owned(),
        ParameterKind::Text => "text".to_owned(),
    }
}
