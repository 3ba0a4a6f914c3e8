//! `lifeboat check`.
