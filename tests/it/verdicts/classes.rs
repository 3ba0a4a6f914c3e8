//! Each class of errors of the primary's data plane: those that count lead to *down*, the others never do.

use lifeboat::health::{Advice, State};
use lifeboat::rehearsal::scenario::How;

use super::{Case, FAILING, T0, Who, case, inference, slow, throttle};

/// Everything else is well, and a failover is proposed as far as one pair of eyes may.
fn outage(name: &'static str, how: How) -> Case {
    let end = T0 + 260;
    case(name)
        .fault(inference(), how, T0, end + 100)
        .until(end)
        .lost(T0)
        .holds(Who::Primary, &[State::Down], T0 + 170..=end)
        .advises(&[Advice::Confirm], T0 + 170..=end)
        .never_advises(Advice::FailOver)
        .fine(&[Who::Secondary, Who::Laptop, Who::Entra, Who::Arm])
}

/// Something answers there; what it says is no verdict on the region.
fn no_verdict(name: &'static str, how: How) -> Case {
    let end = T0 + 260;
    case(name)
        .fault(inference(), how, T0, end + 100)
        .until(end)
        .never(Who::Primary, FAILING)
        .holds(Who::Primary, &[State::Unknown], T0 + 80..=end)
        .advises(&[Advice::Watch], T0 + 80..=end)
        .fine(&[Who::Secondary, Who::Laptop, Who::Entra, Who::Arm])
}

pub fn table() -> Vec<Case> {
    let mut all = vec![
        outage("connected, then silent", How::BlackHole),
        outage("connections are reset", How::Reset),
        outage("connections are refused", How::Refuse),
        outage("the answer breaks off in the middle", How::Cut),
        outage("the TLS handshake breaks off", How::NoHandshake).https(),
        outage("an answer that takes longer than anybody waits", slow(11)),
        no_verdict("somebody else's page with 200 in place of the service", How::Page),
        no_verdict("a certificate that nobody trusts", How::BadCertificate).https(),
    ];
    let counting = [
        (408, "408, the service gave up waiting"),
        (500, "500, an error of the service"),
        (502, "502, a gateway without its service"),
        (503, "503, the service says it is unavailable"),
        (504, "504, a gateway that waited in vain"),
    ];
    all.extend(counting.map(|(status, name)| outage(name, How::Status(status))));
    let refusing = [
        (400, "400, a mistake of the caller"),
        (401, "401, a key or token that is refused"),
        (403, "403, a firewall or a missing role"),
        (404, "404, no such deployment"),
        (409, "409, a conflict"),
    ];
    all.extend(refusing.map(|(status, name)| no_verdict(name, How::Status(status))));
    all.push(
        case("a storm of 429 for five minutes")
            .fault(inference(), throttle(), T0, T0 + 300)
            .until(T0 + 750)
            .never(Who::Primary, FAILING)
            .turns(Who::Primary, State::Throttled, T0 + 25..=T0 + 90)
            .holds(Who::Primary, &[State::Throttled], T0 + 90..=T0 + 300)
            .advises(&[Advice::BackOff], T0 + 90..=T0 + 300)
            .holds(Who::Primary, &[State::Ok], T0 + 660..=T0 + 750)
            .never_advises(Advice::MovePart)
            .fine(&[Who::Secondary]),
    );
    all.push(
        case("a storm of 429 for twenty minutes")
            .fault(inference(), throttle(), T0, T0 + 1_200)
            .until(T0 + 1_200)
            .never(Who::Primary, FAILING)
            .holds(Who::Primary, &[State::Throttled], T0 + 90..=T0 + 1_200)
            .advises(&[Advice::BackOff], T0 + 90..=T0 + 590)
            .advises(&[Advice::MovePart], T0 + 660..=T0 + 1_200)
            .never_advises(Advice::FailOver)
            .fine(&[Who::Secondary]),
    );
    all
}
