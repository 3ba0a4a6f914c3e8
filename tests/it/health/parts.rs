//! Fronts, deployments and dependencies; the road through a proxy and past it; lamps of the control plane.

use lifeboat::health::{
    Advice, Assessment, Detector, Endpoint, Failure, Inputs, LampState, Outcome, Part, RegionInput, Role, State,
    assess, climb,
};
use lifeboat::runbook::model::{Rung, Tier};
use lifeboat::units::Region;

use lifeboat::health::Thresholds;
use proptest::prelude::*;

use super::{STEP, T0, failed, fed, ok, seen, silent, times};

/// Forty good probes, then forty-eight of these.
const BEFORE: usize = 40;
const AFTER: usize = 48;
const NOW: i64 = T0 + (BEFORE + AFTER - 1) as i64 * STEP;

fn d(id: &str, then: &Outcome) -> Detector {
    fed(id, Tier::T1, times(BEFORE, &ok()).chain(times(AFTER, then))).0
}

fn kind(id: &str, kind: &'static str, then: &Outcome) -> Detector {
    d(id, then).of_kind(kind)
}

/// Good until these.
fn until(id: &str, then: &[Outcome]) -> Detector {
    fed(id, Tier::T1, times(BEFORE + AFTER - then.len(), &ok()).chain(then.iter().cloned())).0
}

/// Kept silent from the start: what was never heard.
fn unheard(id: &str) -> Detector {
    fed(id, Tier::T1, []).0
}

use Part::{Dependency, Deployment, Front};

struct World {
    east: Vec<(Detector, Part, Option<Detector>)>,
    west: Detector,
    witness: Detector,
    entra: Detector,
    arm: Detector,
    east_arm: Option<Detector>,
    west_arm: Option<Detector>,
}

impl World {
    fn new(east: Vec<(Detector, Part)>) -> Self {
        Self {
            east: east.into_iter().map(|(d, part)| (d, part, None)).collect(),
            west: d("oai-west", &ok()),
            witness: d("one", &ok()),
            entra: d("login", &ok()),
            arm: d("arm", &ok()),
            east_arm: None,
            west_arm: None,
        }
    }

    /// One front, through a proxy and past it.
    fn proxied(road: &Outcome, past: &Outcome) -> Self {
        let mut w = Self::new(vec![]);
        w.east.push((d("oai-east", road), Front, Some(d("oai-east, direct", past))));
        w
    }

    fn inputs(&self) -> Inputs<'_> {
        let east =
            self.east.iter().map(|(d, part, direct)| Endpoint { detector: d, part: *part, direct: direct.as_ref() });
        let region = |name, role, endpoints, arm| RegionInput {
            region: Region::new(name),
            role,
            endpoints,
            arm,
            provisioning: None,
        };
        Inputs {
            now: NOW,
            regions: vec![
                region("eastus", Role::Primary, east.collect(), self.east_arm.as_ref()),
                region("westeurope", Role::Secondary, vec![(&self.west).into()], self.west_arm.as_ref()),
            ],
            witnesses: vec![&self.witness],
            entra: Some(&self.entra),
            arm: Some(&self.arm),
            notices_read: Some(NOW),
            ..Inputs::default()
        }
    }

    fn assess(&self) -> Assessment {
        assess(&self.inputs())
    }
}

#[test]
fn fronts_decide_and_what_fails_behind_them_is_named() {
    let front = |o: &Outcome| (d("oai-east", o), Front);
    let chat = |o: &Outcome| (d("chat", o), Deployment);
    let mini = |o: &Outcome| (d("mini", o), Deployment);
    let vault = |o: &Outcome| (kind("kv-prod", "key vault", o), Dependency);
    let store = |o: &Outcome| (kind("stprod", "storage", o), Dependency);
    let plain = (d("thing", &silent()), Dependency);
    let (yes, no, wait, refused) = (&ok(), &silent(), &failed(Failure::status(429)), &failed(Failure::status(403)));
    let no_key = &failed(Failure::status(401));
    use Advice::{Confirm, MovePart, Nothing, Watch};
    for (endpoints, state, advice, sentence) in [
        (vec![front(yes), chat(yes), vault(yes)], State::Ok, Nothing, "East US answers in 61 ms"),
        (
            vec![front(yes), vault(no)],
            State::Degraded,
            Watch,
            "East US serves, but its key vault kv-prod does not answer",
        ),
        (vec![front(yes), plain], State::Degraded, Watch, "East US serves, but its dependency thing does not answer"),
        (
            vec![front(yes), vault(no), store(no)],
            State::Degraded,
            Watch,
            "East US serves, but its key vault kv-prod and its storage stprod do not answer",
        ),
        (
            vec![front(yes), chat(no), mini(yes)],
            State::Degraded,
            MovePart,
            "East US serves, but its deployment chat does not answer",
        ),
        (
            vec![front(yes), chat(no), mini(no)],
            State::Degraded,
            MovePart,
            "East US serves, but none of its 2 deployments answers",
        ),
        // The models are listed and nobody gets an answer: no quota, no capacity. No outage, but no service either.
        (
            vec![front(yes), chat(wait), mini(wait)],
            State::Throttled,
            MovePart,
            "East US answers, but its deployments throttle our calls (429); that is no outage",
        ),
        (
            vec![front(yes), chat(wait), mini(yes)],
            State::Degraded,
            Watch,
            "East US serves, but its deployment chat throttles our calls (429)",
        ),
        // Users are not served by a key vault, but by a deployment.
        (vec![front(no), vault(yes)], State::Down, Confirm, "East US is down, persistently, for 11 min 45 s"),
        (
            vec![front(no), chat(yes)],
            State::Degraded,
            Watch,
            "East US answers in part: oai-east does not answer, but its deployment chat does",
        ),
        // Its last answer is older than the outage: it no longer shows that something lives there.
        (
            vec![front(no), (until("chat", &[silent()]), Deployment)],
            State::Down,
            Confirm,
            "East US is down, persistently, for 11 min 45 s",
        ),
        // Of two that users call, both must be failing.
        (
            vec![front(no), (until("own", &[silent(), silent(), silent()]), Front)],
            State::Down,
            Confirm,
            "East US is down, persistently, for 11 min 45 s",
        ),
        (
            vec![front(no), (until("own", &[silent()]), Front)],
            State::Degraded,
            Watch,
            "East US answers in part: 1 of 2 endpoints fails, so it is not the whole region",
        ),
        (
            vec![front(no), (d("own", &failed(Failure::Certificate)), Front)],
            State::Suspect,
            Watch,
            "East US may be failing: no answer in time, 48 in a row",
        ),
        // A refusal shows that a dependency is alive; of what users call it shows too little.
        (vec![front(yes), vault(refused)], State::Ok, Nothing, "East US answers in 61 ms"),
        (
            vec![front(yes), chat(no_key)],
            State::Unknown,
            Watch,
            "East US is known in part only: chat cannot be judged: key or token refused (401)",
        ),
        (
            vec![front(yes), (unheard("kv-new"), Dependency)],
            State::Unknown,
            Watch,
            "East US is known in part only: some of its endpoints were not heard yet",
        ),
        // Nobody knows whether it serves: then a vault that fails is a reason, and no verdict.
        (
            vec![front(no_key), vault(no)],
            State::Unknown,
            Watch,
            "East US is known in part only: oai-east cannot be judged: key or token refused (401)",
        ),
        // Without a front what stands behind it decides.
        (vec![vault(no), store(no)], State::Down, Confirm, "East US is down, persistently, for 11 min 45 s"),
        (
            vec![vault(no), store(yes)],
            State::Degraded,
            Watch,
            "East US answers in part: its key vault kv-prod does not answer",
        ),
        (
            vec![vault(no), (unheard("st"), Dependency)],
            State::Suspect,
            Watch,
            "East US may be failing: no answer in time, 48 in a row",
        ),
    ] {
        let w = World::new(endpoints);
        let a = w.assess();
        assert_eq!((a.regions[0].state, a.regions[0].sentence.as_str()), (state, sentence));
        assert_eq!(a.recommend.advice, advice, "{sentence}");
        assert!(a.recommend.sentence.len() > 20, "{sentence}: {}", a.recommend.sentence);
    }
}

#[test]
fn a_proxy_that_fails_is_no_region_that_fails() {
    let (yes, no, denied) = (&ok(), &failed(Failure::ConnectTimeout), &failed(Failure::NotTheService));
    let beyond = &failed(Failure::BeyondProxy);
    for (road, past, state, advice, sentence) in [
        (yes, yes, State::Ok, Advice::Nothing, "East US answers in 61 ms"),
        // A network that lets nobody out but through its proxy: that is how it is.
        (yes, no, State::Ok, Advice::Nothing, "East US answers in 61 ms"),
        (
            no,
            yes,
            State::Degraded,
            Advice::LookAtYourNetwork,
            "East US answers past the proxy and not through it: it is the proxy, not the region",
        ),
        (
            denied,
            yes,
            State::Degraded,
            Advice::LookAtYourNetwork,
            "East US answers past the proxy and not through it: it is the proxy, not the region",
        ),
        (no, no, State::Down, Advice::Confirm, "East US is down, persistently, for 11 min 45 s"),
        // What the proxy cannot reach either is an outage as any.
        (beyond, no, State::Down, Advice::Confirm, "East US is down, persistently, for 11 min 45 s"),
        (
            beyond,
            yes,
            State::Degraded,
            Advice::LookAtYourNetwork,
            "East US answers past the proxy and not through it: it is the proxy, not the region",
        ),
        (denied, no, State::Unknown, Advice::Watch, "East US cannot be judged: something else answers in its place"),
    ] {
        let a = World::proxied(road, past).assess();
        assert_eq!((a.regions[0].state, a.regions[0].sentence.as_str()), (state, sentence));
        assert_eq!(a.recommend.advice, advice, "{road:?} {past:?}");
    }
    let first = |road, past| World::proxied(road, past).assess().regions[0].reasons[0].text.clone();
    assert_eq!(
        first(no, yes),
        "oai-east: connect timeout through the proxy; past it, it answers: it is the proxy, not the region"
    );
    assert_eq!(
        first(beyond, yes),
        "oai-east: not reached through the proxy; past it, it answers: it is the proxy, not the region"
    );
    assert_eq!(first(yes, no), "oai-east: answers in 61 ms, 21 of 21; past the proxy it does not answer");
    assert!(first(no, no).ends_with("; past the proxy it fails too"));

    // The proxy carries nothing at all: blind through it, and it is said whose fault that is.
    let mut w = World::proxied(no, yes);
    (w.west, w.witness, w.entra, w.arm) = (d("west", no), d("one", no), d("login", no), d("arm", no));
    let a = w.assess();
    assert_eq!(a.blind.as_deref(), Some("the proxy does not carry: past it something answers"));
    assert_eq!((a.regions[0].state, a.regions[1].state), (State::Degraded, State::Blind));
    assert_eq!(a.recommend.advice, Advice::LookAtYourNetwork);
    // It reaches nobody, and nothing answers past it.
    let mut w = World::proxied(beyond, no);
    (w.west, w.witness, w.entra, w.arm) = (d("west", beyond), d("one", beyond), d("login", beyond), d("arm", beyond));
    let a = w.assess();
    assert_eq!((a.regions[0].state, a.regions[1].state), (State::Blind, State::Blind));
    w.east[0].2 = None;
    assert_eq!(w.assess().blind.as_deref(), Some("the proxy carries nothing: mend it, or go past it"));
}

#[test]
fn a_network_that_keeps_the_witnesses_out_is_not_blind_while_regions_answer() {
    let mut w = World::new(vec![(d("oai-east", &ok()), Front)]);
    (w.witness, w.entra) = (d("one", &silent()), d("login", &silent()));
    let a = w.assess();
    assert_eq!((&a.blind, a.sees, a.regions[0].state), (&None, false, State::Ok));
    assert_eq!(a.headline, "East US and West Europe answer; sign-in does not");
    let laptop = climb(&w.inputs()).laptop;
    assert_eq!((laptop.state, laptop.text.as_str()), (LampState::Degraded, "only 0 of 1 witnesses answer"));
    // One region down while another answers: red, and nobody moves before somebody unrelated was heard.
    w.east[0].0 = d("oai-east", &silent());
    let a = w.assess();
    assert_eq!((a.regions[0].state, a.regions[1].state, a.recommend.advice), (State::Down, State::Ok, Advice::Confirm));
    assert!(a.recommend.missing[0].starts_with("hear a witness or the sign-in service"), "{:?}", a.recommend);
    // A cable is pulled: what the regions answered before it shows nothing.
    let cut = [silent(), silent()];
    (w.witness, w.entra) = (until("one", &cut), until("login", &cut));
    w.west = fed("oai-west", Tier::T1, times(BEFORE + AFTER - 2, &ok())).0;
    assert!(w.assess().blind.is_some());
    // A witness that throttles us was reached.
    w.witness = d("one", &failed(Failure::status(429)));
    assert_eq!((w.assess().blind, w.assess().sees), (None, true));
}

#[test]
fn sign_in_alone_being_down_is_said_and_moves_nobody() {
    let mut w = World::new(vec![(d("oai-east", &ok()), Front)]);
    w.entra = d("login", &silent());
    let a = w.assess();
    assert_eq!((a.regions[0].state, &a.blind, a.sees), (State::Ok, &None, true));
    assert_eq!(a.headline, "East US and West Europe answer; sign-in does not");
    assert_eq!(a.recommend.advice, Advice::Nothing);
    let ladder = climb(&w.inputs());
    assert_eq!((ladder.laptop.state, ladder.entra.state), (LampState::Ok, LampState::Down));

    w.entra = d("login", &ok());
    w.arm = d("arm", &failed(Failure::status(503)));
    let a = w.assess();
    assert_eq!(a.headline, "East US and West Europe answer; Azure Resource Manager does not");
    assert!(a.explanation.ends_with("that is no reason to move them."));
}

#[test]
fn each_control_plane_has_its_own_lamp() {
    let mut w = World::new(vec![(d("oai-east", &silent()), Front)]);
    let ladder = climb(&w.inputs());
    assert!(ladder.controls.is_empty());
    assert_eq!(ladder.rung(Rung::Arm).unwrap().name, "ARM");

    // The data plane is down while ARM is well, and the other way round in the second region.
    w.east_arm = Some(d("arm east", &ok()));
    w.west_arm = Some(d("arm west", &failed(Failure::status(503))));
    let ladder = climb(&w.inputs());
    let lamps: Vec<_> = ladder.lamps().map(|l| (l.name.as_str(), l.state)).collect();
    assert_eq!(
        lamps,
        [
            ("This laptop", LampState::Ok),
            ("Entra ID", LampState::Ok),
            ("ARM", LampState::Ok),
            ("East US ARM", LampState::Ok),
            ("West Europe ARM", LampState::Down),
            ("East US", LampState::Down),
            ("West Europe", LampState::Degraded),
        ]
    );
    assert_eq!(ladder.rung(Rung::Arm).unwrap().name, "West Europe ARM", "changes are made there");
    assert_eq!(ladder.rung(Rung::SecondaryData).unwrap().state, LampState::Degraded);
}

#[test]
fn only_the_name_not_resolving_is_said_to_be_perhaps_our_own() {
    let w = World::new(vec![(d("oai-east", &failed(Failure::Dns)), Front)]);
    let a = w.assess();
    assert_eq!(a.regions[0].state, State::Down);
    assert!(a.explanation.ends_with("so ask another resolver."), "{}", a.explanation);
}

#[test]
fn when_nothing_at_all_answers_and_nobody_unrelated_was_heard_it_is_not_the_region() {
    let mut w = World::new(vec![(d("oai-east", &silent()), Front)]);
    w.west = d("oai-west", &silent());
    let inputs = Inputs { witnesses: vec![], entra: None, arm: None, ..w.inputs() };
    let a = assess(&inputs);
    assert_eq!((a.regions[0].state, a.recommend.advice), (State::Blind, Advice::LookAtYourNetwork));
    // Three errors are needed for that too: a first failure at the start is no news of this laptop.
    let first = fed("e", Tier::T1, [silent()]).0;
    let region = RegionInput {
        region: Region::new("eastus"),
        role: Role::Primary,
        endpoints: vec![(&first).into()],
        arm: None,
        provisioning: None,
    };
    let a = assess(&Inputs { now: T0, regions: vec![region], ..Inputs::default() });
    assert_eq!((a.regions[0].state, a.blind), (State::Unknown, None));
}

#[test]
fn throttling_without_a_place_to_go_moves_nothing() {
    let wait = &failed(Failure::status(429));
    let mut w = World::new(vec![(d("oai-east", wait), Front)]);
    assert_eq!(w.assess().recommend.advice, Advice::MovePart);
    for west in [wait.clone(), silent(), failed(Failure::status(401))] {
        w.west = d("oai-west", &west);
        let r = w.assess().recommend;
        assert_eq!(r.advice, Advice::BackOff, "{west:?}");
        assert!(r.sentence.contains("nobody can take a part of the load: West Europe"), "{}", r.sentence);
    }
}

/// A laptop's morning: who is watched, what each shows stretch by stretch, and when nobody looked.
#[derive(Debug, Clone)]
struct Morning {
    /// Part of each endpoint, whether it is asked past the proxy too, and whether it is in the second region.
    endpoints: Vec<(Part, bool, bool)>,
    witnesses: usize,
    entra: bool,
    /// What everything shows by turns, for how many probes, and how long nobody looked before it.
    stretches: Vec<(Vec<Outcome>, usize, i64)>,
    later: i64,
}

fn mornings() -> impl Strategy<Value = Morning> {
    let outcome = prop_oneof![
        4 => Just(ok()),
        4 => Just(silent()),
        1 => prop::sample::select(vec![Failure::Dns, Failure::NoRoute, Failure::NotTheService, Failure::NotAsked]).prop_map(failed),
        1 => prop::sample::select(vec![401u16, 404, 429, 503]).prop_map(|c| failed(Failure::status(c))),
    ];
    let part = prop::sample::select(vec![Front, Front, Deployment, Dependency]);
    let gap = prop_oneof![3 => Just(0), 1 => 1_000i64..90_000, 1 => -600_000i64..-1_000];
    let stretch = (prop::collection::vec(outcome, 12), 1usize..25, gap);
    (
        prop::collection::vec((part, any::<bool>(), any::<bool>()), 0..5),
        0usize..3,
        any::<bool>(),
        prop::collection::vec(stretch, 1..5),
        0i64..90_000,
    )
        .prop_map(|(endpoints, witnesses, entra, stretches, later)| Morning {
            endpoints,
            witnesses,
            entra,
            stretches,
            later,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn never_green_for_want_of_news_and_never_red_from_a_laptop_that_cannot_see(m in mornings()) {
        let mut all: Vec<Detector> = (0..12).map(|n| Detector::new(n.to_string().as_str().into(), Thresholds::default())).collect();
        let (mut now, mut gap) = (T0, i64::MIN);
        for (shows, n, pause) in &m.stretches {
            if *pause != 0 {
                all.iter_mut().for_each(|d| d.gap(now + pause));
                now += pause;
                gap = now;
            }
            for _ in 0..*n {
                now += STEP;
                for (d, o) in all.iter_mut().zip(shows) {
                    let o = seen(&d.id().0.clone(), now, o.clone());
                    d.observe(&o);
                }
            }
        }
        now += m.later;
        let endpoints = |second: bool| -> Vec<Endpoint<'_>> {
            let mine = m.endpoints.iter().enumerate().filter(|(_, e)| e.2 == second);
            mine.map(|(n, e)| Endpoint { part: e.0, detector: &all[n], direct: e.1.then_some(&all[5 + n]) }).collect()
        };
        let region = |name, role, endpoints| RegionInput { region: Region::new(name), role, endpoints, arm: None, provisioning: None };
        let inputs = Inputs {
            now,
            regions: vec![
                region("eastus", Role::Primary, endpoints(false)),
                region("westeurope", Role::Secondary, endpoints(true)),
            ],
            witnesses: all[10..].iter().take(m.witnesses).collect(),
            entra: m.entra.then_some(&all[9]),
            ..Inputs::default()
        };
        let a = assess(&inputs);
        let fresh = |d: &Detector| d.last_success().is_some_and(|at| at > gap && (now - at).abs() <= 45_000);
        let answers = |d: &Detector| d.answers(now) == Some(true) && fresh(d);
        let throttles = |d: &Detector| d.news(now).and_then(|p| p.outcome.failure()).is_some_and(Failure::is_throttle);
        let unrelated = inputs.witnesses.iter().any(|w| answers(w) || throttles(w)) || inputs.entra.is_some_and(answers);
        let roads = || inputs.regions.iter().flat_map(|r| &r.endpoints).flat_map(|e| [Some(e.detector), e.direct]).flatten();
        let anything = unrelated || roads().any(answers);
        for (v, r) in a.regions.iter().zip(&inputs.regions) {
            if v.state == State::Ok {
                let fronts = r.endpoints.iter().any(|e| e.part == Front);
                let deciding = || r.endpoints.iter().filter(|e| !fronts || e.part == Front);
                prop_assert!(deciding().next().is_some() && deciding().all(|e| fresh(e.detector)), "{:?}", v);
            }
            if v.state == State::Down {
                prop_assert!(a.blind.is_none() && anything, "{:?}", v);
            }
            prop_assert!(!v.sentence.is_empty());
        }
        prop_assert!(a.blind.is_none() || !unrelated);
        prop_assert!(!a.sees || unrelated);
        // Nobody has seen it with other eyes.
        prop_assert!(a.recommend.advice != Advice::FailOver);
        prop_assert!(!a.recommend.sentence.is_empty());
    }
}
