//! Tests of `runbook`.
