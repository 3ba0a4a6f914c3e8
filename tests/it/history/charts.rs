//! What a chart shows of what was observed: lines that break, bars of success, gaps, and never more points than a screen
//! has room for.

use lifeboat::desk::snapshot::{Chart, ChartEvent, Mark, Span};
use lifeboat::desk::view::chart::{Asked, Shown, chart, range};

use super::*;

fn of(h: &History, endpoints: &[&str], by_stage: bool, span: Span, t0: Option<i64>, now: i64) -> Chart {
    let shown: Vec<Shown> = endpoints
        .iter()
        .map(|e| Shown { name: (*e).to_owned(), mark: Mark::Ok, endpoints: vec![(*e).to_owned()], every: 15_000 })
        .collect();
    let endpoint = by_stage.then(|| endpoints[0]);
    let event = |at, text: &str| ChartEvent { at, text: text.to_owned(), mark: Mark::Down };
    let events = vec![event(now - 5 * MINUTE, "later"), event(now - 10 * MINUTE, "earlier"), event(0, "long ago")];
    chart(h, &Asked { endpoint, span, now, t0, shown: &shown }, &[], events)
}

fn names(c: &Chart) -> Vec<&str> {
    c.lines.iter().map(|l| l.name.as_str()).collect()
}

#[test]
fn an_hour_is_drawn_point_by_point_and_breaks_where_nobody_answered_and_where_nobody_looked() {
    let mut h = History::in_memory();
    let now = T + HOUR;
    // 20 minutes well, 5 minutes refused, 10 minutes of sleep, and well again; the newest was not asked at all.
    for n in 0..240 {
        let at = T + n * 15_000;
        match n {
            80..100 => h.take(&seen("a", at, Outcome::Failed(Failure::Refused))),
            100..140 => {}
            239 => h.take(&seen("a", at, Outcome::Failed(Failure::NotAsked))),
            _ => h.take(&answered("a", at)),
        }
    }
    let c = of(&h, &["a"], true, Span::Hour, None, now);
    assert_eq!(names(&c), ["TCP", "TLS", "first byte", "total"], "no name was resolved: no line");
    let total = &c.lines[3].points;
    assert_eq!(total.len(), 80 + 20 + 1 + 99);
    let values: Vec<Option<f32>> = total.iter().map(|p| p.1).collect();
    assert!(values[..80].iter().chain(&values[101..]).all(|v| *v == Some(60.0)));
    assert!(values[80..101].iter().all(Option::is_none), "failures and the gap break the line");
    let (gap_from, gap_to) = (T + 99 * 15_000, T + 140 * 15_000);
    assert_eq!(c.gaps, [(gap_from, gap_to)]);
    assert_eq!(c.bucket, MINUTE);
    let bad: Vec<_> = c.success.iter().filter(|s| s.1 < s.2).collect();
    assert_eq!(bad.len(), 5);
    assert!(bad.iter().all(|s| (s.1, s.2) == (0, 4)) && c.success.len() == 50);
    assert_eq!(c.success.iter().map(|s| s.2).sum::<u32>(), 199, "what was not asked is no call");
    let events: Vec<&str> = c.events.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(events, ["earlier", "later"], "in order, and only what is in its time");
    assert_eq!(c.range, (T, now));
}

#[test]
fn nobody_looked_before_it_was_started_and_after_it_stopped() {
    let mut h = History::in_memory();
    rounds(&mut h, 1, T, 8);
    let c = of(&h, &["endpoint-0000"], true, Span::Hour, None, T + 30 * MINUTE);
    assert_eq!(c.gaps, [(T - 30 * MINUTE, T), (T + 105_000, T + 30 * MINUTE)]);
    let none = of(&h, &["unheard"], true, Span::Day, None, T + 30 * MINUTE);
    assert_eq!((none.gaps.as_slice(), names(&none)), ([none.range].as_slice(), vec!["total"]));
    // A sleep that is known is a gap, however short, and is told once.
    let asked = |told: &[(i64, i64)]| {
        let shown =
            [Shown { name: "a".into(), mark: Mark::Ok, endpoints: vec!["endpoint-0000".into()], every: 15_000 }];
        let asked = Asked { endpoint: None, span: Span::Hour, now: T + MINUTE, t0: None, shown: &shown };
        chart(&h, &asked, told, Vec::new()).gaps
    };
    assert_eq!(asked(&[(T + 16_000, T + 29_000)]), [(T - 59 * MINUTE, T), (T + 16_000, T + 29_000)]);
    assert_eq!(asked(&[(T - 5_000, T)]), [(T - 59 * MINUTE, T)]);
}

#[test]
fn a_day_and_a_long_run_have_few_enough_points_and_keep_every_call() {
    let mut h = History::in_memory();
    // Two days; every tenth call is refused, and one half hour is.
    let mut calls = (0, 0);
    for n in 0..2 * 24 * 240 {
        let at = T + n * 15_000;
        let bad = n % 10 == 0 || (8_000..8_120).contains(&n);
        let outcome = if bad { Outcome::Failed(Failure::status(503)) } else { Outcome::Answered };
        calls = (calls.0 + i64::from(!bad), calls.1 + 1);
        h.take(&seen("a", at, outcome));
    }
    let now = T + 2 * 24 * HOUR;
    let t0 = T + 8_000 * 15_000;
    for (span, t0, from, step) in [
        (Span::Day, Some(t0), now - 24 * HOUR, 5),
        (Span::SinceT0, Some(t0), t0 - 15 * MINUTE, 3),
        (Span::SinceT0, Some(T + 15 * MINUTE), T, 10),
        (Span::SinceT0, None, now - HOUR, 1),
        (Span::SinceT0, Some(now - 40 * MINUTE), now - 55 * MINUTE, 1),
    ] {
        let c = of(&h, &["a"], true, span, t0, now);
        assert_eq!((c.range, c.bucket), ((from, now), step * MINUTE), "{span:?} {t0:?}");
        assert_eq!(range(span, t0, now), c.range);
        for l in &c.lines {
            assert!(l.points.len() <= 420 && l.points.len() > 200, "{}: {} points", l.name, l.points.len());
            assert!(l.points.is_sorted_by_key(|p| p.0) && l.points.iter().all(|p| (from..=now).contains(&p.0)));
        }
        assert_eq!(c.gaps, [], "{span:?} {t0:?}");
    }
    let c = of(&h, &["a"], true, Span::SinceT0, Some(T + 15 * MINUTE), now);
    let sums = c.success.iter().fold((0, 0), |s, b| (s.0 + i64::from(b.1), s.1 + i64::from(b.2)));
    assert_eq!(sums, calls, "every call is in a bar");
    let broken = c.lines[3].points.iter().filter(|p| p.1.is_none()).count();
    assert_eq!(broken, 2, "half an hour without an answer breaks the line; single failures do not");
}

#[test]
fn regions_stand_side_by_side_and_a_flood_of_observations_is_put_together() {
    let mut h = History::in_memory();
    for n in 0..3_600 {
        h.take(&answered("a", T + n * 1_000));
    }
    rounds(&mut h, 1, T, 240);
    let c = of(&h, &["a", "endpoint-0000"], false, Span::Hour, None, T + HOUR);
    assert_eq!(names(&c), ["a", "endpoint-0000"]);
    assert_eq!(c.endpoint, None);
    let len: Vec<usize> = c.lines.iter().map(|l| l.points.len()).collect();
    assert!(len[0] <= 401 && len[0] > 300 && len[1] == 240, "{len:?}");
    assert_eq!(c.success.iter().map(|s| s.2).sum::<u32>(), 3_840, "of both together");
}
