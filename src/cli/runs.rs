//! `lifeboat runs`.
