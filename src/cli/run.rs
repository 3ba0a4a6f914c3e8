//! `lifeboat run`.
