//! What looks like an outage of a region and is none, or is another's; and days on which nothing happens.

use lifeboat::health::{Advice, State};
use lifeboat::rehearsal::scenario::{How, Place, What};
use lifeboat::runbook::model::Tier;

use super::{Case, FAILING, T0, Who, case, east, inference, slow, sweden, throttle};

const END: u64 = T0 + 260;
const SERVES: &[State] = &[State::Ok];
/// Users are served, and something about the region is not as ever.
const CARRIES: &[State] = &[State::Ok, State::Degraded, State::Throttled];
const BOTH: [Who; 2] = [Who::Primary, Who::Secondary];

/// Both regions serve throughout, and nothing is recommended.
fn served(name: &'static str, on: Place, how: How) -> Case {
    case(name).fault(on, how, T0, END + 100).until(END).fine(&BOTH).advises(&[Advice::Nothing], 60..=END)
}

/// This laptop is cut off for five minutes, then sees again.
fn cut_off(name: &'static str, how: How) -> Case {
    case(name)
        .fault(Place::Network, how, T0, T0 + 300)
        .until(T0 + 760)
        .never(Who::Primary, &[State::Down])
        .never(Who::Secondary, &[State::Down])
        .turns(Who::Primary, State::Blind, T0..=T0 + 60)
        .turns(Who::Laptop, State::Down, T0..=T0 + 60)
        .holds(Who::Primary, &[State::Blind], T0 + 60..=T0 + 300)
        .holds(Who::Secondary, &[State::Blind], T0 + 60..=T0 + 300)
        .advises(&[Advice::LookAtYourNetwork], T0 + 60..=T0 + 300)
        .never_advises(Advice::Confirm)
        .holds(Who::Laptop, SERVES, T0 + 345..=T0 + 760)
        .holds(Who::Primary, SERVES, T0 + 730..=T0 + 760)
}

pub fn table() -> Vec<Case> {
    let mut all = vec![
        cut_off("the laptop's network drops every packet", How::BlackHole),
        cut_off("the laptop's network resets every connection", How::Reset),
        cut_off("the laptop's network refuses every connection", How::Refuse),
        cut_off("somebody in between opens all TLS", How::BadCertificate).https(),
        case("a network's sign-in page in place of everything")
            .fault(Place::Network, How::Page, T0, END + 100)
            .until(END)
            .never(Who::Primary, FAILING)
            .never(Who::Secondary, FAILING)
            .holds(Who::Primary, &[State::Unknown, State::Blind], T0 + 80..=END)
            .holds(Who::Entra, &[State::Unknown, State::Blind], T0 + 80..=END)
            .advises(&[Advice::Watch, Advice::LookAtYourNetwork], T0 + 80..=END),
        case("blind from the first moment")
            .fault(Place::Network, How::BlackHole, 0, END + 100)
            .until(END)
            .never(Who::Primary, &[State::Ok, State::Down])
            .never(Who::Laptop, SERVES)
            .holds(Who::Primary, &[State::Blind], 60..=END)
            .advises(&[Advice::LookAtYourNetwork], 60..=END),
        case("the region is lost while the laptop is blind")
            .fault(Place::Network, How::Reset, T0, T0 + 200)
            .fault(inference(), How::Reset, T0 + 50, T0 + 900)
            .until(T0 + 420)
            .holds(Who::Primary, &[State::Blind], T0 + 60..=T0 + 200)
            .holds(Who::Primary, &[State::Down], T0 + 370..=T0 + 420)
            .turns(Who::Primary, State::Down, T0 + 225..=T0 + 370)
            .never(Who::Secondary, &[State::Down])
            .holds(Who::Secondary, &[State::Ok, State::Degraded], T0 + 320..=T0 + 420),
        case("both regions at once")
            .fault(inference(), How::Status(503), T0, END + 100)
            .fault(Place::DataPlane(sweden()), How::Status(503), T0, END + 100)
            .until(END)
            .lost(T0)
            .holds(Who::Secondary, &[State::Down], T0 + 170..=END)
            .advises(&[Advice::NowhereToGo], T0 + 170..=END)
            .never_advises(Advice::Confirm)
            .fine(&[Who::Laptop, Who::Entra, Who::Arm]),
        case("sign-in alone is silent")
            .fault(Place::Entra, How::BlackHole, T0, END + 100)
            .until(END)
            .turns(Who::Entra, State::Suspect, T0 + 25..=T0 + 90)
            .turns(Who::Entra, State::Down, T0 + 80..=T0 + 170)
            .fine(&[Who::Primary, Who::Secondary, Who::Laptop, Who::Arm])
            .advises(&[Advice::Nothing], 60..=END),
        case("sign-in alone answers 503")
            .fault(Place::Entra, How::Status(503), T0, END + 100)
            .until(END)
            .turns(Who::Entra, State::Down, T0 + 80..=T0 + 170)
            .fine(&[Who::Primary, Who::Secondary, Who::Laptop, Who::Arm]),
        case("no token from the first moment: nothing can be judged")
            .fault(Place::Entra, How::BlackHole, 0, END + 100)
            .until(END)
            .never(Who::Primary, &[State::Ok, State::Suspect, State::Down])
            .never(Who::Entra, SERVES)
            .turns(Who::Entra, State::Down, T0..=190)
            .advises(&[Advice::Watch], T0..=END),
        case("Resource Manager alone is silent")
            .fault(Place::Arm, How::BlackHole, T0, END + 100)
            .until(END)
            .turns(Who::Arm, State::Down, T0 + 80..=T0 + 170)
            .holds(Who::Primary, CARRIES, 60..=END)
            .holds(Who::Secondary, CARRIES, 60..=END)
            .fine(&[Who::Laptop, Who::Entra])
            .advises(&[Advice::Nothing, Advice::Watch], 60..=END),
        case("Resource Manager answers 503")
            .fault(Place::Arm, How::Status(503), T0, END + 100)
            .until(END)
            .turns(Who::Arm, State::Down, T0 + 80..=T0 + 170)
            .holds(Who::Primary, CARRIES, 60..=END)
            .holds(Who::Secondary, CARRIES, 60..=END)
            .fine(&[Who::Laptop, Who::Entra])
            .advises(&[Advice::Nothing, Advice::Watch], 60..=END),
        case("Resource Manager throttles")
            .fault(Place::Arm, throttle(), T0, END + 100)
            .until(END)
            .never(Who::Arm, FAILING)
            .fine(&BOTH),
        case("Resource Manager answers for everything but the primary's resources")
            .fault(Place::ArmIn(east()), How::Status(500), T0, END + 100)
            .until(END)
            .holds(Who::Primary, &[State::Ok, State::Degraded], 60..=END)
            .fine(&[Who::Secondary, Who::Laptop, Who::Entra, Who::Arm]),
        served("Resource Manager takes no changes", Place::ArmChanges, How::Status(503)),
        case("Resource Manager is slow for the primary")
            .fault(Place::ArmIn(east()), slow(30), T0, END + 100)
            .until(END)
            .holds(Who::Primary, CARRIES, 60..=END)
            .fine(&[Who::Secondary]),
        served("accepted work fails in the end", Place::Arm, How::FailsLate("InternalServerError".into())),
        served("a latency that nobody minds", inference(), How::Slow(lifeboat::units::Millis(900))),
        case("App Configuration is silent")
            .fault(Place::AppConfiguration, How::BlackHole, T0, END + 100)
            .until(END)
            .holds(Who::Primary, CARRIES, 60..=END)
            .never(Who::Secondary, &[State::Down]),
        case("one deployment is broken, not its region")
            .fault(deployment("mini"), How::Status(500), T0, END + 100)
            .until(END)
            .model_calls()
            .never(Who::Primary, &[State::Down])
            .never_advises(Advice::Confirm)
            .fine(&[Who::Secondary]),
        case("the models list answers 200 while every call is throttled")
            .fault(deployment("chat"), throttle(), T0, END + 100)
            .fault(deployment("mini"), throttle(), T0, END + 100)
            .until(END)
            .model_calls()
            .holds(Who::Primary, CARRIES, 60..=END)
            .fine(&[Who::Secondary]),
        case("an incident is posted, and the region answers")
            .posts(T0, east(), "Active")
            .until(END)
            .fine(&BOTH)
            .advises(&[Advice::Nothing], 60..=END),
        case("Resource Health says unavailable, and the region answers")
            .happens(T0, resource_health(false))
            .until(END)
            .fine(&BOTH)
            .advises(&[Advice::Nothing], 60..=END),
        case("answers that take three seconds")
            .fault(inference(), slow(3), T0, END + 100)
            .until(END)
            .never(Who::Primary, FAILING)
            .turns(Who::Primary, State::Degraded, T0..=T0 + 90)
            .holds(Who::Primary, &[State::Degraded], T0 + 90..=END)
            .advises(&[Advice::Watch], T0 + 90..=END)
            .fine(&[Who::Secondary]),
        case("two slow answers are a spike").fault(inference(), slow(3), T0, T0 + 25).until(END).fine(&BOTH),
        case("the secondary is lost while the primary serves")
            .fault(Place::DataPlane(sweden()), How::Reset, T0, END + 100)
            .until(END)
            .turns(Who::Secondary, State::Down, T0 + 80..=T0 + 170)
            .fine(&[Who::Primary, Who::Laptop])
            .advises(&[Advice::Nothing], 60..=END),
        case("the primary is lost, and nobody knows how the secondary is")
            .fault(inference(), How::Status(503), T0, END + 100)
            .fault(Place::DataPlane(sweden()), How::Status(401), 0, END + 100)
            .until(END)
            .never(Who::Secondary, &[State::Ok, State::Suspect, State::Down])
            .holds(Who::Primary, &[State::Down], T0 + 170..=END)
            .advises(&[Advice::Confirm], T0 + 170..=END),
        case("one witness of two is silent")
            .fault(Place::Witness("www.iana.org".into()), How::BlackHole, T0, END + 100)
            .until(END)
            .holds(Who::Laptop, &[State::Degraded], T0 + 60..=END)
            .fine(&[Who::Primary, Who::Secondary, Who::Entra, Who::Arm])
            .advises(&[Advice::Nothing], 60..=END),
        case("every witness is silent, and sign-in answers")
            .fault(Place::Witness("www.iana.org".into()), How::BlackHole, T0, END + 100)
            .fault(Place::Witness("www.example.org".into()), How::Reset, T0, END + 100)
            .until(END)
            .never(Who::Primary, &[State::Blind])
            .never(Who::Laptop, &[State::Down])
            .fine(&[Who::Primary, Who::Secondary, Who::Entra, Who::Arm]),
        case("every witness is silent, and the primary as well")
            .fault(Place::Witness("www.iana.org".into()), How::Reset, T0, END + 100)
            .fault(Place::Witness("www.example.org".into()), How::Reset, T0, END + 100)
            .fault(inference(), How::Reset, T0, END + 100)
            .until(END)
            .lost(T0)
            .never(Who::Primary, &[State::Blind])
            .fine(&[Who::Secondary, Who::Entra, Who::Arm]),
    ];
    all.push(
        case("two hours without any fault")
            .on_call()
            .until(7_200)
            .turns(Who::Primary, State::Ok, 0..=T0 + 15)
            .fine(&[Who::Primary, Who::Secondary, Who::Laptop, Who::Entra, Who::Arm])
            .advises(&[Advice::Nothing], 60..=7_200),
    );
    for (tier, name) in
        [(Tier::T2, "half an hour without any fault, T2"), (Tier::T3, "half an hour without any fault, T3")]
    {
        all.push(
            case(name)
                .tier(tier)
                .until(1_800)
                .fine(&[Who::Primary, Who::Secondary, Who::Laptop, Who::Entra, Who::Arm])
                .advises(&[Advice::Nothing], 60..=1_800),
        );
    }
    all
}

fn deployment(name: &str) -> Place {
    Place::Deployment { account: "oai-prod-eastus".into(), name: name.into() }
}

pub fn resource_health(by_customer: bool) -> What {
    let summary = "The account does not serve requests.".to_owned();
    What::ResourceHealth { account: "oai-prod-eastus".into(), state: "Unavailable".into(), summary, by_customer }
}
