//! Read aloud: what is misheard is noticed, and a code is of one pair, one plan and one request.

use lifeboat::approval::ApprovalError;
use lifeboat::approval::phone::{About, Challenge, proof};
use lifeboat::run::event::Mode;
use lifeboat::runbook::model::Strategy;

use super::{People, STEP, ask, asked, colleague, live};
use crate::run::plan_of;

const HEARD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Every text in which one sign is another, and in which two neighbours changed places.
fn misheard(text: &str) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    for n in (0..signs.len()).filter(|n| signs[*n] != '-') {
        for c in HEARD.chars().filter(|c| *c != signs[n]) {
            let mut other = signs.clone();
            other[n] = c;
            out.push(other.iter().collect());
        }
        let next = (n + 1..signs.len()).find(|m| signs[*m] != '-');
        if let Some(m) = next.filter(|m| signs[*m] != signs[n]) {
            let mut other = signs.clone();
            other.swap(n, m);
            out.push(other.iter().collect());
        }
    }
    out
}

#[test]
fn a_code_is_of_two_devices_one_plan_and_one_request() {
    let people = People::new();
    let plan = plan_of(Strategy::HotCold);
    let b = asked(&people);
    let r = people.request(&b, STEP);
    let c = Challenge::of(&r, &plan).unwrap();
    assert_eq!(c.text().len(), 24, "{}", c.text());
    // At Ben's.
    let heard = Challenge::heard(&c.text().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l"))
        .unwrap()
        .unwrap();
    assert_eq!((heard, heard.about(), heard.mode()), (c, About::Send, Mode::Live));
    assert_eq!(heard.step(&plan).unwrap().id, STEP);
    let (from, pair) = heard.from(&people.bens).unwrap();
    assert_eq!(from.name, "Ada");
    let code = heard.code(&people.ben, &pair, &plan).unwrap();
    // At Ada's.
    let ben = colleague("Ben", &people.ben);
    let p = proof(&r, &plan, &people.ada, &ben, &code.to_lowercase()).unwrap();
    assert_eq!((p.name.as_str(), p.key, p.same_device), ("Ben", people.ben.public().to_string(), false));

    let wrong = |r, plan, who: &_, code: &str| proof(r, plan, &people.ada, who, code).unwrap_err();
    let cleo = colleague("Cleo", &people.cleo);
    assert_eq!(wrong(&r, &plan, &cleo, &code), ApprovalError::WrongCode("Cleo".to_owned()), "another pair's");
    let cleos = heard.code(&people.cleo, &pair, &plan).unwrap();
    assert_eq!(wrong(&r, &plan, &ben, &cleos), ApprovalError::WrongCode("Ben".to_owned()), "of somebody else");
    let again = {
        let mut b = live(&people);
        ask(&mut b, 7).unwrap();
        people.request(&b, STEP)
    };
    assert_eq!(wrong(&again, &plan, &ben, &code), ApprovalError::WrongCode("Ben".to_owned()), "of an earlier question");
    let mut other_digest = plan.clone();
    other_digest.digest = format!("{}0", &plan.digest[..63]);
    if other_digest.digest == plan.digest {
        other_digest.digest = format!("{}1", &plan.digest[..63]);
    }
    assert!(heard.fits(&other_digest), "the challenge itself cannot tell them apart");
    let theirs = heard.code(&people.ben, &pair, &other_digest).unwrap();
    assert_eq!(wrong(&r, &plan, &ben, &theirs), ApprovalError::WrongCode("Ben".to_owned()), "of another plan");
    assert_eq!(wrong(&r, &plan, &colleague("Me", &people.ada), &code), ApprovalError::OwnKey);
    let half = lifeboat::health::sighting::Colleague { pair: None, ..ben.clone() };
    assert_eq!(wrong(&r, &plan, &half, &code), ApprovalError::NoPair);

    assert!(heard.step(&plan_of(Strategy::HotHot)).is_none(), "another strategy is another plan");
    assert_eq!(heard.from(&[]), Err(ApprovalError::NoPair));
    assert_eq!(heard.from(&[cleo]), Err(ApprovalError::NoPair));
    for text in misheard(&c.text()) {
        let got = Challenge::heard(&text).map(|r| r.is_err());
        assert_eq!(got, Some(true), "{text} for {}", c.text());
    }
    for text in misheard(&code) {
        assert_eq!(wrong(&r, &plan, &ben, &text), ApprovalError::Misheard("code"), "{text} for {code}");
    }
    for text in ["", "yes", "7F3K", "7F3K-7F3K-7F3K-7F3K-7F3", &"7".repeat(500)] {
        assert!(Challenge::heard(text).is_none(), "{text}");
        assert_eq!(wrong(&r, &plan, &ben, text), ApprovalError::Misheard("code"));
    }
}
