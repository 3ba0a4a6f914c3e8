//! What a listener can do to the sender: nothing but to be told of.

use std::time::{Duration, Instant};

use lifeboat::notify::hook::{Limits, Outcome, deliver};
use serde_json::json;

use super::listener::{Does, Listener};
use super::*;

/// As the program has them, but in a hurry.
fn limits() -> Limits {
    let ms = Duration::from_millis;
    Limits { answer: ms(700), pause: ms(20), longest_pause: Duration::from_secs(5), ..Limits::default() }
}

fn send(to: &str, known: bool) -> Outcome {
    let to = address(HookKind::Generic, to);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(deliver(&to, &[json!({ "x": 1 })], known, &limits()))
}

#[test]
fn whatever_listens_is_told_of_in_one_line_and_tried_again_only_where_it_did_not_take_it() {
    use Does::{Closes, Floods, Hangs, Says};
    const SOON: &str = "retry-after: 1\r\n";
    const LATE: &str = "retry-after: 3600\r\n";
    const DATE: &str = "retry-after: Wed, 21 Oct 2099 07:28:00 GMT\r\n";
    // What it does, whether the service knows a message again, what is said, and how often it was asked.
    for (does, known, said, asked) in [
        (vec![Says(202, "")], false, "delivered, 202 in ", 1),
        (vec![Floods(200)], false, "delivered, 200 in ", 1),
        (vec![Says(500, ""), Says(503, ""), Says(200, "")], false, "delivered, 200 in ", 3),
        (vec![Says(500, "")], false, "not delivered: 500, it has trouble of its own, 3 times", 3),
        (vec![Says(429, SOON), Says(200, "")], false, "delivered, 200 in 1", 2),
        (
            vec![Says(429, LATE)],
            false,
            "not delivered: 429, too many messages, and it asks to be left alone for 1 h",
            1,
        ),
        (vec![Says(429, DATE)], false, "not delivered: 429, too many messages, and it asks to be left alone for ", 1),
        (vec![Floods(400)], false, "not delivered: 400, it does not take such a message", 1),
        (vec![Says(404, "")], false, "not delivered: 404, nobody listens there any more", 1),
        (
            vec![Says(302, "location: /elsewhere\r\n"), Says(200, "")],
            false,
            "not delivered: 302, it leads elsewhere",
            1,
        ),
        (vec![Hangs], false, "not known whether it arrived: no answer within 700 ms", 1),
        (vec![Hangs, Says(202, "")], true, "delivered, 202 in ", 2),
        (vec![Closes], false, "not known whether it arrived: the connection ended before an answer", 1),
        (vec![Closes, Says(202, "")], true, "delivered, 202 in ", 2),
    ] {
        let listener = Listener::that(&does);
        let outcome = send(&listener.at(), known).to_string();
        assert!(outcome.starts_with(said), "{does:?}: {outcome}");
        assert!(!outcome.contains(TOKEN), "{outcome}");
        assert_eq!(listener.took().len(), asked, "{does:?}");
        assert!(listener.took().iter().all(|(path, body)| path.ends_with(TOKEN) && *body == json!({ "x": 1 })));
    }
}

#[test]
fn where_nobody_listens_nothing_was_sent_and_that_is_said_without_the_address() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let began = Instant::now();
    let outcome = send(&format!("http://{gone}/{TOKEN}"), false).to_string();
    assert!(outcome.starts_with("not delivered: no connection") && outcome.contains("3 times"), "{outcome}");
    assert!(!outcome.contains(TOKEN) && began.elapsed() < Duration::from_secs(30), "{outcome}");
}
