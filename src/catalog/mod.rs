//! Runbooks, plans and scenarios from disk and from the binary.
