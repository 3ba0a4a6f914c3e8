//! Facts small enough for a record: what comes from outside is cut, and said to be cut. A result that cannot be recorded
//! would hold its step up for good.

use super::event::{Change, Correlation, Event, Failure, Reading, Seen};

/// Bytes of a fact at most: a record takes 64 KiB, and has its own fields beside.
pub const MOST: usize = 60 * 1024;
/// Bytes of one text from outside, then of one in a fact that is too big all the same.
const LONGEST: [usize; 3] = [2 * 1024, 512, 96];
/// Readings that are kept when there are too many of even the shortest.
const KEPT: usize = 48;

/// Cuts what is in an event from outside, until it fits into a record. Requests are never cut: see [`too_big`].
pub fn fit(event: &mut Event) {
    for (n, longest) in LONGEST.into_iter().enumerate() {
        for t in texts(event) {
            cut(t, longest);
        }
        if size(event) <= MOST {
            return;
        }
        if let Some(readings) = readings(event).filter(|_| n > 0) {
            readings.iter_mut().for_each(|r| r.raw = None);
        }
    }
    // Of a picture the end goes first: it begins with what is believed.
    while let Event::Observed(o) = &mut *event
        && o.picture.len() > KEPT
    {
        o.picture.truncate(o.picture.len() * 3 / 4);
        let text = "the rest of the picture is not kept".to_owned();
        o.picture.push(Seen { about: "picture".to_owned(), text, ..Seen::default() });
        if size(event) <= MOST {
            return;
        }
    }
    if let Some(readings) = readings(event).filter(|r| r.len() > KEPT) {
        // What does not hold is what somebody will look for.
        readings.sort_by_key(|r| r.ok == Some(true));
        let more = readings.len() - KEPT;
        readings.truncate(KEPT);
        if let Some(last) = readings.last_mut() {
            last.value.push_str(&format!("; {more} more readings are not kept"));
        }
    }
}

/// The size of requests that are too big to be recorded, so that they cannot be sent.
pub fn too_big(changes: &[Change]) -> Option<usize> {
    // Guards and the rest of the record take some of the room.
    let size = serde_json::to_vec(changes).map_or(usize::MAX, |t| t.len());
    (size > MOST - 4 * 1024).then_some(size)
}

fn size(event: &Event) -> usize {
    serde_json::to_vec(event).map_or(usize::MAX, |t| t.len())
}

fn cut(text: &mut String, longest: usize) {
    if text.len() <= longest {
        return;
    }
    let left_out = text.len() - longest;
    let end = (0..=longest).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    text.truncate(end);
    text.push_str(&format!("… ({left_out} bytes left out)"));
}

fn readings(event: &mut Event) -> Option<&mut Vec<Reading>> {
    match event {
        Event::StepStarted { guards: r, .. }
        | Event::StepVerified { readings: r }
        | Event::StepAlreadyTrue { readings: r }
        | Event::StepFailed { readings: r, .. } => Some(r),
        _ => None,
    }
}

/// Every text in it that somebody else wrote.
fn texts(event: &mut Event) -> Vec<&mut String> {
    match event {
        Event::StepFailed { failure, readings } => {
            of_failure(failure).into_iter().chain(of_readings(readings)).collect()
        }
        Event::StepVerified { readings } | Event::StepAlreadyTrue { readings } => of_readings(readings).collect(),
        Event::StepStarted { guards, left, .. } => of_readings(guards).chain(left).collect(),
        Event::ActionFinished { failure, corr, .. } => {
            failure.iter_mut().flat_map(of_failure).chain(of_corr(corr)).collect()
        }
        Event::ActionAccepted { corr, .. } => of_corr(corr).collect(),
        Event::ActionIndeterminate { why: text, .. }
        | Event::ActionReconciled { detail: text, .. }
        | Event::ApprovalRequested { what: text, .. } => vec![text],
        Event::Observed(o) => {
            let of_picture = o.picture.iter_mut().flat_map(|s| [&mut s.name, &mut s.text]);
            std::iter::once(&mut o.text).chain(&mut o.reasons).chain(of_picture).collect()
        }
        _ => Vec::new(),
    }
}

fn of_readings(readings: &mut [Reading]) -> impl Iterator<Item = &mut String> {
    readings.iter_mut().flat_map(|r| [&mut r.name, &mut r.value, &mut r.source].into_iter().chain(&mut r.raw))
}

fn of_failure(f: &mut Failure) -> [&mut String; 3] {
    [&mut f.code, &mut f.message, &mut f.next]
}

fn of_corr(c: &mut Correlation) -> impl Iterator<Item = &mut String> {
    [&mut c.request_id, &mut c.correlation_id, &mut c.date].into_iter().flatten()
}
