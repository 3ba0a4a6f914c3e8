//! The timeline of a run as a picture's data: a line for each step, and each said in a sentence.

use super::cards::Planned;
use crate::desk::snapshot::{Gantt, GanttLane};
use crate::run::event::StepState;
use crate::run::forecast::deadline;
use crate::run::state::Run;
use crate::run::timeline::{Bar, Doing, lanes};
use crate::units::{Millis, utc_clock, visible};

/// The same of a run as its record tells it: what is not closed goes as far as that.
pub fn recorded(run: &Run) -> Option<Gantt> {
    let planned = run.plan.as_deref()?.steps.iter().map(|s| (s.id.as_str(), s)).collect();
    let mut out = gantt(run, &planned, run.last_at);
    if out.ended.is_none() {
        out.ended = Some(run.last_at);
        out.sentence.push_str(" The run is not closed: its record ends here.");
    }
    for lane in &mut out.lanes {
        (lane.title, lane.sentence) = (visible(&lane.title), visible(&lane.sentence));
    }
    Some(out)
}

/// Draws its data; `now` is the run's clock.
pub fn gantt(run: &Run, planned: &Planned<'_>, now: i64) -> Gantt {
    let (lanes, pauses) = lanes(run);
    let end = run.ended.as_ref().map_or(now, |e| e.at);
    let t0 = run.clocks.t[0];
    let mut out = Gantt {
        from: run.started_at.min(t0.unwrap_or(run.started_at)),
        t0,
        deadline: deadline(run, now),
        ended: run.ended.as_ref().map(|e| e.at),
        pauses,
        ..Gantt::default()
    };
    // Steps overlap: of the whole only the time in which something was done, or waited for, can be told.
    let (mut worked, mut waited) = (Vec::new(), Vec::new());
    for lane in lanes {
        let step = &run.steps[lane.step];
        let Some(p) = planned.get(step.id.as_str()) else { continue };
        let sum = |doing: &[Doing]| sum(&lane.bars, doing, end);
        let (work, second, people) = (sum(&[Doing::Work, Doing::Failed]), sum(&[Doing::Waited]), sum(&[Doing::People]));
        for bar in &lane.bars {
            let of = match bar.doing {
                Doing::Work | Doing::Failed => &mut worked,
                Doing::Waited | Doing::People => &mut waited,
                Doing::Azure | Doing::Paused => continue,
            };
            of.push((bar.from, bar.to.unwrap_or(end)));
        }
        let state = run.state(lane.step);
        let mut said = format!("{}: {}. Planned {}", p.title, state.word(), Millis(p.expect.0));
        for (time, what) in [
            (work, "at work"),
            (sum(&[Doing::Azure]), "of it for Azure"),
            (second, "waiting for the second person"),
            (people, "waiting for people or a guard"),
        ] {
            if time.0 >= 1_000 {
                said.push_str(&format!(", {} {what}", whole(time)));
            }
        }
        if let Some(at) = lane.ended {
            said.push_str(&format!(", over at {} UTC", utc_clock(at)));
        }
        out.planned_to = out.planned_to.max(lane.planned.1);
        out.lanes.push(GanttLane {
            id: p.id.clone(),
            title: p.title.clone(),
            phase: step.phase().display().to_owned(),
            state,
            planned: lane.planned,
            bars: lane.bars,
            sentence: said,
        });
    }
    let (over, all) = run.progress();
    let skipped = out.lanes.iter().filter(|l| l.state == StepState::Skipped).count();
    let left_out = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    out.sentence = format!(
        "{all} steps, {} done{left_out}. Planned until {} UTC; work in {} of the time, waiting in {}.",
        over.saturating_sub(skipped),
        utc_clock(out.planned_to),
        whole(covered(worked)),
        whole(covered(waited))
    );
    out
}

/// The time in which at least one of these was.
fn covered(mut spans: Vec<(i64, i64)>) -> Millis {
    spans.sort_unstable();
    let (mut total, mut reached) = (0, i64::MIN);
    for (from, to) in spans {
        let from = from.max(reached);
        total += to.saturating_sub(from).max(0);
        reached = reached.max(to);
    }
    Millis(u64::try_from(total).unwrap_or(0))
}

/// Without the fractions of a second.
fn whole(time: Millis) -> Millis {
    Millis(time.0 / 1_000 * 1_000)
}

fn sum(bars: &[Bar], doing: &[Doing], end: i64) -> Millis {
    let of = bars.iter().filter(|b| doing.contains(&b.doing));
    of.map(|b| Millis(u64::try_from(b.to.unwrap_or(end).saturating_sub(b.from)).unwrap_or(0))).sum()
}
