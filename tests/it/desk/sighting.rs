//! What colleagues see, at the desk: taken into the verdict and the record, and told to others.

use std::fs;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::Handle;
use lifeboat::desk::protocol::{Command, RunIntent, WatchIntent};
use lifeboat::desk::snapshot::{Mark, Snapshot};
use lifeboat::health::State;
use lifeboat::health::sighting::{Block, Line};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::runbook::model::Strategy;
use lifeboat::units::{PublicKey, Region};

use super::several::SANDBOX;
use super::sign_in::{Azure, at};
use super::start;
use crate::crash::{Place, desk_with, is, until};

fn paste(desk: &Handle, text: &str) {
    desk.send(Command::Watch(WatchIntent::TakeSighting(text.to_owned())));
}

/// Waits until the notice says this, and puts it away.
fn refused(desk: &Handle, text: &str, word: &str) {
    paste(desk, text);
    until(desk, word, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(word)));
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none());
}

#[test]
fn a_colleagues_word_is_shown_recorded_and_vouched_for() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    until(&desk, "a first picture", |s| s.revision > 0);
    refused(&desk, "Ben: East US down", "no region is watched here");
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    let s = until(&desk, "the rehearsal", |s| s.run.is_some() && s.situation.watching);
    let now = s.clock.now().utc;

    paste(&desk, "Mira: East US down from Dublin");
    let line = |text: &str, mark: Mark| {
        let found = |s: &lifeboat::desk::snapshot::Snapshot| {
            s.situation.colleagues.iter().any(|c| c.text.contains(text) && c.mark == mark)
        };
        until(&desk, text, found)
    };
    line("Mira, from Dublin (unsigned): East US does not answer", Mark::Down);
    refused(&desk, "Mira: is it down?", "it is a question or a guess");
    refused(&desk, "operator: East US ok", "this is your own word");

    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = PublicKey::of(pair.public_key().as_ref()).unwrap();
    let lines = |state| {
        let region = Region::new("swedencentral");
        vec![Line { region, state, since: None, calls: "9 of 9 calls fail".to_owned(), reason: "reset".to_owned() }]
    };
    let block = |of: &str, at, state| {
        let of = of.to_owned();
        let b = Block { who: "Ben".to_owned(), at, from: String::new(), of, lines: lines(state) };
        b.signed(&key, pair.sign(&b.signed_bytes()).as_ref())
    };
    refused(
        &desk,
        &block("AzureCloud", now, State::Ok),
        "the block tells of AzureCloud, and here a rehearsal is watched",
    );
    let print = key.fingerprint();
    refused(&desk, &format!("know Ben {print}"), "no block of that name and fingerprint");
    paste(&desk, &block("a rehearsal", now, State::Down));
    line(
        "Ben (signed by a key that is not known here, so taken as unsigned): Sweden Central does not answer; down",
        Mark::Down,
    );
    paste(&desk, &format!("know Ben {print}"));
    line("Ben (signed): Sweden Central does not answer", Mark::Down);
    let roster = fs::read_to_string(place.home().join("colleagues.json")).unwrap();
    assert!(roster.contains(&key.to_string()) && roster.contains("\"Ben\""), "{roster}");
    paste(&desk, &block("a rehearsal", now + 1_000, State::Ok));
    let s = line("Ben (signed): Sweden Central answers", Mark::Ok);
    assert_eq!(s.situation.colleagues.len(), 2, "of one person the newest counts");

    // One name has one key: a second one is not believed by the same few words.
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let second = PublicKey::of(other.public_key().as_ref()).unwrap();
    let (who, of, from) = ("BEN".to_owned(), "a rehearsal".to_owned(), String::new());
    let b = Block { who, at: now + 2_000, from, of, lines: lines(State::Down) };
    refused(&desk, &b.signed(&second, other.sign(&b.signed_bytes()).as_ref()), "signed with another key");
    refused(&desk, &format!("know Ben {}", second.fingerprint()), &format!("known here with another key, {print},"));
    assert_eq!(fs::read_to_string(place.home().join("colleagues.json")).unwrap(), roster);

    desk.send(Command::Watch(WatchIntent::ShareSighting));
    let s = until(&desk, "a block", |s| s.situation.share.is_some());
    let mine = s.situation.share.clone().unwrap();
    assert!(mine.contains("who: operator;") && mine.contains("of: a rehearsal;"), "{mine}");
    assert!(
        mine.contains("region: eastus, ") && mine.contains("unsigned: a rehearsal;"),
        "a real key stays out of it: {mine}"
    );
    refused(&desk, &mine, "this is your own word");
    drop(desk);

    let run = place.home().join("runs").join(place.only().unwrap());
    let segments =
        fs::read_dir(run).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|x| x == "jsonl"));
    let record: String = segments.map(|p| fs::read_to_string(p).unwrap()).collect();
    let said = |what: &str| record.lines().filter(|l| l.contains("colleague") && l.contains(what)).count();
    assert_eq!(said("Mira, from Dublin (unsigned): East US does not answer"), 1, "{record}");
    assert_eq!((said("Ben (signed by a key that is not known"), said("Ben (signed): Sweden Central answers")), (1, 1));
}

#[test]
fn a_list_of_keys_that_cannot_be_read_vouches_for_nobody_and_is_left_as_it_is() {
    let place = Place::new();
    fs::write(place.home().join("colleagues.json"), "{\"schema\":2}").unwrap();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    until(&desk, "the rehearsal", |s| s.run.is_some() && s.situation.watching);
    refused(&desk, "Mira: East US down", "mend or move it: until then nobody's key is known");
    assert_eq!(desk.snapshot().situation.colleagues.len(), 1, "what she says is taken all the same");
    assert_eq!(fs::read_to_string(place.home().join("colleagues.json")).unwrap(), "{\"schema\":2}");
}

#[test]
fn a_colleagues_word_reaches_every_open_run_that_it_concerns() {
    let (place, azure) = (Place::new(), Azure::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    let begun = |plan: &str| {
        let before = desk.snapshot().run.as_ref().map(|r| r.id.clone());
        desk.send(Command::StartRun { plan: plan.to_owned(), strategy: None, dry_run: true });
        let new = |s: &Snapshot| s.run.as_ref().map(|r| r.id.clone()).filter(|id| Some(id) != before.as_ref());
        new(&until(&desk, plan, |s| new(s).is_some())).unwrap()
    };
    let (one, other) = (begun("vision-prod"), begun("prod-chat"));
    let heard = |run: &str| {
        let all = read_run(&RealDisk, &place.run(run)).unwrap();
        let said = |r: &lifeboat::record::Stored| {
            (is(r, "observe") && r.body.d["what"] == "colleague")
                .then(|| r.body.d["region"].as_str().unwrap().to_owned())
        };
        all.iter().filter_map(said).collect::<Vec<_>>()
    };
    paste(&desk, "Mira: East US down from Dublin");
    until(&desk, "both", |_| heard(&one).len() == 1 && heard(&other).len() == 1);
    // A region of the one beside only.
    paste(&desk, "Mira: West Europe down from Dublin");
    until(&desk, "the one beside", |_| heard(&one).len() == 2);
    paste(&desk, "Mira: Sweden Central ok from Dublin");
    until(&desk, "the one on show", |_| heard(&other).len() == 2);
    assert_eq!((heard(&one), heard(&other)), (names(&["eastus", "westeurope"]), names(&["eastus", "swedencentral"])));
    assert!(desk.snapshot().notice.is_none(), "{:?}", desk.snapshot().notice);
    refused(&desk, "Mira: Japan East down", "Japan East");
    desk.send(Command::Run(RunIntent::Focus(one.clone())));
    let down = |s: &Snapshot| s.situation.colleagues.iter().any(|c| c.text.contains("West Europe does not answer"));
    until(&desk, "it is on the board of the other", |s| s.run.as_ref().is_some_and(|r| r.id == one) && down(s));
}

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|n| (*n).to_owned()).collect()
}
