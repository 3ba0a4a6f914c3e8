//! Asking in turn: one task keeps the schedule, each question is a task of its own that tells the desk what it saw.

use std::collections::HashMap;
use std::path::Path;

use tokio::task::JoinSet;

use crate::clock::Task;
use crate::health::schedule::{Rhythm, Schedule};
use crate::units::Millis;

use super::super::executor::World;
use super::super::mailbox::Mail;
use super::{When, power};

/// Everything must have been well for so long before it is asked less often.
const CALM_AFTER: Millis = Millis::from_mins(5);
/// The same on battery.
const CALM_AFTER_ON_BATTERY: Millis = Millis::from_mins(1);
/// On another network everything is asked within this, or this much an endpoint.
const SOON: u64 = 4_000;
const SOON_EACH: u64 = 10;
/// Where nothing more may be begun, an end is waited for, and this is the longest.
const IDLE: u64 = 60_000;

/// A wake-up later than this after its time: the process, or its machine, stood still.
const LATE: u64 = 5_000;

/// Asks for as long as the watch lasts.
pub async fn asking(world: World, task: Task, when: When) {
    let targets = world.targets.clone();
    let rhythms = |calm: bool| -> Vec<Rhythm> { targets.list().items.iter().map(|i| i.rhythm(calm)).collect() };
    let mut schedule = Schedule::new(targets.seed, &rhythms(false), task.now().mono);
    world.monitor.lock().calm(false);
    let mut pace = Pace::default();
    let (mut under_way, mut numbers) = (JoinSet::new(), HashMap::new());
    let mut planned = u64::MAX;
    loop {
        let now = task.now().mono;
        if now > planned.saturating_add(LATE) && !world.clock.is_scenario() {
            // What was missed is not made up for at once.
            schedule.resumed(now, Some(targets.list().thresholds.interval));
        }
        for n in schedule.due(now) {
            let question = under_way.spawn(one(world.clone(), world.clock.task(), n));
            numbers.insert(question.id(), n);
        }
        let wait = schedule.next().map_or(IDLE, |at| at.saturating_sub(now).max(1));
        planned = now.saturating_add(wait);
        tokio::select! {
            biased;
            // The task comes back: until its question is counted, the clock stands.
            Some(done) = under_way.join_next_with_id() => {
                let id = match &done {
                    Ok((id, _busy)) => *id,
                    Err(e) => e.id(),
                };
                let Some(n) = numbers.remove(&id) else { continue };
                if let Err(e) = &done {
                    // A defect on what one host says must not silence that endpoint, nor keep its place from the others.
                    let name = targets.list().items.get(n).map_or("", |i| i.id.0.as_str());
                    tracing::error!(endpoint = name, error = %e, "a question broke off");
                }
                schedule.ended(n, task.now().mono);
            }
            soon = targets.asked_anew() => {
                let list = targets.list();
                let quick = Millis(SOON.max(SOON_EACH * list.items.len() as u64));
                let within = if soon { quick } else { list.thresholds.interval };
                schedule.resumed(task.now().mono, Some(within));
            }
            () = task.sleep(Millis(wait)) => {}
        }
        if when == When::Idle
            && let Some(calm) = pace.turned(&world, task.now().mono)
        {
            let all = rhythms(calm);
            schedule.set(task.now().mono, |n| all[n]);
            world.monitor.lock().calm(calm);
        }
    }
}

async fn one(world: World, task: Task, n: usize) -> Task {
    if let Some(seen) = world.targets.ask(&world.azure, &task, n).await {
        world.mail.send(Mail::Probed(seen));
    }
    task
}

/// How often everything is asked while no run is open.
#[derive(Default)]
struct Pace {
    calm: bool,
    well_since: Option<u64>,
    looked: u64,
}

impl Pace {
    /// The new pace, when it turns. Trouble is answered at once, quiet is not believed at once.
    fn turned(&mut self, world: &World, now: u64) -> Option<bool> {
        if now < self.looked + 1_000 {
            return None;
        }
        self.looked = now;
        let well = world.monitor.lock().all_well(world.clock.now().utc);
        self.well_since = if well { self.well_since.or(Some(now)) } else { None };
        let calm = self.well_since.is_some_and(|s| {
            now - s >= CALM_AFTER.0
                || now - s >= CALM_AFTER_ON_BATTERY.0 && power::on_battery(Path::new(power::SUPPLIES))
        });
        (calm != std::mem::replace(&mut self.calm, calm)).then_some(calm)
    }
}
