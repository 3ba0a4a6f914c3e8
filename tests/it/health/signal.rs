//! Which errors count, and what is an answer of the service.

use lifeboat::health::skew::{agreed, offset, sentence};
use lifeboat::health::{Expectation, Failure, Outcome};

#[test]
fn only_connectivity_and_the_services_own_errors_count() {
    use Failure::*;
    for f in [Dns, ConnectTimeout, Refused, Unreachable, Tls, Reset, NoAnswer, BeyondProxy] {
        assert!(f.counts() && !f.is_ours(), "{f:?}");
    }
    for f in [NoRoute, Certificate, NotTheService, Proxy, NotAsked] {
        assert!(!f.counts(), "{f:?}");
        assert!(!f.proves_life(), "{f:?}");
    }
    for code in [408, 500, 502, 503, 504] {
        assert!(Failure::status(code).counts(), "{code}");
    }
    for code in [400, 401, 403, 404, 409, 429, 501, 511, 302] {
        assert!(!Failure::status(code).counts(), "{code}");
        assert!(Failure::status(code).proves_life(), "{code}");
    }
}

#[test]
fn retrying_is_for_what_can_pass() {
    assert!(Failure::status(429).worth_retrying());
    assert!(Failure::status(503).worth_retrying());
    assert!(!Failure::status(401).worth_retrying());
    assert!(!Failure::NotTheService.worth_retrying());
}

#[test]
fn every_failure_has_words() {
    assert_eq!(Failure::NoAnswer.text(), "no answer in time");
    assert_eq!(Failure::status(401).text(), "key or token refused (401)");
    assert_eq!(Failure::status(418).text(), "unexpected status (418)");
}

#[test]
fn a_page_in_place_of_json_is_no_answer_of_the_service() {
    let models = Expectation::JsonWith("data".to_owned());
    let judge = |code, body: &str| models.judge(code, body.as_bytes(), true, None);
    assert_eq!(judge(200, r#"{"object":"list","data":[]}"#), Outcome::Answered);
    let not_it = Outcome::Failed(Failure::NotTheService);
    assert_eq!(judge(200, "<html>Please sign in to the hotel network</html>"), not_it);
    assert_eq!(judge(200, r#"{"welcome":{"data":1}}"#), not_it);
    assert_eq!(judge(200, r#"["data"]"#), not_it);
    assert_eq!(judge(200, r#"{"data":[1,"#), not_it);
    assert_eq!(judge(200, ""), not_it);
    assert_eq!(judge(302, ""), not_it);
    assert_eq!(judge(503, "<html>"), Outcome::Failed(Failure::status(503)));
}

#[test]
fn a_long_answer_is_judged_by_its_beginning() {
    let models = Expectation::JsonWith("data".to_owned());
    let cut = br#"{"object":"list","data":[{"id":"gpt-4o"},{"id"#;
    assert_eq!(models.judge(200, cut, false, None), Outcome::Answered);
    let other = br#"{"object":"list","items":[{"data":"#;
    assert_eq!(models.judge(200, other, false, None), Outcome::Failed(Failure::NotTheService));
}

#[test]
fn a_witness_only_has_to_be_reached() {
    for code in [200, 302, 401, 403, 404, 405] {
        assert_eq!(Expectation::Reachable.judge(code, b"", true, None), Outcome::Answered, "{code}");
    }
    // A gateway that gives up waiting, or that throttles every call, serves nobody.
    for code in [408, 429, 500, 503] {
        assert_eq!(Expectation::Reachable.judge(code, b"", true, None), Outcome::Failed(Failure::status(code)));
    }
}

#[test]
fn a_clock_is_wrong_only_where_no_delay_explains_it() {
    let minute = 60_000;
    // Asked at 0, answered after 40 s, in which the answer was made: whole seconds, rounded down.
    for date in [-1_000, 0, 20_000, 40_000] {
        assert_eq!(offset(0, 40_000, date), 0, "{date}");
    }
    assert_eq!(offset(0, 40_000, 10 * minute), 10 * minute - 40_000);
    assert_eq!(offset(0, 40_000, -10 * minute), -10 * minute + 1_000);
    assert_eq!((sentence(5 * minute), sentence(-5 * minute)), (None, None));
    assert!(sentence(10 * minute - 1_000).unwrap().starts_with("This computer's clock is 10 min behind Azure's"));
    assert!(sentence(-125 * minute).unwrap().starts_with("This computer's clock is 2 h 5 min ahead of Azure's"));
    // One who disagrees may be no part of Azure, and old news may be of a clock that was set since.
    assert_eq!(agreed([(0, 9 * minute), (0, 10 * minute)], 0), Some(9 * minute));
    assert_eq!(agreed([(0, 0), (0, 10 * minute)], minute), Some(0));
    assert_eq!(agreed([(0, 0), (2 * minute, 10 * minute)], 3 * minute), Some(10 * minute));
    assert_eq!(agreed([], 0), None);
}
