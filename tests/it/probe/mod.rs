//! Tests of `probe`, against small servers on loopback that misbehave in one way each.

mod alone;
mod faults;
mod proxies;
mod servers;
mod trust;

use std::sync::{Arc, Mutex};

use lifeboat::clock::{Clock, Speed, WORK_HEADER};
use lifeboat::health::{Expectation, Failure, Observation, Outcome};
use lifeboat::probe::{BODY_MAX, Credential, Target, Tls, probe, probe_with_retry, waits};
use lifeboat::units::{Millis, Secret};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const EPOCH: i64 = 1_700_000_000_000;

/// What the server does with a request.
#[derive(Clone)]
enum Act {
    /// Sends this and closes.
    Say(String),
    /// Says nothing, on the clock's account, for so long; then as `Say`.
    After(Millis, String),
    /// Closes without an answer.
    Close,
}

/// One server; it ends with the test's runtime.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn head<S: AsyncRead + Unpin>(s: &mut S) -> String {
    let (mut text, mut byte) = (Vec::new(), [0u8]);
    while !text.ends_with(b"\r\n\r\n") && s.read_exact(&mut byte).await.is_ok() {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).to_ascii_lowercase()
}

async fn act<S: AsyncWrite + Unpin>(s: &mut S, request: &str, act: Act, clock: &Clock) {
    let work = request.lines().find_map(|l| l.strip_prefix(&format!("{WORK_HEADER}: "))).unwrap_or("0");
    match act {
        Act::Close => {}
        Act::Say(text) => s.write_all(text.as_bytes()).await.unwrap_or_default(),
        Act::After(wait, text) => {
            clock.serve_sleep(work.parse().unwrap(), wait).await;
            s.write_all(text.as_bytes()).await.unwrap_or_default();
        }
    }
}

impl Server {
    /// Answers the n-th request with the n-th act, and the last one from then on.
    async fn start(clock: &Clock, acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), requests: Arc::default() };
        let (requests, clock) = (Arc::clone(&server.requests), clock.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = head(&mut stream).await;
                let n = {
                    let mut all = requests.lock().unwrap();
                    all.push(request.clone());
                    all.len() - 1
                };
                let (next, clock) = (acts[n.min(acts.len() - 1)].clone(), clock.clone());
                tokio::spawn(async move { act(&mut stream, &request, next, &clock).await });
            }
        });
        server
    }

    fn target(&self) -> Target {
        target(&format!("http://127.0.0.1:{}/openai/models?api-version=2024-10-21", self.port))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn target(url: &str) -> Target {
    Target::get("oai", url.parse().unwrap(), Expectation::JsonWith("data".to_owned()))
}

fn max() -> Clock {
    Clock::scenario(EPOCH, Millis(0), Speed::Max)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn models() -> String {
    answer("200 OK", "content-type: application/json\r\n", r#"{"object":"list","data":[]}"#)
}

/// One probe on a fresh clock at full speed against a server that does this.
async fn once(acts: Vec<Act>) -> (Observation, Server) {
    let clock = max();
    let server = Server::start(&clock, acts).await;
    let seen = probe(&clock.task(), &server.target()).await;
    (seen, server)
}

fn failure(o: &Observation) -> Failure {
    o.outcome.failure().cloned().unwrap_or_else(|| panic!("it answered: {o:?}"))
}

#[tokio::test]
async fn an_answer_shows_its_stages_and_where_it_came_from() {
    let (o, server) = once(vec![Act::After(Millis(61), models())]).await;
    assert_eq!(o.outcome, Outcome::Answered);
    assert_eq!(o.at, EPOCH);
    assert_eq!(o.peer, Some(format!("127.0.0.1:{}", server.port)));
    assert_eq!(o.stages.dns, None, "a literal address has no name to resolve");
    assert_eq!(o.stages.connect, Some(Millis(0)));
    assert_eq!(o.stages.tls, None);
    assert_eq!(o.stages.first_byte, Some(Millis(61)));
    assert_eq!(o.stages.total, Some(Millis(61)));
    assert!(!o.via_proxy);
}

#[tokio::test]
async fn a_name_has_a_dns_stage_and_every_address_is_tried() {
    let clock = max();
    // `localhost` may be ::1 first, where nobody listens: the next address must be tried.
    let server = Server::start(&clock, vec![Act::Say(models())]).await;
    let o = probe(&clock.task(), &target(&format!("http://localhost:{}/", server.port))).await;
    assert_eq!(o.outcome, Outcome::Answered, "{o:?}");
    assert!(o.stages.dns.is_some());
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_dns_failure() {
    // Too long a label for any name: it fails without asking anybody.
    let o = probe(&max().task(), &target(&format!("http://{}.invalid/", "x".repeat(64)))).await;
    assert_eq!(failure(&o), Failure::Dns);
    assert_eq!(o.stages.connect, None);
    assert!(o.detail.is_some());
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let o = probe(&max().task(), &target(&format!("http://127.0.0.1:{port}/"))).await;
    assert_eq!(failure(&o), Failure::Refused);
    assert_eq!((o.stages.first_byte, o.stages.connect.is_some()), (None, true));
}

#[tokio::test]
async fn silence_ends_at_the_deadline_of_the_scenario_clock() {
    let begun = std::time::Instant::now();
    let (o, ..) = once(vec![Act::After(Millis::from_mins(600), models())]).await;
    assert_eq!(failure(&o), Failure::NoAnswer);
    assert_eq!(o.stages.total, Some(Millis::from_secs(10)));
    assert!(o.stages.connect.is_some() && o.stages.first_byte.is_none());
    assert!(begun.elapsed().as_secs() < 5, "scenario time only");
}

#[tokio::test]
async fn a_body_that_never_ends_hits_the_same_deadline() {
    let clock = Clock::system();
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut s, _) = listener.accept().await.unwrap();
        head(&mut s).await;
        s.write_all(text.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut t = target(&format!("http://127.0.0.1:{port}/"));
    t.total_timeout = Millis(2_000);
    let o = probe(&clock.task(), &t).await;
    assert_eq!(failure(&o), Failure::NoAnswer);
    assert!(o.stages.first_byte.is_some(), "the first byte did come");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_a_reset() {
    let (o, ..) = once(vec![Act::Close]).await;
    assert_eq!(failure(&o), Failure::Reset);
    // And with the request unread, so that the kernel sends RST.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (s, _) = listener.accept().await.unwrap();
        s.readable().await.unwrap();
        drop(s);
    });
    let o = probe(&max().task(), &target(&format!("http://127.0.0.1:{port}/"))).await;
    assert_eq!(failure(&o), Failure::Reset);
}

#[tokio::test]
async fn statuses_are_kept_apart() {
    for (line, code) in [("503 Service Unavailable", 503), ("401 Unauthorized", 401), ("404 Not Found", 404)] {
        let (o, ..) = once(vec![Act::Say(answer(line, "", r#"{"error":{"code":"X"}}"#))]).await;
        assert_eq!(failure(&o), Failure::status(code));
        assert!(o.detail.unwrap().contains("\"X\""));
    }
}

#[tokio::test]
async fn a_captive_portal_is_not_the_service() {
    let page = answer("200 OK", "content-type: text/html\r\n", "<html>Sign in to Hotel WiFi\u{202e}</html>");
    let (o, ..) = once(vec![Act::Say(page)]).await;
    assert_eq!(failure(&o), Failure::NotTheService);
    let detail = o.detail.unwrap();
    assert!(detail.contains("text/html") && detail.contains("Hotel WiFi\\u{202e}"), "{detail}");
    let elsewhere = answer("302 Found", "location: http://login.hotel/\r\n", "");
    let (o, server) = once(vec![Act::Say(elsewhere)]).await;
    assert_eq!(failure(&o), Failure::NotTheService);
    assert_eq!(server.requests().len(), 1, "redirects are not followed");
    let (o, ..) = once(vec![Act::Say("220 mail.hotel ESMTP\r\n".to_owned())]).await;
    assert_eq!(failure(&o), Failure::NotTheService);
}

#[tokio::test]
async fn a_long_answer_is_read_to_the_limit_and_believed() {
    // Ten times the limit is promised, two limits come, then nothing: who reads on waits for ever.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut s, _) = listener.accept().await.unwrap();
        head(&mut s).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 10 * BODY_MAX);
        let body = format!(r#"{{"object":"list","data":["{}"#, "x".repeat(2 * BODY_MAX));
        s.write_all((head + &body).as_bytes()).await.unwrap_or_default();
        std::future::pending::<()>().await;
    });
    let o = probe(&Clock::system().task(), &target(&format!("http://127.0.0.1:{port}/"))).await;
    assert_eq!(o.outcome, Outcome::Answered, "{o:?}");
}

#[tokio::test]
async fn the_request_says_who_asks_whom() {
    let clock = max();
    let server = Server::start(&clock, vec![Act::Say(models())]).await;
    let mut t = server.target();
    t.authority = Some("oai-prod-eastus.openai.azure.com".to_owned());
    t.credential = Credential::ApiKey(Secret::new("0123456789abcdef"));
    let task = clock.task();
    probe(&task, &t).await;
    t.credential = Credential::Bearer(Secret::new("eyj"));
    t.body = Some("{}".to_owned());
    probe(&task, &t).await;
    let all = server.requests();
    assert_eq!(all.len(), 2, "every probe opens a connection of its own");
    for part in [
        "get /openai/models?api-version=2024-10-21 http/1.1\r\n",
        "host: oai-prod-eastus.openai.azure.com\r\n",
        "api-key: 0123456789abcdef\r\n",
        "connection: close\r\n",
        &format!("{WORK_HEADER}: "),
    ] {
        assert!(all[0].contains(part), "{part} in {}", all[0]);
    }
    assert!(all[1].starts_with("post ") && all[1].contains("authorization: bearer eyj\r\n"));
    assert!(!format!("{t:?}").contains("eyj"), "a credential never prints");
}

#[tokio::test]
async fn the_work_header_does_not_leave_for_azure() {
    let clock = Clock::system();
    let server = Server::start(&clock, vec![Act::Say(models())]).await;
    let o = probe(&clock.task(), &server.target()).await;
    assert_eq!(o.outcome, Outcome::Answered);
    assert!(!server.requests()[0].contains(WORK_HEADER));
}

#[tokio::test]
async fn a_rehearsal_asks_only_this_computer() {
    let o = probe(&max().task(), &target("http://192.0.2.1/")).await;
    assert_eq!(failure(&o), Failure::NotAsked);
    assert_eq!(o.detail.as_deref(), Some("a rehearsal asks only this computer"));
    assert_eq!(o.stages.connect, None);
}

#[tokio::test]
async fn what_must_not_be_asked_is_not() {
    let clock = Clock::system();
    let task = clock.task();
    let mut t = target("http://oai-prod-eastus.openai.azure.com/");
    t.credential = Credential::ApiKey(Secret::new("k"));
    for t in [t, target("https://127.0.0.1/"), target("ftp://127.0.0.1/")] {
        let o = probe(&task, &t).await;
        assert_eq!(failure(&o), Failure::NotAsked, "{o:?}");
        assert_eq!(o.stages.dns, None);
    }
    let mut t = target("http://127.0.0.1:1/");
    t.url = format!("http://127.0.0.1:{}/", Server::start(&clock, vec![Act::Close]).await.port).parse().unwrap();
    t.credential = Credential::Bearer(Secret::new("two\nlines"));
    assert_eq!(failure(&probe(&task, &t).await), Failure::NotAsked);
}

#[tokio::test]
async fn tls_is_a_stage_of_its_own_and_fails_on_its_own() {
    let (trusted, key) = servers::certificate();
    let port = servers::tls_server(&trusted, &key).await;
    let clock = Clock::system();
    let task = clock.task();
    let mut t = target(&format!("https://127.0.0.1:{port}/"));
    t.authority = Some("oai.test".to_owned());
    t.tls = Some(Tls::with_extra_ca(trusted.pem().as_bytes()).unwrap());
    let o = probe(&task, &t).await;
    assert_eq!(o.outcome, Outcome::Answered, "{o:?}");
    assert!(o.stages.tls.is_some() && o.stages.first_byte.is_some());

    // Another authority, another name: somebody in between, or a wrong clock. Not the region.
    let mut wrong = t.clone();
    wrong.tls = Some(Tls::with_extra_ca(servers::certificate().0.pem().as_bytes()).unwrap());
    let o = probe(&task, &wrong).await;
    assert_eq!(failure(&o), Failure::Certificate, "{o:?}");
    let mut wrong = t.clone();
    wrong.authority = Some("oai.elsewhere".to_owned());
    assert_eq!(failure(&probe(&task, &wrong).await), Failure::Certificate);

    // A server that speaks no TLS.
    let plain = Server::start(&clock, vec![Act::Say(models())]).await;
    t.url = format!("https://127.0.0.1:{}/", plain.port).parse().unwrap();
    t.connect_timeout = Millis(500);
    assert_eq!(failure(&probe(&task, &t).await), Failure::Tls);
}

#[test]
fn an_extra_ca_that_is_none_is_refused() {
    assert!(Tls::with_extra_ca(b"").unwrap_err().to_string().contains("no certificate"));
    assert!(Tls::with_extra_ca(b"-----BEGIN CERTIFICATE-----\n!!!").is_err());
}

#[tokio::test]
async fn retries_back_off_and_stop_at_the_first_answer() {
    let clock = max();
    let down = Act::Say(answer("503 Service Unavailable", "", ""));
    let server = Server::start(&clock, vec![down.clone(), down.clone(), Act::Say(models())]).await;
    let seen = probe_with_retry(&clock.task(), &server.target(), 7).await;
    assert_eq!(seen.iter().map(|o| o.outcome.answered()).collect::<Vec<_>>(), [false, false, true]);
    let w = waits(7);
    let at: Vec<i64> = seen.iter().map(|o| o.at - EPOCH).collect();
    assert_eq!(at, [0, w[0].0 as i64, (w[0].0 + w[1].0) as i64]);

    let server = Server::start(&clock, vec![down]).await;
    let seen = probe_with_retry(&clock.task(), &server.target(), 7).await;
    assert_eq!(seen.len(), 6);
    assert!(clock.now().mono <= 60_000);
}

#[tokio::test]
async fn retries_obey_the_service() {
    let clock = max();
    let soon = Act::Say(answer("429 Too Many Requests", "retry-after-ms: 5500\r\nretry-after: 1\r\n", ""));
    let later = Act::Say(answer("503 Service Unavailable", "retry-after: 30\r\n", ""));
    let date = Act::Say(answer("503 Service Unavailable", "retry-after: Tue, 14 Nov 2023 22:14:20 GMT\r\n", ""));
    let server = Server::start(&clock, vec![soon, later, date, Act::Say(models())]).await;
    let seen = probe_with_retry(&clock.task(), &server.target(), 1).await;
    let at: Vec<i64> = seen.iter().map(|o| o.at - EPOCH).collect();
    // Scenario time zero is 22:13:20.
    assert_eq!(at, [0, 5_500, 35_500, 60_000]);

    let never = Act::Say(answer("503 Service Unavailable", "retry-after: 3600\r\n", ""));
    let server = Server::start(&clock, vec![never]).await;
    assert_eq!(probe_with_retry(&clock.task(), &server.target(), 1).await.len(), 1);
    let refused = Act::Say(answer("401 Unauthorized", "", ""));
    let server = Server::start(&clock, vec![refused]).await;
    assert_eq!(probe_with_retry(&clock.task(), &server.target(), 1).await.len(), 1, "a refused key stays refused");
}

#[test]
fn jitter_stays_within_a_fifth_and_differs_by_seed() {
    for seed in 0..500 {
        for (wait, whole) in waits(seed).into_iter().zip([1_000u64, 2_000, 4_000, 8_000, 16_000]) {
            assert!((whole * 4 / 5..=whole * 6 / 5).contains(&wait.0));
        }
    }
    assert_ne!(waits(1), waits(2));
    assert_eq!(waits(1), waits(1));
    assert!(waits(3).into_iter().sum::<Millis>() <= Millis::from_secs(40));
}

#[tokio::test]
async fn a_dropped_probe_lets_go_of_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let closed = tokio::spawn(async move {
        let (mut s, _): (TcpStream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        s.read_to_end(&mut all).await.map(|_| ())
    });
    let clock = Clock::system();
    let (task, t) = (clock.task(), target(&format!("http://127.0.0.1:{port}/")));
    let cut = tokio::time::timeout(std::time::Duration::from_millis(200), probe(&task, &t)).await;
    assert!(cut.is_err());
    tokio::time::timeout(std::time::Duration::from_secs(5), closed).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_side_by_side_share_the_scenario_clock() {
    let clock = max();
    let silent = Server::start(&clock, vec![Act::After(Millis::from_mins(60), models())]).await;
    let slow = Server::start(&clock, vec![Act::After(Millis(2_500), models())]).await;
    // All are registered before the first begins, so that time stands still until each has asked.
    let asked: Vec<_> = [silent.target(), slow.target(), slow.target()].map(|t| (clock.task(), t)).into();
    let probes = asked.into_iter().map(|(task, t)| tokio::spawn(async move { probe(&task, &t).await }));
    let seen: Vec<Observation> = futures::future::join_all(probes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen[0].stages.total, Some(Millis::from_secs(10)));
    assert_eq!(seen[1].stages.total, Some(Millis(2_500)));
    assert_eq!(seen[2].stages.total, Some(Millis(2_500)));
    assert!(seen.iter().all(|o| o.at == EPOCH));
}
