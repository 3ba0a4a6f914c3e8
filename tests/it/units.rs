//! Tests of `units`.
