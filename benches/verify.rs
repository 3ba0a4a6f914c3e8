//! How long a big log takes to verify: 100,000 records of about 700 bytes, wanted in a quarter of a second.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use lifeboat::record::{Actor, Against, App, Body, FORMAT, Hash, Kind, Mode, Segment, Target, encode, verify};
use serde_json::json;

const RECORDS: u64 = 100_000;

fn log() -> Vec<u8> {
    let mut prev = Hash::ZERO;
    let mut out = Vec::new();
    for seq in 0..RECORDS {
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
            d: json!({ "text": "served by the secondary region ".repeat(5), "share": 99 }),
            red: Vec::new(),
        };
        let (line, hash) = encode(&body).unwrap();
        prev = hash;
        out.extend_from_slice(&line);
    }
    out
}

fn bench(c: &mut Criterion) {
    let bytes = log();
    println!("{} bytes a record", bytes.len() as u64 / RECORDS);
    c.bench_function("verify 100,000 records", |b| {
        b.iter(|| {
            let report = verify(&[Segment { number: 1, bytes: &bytes }], Against { whole: true, ..Against::default() });
            assert_eq!((report.records, report.break_count), (RECORDS, 0));
        });
    });
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = bench }
criterion_main!(benches);
