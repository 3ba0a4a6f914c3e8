//! What could be done: runbooks from text to a checked model.

pub mod model;
