//! Durations are texts: of a bare number nobody knows whether it means seconds or minutes.
//!
//! The reader itself takes numbers, since records keep durations as milliseconds; what a person writes is looked at here.

use super::check::{Draft, Placed};
use super::diagnostic::Report;
use super::tree::{self, Node, Shape};

/// Fields of conditions that are durations.
const IN_CONDITIONS: [&str; 4] = ["within", "over", "hold", "back"];

/// Those of a step, its conditions and its guards.
pub(super) fn of_step(p: &Placed<'_>, report: &mut Report<'_>) {
    if let Some(node) = p.fields.node("expect", report) {
        quoted(node, report);
    }
    for field in ["verify", "holds", "guards"] {
        for node in p.fields.node(field, report).map_or(&[][..], |n| &n.items) {
            let waits = node.head_text(report.text) == "WaitSinceLastSwitch";
            for n in &node.items {
                let key = n.key_text(report.text).unwrap_or_default();
                if IN_CONDITIONS.contains(&key) || waits && key == "at_least" {
                    quoted(n, report);
                }
            }
        }
    }
}

/// Those of the objectives.
pub(super) fn of_objectives(draft: &Draft<'_>, report: &mut Report<'_>) {
    for node in draft.objective_nodes.values() {
        for field in ["rto", "rpo"] {
            if let Some(n) = node.field(report.text, field) {
                quoted(n, report);
            }
        }
    }
}

fn quoted(node: &Node, report: &mut Report<'_>) {
    if let Some(number) = tree::number_of(node, report.text).filter(|_| node.shape == Shape::Leaf && !report.full()) {
        let message = format!("`{number}` is no duration: nothing says whether these are seconds or minutes");
        let fix = format!("write a duration in quotes: \"{number}s\"");
        report.error_do(node.span.clone(), "RB009", message, fix);
    }
}
