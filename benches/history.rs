//! What the history of a thousand endpoints costs: a day of them taken in, written, read again; time, memory, room.
//! No criterion: one day is one measurement.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;

use lifeboat::health::{EndpointId, Observation, Outcome, Stages};
use lifeboat::history::{History, MINUTE};
use lifeboat::units::Millis;

const T: i64 = 1_790_000_040_000;
const ENDPOINTS: usize = 1_000;
const ROUNDS: i64 = 24 * 60 * 4;

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0) / 1024
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let ms = |n| Some(Millis(n));
    let mut o = Observation {
        endpoint: EndpointId::default(),
        at: T,
        outcome: Outcome::Answered,
        stages: Stages { dns: ms(3), connect: ms(11), tls: ms(17), first_byte: ms(30), total: ms(61) },
        peer: None,
        via_proxy: false,
        certificate: None,
        detail: None,
        ahead: None,
    };
    let names: Vec<EndpointId> = (0..ENDPOINTS).map(|n| EndpointId(format!("oai-prod-{n:04}"))).collect();
    let mut h = History::open(dir.path().to_owned(), 64, T);
    let (rss, began) = (resident(), Instant::now());
    for round in 0..ROUNDS {
        for (n, name) in names.iter().enumerate() {
            o.endpoint.clone_from(name);
            o.at = T + round * 15_000 + n as i64 * 15;
            h.take(&o);
        }
        // The disk is given the time that it has in a day.
        if round % 16 == 0 {
            h.finish();
        }
    }
    h.finish();
    let took = began.elapsed();
    let calls = ENDPOINTS as i64 * ROUNDS;
    println!("{calls} observations taken in and written in {took:?}: {} ns each", took.as_nanos() as i64 / calls);
    println!("memory: {} MiB counted, {} MiB resident more than before", h.memory() >> 20, resident() - rss);
    drop(h);
    let used: u64 = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    println!("room: {} MiB in {} files", used >> 20, std::fs::read_dir(dir.path()).unwrap().count());
    let began = Instant::now();
    let h = History::open(dir.path().to_owned(), 64, T + ROUNDS * 15_000);
    let first = h.minutes("oai-prod-0500", 0).next().unwrap();
    let all = h.minutes("oai-prod-0500", 0).count();
    println!(
        "read again in {:?}: {all} minutes each, the first after {} min",
        began.elapsed(),
        (first.at() - T) / MINUTE
    );
}
