//! What could be done: runbooks from text to a checked model.
//!
//! [`load`] reads a RON text and the parts it includes in four moves: `tree` finds where everything stands, `format` reads
//! each value by itself, `lower` makes the model of it (with the steps that `include` brings in), and `check` (with
//! `values`, `choices` and `lints`) asks whether it makes sense. All of them add to one report.

pub mod action;
mod check;
mod choices;
pub(crate) mod commands;
pub mod condition;
pub mod diagnostic;
mod durations;
pub(crate) mod format;
mod hidden;
mod include;
mod lints;
mod lower;
pub mod model;
pub mod order;
mod outline;
pub mod property;
mod source;
mod syntax;
pub mod template;
pub mod traits;
pub(crate) mod tree;
pub(crate) mod values;
pub mod words;

pub(crate) use check::planned_time;
pub use diagnostic::{Diagnostic, Severity};
pub(crate) use lower::load_frozen;
pub use lower::{check_part, load};
pub use outline::{Kind, Outline, outline, read_whole};
pub use source::{MAX_PARTS, Part, Source, stays_inside};
