//! A run of 500 steps with 100,000 records: how long each form of its export takes, from the folder on a disk to the bytes.
//! Wanted: CSV in 1 s, HTML in 3 s, PDF in 10 s. `cargo bench --bench export pdf` measures one alone.
#![allow(clippy::unwrap_used, missing_docs)]

mod night;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lifeboat::desk::exporting::dossier;
use lifeboat::export::{Paper, csv, dossier_html, dossier_pdf, ocsf};
use lifeboat::journal::{Draft, Header, Journal, RealDisk, this_app};
use lifeboat::plan::model::Plan;
use lifeboat::record::{Actor, Kind, Mode, Person, PlanRef};
use lifeboat::run::event::Entry;
use night::ENTRIES;

const ID: &str = "00112233445566778899aabbccddeeff";
const TIMES: usize = 5;

/// The journal's line of an entry, as the desk writes it.
fn draft(plan: &Plan, e: &Entry) -> Draft {
    let (kind, d) = e.event.to_parts();
    let actor = match e.actor.display() {
        "Ada" => Actor::Person(Person { name: "Ada".to_owned(), ..Person::default() }),
        _ => Actor::System,
    };
    let plan = PlanRef { id: plan.id.clone(), version: None, sha256: plan.digest.clone() };
    Draft { step: e.step.clone(), plan: Some(plan), ..Draft::new(Kind::from_text(&kind), Mode::Rehearsal, actor, d) }
}

/// Runs one form a few times, and says the middle and the worst.
fn measure(what: &str, wanted: f64, dir: &Path, times: usize, form: impl Fn(&Path) -> usize) {
    if std::env::args().nth(1).is_some_and(|only| !only.starts_with('-') && only != what) {
        return;
    }
    let mut bytes = 0;
    let mut took: Vec<f64> = (0..times)
        .map(|_| {
            let from = Instant::now();
            bytes = form(dir);
            from.elapsed().as_secs_f64()
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let (middle, worst) = (took[times / 2], took[times - 1]);
    println!("{what:<5} {middle:6.2} s, worst {worst:.2} s (wanted {wanted} s), {} MiB", bytes >> 20);
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("runs").join(ID);
    let plan = night::from_texts();
    let header = Header::new(ID, Mode::Rehearsal, this_app(), "bench");
    let mut journal = Journal::create(Arc::new(RealDisk), dir.clone(), header).unwrap();
    let drafts: Vec<Draft> = night::night(&plan).iter().map(|e| draft(&plan, e)).collect();
    drafts.chunks(1_000).for_each(|some| drop(journal.append(some).unwrap()));
    drop(journal);
    let told = |dir: &Path| dossier(&RealDisk, dir, &[], false).unwrap();
    let d = told(&dir);
    assert!(d.rows.len() >= ENTRIES && d.story.is_ok(), "{} records, {:?}", d.rows.len(), d.story.err());
    println!("{} records", d.rows.len());
    drop(d);
    measure("read", 1.0, &dir, TIMES, |dir| told(dir).rows.len());
    measure("csv", 1.0, &dir, TIMES, |dir| {
        let mut out = Vec::new();
        csv::write(&told(dir), &mut out).unwrap();
        out.len()
    });
    measure("ocsf", 3.0, &dir, TIMES, |dir| {
        let mut out = Vec::new();
        ocsf::write(&told(dir), &mut out).unwrap();
        out.len()
    });
    measure("html", 3.0, &dir, TIMES, |dir| dossier_html(&told(dir)).len());
    measure("pdf", 10.0, &dir, 1, |dir| dossier_pdf(&told(dir), Paper::A4).unwrap().len());
}
