//! Audit bytes: record, chain, tree, verification. No I/O.
