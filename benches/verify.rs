//! How long logs take to verify, and how much memory: 100,000 records of about 700 bytes in memory, and 1,000,000 from a
//! disk, beside a plain Python script that checks the same hashes, numbers and tree in the same run.
//! Wanted: 0.25 s; 2 s, under 200 MiB, and at least four times as fast as Python.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lifeboat::journal::{RealDisk, Source, files, segment_name, verify_files};
use lifeboat::record::{Actor, Against, App, Body, FORMAT, Hash, Kind, Mode, Report, Segment, Target, encode, verify};
use serde_json::json;

const SMALL: u64 = 100_000;
const BIG: u64 = 1_000_000;
const TIMES: usize = 5;

/// What somebody would write in an evening who knows the format: every hash, number and link, and the root of the tree.
const PYTHON: &str = r#"
import hashlib, json, sys
prev, stack, n = "0" * 64, [], 0
for line in open(sys.argv[1], "rb"):
    body, h = line[5:-73], line[-67:-3].decode()
    leaf = hashlib.sha256(b"\0" + body).digest()
    record = json.loads(body)
    assert leaf.hex() == h and record["seq"] == n and record["prev"] == prev
    size = 1
    while stack and stack[-1][0] == size:
        leaf, size = hashlib.sha256(b"\1" + stack.pop()[1] + leaf).digest(), size * 2
    stack.append((size, leaf))
    prev, n = h, n + 1
root = stack.pop()[1]
while stack:
    root = hashlib.sha256(b"\1" + stack.pop()[1] + root).digest()
print(n, root.hex())
"#;

fn log(records: u64, out: &mut impl Write) {
    let mut prev = Hash::ZERO;
    for seq in 0..records {
        let body = Body {
            v: FORMAT,
            log: "00112233445566778899aabbccddeeff".to_owned(),
            seg: 1,
            seq,
            prev,
            first: None,
            ts: 1_790_000_000_000 + seq as i64,
            mono: seq,
            boot: "ffeeddccbbaa99887766554433221100".to_owned(),
            at: None,
            run: "00112233445566778899aabbccddeeff".to_owned(),
            step: Some("AO-F6".to_owned()),
            kind: Kind::Observe,
            mode: Mode::Live,
            actor: Actor::System,
            app: App { version: "0.1.0".to_owned(), sha256: None },
            dev: "bench".to_owned(),
            plan: None,
            tgt: Some(Target { id: "/subscriptions/0/resourceGroups/rg".to_owned(), ..Target::default() }),
            corr: None,
            d: json!({ "text": "served by the secondary region ".repeat(6), "share": 99 }),
            red: Vec::new(),
        };
        let (line, hash) = encode(&body).unwrap();
        prev = hash;
        out.write_all(&line).unwrap();
    }
}

fn whole() -> Against<'static> {
    Against { whole: true, ..Against::default() }
}

/// The middle of a few times.
fn middle(mut once: impl FnMut() -> (Report, u64)) -> Duration {
    let mut took: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let from = Instant::now();
            let (report, records) = once();
            assert_eq!((report.records, report.break_count), (records, 0));
            from.elapsed()
        })
        .collect();
    took.sort();
    took[TIMES / 2]
}

/// The most memory this process had since it was last asked to forget it; only Linux tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn main() {
    let temp = std::env::var_os("LIFEBOAT_BENCH_DIR").map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let dir = temp.path();
    let path = dir.join(segment_name(1));
    big(dir, &path);

    let mut bytes = Vec::new();
    log(SMALL, &mut bytes);
    let small = middle(|| (verify(&[Segment { number: 1, bytes: &bytes }], whole()), SMALL));
    println!("{SMALL} records in memory: {small:.2?} (wanted: 250 ms)");
}

/// First, while this process holds nothing else.
fn big(dir: &Path, path: &Path) {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    log(BIG, &mut file);
    let len = file.into_inner().unwrap().metadata().unwrap().len();
    println!("{} bytes a record", len / BIG);

    let forgotten = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let took = middle(|| {
        let (files, _) = files(&RealDisk, dir).unwrap();
        let sources: Vec<&dyn Source> = files.iter().map(|f| f as &dyn Source).collect();
        (verify_files(&sources, whole()).unwrap(), BIG)
    });
    println!("{BIG} records from a disk: {took:.2?} (wanted: 2 s)");
    match peak().filter(|_| forgotten) {
        Some(kib) => println!("most memory: {} MiB (wanted: under 200)", kib >> 10),
        None => println!("most memory: not told here"),
    }

    let from = Instant::now();
    let python = Command::new("python3").args(["-c", PYTHON]).arg(path).output();
    let python = python.ok().filter(|o| o.status.success() && o.stdout.starts_with(BIG.to_string().as_bytes()));
    match python.map(|_| from.elapsed()) {
        Some(p) => println!("Python: {p:.2?}, {:.1} times as long (wanted: 4)", p.as_secs_f64() / took.as_secs_f64()),
        None => println!("Python: there is none here"),
    }
}
