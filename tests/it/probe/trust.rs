//! Certificates: which is believed, what is kept of one that is not, and the words for why.

use std::time::SystemTime;

use lifeboat::clock::Clock;
use lifeboat::health::{Failure, Observation};
use lifeboat::probe::{Tls, probe};
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::faults::reached;
use super::servers::{tls_server, tls_server_of};
use super::{failure, target};

fn named(name: &str) -> DistinguishedName {
    let mut all = DistinguishedName::new();
    all.push(DnType::OrganizationName, "Contoso");
    all.push(DnType::CommonName, name);
    all
}

/// An authority, and what to trust to believe it.
fn authority(name: &str) -> (Issuer<'static, KeyPair>, Tls) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name = named(name);
    let tls = Tls::with_extra_ca(params.self_signed(&key).unwrap().pem().as_bytes()).unwrap();
    (Issuer::new(params, key), tls)
}

fn params(subject: &str, names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = if subject.is_empty() { DistinguishedName::new() } else { named(subject) };
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2060, 2, 3));
    params
}

async fn look(port: u16, tls: &Tls) -> Observation {
    let mut t = target(&format!("https://127.0.0.1:{port}/"));
    t.authority = Some("oai.test".to_owned());
    t.tls = Some(tls.clone());
    probe(&Clock::system().task(), &t).await
}

#[tokio::test]
async fn a_certificate_is_kept_and_its_refusal_explained() {
    let (known, tls) = authority("Known Authority");
    let (foreign, _) = authority("Interceptor CA");
    let expired = |mut p: CertificateParams| {
        p.not_after = date_time_ymd(2021, 5, 6);
        p
    };
    let future = |mut p: CertificateParams| {
        p.not_before = date_time_ymd(2059, 5, 6);
        p
    };
    let good = params("Good", &["oai.test"]);
    let cases = [
        ("trusted", good.clone(), Some(&known), "Good", vec![]),
        ("without a subject", params("", &["oai.test", "b.test"]), Some(&known), "oai.test", vec![]),
        (
            "expired",
            expired(good.clone()),
            Some(&known),
            "Good",
            vec!["certificate of Good expired on 2021-05-06 00:00 UTC", "if not, set the clock"],
        ),
        (
            "of the future",
            future(good.clone()),
            Some(&known),
            "Good",
            vec!["not valid before 2059-05-06", "clock is probably slow"],
        ),
        (
            "of another",
            params("Other", &["a.test", "b.test"]),
            Some(&known),
            "Other",
            vec!["another name: not for oai.test, but for", "a.test", "b.test"],
        ),
        (
            "of a stranger",
            good.clone(),
            Some(&foreign),
            "Good",
            vec!["issued by Interceptor CA, whom this computer does not trust"],
        ),
        ("of itself", good, None, "Good", vec!["signed by nobody but itself"]),
    ];
    for (name, params, issuer, subject, words) in cases {
        let key = KeyPair::generate().unwrap();
        let shown = match issuer {
            Some(issuer) => params.signed_by(&key, issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let o = look(tls_server(&shown, &key).await, &tls).await;
        let kept = o.certificate.clone().unwrap_or_else(|| panic!("{name}: {o:?}"));
        assert_eq!(kept.subject, subject, "{name}");
        let by = match (name, issuer) {
            ("of a stranger", _) => "Interceptor CA",
            (_, Some(_)) => "Known Authority",
            (_, None) => "Good",
        };
        assert_eq!(kept.issuer, by, "{name}");
        let until = SystemTime::from(params.not_after).duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(kept.until, until.as_millis() as i64, "{name}");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, shown.der());
        assert_eq!(kept.sha256, digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>());
        if words.is_empty() {
            assert!(o.outcome.answered(), "{name}: {o:?}");
            continue;
        }
        assert_eq!(failure(&o), Failure::Certificate, "{name}");
        assert!(!failure(&o).counts(), "{name}: a certificate does not speak of the region");
        assert_eq!(reached(&o.stages), "ct", "{name}");
        let detail = o.detail.unwrap();
        assert!(words.iter().all(|w| detail.contains(w)), "{name}: {detail}");
    }
}

/// Whoever answers may send anything for a certificate.
#[tokio::test]
async fn a_broken_certificate_is_a_failure_and_nothing_worse() {
    let (known, tls) = authority("Known Authority");
    let key = KeyPair::generate().unwrap();
    let whole = params("Good", &["oai.test"]).signed_by(&key, &known).unwrap().der().to_vec();
    let mut broken: Vec<Vec<u8>> = [0, 1, 2, 5, 40, whole.len() - 1].iter().map(|n| whole[..*n].to_vec()).collect();
    // Lengths and tags are among the first bytes, dates and names after them.
    for at in (0..200).step_by(3) {
        let mut one = whole.clone();
        one[at] ^= 0xff;
        broken.push(one);
    }
    for der in broken {
        let o = look(tls_server_of(CertificateDer::from(der), &key).await, &tls).await;
        assert!(matches!(failure(&o), Failure::Certificate | Failure::Tls), "{o:?}");
    }
}
