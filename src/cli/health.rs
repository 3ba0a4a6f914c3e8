//! `lifeboat health`.
