//! Tests of `simulator`.
