//! Every fault on a real socket: which stage is blamed, what it is called, and when the probe gives up.

use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use h2::Reason;
use lifeboat::clock::Clock;
use lifeboat::health::{Expectation, Failure, Observation, Stages};
use lifeboat::probe::{Target, Tls, probe};
use lifeboat::units::Millis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::servers::{acceptor, certificate, serve};
use super::{answer, failure, head, models, target};

/// Of a stage before the request, and of all.
pub const EARLY: Millis = Millis(900);
pub const WHOLE: Millis = Millis(1_500);
/// A busy machine may do everything late now and then, but not every time.
const TRIES: usize = 5;
/// Patience where something else ends the probe, however busy the machine is.
const LONG: Millis = Millis::from_secs(30);

/// What is expected of one observation.
pub struct Wanted {
    pub name: &'static str,
    pub failure: Failure,
    /// The stages that were reached, by their first letters: dns, connect, tls, first byte.
    pub stages: &'static str,
    /// The patience that runs out, if that is what ends it.
    pub after: Option<Millis>,
    pub words: &'static str,
}

pub fn reached(s: &Stages) -> String {
    let all = [("d", s.dns), ("c", s.connect), ("t", s.tls), ("f", s.first_byte)];
    all.iter().filter(|(_, took)| took.is_some()).map(|(letter, _)| *letter).collect()
}

/// Probes and compares; what differs gets another try.
pub async fn expect(clock: &Clock, target: &Target, wanted: &Wanted) -> Observation {
    let mut target = target.clone();
    if wanted.after.is_none() {
        (target.connect_timeout, target.total_timeout) = (LONG, LONG);
    }
    let mut attempt = 1;
    loop {
        let o = probe(&clock.task(), &target).await;
        match differs(&o, wanted) {
            None => return o,
            Some(what) => assert!(attempt < TRIES, "{}: {what}: {o:?}", wanted.name),
        }
        attempt += 1;
    }
}

fn differs(o: &Observation, wanted: &Wanted) -> Option<String> {
    let (least, most) = wanted.after.map_or((0, LONG.0 / 2), |w| (w.0, w.0 + w.0 / 10));
    let took = o.stages.total.unwrap().0;
    let differs = o.outcome.failure() != Some(&wanted.failure)
        || reached(&o.stages) != wanted.stages
        || !o.detail.as_deref().unwrap_or_default().contains(wanted.words)
        || !(least..=most).contains(&took);
    let Wanted { failure, stages, words, .. } = wanted;
    differs.then(|| format!("wanted {failure:?} at {stages} after {least} to {most} ms, with “{words}”, and not"))
}

fn patient(url: &str, tls: Option<Tls>) -> Target {
    let mut t = target(url);
    t.authority = tls.is_some().then(|| "oai.test".to_owned());
    (t.tls, t.connect_timeout, t.total_timeout) = (tls, EARLY, WHOLE);
    t
}

async fn forever() {
    std::future::pending::<()>().await;
}

async fn hold<T>(_open: T) {
    forever().await;
}

/// Sends RST instead of closing in order.
fn reset(s: TcpStream) {
    s.set_zero_linger().unwrap();
}

/// Over plain TCP: what the server does once it has read the request.
type Plain = fn(TcpStream) -> BoxFuture<'static, ()>;

fn plain() -> Vec<(Plain, Wanted)> {
    let wanted = |name, failure, stages, after, words| Wanted { name, failure, stages, after, words };
    vec![
        (|s| Box::pin(hold(s)), wanted("silence", Failure::NoAnswer, "c", Some(WHOLE), "no answer within")),
        (
            |mut s| {
                Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(WHOLE.0 * 2)).await;
                    s.write_all(models().as_bytes()).await.unwrap_or_default();
                })
            },
            wanted("a slow first byte", Failure::NoAnswer, "c", Some(WHOLE), "no answer within"),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{").await.unwrap();
                    while s.write_all(b" ").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                })
            },
            wanted("a trickling body", Failure::NoAnswer, "cf", Some(WHOLE), "no answer within"),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    while s.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                })
            },
            wanted("hints without an end", Failure::NoAnswer, "c", Some(WHOLE), "no answer within"),
        ),
        (|s| Box::pin(async move { reset(s) }), wanted("a reset before the answer", Failure::Reset, "c", None, "")),
        (
            |mut s| {
                Box::pin(async move {
                    s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"data\":").await.unwrap();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    reset(s);
                })
            },
            wanted("a reset in the body", Failure::Reset, "cf", None, "reset"),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"data\":").await.unwrap();
                })
            },
            wanted("an answer cut short", Failure::Reset, "cf", None, "end"),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    s.write_all(&[0xfe; 4_000]).await.unwrap_or_default();
                    forever().await;
                })
            },
            wanted("garbage", Failure::NotTheService, "c", None, ""),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "y".repeat(1 << 20));
                    s.write_all(long.as_bytes()).await.unwrap_or_default();
                })
            },
            wanted("1 MiB in one header", Failure::NotTheService, "c", None, "headers are longer than 64 KiB"),
        ),
        (
            |mut s| {
                Box::pin(async move {
                    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-many: yyyyyy\r\n".repeat(1 << 16));
                    s.write_all(many.as_bytes()).await.unwrap_or_default();
                })
            },
            wanted("1 MiB in many headers", Failure::NotTheService, "c", None, "headers are longer than 64 KiB"),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_http_are_blamed_on_their_stage_in_time() {
    let clock = Clock::system();
    let cases = plain().into_iter().map(|(act, wanted)| {
        let clock = &clock;
        async move {
            let after_request = move |mut s: TcpStream| async move {
                head(&mut s).await;
                act(s).await;
            };
            let (port, _) = serve(after_request).await;
            expect(clock, &patient(&format!("http://127.0.0.1:{port}/"), None), &wanted).await;
        }
    });
    join_all(cases).await;
}

/// Before and during TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_tls_are_blamed_on_it_in_time() {
    let acts: Vec<(Plain, Wanted)> = vec![
        (
            |s| Box::pin(hold(s)),
            Wanted {
                name: "accepted, then silent",
                failure: Failure::Tls,
                stages: "ct",
                after: Some(EARLY),
                words: "the TLS handshake was not answered",
            },
        ),
        (
            |mut s| {
                Box::pin(async move {
                    let mut hello = [0; 100];
                    s.read_exact(&mut hello).await.unwrap();
                    reset(s);
                })
            },
            Wanted { name: "a reset in TLS", failure: Failure::Reset, stages: "ct", after: None, words: "" },
        ),
        (
            |mut s| {
                Box::pin(async move {
                    let mut hello = [0; 100];
                    s.read_exact(&mut hello).await.unwrap();
                    s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
                    forever().await;
                })
            },
            Wanted { name: "no TLS at all", failure: Failure::Tls, stages: "ct", after: None, words: "" },
        ),
    ];
    let clock = Clock::system();
    let tls = Tls::platform().unwrap_or_else(|_| Tls::with_extra_ca(certificate().0.pem().as_bytes()).unwrap());
    let cases = acts.into_iter().map(|(act, wanted)| {
        let (clock, tls) = (&clock, tls.clone());
        async move {
            let (port, _) = serve(act).await;
            expect(clock, &patient(&format!("https://127.0.0.1:{port}/"), Some(tls)), &wanted).await;
        }
    });
    join_all(cases).await;
}

/// What a server does by HTTP/2 once it has read the request.
#[derive(Clone, Copy)]
enum Newer {
    Answer,
    GoAway,
    Reset,
    HeadersOf1MiB,
    ResetInTheBody,
    Silence,
    Garbage,
}

async fn by_http2(mut stream: TlsStream<TcpStream>, act: Newer) {
    if matches!(act, Newer::Garbage) {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_or_default();
        return forever().await;
    }
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.uri(), "https://oai.test/models?x=1");
        let mut response = hyper::Response::new(());
        match act {
            Newer::GoAway => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
            Newer::Reset => respond.send_reset(Reason::REFUSED_STREAM),
            Newer::HeadersOf1MiB => {
                let value = hyper::header::HeaderValue::from_maybe_shared("y".repeat(1 << 14)).unwrap();
                (0..64).for_each(|_| {
                    response.headers_mut().append("x-long", value.clone());
                });
                let _ = respond.send_response(response, true);
            }
            Newer::Answer | Newer::ResetInTheBody => {
                let mut body = respond.send_response(response, false).unwrap();
                body.send_data(Bytes::from_static(br#"{"data":[]"#), false).unwrap();
                if matches!(act, Newer::Answer) {
                    body.send_data(Bytes::from_static(b"}"), true).unwrap();
                } else {
                    // What was sent leaves first.
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        body.send_reset(Reason::INTERNAL_ERROR);
                    });
                }
            }
            Newer::Silence => {
                tokio::spawn(hold(respond));
            }
            Newer::Garbage => {}
        }
    }
}

async fn newer(act: Newer) -> Target {
    let (certificate, key) = certificate();
    let acceptor = acceptor(certificate.der().clone(), &key, &[b"h2", b"http/1.1"]);
    let (port, _) = serve(move |stream| {
        let acceptor = acceptor.clone();
        // Held beyond the end: a closed socket with unread bytes resets, and what was said last may not be heard.
        let held = stream.as_fd().try_clone_to_owned().unwrap();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                by_http2(stream, act).await;
            }
            forever().await;
            drop(held);
        }
    })
    .await;
    let tls = Tls::with_extra_ca(certificate.pem().as_bytes()).unwrap();
    patient(&format!("https://127.0.0.1:{port}/models?x=1"), Some(tls))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_answers_and_its_faults_have_names() {
    let clock = Clock::system();
    let mut t = newer(Newer::Answer).await;
    for body in [None, Some("{}".to_owned())] {
        t.body = body;
        let o = probe(&clock.task(), &t).await;
        assert!(o.outcome.answered(), "{o:?}");
        assert_eq!(reached(&o.stages), "ctf");
    }
    let wanted = |name, failure, stages, after, words| Wanted { name, failure, stages, after, words };
    let cases = [
        (Newer::GoAway, wanted("GOAWAY", Failure::Reset, "ct", None, "(GOAWAY): detected excessive load")),
        (Newer::Reset, wanted("RST_STREAM", Failure::Reset, "ct", None, "(RST_STREAM): refused stream")),
        (
            Newer::HeadersOf1MiB,
            wanted("1 MiB by HTTP/2", Failure::NotTheService, "ct", None, "headers are longer than 64 KiB"),
        ),
        (Newer::ResetInTheBody, wanted("RST in the body", Failure::Reset, "ctf", None, "(RST_STREAM): unexpected")),
        (Newer::Silence, wanted("silence by HTTP/2", Failure::NoAnswer, "ct", Some(WHOLE), "no answer within")),
        (Newer::Garbage, wanted("no HTTP/2 at all", Failure::NotTheService, "ct", None, "its HTTP/2 is broken")),
    ];
    let clock = &clock;
    join_all(cases.map(|(act, wanted)| async move {
        expect(clock, &newer(act).await, &wanted).await;
    }))
    .await;
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let (port, count) = serve(|mut s| async move {
        head(&mut s).await;
        let around = answer("302 Found", "location: /again\r\n", "");
        s.write_all(around.as_bytes()).await.unwrap();
    })
    .await;
    let clock = Clock::system();
    let mut t = patient(&format!("http://127.0.0.1:{port}/again"), None);
    let o = probe(&clock.task(), &t).await;
    assert_eq!(failure(&o), Failure::NotTheService, "{o:?}");
    t.expect = Expectation::Reachable;
    assert!(probe(&clock.task(), &t).await.outcome.answered());
    assert_eq!(count.load(Ordering::Relaxed), 2, "one request each");
}
