//! Six mornings to look at, and one that is larger than any: what the Situation screen has to carry.

use std::sync::Arc;

use lifeboat::desk::snapshot::*;
use lifeboat::health::Stages;
use lifeboat::units::{Millis, known_regions};

use super::sample::{NOW, on_call};

fn ms(n: u64) -> Option<Millis> {
    (n > 0).then_some(Millis(n))
}

fn stages(dns: u64, connect: u64, tls: u64, first_byte: u64) -> Stages {
    let total = ms(dns + connect + tls + first_byte);
    Stages { dns: ms(dns), connect: ms(connect), tls: ms(tls), first_byte: ms(first_byte), total }
}

pub fn endpoint(id: &str, region: &str, kind: &'static str, mark: Mark) -> EndpointRow {
    let (word, figure, calls, stages) = match mark {
        Mark::Ok => ("answers", "61 ms", (240, 240), stages(4, 12, 18, 27)),
        Mark::Down => ("connect timeout, 17 in a row", "4 min 10 s", (223, 240), stages(4, 3_000, 0, 0)),
        Mark::Suspect => ("no answer in time, 3 in a row", "32 s", (237, 240), stages(4, 12, 18, 0)),
        Mark::Degraded => ("answers slowly", "2 s 140 ms", (238, 240), stages(4, 12, 18, 2_106)),
        Mark::Unknown => ("not asked yet", "", (0, 0), Stages::default()),
        Mark::Blind => ("no route from this laptop", "2 min 5 s", (230, 240), Stages::default()),
    };
    let fact = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let mut facts = vec![
        fact("Answered from", "20.42.7.19:443"),
        fact("Road", "direct, no proxy"),
        fact("Certificate", "*.openai.azure.com, from Microsoft Azure RSA TLS Issuing CA 04, until 2027-03-02"),
    ];
    if mark != Mark::Ok {
        facts.push(fact(
            "Raw cause",
            "error sending request: connect to 20.42.7.19:443 timed out after 3 s (os error 110)",
        ));
    }
    EndpointRow {
        id: id.into(),
        address: format!("https://{id}.openai.azure.com/openai/models"),
        region: region.into(),
        kind,
        mark,
        word: word.into(),
        figure: figure.into(),
        calls,
        stages,
        facts,
        at: (mark != Mark::Unknown).then_some(NOW - 7_000),
        pinned: false,
    }
}

/// A line that wanders, with spikes; it ends at `dies` of `n`.
fn line(name: &str, mark: Mark, base: f32, n: i64, (from, to): (i64, i64), dies: Option<i64>) -> ChartLine {
    let point = |i: i64| {
        let noise = ((i * i * 131 + i * 17 + base as i64 * 31) % 29) as f32 * base / 60.0;
        let spike = if (i * 31 + base as i64) % 53 == 0 { base * 2.0 } else { 0.0 };
        let at = from + (to - from) * i / n;
        (at, dies.is_none_or(|d| i <= d).then_some(base + noise + spike))
    };
    ChartLine { name: name.into(), mark, points: (0..=n).map(point).collect() }
}

/// One endpoint by stage, or the regions.
pub fn chart(endpoint: Option<&str>, points: i64, dies: bool) -> Arc<Chart> {
    let range = (NOW - 3_600_000, NOW);
    let death = points * 14 / 15;
    let last = dies.then_some(death);
    let lines = match endpoint {
        Some(_) => [
            ("DNS", 4.0, None),
            ("TCP", 12.0, last),
            ("TLS", 19.0, last),
            ("first byte", 30.0, last),
            ("total", 66.0, last),
        ]
        .map(|(name, base, last)| line(name, Mark::Down, base, points, range, last))
        .to_vec(),
        None => vec![
            line("East US", if dies { Mark::Down } else { Mark::Ok }, 110.0, points, range, last),
            line("Sweden Central", Mark::Ok, 60.0, points, range, None),
            line("West Europe", Mark::Ok, 48.0, points, range, None),
        ],
    };
    let bucket = 120_000;
    let success = (0..30)
        .map(|i| {
            let start = range.0 + i * bucket;
            let good = if dies && i >= 28 {
                0
            } else if i == 13 {
                7
            } else {
                8
            };
            (start, good, if (8..11).contains(&i) { 0 } else { 8 })
        })
        .collect();
    let event = |ago: i64, mark, text: &str| ChartEvent { at: NOW - ago * 1_000, text: text.into(), mark };
    let mut events = vec![event(3_000, Mark::Ok, "West Europe answers again")];
    if dies {
        events.push(event(250, Mark::Suspect, "T0: the first call to East US failed"));
        events.push(event(130, Mark::Down, "East US is down, persistently"));
    }
    let gaps = vec![(range.0 + 8 * bucket, range.0 + 11 * bucket)];
    Arc::new(Chart {
        endpoint: endpoint.map(str::to_owned),
        span: Span::Hour,
        range,
        lines,
        success,
        bucket,
        gaps,
        events,
    })
}

fn gap() -> Gap {
    let from = NOW - 3_600_000 + 16 * 60_000;
    Gap { from, to: from + 6 * 60_000, why: "this computer slept".into() }
}

fn reason(mark: Mark, text: &str, ago: i64) -> Reason {
    Reason { mark, text: text.into(), at: NOW - ago * 1_000 }
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn posted() -> Posted {
    Posted {
        source: "Service Health".into(),
        title: "Azure OpenAI: connectivity issues in East US".into(),
        text: "Starting at 03:08 UTC on 20 November 2026, a subset of customers in East US may see time-outs and failures when \
               calling Azure OpenAI.\n\nWe are aware of the issue and are looking into it. The next update follows within 60 \
               minutes, or as events warrant."
            .into(),
        status: "Active".into(),
        mark: Mark::Down,
        region: "East US".into(),
        at: NOW - 90_000,
    }
}

/// One region down, as most people will meet the screen.
pub fn down() -> Situation {
    let base = super::sample::situation();
    let open = |id: &str, region: &str, mark| endpoint(id, region, "data plane", mark);
    Situation {
        endpoints: vec![
            open("oai-prod-eastus", "East US", Mark::Down),
            endpoint("oai-prod-eastus / chat", "East US", "deployment", Mark::Down),
            endpoint("kv-prod-eastus", "East US", "key vault", Mark::Suspect),
            open("oai-prod-swedencentral", "Sweden Central", Mark::Ok),
            open("oai-dev-westeurope", "West Europe", Mark::Ok),
            endpoint("arm-eastus2", "East US 2", "control plane", Mark::Degraded),
            endpoint("login.microsoftonline.com", "", "sign-in", Mark::Ok),
            endpoint("one.one.one.one", "", "witness", Mark::Ok),
            endpoint("dns.google", "", "witness", Mark::Ok),
            endpoint("www.wikipedia.org", "", "witness", Mark::Ok),
        ],
        recommendation: "Fail over with prod-chat now: 6 min are left to decide.".into(),
        arithmetic: pairs(&[
            ("Agreed RTO", "30 min"),
            ("Since it began", "6 min"),
            ("Left of the RTO", "24 min"),
            ("Needed (1.5 × the last drill)", "18 min"),
            ("Time left to decide", "6 min"),
        ]),
        chart: Some(chart(None, 240, true)),
        gaps: vec![gap()],
        posted: vec![posted()],
        ..base
    }
}

fn all(mark: Mark, word: &str, figure: &str, calls: &str) -> Situation {
    let mut s = down();
    for r in &mut s.regions {
        (r.mark, r.word, r.figure, r.calls) = (mark, word.into(), figure.into(), calls.into());
    }
    s.endpoints = s.endpoints.iter().map(|e| endpoint(&e.id, &e.region, e.kind, mark)).collect();
    (s.posted, s.arithmetic, s.colleagues, s.open_plan) = (Vec::new(), Vec::new(), Vec::new(), None);
    s
}

/// All fine.
pub fn fine() -> Situation {
    Situation {
        mark: Some(Mark::Ok),
        headline: "East US, Sweden Central and West Europe answer".into(),
        explanation: "Nothing to do.".into(),
        recommendation: String::new(),
        reasons: vec![
            reason(Mark::Ok, "oai-prod-eastus answers in 61 ms, 240 of 240 calls", 4),
            reason(Mark::Unknown, "Service Health: nothing posted for the watched regions", 62),
        ],
        chart: Some(chart(None, 240, false)),
        gaps: Vec::new(),
        ..all(Mark::Ok, "answers", "61 ms", "240 of 240")
    }
}

/// This laptop cannot see.
pub fn blind() -> Situation {
    Situation {
        mark: Some(Mark::Blind),
        headline: "This laptop cannot see: no verdict on any region".into(),
        explanation: "Neither a witness nor the sign-in service answers. Nothing here is evidence against a region."
            .into(),
        recommendation: "No failover is recommended: look at your own network first, or ask somebody on another one."
            .into(),
        reasons: vec![
            reason(Mark::Blind, "3 of 3 witnesses fail: no route from this laptop", 3),
            reason(Mark::Unknown, "Service Health could not be read", 200),
        ],
        notices_read: None,
        ..all(Mark::Blind, "cannot be seen from here", "2 min 5 s", "9 of 9 fail")
    }
}

/// Only the sign-in service is down.
pub fn entra_down() -> Situation {
    let mut s = fine();
    for e in s.endpoints.iter_mut().filter(|e| e.kind == "sign-in") {
        *e = endpoint(&e.id, "", "sign-in", Mark::Down);
    }
    Situation {
        mark: Some(Mark::Degraded),
        headline: "Sign-in does not answer; every region does".into(),
        explanation: "Calls with a key go on. Tokens in memory are good for another 48 min.".into(),
        recommendation: "No failover is recommended: another region has the same sign-in.".into(),
        reasons: vec![
            reason(Mark::Down, "login.microsoftonline.com: no answer in time, 9 in a row", 5),
            reason(Mark::Ok, "East US, Sweden Central and West Europe answer", 4),
        ],
        ..s
    }
}

/// Just started: nothing is known.
pub fn unknown() -> Situation {
    let mut s = all(Mark::Unknown, "unknown", "", "not asked yet");
    (s.chart, s.notices_read) = (None, None);
    Situation {
        mark: Some(Mark::Unknown),
        headline: "Nothing is known of East US yet".into(),
        explanation: "It was asked for the first time 2 s ago.".into(),
        recommendation: "Nothing is recommended before something is known: about 45 s.".into(),
        reasons: vec![reason(Mark::Unknown, "Service Health has not been read", 2)],
        gaps: Vec::new(),
        ..s
    }
}

/// As many regions and endpoints as anybody watches, a chart of one of them.
pub fn large(regions: usize, endpoints: usize) -> Situation {
    let marks = |i: usize| match i % 23 {
        3 => Mark::Down,
        7 => Mark::Degraded,
        11 => Mark::Suspect,
        _ => Mark::Ok,
    };
    let known: Vec<_> = known_regions().iter().filter(|r| r.latitude.is_some()).take(regions).collect();
    let rows = known
        .iter()
        .enumerate()
        .map(|(i, r)| RegionRow {
            region: r.name.clone(),
            display: r.display_name.clone(),
            position: r.latitude.zip(r.longitude),
            mark: marks(i),
            word: if marks(i) == Mark::Ok { "answers" } else { "answers in part" }.into(),
            figure: "61 ms".into(),
            calls: "240 of 240".into(),
            role: match i {
                0 => "primary",
                1 => "secondary",
                _ => "",
            },
            control: None,
            reasons: Vec::new(),
        })
        .collect();
    let row = |i: usize| {
        let r = known[i % known.len()];
        endpoint(&format!("oai-{:04}-{}", i, r.name), &r.display_name, "data plane", marks(i))
    };
    let events = |i: i64| ChartEvent { at: NOW - i * 110_000, text: format!("Event {i}"), mark: Mark::Degraded };
    let mut picture = (*chart(Some("oai-0003"), 400, true)).clone();
    // As if it were chosen: five stages, whichever endpoint is looked at.
    picture.endpoint = None;
    picture.events = (0..30).map(events).collect();
    picture.gaps = (0..30).map(|i| (NOW - i * 115_000 - 30_000, NOW - i * 115_000)).collect();
    Situation {
        regions: rows,
        endpoints: (0..endpoints).map(row).collect(),
        chart: Some(Arc::new(picture)),
        gaps: vec![gap()],
        ..down()
    }
}

/// This situation on an otherwise quiet morning.
pub fn on(situation: Situation) -> Snapshot {
    Snapshot { situation: Arc::new(situation), ..on_call() }
}
