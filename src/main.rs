//! Arguments to a window or a terminal command; exit codes.

fn main() {}
