//! Everything that looks like a region outage and is none, and the other way round.

use lifeboat::health::{
    Advice, Assessment, Decision, Detector, Failure, Inputs, LampState, Notice, Outcome, Provisioning, RegionInput,
    Role, Sighting, State, Thresholds, assess, climb,
};
use lifeboat::runbook::model::{Rung, Tier};
use lifeboat::units::{Millis, Region};
use proptest::prelude::*;

use super::{STEP, T0, failed, ok, seen, silent};

/// A world of detectors; 40 healthy probes, then what the test does.
struct World {
    now: i64,
    east: Detector,
    other: Option<Detector>,
    west: Detector,
    witnesses: Vec<Detector>,
    entra: Detector,
    arm: Detector,
    notices: Vec<Notice>,
    colleagues: Vec<Sighting>,
    provisioning: Option<Provisioning>,
    decision: Decision,
}

fn eastus() -> Region {
    Region::new("eastus")
}

impl World {
    fn new() -> Self {
        let d = |id: &str| Detector::new(id.into(), Thresholds::of(Tier::T1));
        let mut w = Self {
            now: T0,
            east: d("oai-prod-eastus"),
            other: None,
            west: d("oai-prod-westeurope"),
            witnesses: vec![d("one"), d("two"), d("three")],
            entra: d("login"),
            arm: d("arm"),
            notices: Vec::new(),
            colleagues: Vec::new(),
            provisioning: None,
            decision: Decision {
                tier: Some(Tier::T1),
                rto: Some(Millis::from_mins(30)),
                planned: Some(Millis::from_mins(12)),
                ..Decision::default()
            },
        };
        for _ in 0..40 {
            w.step(&ok(), &ok(), &ok(), &ok(), &ok());
        }
        w
    }

    fn step(&mut self, east: &Outcome, west: &Outcome, witness: &Outcome, entra: &Outcome, arm: &Outcome) {
        self.now += STEP;
        let now = self.now;
        let tell = |d: &mut Detector, o: &Outcome| {
            let observation = seen(&d.id().0.clone(), now, o.clone());
            d.observe(&observation);
        };
        tell(&mut self.east, east);
        if let Some(d) = &mut self.other {
            tell(d, &ok());
        }
        tell(&mut self.west, west);
        self.witnesses.iter_mut().for_each(|w| tell(w, witness));
        tell(&mut self.entra, entra);
        tell(&mut self.arm, arm);
    }

    /// East US alone shows this, `n` times.
    fn east(mut self, n: usize, o: &Outcome) -> Self {
        for _ in 0..n {
            self.step(o, &ok(), &ok(), &ok(), &ok());
        }
        self
    }

    /// Everything shows this, `n` times.
    fn all(mut self, n: usize, o: &Outcome) -> Self {
        for _ in 0..n {
            self.step(o, o, o, o, o);
        }
        self
    }

    fn colleague(mut self, who: &str, answers: bool) -> Self {
        self.colleagues.push(Sighting {
            who: who.to_owned(),
            region: eastus(),
            answers,
            at: self.now,
            ..Sighting::default()
        });
        self
    }

    fn inputs(&self) -> Inputs<'_> {
        let region = |r: &str, role, endpoints| RegionInput {
            region: Region::new(r),
            role,
            endpoints,
            arm: None,
            provisioning: None,
        };
        let mut east = region("eastus", Role::Primary, vec![(&self.east).into()]);
        east.endpoints.extend(self.other.as_ref().map(lifeboat::health::Endpoint::from));
        east.provisioning = self.provisioning.clone();
        Inputs {
            now: self.now,
            workload: "prod-chat",
            regions: vec![east, region("westeurope", Role::Secondary, vec![(&self.west).into()])],
            witnesses: self.witnesses.iter().collect(),
            entra: Some(&self.entra),
            arm: Some(&self.arm),
            notices: self.notices.clone(),
            notices_read: Some(self.now - 60_000),
            colleagues: self.colleagues.clone(),
            decision: self.decision.clone(),
            ahead: None,
        }
    }

    fn assess(&self) -> Assessment {
        assess(&self.inputs())
    }

    /// State of East US, and what is recommended.
    fn verdict(&self) -> (State, Advice) {
        let a = self.assess();
        (a.regions[0].state, a.recommend.advice)
    }
}

fn texts(a: &Assessment) -> Vec<&str> {
    a.regions[0].reasons.iter().map(|r| r.text.as_str()).collect()
}

#[test]
fn all_is_well() {
    let w = World::new();
    let a = w.assess();
    assert_eq!(w.verdict(), (State::Ok, Advice::Nothing));
    assert_eq!(a.headline, "East US and West Europe answer");
    assert_eq!(a.regions[0].sentence, "East US answers in 61 ms");
    assert!(climb(&w.inputs()).lamps().all(|l| l.state == LampState::Ok));
}

#[test]
fn one_error_is_no_outage_and_three_are_a_suspicion() {
    assert_eq!(World::new().east(1, &silent()).verdict(), (State::Ok, Advice::Nothing));
    let w = World::new().east(3, &silent());
    assert_eq!(w.verdict(), (State::Suspect, Advice::Watch));
    assert_eq!(w.assess().headline, "East US may be failing: no answer in time, 3 in a row");
}

#[test]
fn a_region_that_is_down_is_said_plainly() {
    let w = World::new().east(18, &silent()).colleague("Ana (Dublin)", false);
    let a = w.assess();
    assert_eq!(a.headline, "East US is down for prod-chat, persistently, for 4 min 15 s");
    // Another region does not serve it today.
    let mut inputs = w.inputs();
    inputs.regions[0].role = Role::Watched;
    assert_eq!(assess(&inputs).headline, "East US is down, persistently, for 4 min 15 s");
    assert_eq!(
        a.explanation,
        "It is the region, not us: West Europe, all 3 witnesses and the sign-in service answer from this laptop."
    );
    assert_eq!(a.regions[0].since, Some(T0 + 41 * STEP));
    assert_eq!(
        texts(&a),
        [
            "oai-prod-eastus: no answer in time, 18 of 18",
            "From this laptop, West Europe, all 3 witnesses and the sign-in service answer",
            "Ana (Dublin) (unsigned) does not reach East US",
            "Service Health: nothing posted yet for East US (it usually lags 10 to 60 min)",
        ]
    );
    assert_eq!(a.regions[0].reasons[3].state, State::Unknown, "silence is no evidence of health");
    assert_eq!(a.recommend.advice, Advice::FailOver);
    assert_eq!(climb(&w.inputs()).rung(Rung::PrimaryData).unwrap().state, LampState::Down);
    // It can be frozen into the journal and read back as it was.
    let frozen = serde_json::to_string(&a).unwrap();
    assert_eq!(serde_json::from_str::<Assessment>(&frozen).unwrap(), a);
}

#[test]
fn vpn_off_is_blind_not_an_outage() {
    for outcome in [silent(), failed(Failure::ConnectTimeout), failed(Failure::NoRoute)] {
        let w = World::new().all(20, &outcome).colleague("Ana", false);
        let a = w.assess();
        assert_eq!(a.regions[0].state, State::Blind, "{outcome:?}");
        assert_eq!(a.regions[1].state, State::Blind);
        assert_eq!(a.recommend.advice, Advice::LookAtYourNetwork);
        assert_eq!(a.headline, "This laptop cannot see: no verdict on any region");
        let ladder = climb(&w.inputs());
        assert_eq!(ladder.laptop.state, LampState::Down);
        assert_eq!(ladder.entra.state, LampState::Blind);
        assert_eq!(ladder.rung(Rung::SecondaryData).unwrap().state, LampState::Blind);
    }
}

#[test]
fn silent_witnesses_alone_are_not_blindness() {
    let mut w = World::new();
    for _ in 0..20 {
        w.step(&silent(), &ok(), &silent(), &ok(), &ok());
    }
    let a = w.assess();
    assert_eq!((a.regions[0].state, a.blind), (State::Down, None), "sign-in answers, so this laptop sees");
    assert_eq!(climb(&w.inputs()).laptop.state, LampState::Degraded);
    assert_eq!(a.explanation, "It is the region, not us: West Europe and the sign-in service answer from this laptop.");
}

#[test]
fn blindness_names_its_likely_cause() {
    let why = |o: &Outcome| World::new().all(20, o).assess().blind.unwrap();
    assert!(why(&failed(Failure::Dns)).contains("DNS of this laptop"));
    assert!(why(&failed(Failure::NotTheService)).contains("sign-in page"));
    assert!(why(&failed(Failure::Certificate)).contains("clock is wrong"));
    assert!(why(&failed(Failure::NoRoute)).contains("VPN is off"));
}

#[test]
fn the_network_coming_back_does_not_turn_our_own_gap_into_an_outage() {
    let mut w = World::new().all(20, &silent()).colleague("Ana", false);
    // The witnesses answer again a moment before the regions are asked.
    w.step(&silent(), &ok(), &ok(), &ok(), &ok());
    assert_eq!(w.verdict(), (State::Suspect, Advice::Watch));
    let w = w.east(2, &silent());
    assert_eq!(w.verdict().0, State::Down, "three failures seen with open eyes count");
}

#[test]
fn a_captive_portal_is_neither_green_nor_red() {
    let page = failed(Failure::NotTheService);
    let w = World::new().east(20, &page);
    assert_eq!(w.verdict(), (State::Unknown, Advice::Watch));
    assert_eq!(w.assess().headline, "East US cannot be judged: something else answers in its place");
    assert_eq!(World::new().all(20, &page).verdict(), (State::Blind, Advice::LookAtYourNetwork));
}

#[test]
fn an_expired_probe_key_is_unknown() {
    let w = World::new().east(40, &failed(Failure::status(401)));
    assert_eq!(w.verdict(), (State::Unknown, Advice::Watch));
    assert_eq!(w.assess().headline, "East US cannot be judged: key or token refused (401)");
}

#[test]
fn one_unjudged_endpoint_keeps_a_region_from_being_green() {
    let mut w = World::new();
    w.other = Some(Detector::new("gpt-4o-mini".into(), Thresholds::of(Tier::T1)));
    let w = w.east(10, &failed(Failure::status(404)));
    assert_eq!(w.verdict(), (State::Unknown, Advice::Watch));
    let sentence = "East US is known in part only: oai-prod-eastus cannot be judged: not found (404)";
    assert_eq!(w.assess().headline, sentence);
}

#[test]
fn a_wrong_clock_is_no_outage_of_the_region() {
    let w = World::new().east(40, &failed(Failure::Certificate));
    assert_eq!(w.verdict(), (State::Unknown, Advice::Watch));
}

#[test]
fn throttling_is_no_outage() {
    let throttled = failed(Failure::status(429));
    let w = World::new().east(8, &throttled);
    assert_eq!(w.verdict(), (State::Throttled, Advice::BackOff));
    // Seven in ten, as a storm looks, sustained: a part of the load, not a failover.
    let mut w = World::new();
    for i in 0..60 {
        w = w.east(1, &if i % 10 < 7 { throttled.clone() } else { ok() });
    }
    assert_eq!(w.verdict(), (State::Throttled, Advice::MovePart));
    assert_eq!(w.assess().regions[0].state.lamp(), LampState::Degraded);
}

#[test]
fn both_regions_red_with_a_working_network_recommends_nothing_rash() {
    let mut w = World::new().colleague("Ana", false);
    for _ in 0..20 {
        w.step(&silent(), &silent(), &ok(), &ok(), &ok());
    }
    w = w.colleague("Ana", false);
    assert_eq!(w.verdict(), (State::Down, Advice::NowhereToGo));
    assert_eq!(w.assess().headline, "East US and West Europe fail at once");
}

#[test]
fn control_plane_down_while_calls_are_answered_is_no_outage() {
    let mut w = World::new();
    for _ in 0..20 {
        w.step(&ok(), &ok(), &ok(), &ok(), &failed(Failure::status(503)));
    }
    assert_eq!(w.verdict(), (State::Ok, Advice::Nothing));
    let ladder = climb(&w.inputs());
    assert_eq!(ladder.arm.state, LampState::Down);
    assert_eq!(ladder.rung(Rung::PrimaryData).unwrap().state, LampState::Ok);
    let a = w.assess();
    assert!(texts(&a).contains(&"Azure Resource Manager does not answer anywhere; calls to the service still answer"));
    // The same in one region only: degraded, and not a failover either.
    let mut inputs = w.inputs();
    inputs.regions[0].arm = inputs.arm.take();
    let a = assess(&inputs);
    assert_eq!(a.regions[0].state, State::Degraded);
    assert_eq!(a.headline, "East US serves its users; only its control plane does not answer");
    assert_eq!(a.recommend.advice, Advice::Watch);
}

#[test]
fn data_plane_down_while_arm_says_succeeded_is_down() {
    let mut w = World::new().east(20, &failed(Failure::status(503)));
    w.provisioning = Some(Provisioning { text: "Succeeded".to_owned(), at: w.now });
    let a = w.assess();
    assert_eq!(a.regions[0].state, State::Down);
    assert!(texts(&a).contains(&"ARM says Succeeded; that is the control plane, not what users call"));
}

#[test]
fn one_deployment_is_not_the_region() {
    let mut w = World::new();
    w.other = Some(Detector::new("gpt-4o-mini".into(), Thresholds::of(Tier::T1)));
    let w = w.east(20, &failed(Failure::status(500)));
    assert_eq!(w.verdict(), (State::Degraded, Advice::Watch));
    assert_eq!(w.assess().headline, "East US answers in part: 1 of 2 endpoints fails, so it is not the whole region");
}

#[test]
fn silence_is_never_green() {
    let mut w = World::new();
    w.now += 120_000;
    let a = w.assess();
    assert_eq!(a.regions[0].state, State::Unknown);
    assert_eq!(a.regions[0].sentence, "No news of East US for 2 min; what it was then proves nothing now");
    assert_eq!(a.blind, None, "no news from anybody is not blindness");
    assert!(climb(&w.inputs()).lamps().all(|l| l.state == LampState::Unknown));
    assert_eq!(climb(&w.inputs()).regions[0].2.age, Some(Millis::from_mins(2)));

    let fresh = Detector::new("new".into(), Thresholds::default());
    let region = RegionInput {
        region: eastus(),
        role: Role::Primary,
        endpoints: vec![(&fresh).into()],
        arm: None,
        provisioning: None,
    };
    let a = assess(&Inputs { now: T0, regions: vec![region], ..Inputs::default() });
    assert_eq!(a.headline, "Nothing is known of East US yet");
    assert_eq!(texts(&a)[1], "Service Health has not been read");
}

#[test]
fn stale_red_is_not_red_either() {
    let mut w = World::new().east(20, &silent());
    w.now += 60_000;
    assert_eq!(w.verdict(), (State::Unknown, Advice::Watch));
}

#[test]
fn bursts_are_shown_as_unstable() {
    let mut w = World::new();
    for _ in 0..3 {
        w = w.east(2, &failed(Failure::status(503))).east(8, &ok());
    }
    assert_eq!(w.verdict(), (State::Unstable, Advice::Watch));
    assert_eq!(w.assess().headline, "East US is unstable: it comes and goes");
}

#[test]
fn a_posted_incident_against_green_probes_is_shown_as_disagreement() {
    let mut w = World::new();
    let notice = |status: &str, region: &str| Notice {
        source: "Service Health".to_owned(),
        text: "Connectivity issues".to_owned(),
        status: status.to_owned(),
        region: Some(Region::new(region)),
        at: T0,
        confirms: true,
    };
    w.notices = vec![notice("Active", "eastus")];
    let a = w.assess();
    assert_eq!((a.regions[0].state, a.regions[0].disagreement), (State::Ok, true));
    assert!(a.explanation.starts_with("Sources disagree about East US: read the reasons."), "{}", a.explanation);
    assert!(!texts(&a).iter().any(|t| t.contains("nothing posted")));
    w.notices = vec![notice("Resolved", "eastus"), notice("Active", "japaneast")];
    let a = w.assess();
    assert!(!a.regions[0].disagreement);
    assert!(texts(&a).iter().any(|t| t.contains("nothing posted yet for East US")));
}

#[test]
fn one_pair_of_eyes_is_not_enough() {
    let down = || World::new().east(20, &silent());
    let a = down().assess();
    assert_eq!(a.recommend.advice, Advice::Confirm);
    assert_eq!(a.recommend.missing.len(), 1);
    assert!(a.recommend.missing[0].starts_with("a second vantage point"));

    // A colleague who reaches it is a contradiction to be solved, even beside one who does not.
    let a = down().colleague("Ana", false).colleague("Ben", true).assess();
    assert_eq!(a.recommend.advice, Advice::Confirm);
    assert_eq!(a.recommend.missing, ["find out why Ben reaches East US and this laptop does not"]);
    assert!(a.regions[0].disagreement);

    // What she saw a quarter of an hour ago is no second vantage point.
    let mut w = down().colleague("Ana", false);
    w.colleagues[0].at -= 15 * 60_000 + 1;
    assert_eq!(w.verdict().1, Advice::Confirm);

    let mut w = down();
    w.decision.override_reason = Some("  ".to_owned());
    assert_eq!(w.verdict().1, Advice::Confirm);
    w.decision.override_reason = Some("nobody else is awake; customers report it too".to_owned());
    assert_eq!(w.verdict().1, Advice::FailOver);
}

#[test]
fn without_witnesses_it_cannot_be_told_whose_fault_it_is() {
    let w = World::new().east(20, &silent()).colleague("Ana", false);
    let a = assess(&Inputs { witnesses: Vec::new(), entra: None, ..w.inputs() });
    assert_eq!(a.regions[0].state, State::Down);
    assert_eq!(a.recommend.advice, Advice::Confirm);
    assert!(a.recommend.missing[0].starts_with("hear a witness"));
    assert!(a.explanation.ends_with("; West Europe answers."), "{}", a.explanation);
}

#[test]
fn an_unsure_secondary_is_no_place_to_go() {
    let mut w = World::new();
    for _ in 0..20 {
        w.step(&silent(), &failed(Failure::status(401)), &ok(), &ok(), &ok());
    }
    let a = w.colleague("Ana", false).assess();
    assert_eq!(a.recommend.advice, Advice::Confirm);
    assert_eq!(
        a.recommend.missing,
        ["see West Europe answer; now: West Europe cannot be judged: key or token refused (401)"]
    );
}

#[test]
fn what_cannot_be_taken_back_needs_a_confirmed_incident() {
    let mut w = World::new().east(20, &silent()).colleague("Ana", false);
    w.decision.tier = Some(Tier::T3);
    let missing = w.assess().recommend.missing;
    assert!(missing[0].starts_with("an incident confirmed by Microsoft"), "{missing:?}");
    assert_eq!(missing[1], "wait until it has failed for 30 min (now 4 min 45 s), for the same reason");
    w = w.east(101, &silent()).colleague("Ana", false);
    assert_eq!(w.assess().recommend.missing.len(), 1);
    let notice = |source: &str, text: &str, status: &str, confirms| Notice {
        source: source.to_owned(),
        text: text.to_owned(),
        status: status.to_owned(),
        region: Some(eastus()),
        at: T0,
        confirms,
    };
    // One account's state and planned maintenance confirm no incident of the region; nor does what has ended.
    w.notices = vec![
        notice("Resource Health", "The account is unavailable", "Unavailable", false),
        notice("Service Health", "Maintenance of racks", "Active", false),
        notice("Service Health", "Connectivity issues", "Resolved", true),
    ];
    assert_eq!(w.verdict().1, Advice::Confirm);
    w.notices.push(notice("Service Health", "Power loss in East US", "Active", true));
    assert_eq!(w.verdict().1, Advice::FailOver);
    let sentence = w.assess().recommend.sentence;
    assert!(sentence.contains("the owner must accept the loss"));
    assert!(sentence.ends_with(" Confirmed by Microsoft: Power loss in East US."), "{sentence}");
}

#[test]
fn the_arithmetic_of_the_decision() {
    let mut w = World::new().east(20, &silent()).colleague("Ana", false);
    let eta = w.now + 5 * 60_000;
    w.decision.eta = Some(eta);
    let at = |w: &World, elapsed: i64| {
        let mut w2 = w.decision.clone();
        w2.t0 = Some(w.now - elapsed);
        assess(&Inputs { decision: w2, ..w.inputs() }).recommend
    };
    // 30 min RTO, 12 min planned: 18 min must be left.
    let r = at(&w, 12 * 60_000 - 1);
    assert_eq!((r.advice, r.arithmetic.as_ref().unwrap().due), (Advice::Wait, false));
    let r = at(&w, 12 * 60_000);
    assert_eq!((r.advice, r.arithmetic.as_ref().unwrap().due), (Advice::FailOver, true));
    assert_eq!(
        r.sentence,
        "Fail over. 18 min of the 30 min RTO are left; 1.5 times the planned 12 min (unrehearsed) is 18 min: no time is left to wait. \
         Second vantage point: Ana (unsigned)."
    );
    assert!(!r.arithmetic.unwrap().rehearsed);
    let r = at(&w, 34 * 60_000);
    assert_eq!(r.arithmetic.unwrap().sentence, "The RTO of 30 min passed 4 min ago.");

    w.decision.last_drill = Some(Millis::from_mins(4));
    let r = at(&w, 12 * 60_000);
    assert_eq!(r.advice, Advice::Wait);
    assert_eq!(
        r.arithmetic.unwrap().sentence,
        "18 min of the 30 min RTO are left; 1.5 times the last drill (4 min) is 6 min: 12 min to decide."
    );
    // No credible time of repair: none, one that has passed, one after the RTO.
    for eta in [None, Some(w.now), Some(w.now + 19 * 60_000)] {
        w.decision.eta = eta;
        let r = at(&w, 12 * 60_000);
        assert_eq!(r.advice, Advice::FailOver, "{eta:?}");
        assert!(r.sentence.starts_with("Fail over: the threshold has passed and no repair is announced in time."));
    }
}

#[test]
fn coming_back_is_not_yet_well() {
    let w = World::new().east(20, &silent()).east(3, &ok());
    assert_eq!(w.verdict(), (State::Degraded, Advice::Watch));
    assert_eq!(w.assess().headline, "East US answers again; not yet for long");
}

#[test]
fn a_slow_region_is_degraded() {
    let mut w = World::new();
    for _ in 0..5 {
        w.now += STEP;
        let mut o = seen("oai-prod-eastus", w.now, ok());
        o.stages.total = Some(Millis(2_100));
        w.east.observe(&o);
    }
    assert_eq!(w.assess().regions[0].sentence, "East US answers slowly, in 2.1 s");
}

/// What one stretch of a random history looks like: who shows what, and for how many probes.
fn stretch() -> impl Strategy<Value = ([Outcome; 5], usize)> {
    let outcome = || {
        prop_oneof![
            4 => Just(ok()),
            2 => Just(silent()),
            1 => Just(failed(Failure::Dns)),
            1 => Just(failed(Failure::NotTheService)),
            1 => prop::sample::select(vec![401u16, 404, 429, 503]).prop_map(|c| failed(Failure::status(c))),
        ]
    };
    ([outcome(), outcome(), outcome(), outcome(), outcome()], 1usize..25)
}

proptest! {
    #[test]
    fn green_has_fresh_answers_and_a_failover_has_everything(
        stretches in prop::collection::vec(stretch(), 1..5),
        colleague in prop::option::of(any::<bool>()),
        later in 0i64..90_000,
    ) {
        let mut w = World::new();
        for ([east, west, witness, entra, arm], n) in &stretches {
            for _ in 0..*n {
                w.step(east, west, witness, entra, arm);
            }
        }
        w.now += later;
        if let Some(answers) = colleague {
            w = w.colleague("Ana", answers);
        }
        let a = w.assess();
        for (verdict, d) in a.regions.iter().zip([&w.east, &w.west]) {
            if verdict.state == State::Ok {
                prop_assert!(d.last_success().is_some_and(|s| w.now - s <= 45_000));
            }
            prop_assert!(!verdict.sentence.is_empty() && !verdict.reasons.is_empty());
        }
        prop_assert_eq!(a.blind.is_some(), a.recommend.advice == Advice::LookAtYourNetwork);
        if a.recommend.advice == Advice::FailOver {
            prop_assert_eq!(a.regions[0].state, State::Down);
            prop_assert_eq!(a.regions[1].state, State::Ok);
            prop_assert_eq!(colleague, Some(false));
            let reached = |o: &Outcome| o.answered() || o.failure().is_some_and(Failure::is_throttle);
            let witness = w.witnesses[0].news(w.now).is_some_and(|p| reached(&p.outcome));
            prop_assert!(witness || w.entra.answers(w.now) == Some(true));
            prop_assert!(a.recommend.missing.is_empty());
        }
        prop_assert_eq!(climb(&w.inputs()).regions.len(), 2);
    }
}

#[test]
fn without_any_news_nobody_says_that_this_laptop_sees() {
    let mut w = World::new();
    assert!(w.assess().sees);
    w.now += 3_600_000;
    let a = w.assess();
    assert!(!a.sees && a.blind.is_none(), "news of an hour ago is none: {a:?}");
    let a = World::new().all(9, &silent()).assess();
    assert!(!a.sees && a.blind.is_some());
}
