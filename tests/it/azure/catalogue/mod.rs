//! Every action of the catalogue against the embedded Azure, each through the same seven situations: it works, it is true
//! already, its rule refuses, Azure throttles, the operation fails late, the connection is lost after Azure took it, and the
//! program dies in between. In none of them does a request leave twice by itself.

mod cases;
mod rules;
mod sea;
mod simulated;

use std::collections::BTreeSet;

use lifeboat::azure::action::{Change, ReadBack, Sent, follow, read_back};
use lifeboat::rehearsal::scenario::{How, Place};
use lifeboat::units::Millis;

use self::cases::{Case, Guard, all};
use self::sea::{RIGHT, Sea, WRONG};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    Works,
    TrueAlready,
    RuleRefuses,
    Throttled,
    FailsLate,
    Lost,
    Crash,
}

const SITUATIONS: [Situation; 7] = {
    use Situation::*;
    [Works, TrueAlready, RuleRefuses, Throttled, FailsLate, Lost, Crash]
};

/// Why a situation cannot happen to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excuse {
    /// Azure answers at once; there is no operation that could fail later.
    AnsweredAtOnce,
    /// Nothing shows whether it happened, so that it is never true already.
    NothingShows,
}

fn excuse(c: &Case, s: Situation) -> Option<Excuse> {
    match s {
        Situation::FailsLate if c.at_once => Some(Excuse::AnsweredAtOnce),
        Situation::TrueAlready if !c.readable => Some(Excuse::NothingShows),
        _ => None,
    }
}

/// The cases to which a situation can happen.
fn in_situation(s: Situation) -> impl Iterator<Item = Case> {
    all().into_iter().filter(move |c| excuse(c, s).is_none())
}

#[test]
fn every_action_has_a_case_and_what_is_left_out_is_known() {
    // The language's own list of actions: a new one fails here until it has a case.
    let source = include_str!("../../../../src/runbook/action.rs");
    let (_, listed) = source.split_once("pub enum Action {").unwrap();
    let variant = |l: &str| Some(l.strip_prefix("    ")?.strip_suffix(" {")?.to_owned());
    let actions: BTreeSet<String> = listed.lines().take_while(|l| *l != "}").filter_map(variant).collect();
    let covered: BTreeSet<String> = all().iter().map(|c| cases::name(&c.action).to_owned()).collect();
    assert_eq!(actions, covered);
    let excused: Vec<(String, Situation, Excuse)> =
        all().iter().flat_map(|c| SITUATIONS.into_iter().filter_map(|s| Some((c.name(), s, excuse(c, s)?)))).collect();
    let excused: Vec<_> = excused.iter().map(|(n, s, e)| (n.as_str(), *s, *e)).collect();
    let at_once = |name| (name, Situation::FailsLate, Excuse::AnsweredAtOnce);
    let unseen = |name| (name, Situation::TrueAlready, Excuse::NothingShows);
    assert_eq!(
        excused,
        [
            at_once("SetAppConfiguration"),
            at_once("CreateResourceGroup"),
            at_once("RecoverVaultObject"),
            at_once("SetTrafficEndpoint"),
            at_once("SetTrafficRouting"),
            at_once("SetDnsRecord"),
            at_once("SetDnsRecord"),
            at_once("SetDnsRecord"),
            at_once("ArmRequest PUT"),
            unseen("ArmRequest POST"),
            unseen("HttpRequest"),
            at_once("HttpRequest"),
        ]
    );
}

async fn first(c: &Case, fault: Option<(Place, How)>) -> (Sea, Change) {
    let s = Sea::with(fault, |_| {}).await;
    let change = s.change(&c.action, &c.created).await;
    (s, change)
}

/// With a fault that begins as soon as the change is known.
async fn struck(c: &Case, how: How) -> (Sea, Change) {
    let (s, change) = first(c, Some((c.at.clone(), how))).await;
    s.until(WRONG).await;
    (s, change)
}

/// What reading back has to say of something that took effect, or did not.
fn told(c: &Case, seen: &ReadBack, applied: bool) -> bool {
    match seen {
        ReadBack::Unknown { why } => !c.readable && why.contains("ask whoever"),
        other => c.readable && *other == if applied { ReadBack::Applied } else { ReadBack::NotApplied },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_and_then_it_is_true_already() {
    for c in in_situation(Situation::Works) {
        let (s, change) = first(&c, None).await;
        assert!(!change.what.is_empty() && !change.by_hand().is_empty());
        assert_eq!(s.change(&c.action, &c.created).await, change, "{}: two looks say the same", c.name());
        let sent = s.send(&change).await;
        assert_eq!(matches!(sent, Sent::Done { .. }), c.at_once, "{}: {sent:?}", c.name());
        let done = match sent {
            Sent::Accepted { operation, .. } => follow(&s.azure, &s.task, &change, &operation, &mut |_| {}).await,
            other => other,
        };
        assert!(matches!(done, Sent::Done { .. }), "{}: {done:?}", c.name());
        let seen = s.settled(&s.azure, &change).await;
        assert!(told(&c, &seen, true), "{}: {seen:?}", c.name());
        assert_eq!(change.can_be_read_back(), c.readable, "{}", c.name());
        if excuse(&c, Situation::TrueAlready).is_none() {
            let p = s.look(&c.action, &c.created).await.unwrap_or_else(|e| panic!("{} again: {e}", c.name()));
            assert!(p.already_true && p.changes.is_empty(), "{}: {p:?}", c.name());
        }
        assert_eq!(s.sends(), 1, "{}", c.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_rule_refuses_before_anything_is_sent() {
    for c in in_situation(Situation::RuleRefuses) {
        let (s, looked, word) = match &c.guard {
            Guard::World(spoil, word) => {
                let s = Sea::with(None, spoil).await;
                let looked = s.look(&c.action, &c.created).await;
                (s, looked, *word)
            }
            Guard::Asked(action, word) => {
                let s = Sea::new().await;
                let looked = s.look(action, &c.created).await;
                (s, looked, *word)
            }
            Guard::NothingCreated => {
                let s = Sea::new().await;
                let looked = s.look(&c.action, &[]).await.map(|p| assert!(p.changes.is_empty(), "{p:?}"));
                (s, looked.and(Err("left alone".to_owned())), "left alone")
            }
        };
        assert!(looked.as_ref().is_err_and(|e| e.contains(word)), "{}: {looked:?}", c.name());
        assert_eq!(s.sends(), 0, "{}", c.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_is_refused_and_not_sent_again_by_itself() {
    for c in in_situation(Situation::Throttled) {
        let (s, change) = struck(&c, How::Throttle { retry_after: Millis::from_secs(17) }).await;
        let Sent::Failed { error, .. } = s.perform(&change).await else { panic!("{}", c.name()) };
        assert_eq!((error.status(), s.sends()), (Some(429), 1), "{}", c.name());
        s.until(RIGHT).await;
        let seen = read_back(&s.azure, &s.task, &change).await;
        assert!(told(&c, &seen, false), "{}: {seen:?}", c.name());
        // The operator tries again, and it works.
        let done = s.perform(&change).await;
        assert!(matches!(done, Sent::Done { .. }), "{}: {done:?}", c.name());
        assert_eq!(s.sends(), 2, "{}", c.name());
    }
}

/// A gateway that gives up says nothing of what became of the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateways_own_failure_is_read_back_before_anybody_tries_again() {
    for c in in_situation(Situation::Lost) {
        let (s, change) = struck(&c, How::Status(504)).await;
        let lost = s.perform(&change).await;
        assert!(matches!(lost, Sent::Unknown { .. }) && s.sends() == 1, "{}: {lost:?}", c.name());
        s.until(RIGHT).await;
        let seen = read_back(&s.azure, &s.task, &change).await;
        assert!(told(&c, &seen, false), "{}: {seen:?}", c.name());
        if seen == ReadBack::NotApplied {
            let done = s.perform(&change).await;
            assert!(matches!(done, Sent::Done { .. }) && s.sends() == 2, "{}: {done:?}", c.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_late_says_so_in_azures_words() {
    for c in in_situation(Situation::FailsLate) {
        let (s, change) = struck(&c, How::FailsLate("InternalServerError".into())).await;
        let failed = s.perform(&change).await;
        let Sent::Failed { error, .. } = &failed else { panic!("{}: {failed:?}", c.name()) };
        let text = error.to_string();
        assert!(text.contains("ended") || text.contains("failed"), "{}: {text}", c.name());
        s.until(RIGHT).await;
        let seen = read_back(&s.azure, &s.task, &change).await;
        assert!(told(&c, &seen, false), "{}: {seen:?}", c.name());
        assert_eq!(s.sends(), 1, "{}", c.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_read_back_and_never_sent_again() {
    for c in in_situation(Situation::Lost) {
        // Applied, and then silent for longer than anybody waits.
        let (s, change) = struck(&c, How::Slow(Millis::from_secs(90))).await;
        let lost = s.perform(&change).await;
        assert!(matches!(lost, Sent::Unknown { .. }), "{}: {lost:?}", c.name());
        s.until(RIGHT).await;
        let seen = s.settled(&s.azure, &change).await;
        assert!(told(&c, &seen, true), "{}: {seen:?}", c.name());
        assert_eq!(s.sends(), 1, "{}", c.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_while_azure_works_is_waited_out() {
    for c in in_situation(Situation::Lost).filter(|c| !c.at_once) {
        let (s, change) = first(&c, Some((Place::Network, How::BlackHole))).await;
        s.until(WRONG.saturating_sub(Millis::from_secs(1))).await;
        let Sent::Accepted { operation, .. } = s.send(&change).await else { panic!("{}", c.name()) };
        s.until(WRONG).await;
        let mut unheard = 0;
        let done = follow(&s.azure, &s.task, &change, &operation, &mut |p| {
            unheard += u32::from(p.status.starts_with("not known at the moment"));
        })
        .await;
        assert!(unheard > 0 && matches!(done, Sent::Done { .. }), "{}: {done:?}", c.name());
        assert_eq!(s.sends(), 1, "{}", c.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_acceptance_and_result_is_picked_up_by_the_stored_text() {
    for c in in_situation(Situation::Crash) {
        let (s, change) = first(&c, None).await;
        let stored = match s.send(&change).await {
            Sent::Accepted { operation, .. } => Some(operation),
            // It answers at once: the crash falls between intent and answer, and reading back tells.
            Sent::Done { .. } => None,
            other => panic!("{}: {other:?}", c.name()),
        };
        // Nothing of the first program is left but the journal's texts.
        let (fresh, change) = s.restarted(&change);
        if let Some(operation) = stored {
            assert!(operation.contains(" https://management.azure.com/"), "{operation}");
            let done = follow(&fresh, &s.task, &change, &operation, &mut |_| {}).await;
            assert!(matches!(done, Sent::Done { .. }), "{}: {done:?}", c.name());
        }
        let seen = s.settled(&fresh, &change).await;
        assert!(told(&c, &seen, true), "{}: {seen:?}", c.name());
        assert_eq!(s.sends(), 1, "{}", c.name());
    }
}
