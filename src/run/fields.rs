//! What auditors ask of the record of a run, field by field, and whether this run has it.

/// Whether a field is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is: what it says, in one line.
    Yes(String),
    /// It may be empty in a run of this kind: why.
    NotNeeded(String),
    /// It is not: what is missing and where it is told.
    Missing(String),
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `F1` and so on.
    pub id: &'static str,
    /// What is asked.
    pub title: &'static str,
    /// Whether it is there.
    pub held: Held,
}
