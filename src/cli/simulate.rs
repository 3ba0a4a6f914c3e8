//! `lifeboat simulate`.
