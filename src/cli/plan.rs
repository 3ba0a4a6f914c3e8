//! `lifeboat plan`.
