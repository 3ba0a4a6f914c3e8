//! Through a proxy: which one, how, and whose fault it is when nothing comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use lifeboat::clock::Clock;
use lifeboat::health::{Expectation, Failure};
use lifeboat::probe::{Credential, Proxies, Proxy, Target, Tls, probe};
use lifeboat::units::Secret;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::faults::{EARLY, WHOLE, Wanted, expect, reached};
use super::servers::{certificate, serve, tls_server};
use super::{Act, Server, answer, failure, head, max, models, target};

fn proxies(variables: &[(&str, &str)]) -> Proxies {
    let all: BTreeMap<_, _> = variables.iter().copied().collect();
    Proxies::from_variables(|name| all.get(name).map(|v| (*v).to_owned()))
}

fn proxy(text: &str) -> Proxy {
    proxies(&[("ALL_PROXY", text)]).proxy_for(&"https://oai.example/".parse().unwrap()).unwrap()
}

#[test]
fn the_variables_say_which_proxy() {
    let both =
        [("HTTPS_PROXY", "http://secure:1"), ("http_proxy", "plain:2"), ("NO_PROXY", "no.example, .int, 10.0.0.0/8")];
    for (variables, url, wanted) in [
        (&both[..], "https://oai.example/x", Some("secure:1")),
        (&both, "http://oai.example/", Some("plain:2")),
        (&both, "https://no.example/", None),
        (&both, "https://deep.no.example/", None),
        (&both, "https://oai.int/", None),
        (&both, "https://10.1.2.3:8443/", None),
        (&[("https_proxy", "http://u:p@[::1]:3128")], "https://oai.example/", Some("[::1]:3128")),
        (&[("all_proxy", "http://any")], "https://oai.example/", Some("any:80")),
        (&[("ALL_PROXY", "http://any:1"), ("no_proxy", "*")], "https://oai.example/", None),
        (&[("HTTP_PROXY", "http://plain:1")], "https://oai.example/", None),
        (&[("HTTPS_PROXY", "not a proxy")], "https://oai.example/", None),
        (&[], "https://oai.example/", None),
    ] {
        let found = proxies(variables).proxy_for(&url.parse().unwrap());
        assert_eq!(found.map(|p| p.to_string()).as_deref(), wanted, "{variables:?} {url}");
    }
}

/// A proxy that connects to this port, whatever it is asked for; what it was asked is kept.
async fn carrier(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let (port, _) = serve(move |mut s| {
        let kept = Arc::clone(&kept);
        async move {
            let request = head(&mut s).await;
            let tunnel = request.starts_with("connect ");
            kept.lock().unwrap().push(request);
            if !tunnel {
                return s.write_all(models().as_bytes()).await.unwrap();
            }
            s.write_all(b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n").await.unwrap();
            let mut out = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let _ = copy_bidirectional(&mut s, &mut out).await;
        }
    })
    .await;
    (port, asked)
}

#[tokio::test]
async fn a_proxy_carries_https_unread_and_http_by_its_whole_address() {
    let (trusted, key) = certificate();
    let (port, asked) = carrier(tls_server(&trusted, &key).await).await;
    let clock = Clock::system();
    let mut t = target("https://oai.test/models?x=1");
    t.tls = Some(Tls::with_extra_ca(trusted.pem().as_bytes()).unwrap());
    t.credential = Credential::ApiKey(Secret::new("0123456789"));
    t.proxy = Some(proxy(&format!("http://ada:hush@127.0.0.1:{port}")));
    assert!(!format!("{t:?}").contains("hush"));
    let o = probe(&clock.task(), &t).await;
    assert!(o.outcome.answered() && o.via_proxy, "{o:?}");
    assert_eq!(o.peer, Some(format!("127.0.0.1:{port}")), "the proxy's address");
    assert!(o.certificate.is_some());
    assert_eq!(reached(&o.stages), "ctf");
    let first = asked.lock().unwrap().remove(0);
    // `ada:hush` in base64.
    for part in
        ["connect oai.test:443 http/1.1\r\n", "host: oai.test:443\r\n", "proxy-authorization: basic ywrhomh1c2g=\r\n"]
    {
        assert!(first.contains(part), "{part} in {first}");
    }
    assert!(!first.contains("0123456789") && !first.contains("/models"), "the proxy learns the host only: {first}");

    t.url = "http://witness.test/x?y=1".parse().unwrap();
    t.credential = Credential::None;
    let o = probe(&clock.task(), &t).await;
    assert!(o.outcome.answered() && o.via_proxy, "{o:?}");
    let second = asked.lock().unwrap().remove(0);
    assert!(second.starts_with("get http://witness.test/x?y=1 http/1.1\r\n"), "{second}");
    assert!(second.contains("host: witness.test\r\n") && second.contains("proxy-authorization: basic "), "{second}");

    // A key over plain http is for this computer only, and a proxy is not known to be it.
    t.url = "http://127.0.0.1:1/".parse().unwrap();
    t.credential = Credential::ApiKey(Secret::new("0123456789"));
    assert_eq!(failure(&probe(&clock.task(), &t).await), Failure::NotAsked);
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_rehearsal_goes_past_every_proxy() {
    let clock = max();
    let server = Server::start(&clock, vec![Act::Say(models())]).await;
    let mut t = server.target();
    t.proxy = Some(proxy("http://127.0.0.1:1"));
    let o = probe(&clock.task(), &t).await;
    assert!(o.outcome.answered() && !o.via_proxy, "{o:?}");
}

fn through(text: &str, url: &str) -> Target {
    let mut t = Target::get("oai", url.parse().unwrap(), Expectation::Reachable);
    t.tls = Some(Tls::with_extra_ca(certificate().0.pem().as_bytes()).unwrap());
    t.proxy = Some(proxy(text));
    (t.connect_timeout, t.total_timeout) = (EARLY, WHOLE);
    t
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_proxy_does_wrong_is_not_the_regions_fault() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let no_name = format!("http://{}.invalid:3128", "x".repeat(64));
    let says = |text: &'static str| async move {
        let (port, _) = serve(move |mut s| async move {
            head(&mut s).await;
            s.write_all(text.as_bytes()).await.unwrap();
            // The rest of its page is not waited for.
            std::future::pending::<()>().await;
        })
        .await;
        format!("http://ada:hush@127.0.0.1:{port}")
    };
    let (silent, _) = serve(|s| async move {
        let _open = s;
        std::future::pending::<()>().await;
    })
    .await;
    let (closing, _) = serve(|mut s| async move { drop(head(&mut s).await) }).await;
    // A proxy that wants TLS and says nothing is silent for itself.
    let behind_tls = format!("https://127.0.0.1:{silent}");
    let (https, http) = ("https://oai.test/", "http://oai.test/");
    let cases = [
        (no_name, https, "d", None, "has a name that does not resolve"),
        (format!("http://127.0.0.1:{closed}"), https, "c", None, "refuses the connection"),
        (format!("http://127.0.0.1:{closed}"), http, "c", None, "refuses the connection"),
        (behind_tls, https, "c", Some(EARLY), "is silent"),
        (format!("http://127.0.0.1:{closing}"), https, "c", None, "closed the connection"),
        (format!("socks5://127.0.0.1:{closed}"), https, "", None, "is of the kind socks5"),
        (says("HTTP/1.1 407 Who are you\r\n\r\n").await, https, "c", None, "does not accept its name and password"),
        (says("HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n").await, http, "cf", None, "does not accept its name"),
        (
            says("HTTP/1.1 403 Blocked YWRhOmh1c2g=\r\n\r\n<html>").await,
            https,
            "c",
            None,
            "forbids connections to oai.test",
        ),
        (says("HTTP/1.1 200 OK\r\n\r\nhello").await, https, "c", None, "speaks before oai.test:443 could"),
        (says("220 mail.example ESMTP\r\n\r\n").await, https, "c", None, "does not answer as a proxy: 220 mail"),
    ];
    // What it knows of the endpoint is the endpoint's: behind a compulsory proxy an outage looks like this.
    let beyond = [
        (
            format!("http://ada:hush@127.0.0.1:{silent}"),
            https,
            "c",
            Some(EARLY),
            "is silent: it did not connect us to oai.test:443",
        ),
        (says("HTTP/1.0 502 Bad Gateway\r\n\r\n").await, https, "c", None, "could not get through to oai.test:443: "),
        (says("HTTP/1.1 503 No YWRhOmh1c2g=\r\n\r\n").await, https, "c", None, "could not get through to"),
        (says("HTTP/1.1 504 Late\r\n\r\n").await, https, "c", None, "could not get through to"),
        (
            says("HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n").await,
            http,
            "cf",
            None,
            "could not get through to oai.test:80: ",
        ),
        (says("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").await, http, "cf", None, "could not get through to"),
        (says("HTTP/1.1 504 Late\r\ncontent-length: 0\r\n\r\n").await, http, "cf", None, "could not get through to"),
    ];
    let clock = Clock::system();
    let cases = cases.iter().map(|c| (Failure::Proxy, c)).chain(beyond.iter().map(|c| (Failure::BeyondProxy, c)));
    let all = cases.map(|(failure, (proxy, url, stages, after, words))| {
        let clock = &clock;
        async move {
            let wanted = Wanted { name: words, failure, stages, after: *after, words };
            let o = expect(clock, &through(proxy, url), &wanted).await;
            assert!(o.via_proxy && o.outcome.counts() == (wanted.failure == Failure::BeyondProxy), "{o:?}");
            let detail = o.detail.unwrap();
            assert!(!detail.contains("hush") && !detail.contains("YWRhOmh1c2g"), "{detail}");
        }
    });
    join_all(all).await;
    let wants = says("HTTP/1.1 407 Who are you\r\n\r\n").await.replace("ada:hush@", "");
    let o = probe(&clock.task(), &through(&wants, https)).await;
    assert!(o.detail.unwrap().contains("wants a name and password, which its address here does not hold"));
    // What the endpoint itself says is the endpoint's.
    let own = answer("500 Internal Server Error", "", "");
    let (port, _) = serve(move |mut s| {
        let own = own.clone();
        async move {
            head(&mut s).await;
            s.write_all(own.as_bytes()).await.unwrap();
        }
    })
    .await;
    let o = probe(&clock.task(), &through(&format!("http://127.0.0.1:{port}"), http)).await;
    assert_eq!(failure(&o), Failure::status(500));
}
