//! `lifeboat verify`.
