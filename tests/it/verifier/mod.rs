//! The record, tampered with in every way we can think of, and two verifiers that share no line: Lifeboat's own, and
//! `src/export/verify.py`, which auditors get.

mod agreement;
mod bases;
mod bundles;
mod command;
mod forger;
mod mutants;
mod script;
mod signatures;
mod standards;
mod tampering;

use std::io::Write;

use lifeboat::units::splitmix;

/// Numbers that are the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        (splitmix(&mut self.0) % n.max(1) as u64) as usize
    }
}

/// Whether the long campaigns are wanted.
fn all() -> bool {
    std::env::var("LIFEBOAT_TEST_ALL").as_deref() == Ok("1")
}

/// What a campaign counted, in one line. `tests/run` gives a file for these, and prints it in the end.
fn figures(line: &str) {
    println!("{line}");
    if let Some(file) = std::env::var_os("LIFEBOAT_TEST_FIGURES") {
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// `work` for each number below `n`, on as many threads as there are processors; what they found, put together.
fn each<T: Send>(n: usize, work: impl Fn(usize) -> Option<T> + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|s| {
        let work = &work;
        let parts: Vec<_> = (0..threads)
            .map(|t| s.spawn(move || (t..n).step_by(threads).filter_map(work).collect::<Vec<T>>()))
            .collect();
        parts.into_iter().flat_map(|p| p.join().unwrap()).collect()
    })
}
