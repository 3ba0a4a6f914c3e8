//! Lifeboat: guided disaster recovery for Azure AI and data workloads.
//!
//! # The house
//! Four floors; an import only ever points down (`tests/it/tidy.rs` fails on any other door).
//!
//! ```text
//!  4  front ends   ui (egui)   cli (terminal)
//!  3  conductor    desk: wires the world together, owns a run's tasks
//!  2  the world    catalog  azure  probe  history  journal  secrets  simulator  export  notify     (never each other)
//!  1½ time         clock: the computer's or a rehearsal's
//!  1  the core     units  runbook  plan  run  rehearsal  health  recovery  record  approval      (pure)
//! ```
//!
//! | room | what it is |
//! |---|---|
//! | `units` | time, regions, ARM ids, keys, secrets: the words everything else is said in |
//! | `runbook` | what could be done: text → checked model, every mistake with its place |
//! | `plan` | what would be done here: a runbook bound to real resources, in order |
//! | `run` | what is being done: decide → facts → state; effects; clocks |
//! | `rehearsal` | scenarios, their scripted operator, their score |
//! | `approval` | what the second person is shown and signs: blocks, parts of pictures, words over the phone |
//! | `health` | what may be believed: detector, verdict, ladder, advice |
//! | `recovery` | what was deleted: deadlines, blockers, the order of the work |
//! | `record` | audit bytes: canonical lines, chain, tree, signed checkpoints and where they went, verification |
//! | `clock` | time as a handle; why a rehearsal can run at any speed |
//! | `catalog` | runbooks, plans, scenarios from disk and from the binary |
//! | `azure` | Azure over HTTP: tokens, client, actions, readings; real and simulated differ by configuration |
//! | `probe` | one observation of an endpoint, stage by stage |
//! | `history` | what was observed, bounded, across restarts; comfort, not evidence for auditors |
//! | `journal` | `record` on a disk: append, sync, lock, recover; where a disk is safe; logs bigger than memory |
//! | `secrets` | the OS keyring on a thread of its own; session memory |
//! | `simulator` | the embedded Azure; shares no type with `azure` |
//! | `notify` | a word on the desktop when a verdict turns and nobody looks; messages to people outside, by webhook; time stamps |
//! | `export` | what leaves the program to be read elsewhere: a plan on paper, pictures of a request, a run in one locked file, a run's record for auditors |
//! | `desk` | one mailbox, one road: order → facts → journal → state → effects → snapshot |
//! | `ui`, `cli` | draw a snapshot, send commands; own nothing but what is on the screen |
//!
//! # Invariants
//! - Floor 1 has no file, network, clock, thread, randomness or environment.
//! - A run's state is a fold over its journal; nothing else holds state of a run.
//! - No request that changes Azure leaves before its intent is durable in the journal.
//! - No step is done without its verification or a person's word.
//! - No real address is called for a file before a person has trusted exactly its bytes.
//! - A rehearsal's client refuses every address that is not the simulator's.
//! - A message to people outside is durable before it leaves, is never repeated after a restart, and holds nothing up.
//! - A checkpoint leaves this computer only when it is in the record; whether it arrives is recorded while the run is worked on,
//!   and holds nothing up.
//! - Outside a rehearsal an approval names the device that vouches for it, and says where that proves less.
//! - Nothing of a run is removed before the register of the home says durably what it was, who wants that, and why.
//! - A secret lives in the OS keyring, or in memory; never in a file, a log or a record.
//! - Unknown is a value: no health is ever a `bool`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod units;

pub mod approval;
pub mod health;
pub mod plan;
pub mod record;
pub mod recovery;
pub mod rehearsal;
pub mod run;
pub mod runbook;

pub mod clock;

pub mod azure;
pub mod catalog;
pub mod export;
pub mod history;
pub mod journal;
pub mod notify;
pub mod probe;
pub mod secrets;
pub mod simulator;

pub mod desk;

pub mod cli;
pub mod ui;
