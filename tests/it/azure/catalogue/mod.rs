//! Every action of the catalogue, each through the same seven days: it works, it is true already, its rule refuses, Azure
//! throttles, the operation fails late, the connection is lost after Azure took it, and the program dies in between. In
//! none of them does a request leave twice.

mod cases;
mod rules;
mod simulated;
mod world;

use lifeboat::azure::action::{Change, Preview, ReadBack, Sent, follow, preview, read_back, send};
use lifeboat::azure::{Azure, AzureError};

use self::cases::{Case, all};
use self::world::{Fault, Shared, start};
use super::Fake;

fn name(c: &Case) -> String {
    format!("{:?}", c.action).chars().take(90).collect()
}

async fn look(f: &Fake, c: &Case) -> Result<Preview, AzureError> {
    preview(&f.azure, &f.task, &c.action, None, &[]).await
}

/// The first change of a fresh world.
async fn first(c: &Case) -> (Fake, Shared, Change) {
    let (f, world) = start(&c.before).await;
    let p = look(&f, c).await.unwrap_or_else(|e| panic!("{}: {e}", name(c)));
    assert!(!p.already_true && p.changes.len() == 1, "{}: {p:?}", name(c));
    assert!(world.lock().unwrap().changes.is_empty(), "{}: a preview changes nothing", name(c));
    (f, world, p.changes[0].clone())
}

async fn go(f: &Fake, change: &Change) -> Sent {
    match send(&f.azure, &f.task, change, "intent-1").await {
        Sent::Accepted { operation, .. } => follow(&f.azure, &f.task, change, &operation, &mut |_| {}).await,
        other => other,
    }
}

fn sent(world: &Shared) -> usize {
    world.lock().unwrap().changes.len()
}

#[tokio::test]
async fn it_works_and_then_it_is_true_already() {
    for c in all() {
        let (f, world, change) = first(&c).await;
        assert!(!change.what.is_empty() && !change.by_hand().is_empty());
        let again = look(&f, &c).await.unwrap();
        assert_eq!(again.changes, std::slice::from_ref(&change), "{}: two looks say the same", name(&c));
        let done = go(&f, &change).await;
        assert!(matches!(done, Sent::Done { .. }), "{}: {done:?}", name(&c));
        assert_eq!(sent(&world), 1, "{}", name(&c));
        assert!(world.lock().unwrap().changes[0].header("x-ms-client-request-id") == "intent-1");
        if c.readable {
            assert_eq!(read_back(&f.azure, &f.task, &change).await, ReadBack::Applied, "{}", name(&c));
            let p = look(&f, &c).await.unwrap_or_else(|e| panic!("{}: {e}", name(&c)));
            assert!(p.already_true && p.changes.is_empty(), "{}: {p:?}", name(&c));
        }
    }
}

#[tokio::test]
async fn its_own_rule_refuses_before_anything_is_sent() {
    for c in all() {
        let (spoil, word) = c.guard;
        if word.is_empty() {
            continue;
        }
        let (f, world) = start(&c.before).await;
        spoil(&mut world.lock().unwrap());
        let refused = look(&f, &c).await;
        assert!(refused.as_ref().is_err_and(|e| e.to_string().contains(word)), "{}: {refused:?}", name(&c));
        assert_eq!(sent(&world), 0, "{}", name(&c));
    }
}

#[tokio::test]
async fn throttled_is_refused_and_not_sent_again_by_itself() {
    for c in all() {
        let (f, world, change) = first(&c).await;
        world.lock().unwrap().fault = Fault::Throttled;
        let Sent::Failed { error, .. } = go(&f, &change).await else { panic!("{}", name(&c)) };
        assert_eq!((error.status(), sent(&world)), (Some(429), 1), "{}", name(&c));
        if c.readable {
            assert_eq!(read_back(&f.azure, &f.task, &change).await, ReadBack::NotApplied, "{}", name(&c));
        }
        // The operator tries again, and it works.
        assert!(matches!(go(&f, &change).await, Sent::Done { .. }), "{}", name(&c));
        assert_eq!(sent(&world), 2, "{}", name(&c));
    }
}

#[tokio::test]
async fn what_fails_late_says_so_in_azures_words() {
    for c in all() {
        let (f, world, change) = first(&c).await;
        world.lock().unwrap().fault = Fault::FailsLate;
        let Sent::Failed { error, .. } = go(&f, &change).await else { panic!("{}", name(&c)) };
        let text = error.to_string();
        assert!(text.contains("It broke half way") || text.contains("It is refused after"), "{}: {text}", name(&c));
        assert_eq!(sent(&world), 1, "{}", name(&c));
        if c.readable {
            assert_eq!(read_back(&f.azure, &f.task, &change).await, ReadBack::NotApplied, "{}", name(&c));
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_read_back_and_never_sent_again() {
    for c in all() {
        let (f, world, change) = first(&c).await;
        world.lock().unwrap().fault = Fault::Silent;
        let lost = go(&f, &change).await;
        assert!(matches!(lost, Sent::Unknown { .. }), "{}: {lost:?}", name(&c));
        match read_back(&f.azure, &f.task, &change).await {
            ReadBack::Applied => assert!(c.readable, "{}", name(&c)),
            ReadBack::Unknown { why } => assert!(!c.readable && why.contains("ask whoever"), "{}: {why}", name(&c)),
            other => panic!("{}: {other:?}", name(&c)),
        }
        assert_eq!(lifeboat::azure::action::can_be_read_back(&change), c.readable);
        assert_eq!(sent(&world), 1, "{}", name(&c));
    }
}

#[tokio::test]
async fn a_crash_between_acceptance_and_result_is_picked_up_by_the_stored_text() {
    for c in all() {
        let (f, world, change) = first(&c).await;
        world.lock().unwrap().fault = Fault::Slow;
        let stored = match send(&f.azure, &f.task, &change, "intent-1").await {
            Sent::Accepted { operation, .. } => Some(operation),
            // It answers at once: the crash falls between intent and answer, and reading back tells.
            Sent::Done { .. } => None,
            other => panic!("{}: {other:?}", name(&c)),
        };
        // Nothing of the first program is left but the journal's texts.
        let text = serde_json::to_string(&change).unwrap();
        let change: Change = serde_json::from_str(&text).unwrap();
        let fresh = Azure::new(f.azure.cloud().clone()).unwrap();
        let task = &f.task;
        if let Some(operation) = stored {
            assert!(operation.contains(" https://management.azure.com/"), "{operation}");
            let done = follow(&fresh, task, &change, &operation, &mut |_| {}).await;
            assert!(matches!(done, Sent::Done { .. }), "{}: {done:?}", name(&c));
        }
        if c.readable {
            assert_eq!(read_back(&fresh, task, &change).await, ReadBack::Applied, "{}", name(&c));
        }
        assert_eq!(sent(&world), 1, "{}", name(&c));
    }
}
