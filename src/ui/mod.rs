//! The window.

/// Opens the window.
pub fn run(_: crate::desk::link::Link) -> Result<(), String> {
    Err("not merged".into())
}
