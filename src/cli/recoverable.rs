//! `lifeboat recoverable`: what can still be recovered from soft delete, over all subscriptions, in the order of the work.

use std::io::{IsTerminal, Write};

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use crate::azure::Cloud;
use crate::azure::deleted::{Scope, deleted};
use crate::clock::Clock;
use crate::desk::view::recovery::{azure, source, wanted};
use crate::desk::{Home, chain, recovery as kept};
use crate::recovery::{Alarm, Board, Deadline, Reading, Row, board, by_hand, fit};
use crate::units::{Millis, utc_text, visible};

use super::{Args, FAILED, FINDING, FINE, sign_in};

/// Characters of a bar.
const BAR: usize = 10;

/// What is asked for.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Wish {
    /// Print JSON: resources[] in the order of the work, failed[], subscriptions[], requests, read_at
    #[arg(long)]
    pub json: bool,
    /// Only this subscription, by id or name; may be given many times (default: all that the identity sees)
    #[arg(long, value_name = "ID|NAME")]
    pub subscription: Vec<String>,
    /// Look into this vault too, by name, whether it is seen or not; may be given many times
    #[arg(long, value_name = "NAME")]
    pub vault: Vec<String>,
    /// Do not look into vaults for deleted secrets, keys and certificates
    #[arg(long, conflicts_with = "vault")]
    pub no_objects: bool,
    /// Show what was read last, without asking Azure
    #[arg(long, conflicts_with_all = ["subscription", "vault", "no_objects"])]
    pub kept: bool,
}

/// Prints it; 1 when something could not be read or is pressing, 3 when nothing could be read.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    let home = match Home::find(args.home.as_deref()) {
        Ok(h) => h,
        Err(e) => return failed(&chain(&e)),
    };
    let reading = match read(args, wish, &home) {
        Ok(r) => r,
        Err(why) => return failed(&why),
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let known = home.known().map(|i| i.resources).unwrap_or_default();
    let board = board(&reading, &known, now);
    if wish.json {
        out!("{}", document(&reading, &board, now));
    } else {
        table(&reading, &board, now);
    }
    let presses = board.rows.iter().any(|r| r.alarm(now).presses());
    if presses || !reading.failed.is_empty() { FINDING } else { FINE }
}

fn failed(why: &str) -> u8 {
    say!("lifeboat: {why}");
    FAILED
}

/// What was kept, or else read now; an error where nothing could be read, with what is kept nevertheless.
fn read(args: &Args, wish: &Wish, home: &Home) -> Result<Reading, String> {
    if wish.kept {
        // Which Azure was read is on the disk; nobody has to sign in to see it.
        let of = super::cloud(args)?;
        let none = || "nothing was kept here yet; run it without --kept first".to_owned();
        return kept::kept(home, of.as_ref()).ok_or_else(none);
    }
    let cloud = match sign_in::cloud(args)? {
        Some(c) => c,
        None => Cloud::public().map_err(|e| chain(&e))?,
    };
    let of = cloud.clone();
    let reading = fresh(cloud, wish, home).and_then(|r| match r.blank() {
        Some(f) => Err(format!("{}, {}: {}", visible(&f.name), f.what, visible(&f.why))),
        None => Ok(r),
    });
    reading.map_err(|why| match kept::kept(home, Some(&of)) {
        Some(old) => {
            format!("{why}\nWhat was read at {} is kept: lifeboat recoverable --kept", utc_text(old.at))
        }
        None => why,
    })
}

fn fresh(cloud: Cloud, wish: &Wish, home: &Home) -> Result<Reading, String> {
    let scope = Scope {
        subscriptions: wish.subscription.clone(),
        objects: !wish.no_objects,
        vaults: wish.vault.clone(),
        ..kept::everything(home, &cloud)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let shown = std::io::stderr().is_terminal();
    let progress = |done: usize, of: usize| {
        if shown {
            let _ = write!(std::io::stderr(), "\r{done} of {of} subscriptions");
        }
    };
    let task = Clock::system().task();
    let azure = runtime.block_on(sign_in::azure(cloud, &task))?;
    let read = runtime.block_on(deleted(&azure, &task, &scope, progress));
    if shown {
        let _ = write!(std::io::stderr(), "\r                              \r");
    }
    let reading = read.map_err(|e| format!("{}. {}", chain(&e), e.what_to_do()))?;
    // A part of the picture must not take the place of the whole, nor may nothing.
    if wish.subscription.is_empty() && !wish.no_objects && reading.blank().is_none() {
        kept::keep(home, &reading).map_err(|e| chain(&e))?;
    }
    Ok(reading)
}

/// For people: three lines each at most, the most urgent first.
fn table(reading: &Reading, board: &Board, now: i64) {
    let mut place = 0;
    for row in &board.rows {
        let d = &row.thing;
        let open = row.recoverable(now);
        place += usize::from(open);
        let at = if open { format!("{place:>3}.") } else { "  – ".to_owned() };
        let time = |t: Option<i64>| t.map_or_else(|| "not known".to_owned(), minute);
        out!(
            "{at} {:<23} {:<28} {:<20} {:<16} deleted {:<17} purge {:<17} {} {:<12} {}",
            d.kind.word(),
            visible(&d.name),
            visible(&reading.name_of(&d.subscription)),
            d.region.display(),
            time(d.deleted_at),
            if row.term.deadline == Deadline::Never { "at once".to_owned() } else { time(row.term.at()) },
            bar(row, now),
            row.time_words(now),
            row.alarm(now).word(),
        );
        let blockers: Vec<String> = row.blockers.iter().map(|b| visible(&b.text())).collect();
        if !blockers.is_empty() {
            out!("     blocked: {}", blockers.join("; "));
        }
        if let Some(waits) = wanted(row) {
            out!("     wanted:  {}", visible(&waits));
        }
        let guide = fit(row, reading, now).map(|f| format!(" [runbook {}]", f.runbook)).unwrap_or_default();
        out!("     do:      {}{guide}", visible(&row.what_to_do(now)));
    }
    if board.rows.is_empty() {
        out!("Nothing was found in soft delete.");
    }
    for f in &reading.failed {
        out!("NOT READ: {}, {}: {}", visible(&f.name), f.what, visible(&f.why));
    }
    let age = Millis(u64::try_from(now - reading.at).unwrap_or(0) / 1_000 * 1_000);
    let age = if age.0 < 60_000 { String::new() } else { format!(", {age} ago") };
    say!(
        "Read from {} at {}{age}: {}, {} requests.",
        azure(reading),
        utc_text(reading.at),
        reading.where_from(),
        reading.requests
    );
}

fn minute(at: i64) -> String {
    let text = utc_text(at);
    text.get(..16).map_or(text.clone(), |t| format!("{}Z", t.replace('T', " ")))
}

/// `[#######   ]`: what is left of the time.
fn bar(row: &Row, now: i64) -> String {
    match row.term.share(now) {
        None => format!("[{:^BAR$}]", if row.alarm(now) == Alarm::Unknown { "?" } else { "" }),
        Some(share) => {
            let full = ((f64::from(share) * BAR as f64).ceil() as usize).min(BAR);
            format!("[{}{}]", "#".repeat(full), " ".repeat(BAR - full))
        }
    }
}

/// For programs. The names are a promise; new ones may come.
fn document(reading: &Reading, board: &Board, now: i64) -> Value {
    let time = |t: Option<i64>| t.map(utc_text);
    let mut place = 0;
    let resource = |row: &Row| {
        let d = &row.thing;
        let open = row.recoverable(now);
        place += usize::from(open);
        let guide = fit(row, reading, now);
        json!({
            "place": open.then_some(place), "what": d.kind, "name": d.name, "id": d.id, "vault": d.vault,
            "subscription": d.subscription, "subscription_name": reading.name_of(&d.subscription),
            "group": d.group, "region": d.region.name(),
            "deleted_at": time(d.deleted_at), "deleted_by": d.by,
            "purge_at": time(row.term.at()), "purge_at_from": source(row.term.deadline),
            "purge_protection": d.purge_protection,
            "left_s": row.term.left(now).map(|m| m.0 / 1_000), "left_share": row.term.share(now),
            "alarm": row.alarm(now), "recoverable": open,
            "blockers": row.blockers.iter().map(|b| json!({ "code": b.code(), "text": b.text(), "certain": b.certain() })).collect::<Vec<_>>(),
            "waits_for": row.waits.iter().map(|w| json!({ "what": w.kind, "id": w.id, "certain": w.certain })).collect::<Vec<_>>(),
            "wanted_by": row.wanted.as_ref().map(|w| json!({ "what": w.kind, "name": w.name, "purge_at": time(w.term.at()), "certain": w.certain })),
            "what_to_do": row.what_to_do(now), "by_hand": by_hand(row),
            "runbook": guide.as_ref().map(|g| g.runbook), "values": guide.map(|g| g.values),
            "found_in": d.origin, "seen_at": time(d.seen_at),
        })
    };
    let resources: Vec<Value> = board.rows.iter().map(resource).collect();
    json!({
        "read_at": utc_text(reading.at), "azure": reading.azure, "simulated": reading.simulated,
        "requests": reading.requests, "throttled": reading.throttled,
        "subscriptions": reading.subscriptions.iter().map(|s| json!({ "id": s.id, "name": s.name, "log_since": time(s.log_since) })).collect::<Vec<_>>(),
        "resources": resources,
        "failed": reading.failed.iter().map(|f| json!({ "subscription": f.subscription, "name": f.name, "what": f.what, "why": f.why })).collect::<Vec<_>>(),
    })
}
