//! The record of a run in every form: nothing is missing, each says which mode it was, and the same run gives the same bytes.

use std::collections::BTreeSet;

use lifeboat::export::dossier::Outcome;
use lifeboat::export::{Paper, csv, dossier_html, dossier_pdf};
use lifeboat::journal::{RealDisk, contents};
use lifeboat::record::{Kind, PROMISE};
use lifeboat::run::fields::{Field, Held};
use lifeboat::units::sha256_hex;
use serde_json::{Value, json};

use super::{csv_rows, export, exported, pdf_text, rehearsed, told};
use crate::cli::say;
use crate::rehearsals::rhythm::overdue;

/// Lines are broken anywhere on paper.
fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn the_stored_record_goes_out_byte_for_byte() {
    let (bytes, said) = exported(&["jsonl"]);
    let stored = contents(&RealDisk, &rehearsed().journal).unwrap();
    assert!(bytes == stored.segments[0].1, "it is not what is stored");
    assert!(said.out.starts_with(&sha256_hex(&bytes)), "{}", said.out);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.jsonl");
    std::fs::write(&file, &bytes).unwrap();
    let verdict = say(dir.path(), &["verify", file.to_str().unwrap()]);
    assert_eq!(verdict.code, 1, "{}", verdict.out);
    assert!(verdict.out.contains("Consistent: hashes, chain and tree"), "{}", verdict.out);
}

#[test]
fn several_files_of_a_record_become_one_that_verifies() {
    use lifeboat::desk::{Home, exporting};
    use lifeboat::journal::{Disk, Draft, Fault, Header, Journal, MemoryDisk, Op};
    use lifeboat::record::{Actor, App, Kind, Mode};
    let (memory, home) = (MemoryDisk::new(), tempfile::tempdir().unwrap());
    let at = Home::find(Some(home.path())).unwrap();
    let header = Header {
        ballast: 0,
        ..Header::new("r1-long", Mode::Rehearsal, App { version: "1".to_owned(), sha256: None }, "test")
    };
    let mut journal = Journal::create(std::sync::Arc::new(memory.clone()), at.run("r1-long"), header).unwrap();
    for n in 0..6 {
        if n == 3 {
            // The sync fails after the bytes were written: they stay in the first file, and are written again in the next.
            memory.inject(Fault::once(Op::Sync, std::io::ErrorKind::Other));
        }
        let note = Draft::new(Kind::Note, Mode::Rehearsal, Actor::System, json!({ "text": format!("note {n}") }));
        journal.append(&[note]).unwrap();
    }
    drop(journal);
    let disk: std::sync::Arc<dyn Disk> = std::sync::Arc::new(memory);
    assert_eq!(contents(disk.as_ref(), &at.run("r1-long")).unwrap().segments.len(), 2);
    let source = exporting::Source { home: &at, disk: &disk, operator: "Ada", signs: None };
    let out = home.path().join("one.jsonl");
    let exported = source.export("r1-long", &exporting::Wish::Jsonl, false, &out).unwrap();
    assert!(exported.notes.iter().any(|n| n.contains("failed writes")), "{:?}", exported.notes);
    let verdict = say(home.path(), &["verify", out.to_str().unwrap()]);
    assert_eq!(verdict.code, 1, "{}", verdict.out);
}

#[test]
fn a_spreadsheet_has_a_row_for_every_record() {
    let rows = csv_rows(&exported(&["csv"]).0);
    let d = told();
    assert_eq!(rows[0], csv::COLUMNS);
    assert_eq!(rows.len(), d.rows.len() + 1);
    for (row, r) in rows[1..].iter().zip(&d.rows) {
        assert_eq!(row.len(), csv::COLUMNS.len());
        assert_eq!((&row[0], &row[1]), (&format!("{}/{}", d.run, r.seq), &r.seq.to_string()));
        assert_eq!((&row[14], &row[15]), (&r.prev.to_string(), &r.h.to_string()));
        assert_eq!((&*row[6], &*row[10]), (&*r.kind, r.outcome.word()));
    }
    // The run's clock never goes back, whatever the computer's says.
    assert!(rows[1..].is_sorted_by_key(|row| row[3].clone()), "{rows:?}");
    assert!(rows[1..].iter().any(|row| row[2] != row[3]), "a scenario has a time of its own");
    // The request of an intent is the id that Azure's own log has.
    let intent = d.rows.iter().find(|r| &*r.kind == "action.intent").unwrap();
    assert_eq!(intent.request, lifeboat::record::client_request_id(&intent.h.to_string()));
    assert!(intent.target.starts_with("/subscriptions/"), "{}", intent.target);
    assert!(d.rows.iter().any(|r| &*r.kind == "action.result" && r.outcome == Outcome::Success));
}

/// Everything that a reader of the pages needs.
fn everything() -> Vec<String> {
    let d = told();
    let s = d.story.as_ref().unwrap();
    let mut all = vec![d.run.clone(), "REHEARSAL".to_owned(), s.digest.clone(), s.title.clone(), s.summary.clone()];
    all.extend(d.rows.iter().flat_map(|r| [r.h.to_string(), r.text.clone()]));
    all.extend(d.report.lines().into_iter().flat_map(|(name, text)| [name.to_owned(), text]));
    all.push(d.report.root.unwrap().to_string());
    all.extend(PROMISE.iter().map(|(head, text)| format!("{head}: {text}")));
    all.extend(s.objectives.iter().map(|o| o.how.clone()));
    all.extend(s.steps.iter().flat_map(|l| [l.id.clone(), l.title.clone(), l.state.clone()]));
    all.extend(s.chapters.iter().flat_map(|c| c.told.iter().map(|t| t.text.clone()).chain([c.title.clone()])));
    all.extend(s.evidence.iter().map(|e| e.sha256.clone()));
    all.extend(d.checkpoint.lines().map(str::to_owned));
    all.retain(|t| !t.is_empty());
    all
}

#[test]
fn nothing_is_missing_from_the_page() {
    let html = String::from_utf8(exported(&["html"]).0).unwrap();
    let body = &html[html.find("<body>").unwrap()..];
    let mut text = String::new();
    for (n, part) in body.split('<').enumerate() {
        text.push_str(if n == 0 { part } else { part.split_once('>').map_or("", |(_, t)| t) });
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let plain = without_blanks(&plain);
    for what in everything() {
        assert!(plain.contains(&without_blanks(&what)), "{what}");
    }
    // The mode and what this is stand at the foot of every printed page as well.
    let style = &html[html.find("@page{@bottom-left").unwrap()..];
    assert!(style.starts_with("@page{@bottom-left{content:\"REHEARSAL "), "{}", &style[..80]);
    assert_eq!(html.matches("<svg").count(), 2, "the objectives and the timeline are drawn");
}

#[test]
fn nothing_is_missing_from_the_paper() {
    let (pdf, _) = exported(&["pdf"]);
    super::piped("qpdf", &["--check", "@"], &pdf);
    let Some(text) = pdf_text(&pdf) else { return };
    let pages: Vec<&str> = text.split('\u{c}').filter(|p| !p.trim().is_empty()).collect();
    let mut flow = String::new();
    for (n, page) in pages.iter().enumerate() {
        let foot = format!("{} of {}", n + 1, pages.len());
        let mark = page.lines().find(|l| l.starts_with("REHEARSAL · ") && l.ends_with("a rendering, not the record"));
        let mark = mark.unwrap_or_else(|| panic!("page {} does not say its mode", n + 1));
        flow.push_str(&page.lines().filter(|l| *l != foot && *l != mark).collect::<Vec<_>>().join("\n"));
    }
    let flow = without_blanks(&flow);
    for what in everything() {
        // A table's head is repeated where a page ends, within a long cell as well.
        let found = flow.contains(&without_blanks(&what)) || what.len() > 60;
        assert!(found, "{what}");
    }
    let d = told();
    for hash in d.rows.iter().map(|r| r.h.to_string()) {
        assert!(flow.contains(&hash), "{hash}");
    }
    let Some(info) = super::piped("pdfinfo", &["@"], &pdf) else { return };
    for part in ["Title:           REHEARSAL: ", "Tagged:          yes", "JavaScript:      no", "(A4)"] {
        assert!(info.contains(part), "{part}: {info}");
    }
    let letter = exported(&["pdf", "--paper", "letter"]).0;
    assert!(super::piped("pdfinfo", &["@"], &letter).unwrap().contains("612 x 792"));
}

#[test]
fn the_same_run_has_the_same_bytes() {
    for form in [&["csv"][..], &["html"], &["pdf"], &["ocsf"], &["bundle"], &["jsonl", "--pseudonyms"]] {
        assert!(exported(form).0 == exported(form).0, "{form:?} differs");
    }
}

#[test]
fn objectives_stand_as_the_closing_record_says_them() {
    let d = told();
    let [rto, rpo] = d.story.as_ref().unwrap().objectives.as_slice() else { panic!("two objectives") };
    assert_eq!(rto.actual_ms, rehearsed().told["rta_ms"].as_u64());
    assert_eq!((rto.met_objective.word(), rpo.met_objective.word()), ("met", "not measured"));
    let html = dossier_html(&d);
    assert!(html.contains("T8 − T0") && html.contains("not measured"), "how it was counted stands beside it");
}

#[test]
fn what_auditors_ask_is_answered_field_by_field() {
    let mut d = told();
    assert_eq!(d.fields.len(), 25);
    let field = |id, held| Field { id, title: "What was asked", held };
    d.fields = vec![
        field("F1", Held::Yes("it says so".to_owned())),
        field("F8", Held::NotNeeded("of a rehearsal".to_owned())),
        field("F20", Held::Missing("nobody <owns> it".to_owned())),
    ];
    let html = dossier_html(&d);
    for word in ["Completeness", "1 missing", "F20", "MISSING", "nobody &lt;owns&gt; it", "not needed"] {
        assert!(html.contains(word), "{word}");
    }
    let pdf = dossier_pdf(&d, Paper::A4).unwrap();
    if let Some(text) = pdf_text(&pdf) {
        assert!(text.contains("nobody <owns> it"));
    }
}

#[test]
fn names_can_be_replaced_but_not_in_the_record_itself() {
    for form in ["csv", "html", "ocsf", "jsonl", "pdf"] {
        let (plain, hidden) = (exported(&[form]).0, exported(&[form, "--pseudonyms"]).0);
        let text = |bytes: &[u8]| match form {
            "pdf" => pdf_text(bytes).unwrap_or_default(),
            _ => String::from_utf8(bytes.to_vec()).unwrap(),
        };
        let (plain, hidden) = (text(&plain), text(&hidden));
        let ada =
            |t: &str| t.match_indices("Ada").filter(|(at, _)| !t[at + 3..].starts_with(char::is_alphanumeric)).count();
        if form == "pdf" && plain.is_empty() {
            continue;
        }
        assert!(ada(&plain) > 5, "{form}");
        assert_eq!(ada(&hidden), 0, "{form}");
        assert!(hidden.contains("Person 1"), "{form}");
    }
    // It is no record any more, and does not pass for one.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("view.jsonl");
    std::fs::write(&file, exported(&["jsonl", "--pseudonyms"]).0).unwrap();
    assert_eq!(say(dir.path(), &["verify", file.to_str().unwrap()]).code, 3);
    for (form, more) in [("bundle", &[][..]), ("excerpt", &["--entries", "1"])] {
        let out = dir.path().join("no");
        let args: Vec<&str> = [form, "--pseudonyms"].into_iter().chain(more.iter().copied()).collect();
        let said = export(rehearsed().home.path(), &rehearsed().run, &args, &out);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("the record itself") && !out.exists(), "{}", said.err);
    }
}

#[test]
fn wrong_wishes_are_refused_in_words_and_write_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (home, run) = (rehearsed().home.path(), rehearsed().run.as_str());
    let out = dir.path().join("out");
    for (run, args, word) in [
        ("no-such-run", &["csv"][..], "no-such-run"),
        (run, &["excerpt"], "--entries"),
        (run, &["excerpt", "--entries", "9999"], "9999"),
        (run, &["excerpt", "--entries", "7-3"], "12,40-44"),
        (run, &["csv", "--entries", "3"], "excerpt"),
        (run, &["csv", "--withhold", "3"], "bundle"),
        (run, &["bundle", "--withhold", "0"], "record 0"),
        (run, &["bundle", "--withhold", "99999"], "99999"),
        (run, &["docx"], "bundle"),
    ] {
        let said = export(home, run, args, &out);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}: {}", said.err);
        assert!(said.err.contains(word), "{args:?}: {}", said.err);
        assert!(!out.exists(), "{args:?}");
    }
    std::fs::write(&out, "mine").unwrap();
    let said = export(home, run, &["csv"], &out);
    assert_eq!(said.code, 2, "{}", said.err);
    assert_eq!(std::fs::read(&out).unwrap(), b"mine", "what is there stays");
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let said = export(home, run, &["csv"], &dir.path().join("file").join("out"));
    assert_eq!(said.code, 3, "{}", said.err);
    let left: BTreeSet<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing half written is left: {left:?}");
}

#[test]
fn a_siem_gets_what_the_schema_asks_for() {
    let (bytes, _) = exported(&["ocsf"]);
    let text = String::from_utf8(bytes).unwrap();
    let d = told();
    assert_eq!(text.lines().count(), d.rows.len());
    let mut seen = BTreeSet::new();
    for (line, r) in text.lines().zip(&d.rows) {
        let event: Value = serde_json::from_str(line).unwrap();
        super::hostile::is_api_activity(&event);
        assert_eq!((&event["unmapped"]["seq"], &event["unmapped"]["h"]), (&json!(r.seq), &json!(r.h.to_string())));
        assert_eq!(event["metadata"]["correlation_uid"], json!(d.run));
        seen.insert(event["activity_id"].as_u64().unwrap());
    }
    assert!(seen.contains(&3) && seen.contains(&99), "{seen:?}");
}

#[test]
fn an_open_run_says_that_it_was_exported_and_a_closed_one_stays_as_it_is() {
    let journal = |dir: &std::path::Path| contents(&RealDisk, dir).unwrap().segments[0].1.clone();
    let before = journal(&rehearsed().journal);
    exported(&["csv"]);
    assert!(before == journal(&rehearsed().journal), "a closed record is not written to");
    // A run that was taken up and left open.
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("runs").join(&rehearsed().run);
    std::fs::create_dir_all(&copy).unwrap();
    let text = String::from_utf8(before).unwrap();
    let open: String = text.split_inclusive('\n').take(40).collect();
    std::fs::write(copy.join("000001.jsonl"), open).unwrap();
    let out = home.path().join("x.html");
    let said = export(home.path(), &rehearsed().run, &["html"], &out);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let last = String::from_utf8(journal(&copy)).unwrap();
    let note = last.lines().find(|l| l.contains("\"kind\":\"export\"")).expect("the export is recorded");
    let sha256 = sha256_hex(&std::fs::read(&out).unwrap());
    assert!(
        note.contains(&sha256) && note.contains("\"file\":\"x.html\"") && note.contains("\"format\":\"html\""),
        "{note}"
    );
    assert!(std::fs::read_to_string(&out).unwrap().contains("As of"), "an open run says until when it is told");
    assert_eq!(say(home.path(), &["verify", copy.to_str().unwrap()]).code, 1);
    let listed = say(home.path(), &["runs", &rehearsed().run]);
    assert!(listed.out.contains("the record was exported"), "{}", listed.out);
}

#[test]
fn checkpoints_keep_their_rhythm() {
    let records = lifeboat::journal::read_run(&RealDisk, &rehearsed().journal).unwrap();
    assert_eq!(overdue(&records), [0u64; 0]);
    let mut without = records.clone();
    without.iter_mut().filter(|r| r.body.kind == Kind::LogCheckpoint).for_each(|r| r.body.kind = Kind::Note);
    without.iter_mut().filter(|r| r.body.d.get("note").is_some()).for_each(|r| r.body.d = json!({ "text": "" }));
    assert!(overdue(&without).len() > 5, "the same look finds that they are missing");
}
