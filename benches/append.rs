//! What saving a record costs beside what it must: a record appended and synced, against the same bytes written and synced
//! by nothing but two calls. One after the other, on the same disk, so that both have the same weather. Wanted: at most 1.3
//! times as long.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::journal::{Draft, Header, Journal, RealDisk, segment_name, this_app};
use lifeboat::record::{Actor, Kind, Mode, Target};
use serde_json::json;

const RECORDS: usize = 2_000;

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn main() {
    // Where the record would be; a folder in memory says nothing of a disk.
    let temp = std::env::var_os("LIFEBOAT_BENCH_DIR").map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let dir = temp.path().join("runs/bench");
    let header = Header { ballast: 0, ..Header::new("bench", Mode::Live, this_app(), "bench") };
    let mut journal = Journal::create(Arc::new(RealDisk), dir.clone(), header).unwrap();
    let d = json!({ "text": "served by the secondary region ".repeat(4), "share": 99 });
    let draft = Draft {
        step: Some("AO-F6".to_owned()),
        tgt: Some(Target { id: "/subscriptions/0/resourceGroups/rg".to_owned(), ..Target::default() }),
        ..Draft::new(Kind::Observe, Mode::Live, Actor::System, d)
    };
    let file = dir.join(segment_name(1));
    let length = || std::fs::metadata(&file).unwrap().len();
    let before = length();
    journal.append(std::slice::from_ref(&draft)).unwrap();
    let bytes = vec![b'x'; (length() - before) as usize];

    let mut bare = std::fs::File::options().append(true).create_new(true).open(dir.join("bare")).unwrap();
    let (mut appends, mut bares, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..RECORDS {
        let mut journal = || {
            let start = Instant::now();
            journal.append(std::slice::from_ref(&draft)).unwrap();
            appends.push(start.elapsed());
        };
        let mut bare = || {
            let start = Instant::now();
            bare.write_all(&bytes).unwrap();
            let written = start.elapsed();
            bare.sync_data().unwrap();
            bares.push(start.elapsed());
            syncs.push(start.elapsed() - written);
        };
        // Neither is always the one that comes behind the other.
        if n % 2 == 0 {
            journal();
            bare();
        } else {
            bare();
            journal();
        }
    }
    let median = |name: &str, times: &mut Vec<Duration>| {
        times.sort();
        let (p50, p99, max) = (percentile(times, 50), percentile(times, 99), percentile(times, 100));
        println!("{name:<28} p50 {p50:>9.1?}  p99 {p99:>9.1?}  max {max:>9.1?}");
        p50.as_secs_f64()
    };
    println!("{RECORDS} records of {} bytes, on {}", bytes.len(), temp.path().display());
    let append = median("append (write, sync, chain)", &mut appends);
    let bare = median("bare write and fdatasync", &mut bares);
    let sync = median("of that the fdatasync", &mut syncs);
    println!("append / bare: {:.2} (wanted: at most 1.30)", append / bare);
    println!(
        "the sync's share of an append: {:.0} %, of the bare pair: {:.0} %",
        100.0 * sync / append,
        100.0 * sync / bare
    );
}
