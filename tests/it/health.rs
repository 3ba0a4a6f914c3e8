//! Tests of `health`.
