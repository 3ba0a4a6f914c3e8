//! Tests of `rehearsal`.
