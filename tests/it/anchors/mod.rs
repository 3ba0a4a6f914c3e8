//! Checkpoints that leave the computer: what the record says of them, and who has them.

mod blob;
mod chain;
mod person;
mod rotation;
mod stamp;
mod witness;
