//! What could be done: runbooks from text to a checked model.
//!
//! [`load`] reads one RON text in four moves: `tree` finds where everything stands, `format` reads each value by itself,
//! `lower` makes the model of it, and `check` (with `values`) asks whether it makes sense. All of them add to one report.

mod check;
pub mod condition;
pub mod diagnostic;
pub(crate) mod format;
mod lower;
pub mod model;
pub mod order;
mod outline;
pub mod template;
pub(crate) mod tree;
pub(crate) mod values;

pub use diagnostic::{Diagnostic, Severity};
pub use lower::load;
pub use outline::{Kind, Outline, outline, read_whole};
