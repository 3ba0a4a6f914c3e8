//! The watch: what is asked, how often, and what else is read beside (announcements, meters, who serves users).
//!
//! ```text
//! list ─► targets ─► rounds ─► Mail::Probed      gaps ─► Mail::Gap (and everything is asked anew)
//! platform ─► Mail::Notices, Mail::Measured      served ─► Mail::Served
//! ```

mod gaps;
mod list;
mod platform;
mod power;
mod rounds;
mod targets;

pub use gaps::roads;
pub use list::{As, Item, List, Question, Subject, account};
pub use power::on_battery;
pub use targets::Targets;

use crate::clock::Task;
use crate::plan::model::Side;
use crate::runbook::model::Condition;
use crate::units::Millis;

use super::executor::World;
use super::mailbox::Mail;

/// Between two looks at who serves the users.
const SERVED: Millis = Millis::from_secs(30);
/// Share of requests that counts as served: T8.
const SERVED_PERCENT: u32 = 95;

/// What a side's endpoint is called: by its resource, else by its region.
pub fn endpoint(side: &Side) -> String {
    side.resource.as_ref().map_or(side.region.name(), |r| r.name()).to_owned()
}

/// When the watch goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// While no run is open: seldom as long as everything is well.
    Idle,
    /// In a run: often.
    Run,
}

/// Starts the watch; it ends when the returned handle is dropped.
pub fn start(world: World, when: When) -> Watch {
    let task = || world.clock.task();
    let mut all = vec![
        tokio::spawn(rounds::asking(world.clone(), task(), when)).abort_handle(),
        tokio::spawn(gaps::looking(world.clone(), task())).abort_handle(),
        tokio::spawn(platform::announcements(world.clone(), task())).abort_handle(),
        tokio::spawn(platform::meters(world.clone(), task())).abort_handle(),
    ];
    if when == When::Run {
        all.push(tokio::spawn(served(world.clone(), task())).abort_handle());
    }
    Watch(all)
}

/// The watch's tasks.
pub struct Watch(Vec<tokio::task::AbortHandle>);

impl Drop for Watch {
    fn drop(&mut self) {
        for t in &self.0 {
            t.abort();
        }
    }
}

/// By metrics, whether the secondary serves the users: T8 is the first minute of it.
async fn served(world: World, task: Task) {
    let accounts = |s: &Side| account(s).map(|a| a.as_str().to_owned());
    let (Some(other), Some(account)) =
        (accounts(&world.plan.primary), world.plan.secondary.as_ref().and_then(accounts))
    else {
        return;
    };
    let condition = Condition::ShareOfRequests { account, other, at_least_percent: SERVED_PERCENT };
    loop {
        task.sleep(SERVED).await;
        let facts = super::executor::Facts::default();
        let readings = super::conditions::read(&world, &task, &condition, &facts).await;
        if !readings.is_empty() && readings.iter().all(|r| r.ok == Some(true)) {
            world.mail.send(Mail::Served(SERVED_PERCENT, task.now().utc));
        }
    }
}
