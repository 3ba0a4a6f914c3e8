//! Tests of `azure`.
