//! The embedded Azure: world, clock, faults, REST.
