//! What watching costs: 1,000 endpoints, each asked every 15 s, over HTTP and then HTTPS, against a server of this program
//! in a process of its own. Prints the processor time of one probe.
//!
//! `benches/against-blackbox` installs Debian's prometheus-blackbox-exporter and gives its name here: then it makes the same
//! probes of the same server at the same time, and the ratio is printed; half is wanted. Processor time is the kernel's count
//! for the probing process alone (/proc/PID/stat); who serves, and who asks the exporter to probe, are other processes.
//!
//! With `--memory` it then makes 100,000 observations, feeds them to ten detectors, which is more than they keep, and prints
//! by how much the process grew in the second half.
#![allow(clippy::unwrap_used, missing_docs)]

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use lifeboat::clock::Clock;
use lifeboat::health::{Detector, EndpointId, Expectation, Observation, Thresholds};
use lifeboat::probe::{Target, Tls, probe};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const ENDPOINTS: u32 = 1_000;
const EVERY: Duration = Duration::from_secs(15);
/// A model list of an account with nothing deployed.
const ANSWER: &str = r#"{"object":"list","data":[]}"#;
/// Ticks of /proc/PID/stat a second: fixed for programs, whatever the kernel uses.
const TICKS: u64 = 100;

/// A process that ends with this one.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let seconds = after("--seconds").map_or(15, |s| s.parse().unwrap());
    match args.first().map(String::as_str) {
        Some("serve") => runtime().block_on(serve()),
        Some("ask") => runtime().block_on(ask(args[1].parse().unwrap(), &args[2], args[3].parse().unwrap())),
        _ => measure(seconds, after("--blackbox").as_deref(), args.iter().any(|a| a == "--memory")),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

fn measure(seconds: u64, blackbox: Option<&str>, memory: bool) {
    let (_server, lines) = this(&["serve"], 2);
    let (plain, rest) = lines[0].split_once(' ').unwrap();
    let (secure, pem) = (rest, lines[1].replace('|', "\n"));
    let tls = Tls::with_extra_ca(pem.as_bytes()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let exporter = blackbox.map(|program| exporter(program, dir.path(), &pem));
    let count = u32::try_from(seconds).unwrap() * ENDPOINTS / u32::try_from(EVERY.as_secs()).unwrap();
    println!("{ENDPOINTS} endpoints every {EVERY:?} for {seconds} s: {count} probes each");
    for (name, url) in [("HTTP", format!("http://127.0.0.1:{plain}")), ("HTTPS", format!("https://127.0.0.1:{secure}"))]
    {
        let asking = exporter.as_ref().map(|(exporter, port)| {
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["ask", &port.to_string(), &url, &count.to_string()])
                .spawn()
                .unwrap();
            (Kept(child), cpu(exporter.0.id()))
        });
        let before = cpu(std::process::id());
        runtime().block_on(watch(&url, &tls, count));
        let ours = per_probe(cpu(std::process::id()) - before, count);
        println!("{name}: lifeboat {ours:.3} ms a probe");
        if let (Some((mut asking, before)), Some((exporter, _))) = (asking, &exporter) {
            assert!(asking.0.wait().unwrap().success(), "the exporter answered otherwise");
            let theirs = per_probe(cpu(exporter.0.id()) - before, count);
            println!(
                "{name}: blackbox exporter {theirs:.3} ms a probe; ratio {:.2} (wanted: 0.50 at most)",
                ours / theirs
            );
        }
    }
    if memory {
        runtime().block_on(remember(&format!("http://127.0.0.1:{plain}"), &tls));
    }
}

/// This program in another role, and what it says first.
fn this(args: &[&str], lines: usize) -> (Kept, Vec<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap()).args(args).stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().take(lines).map(Result::unwrap).collect();
    (Kept(child), said)
}

fn per_probe(milliseconds: u64, count: u32) -> f64 {
    milliseconds as f64 / f64::from(count)
}

/// Milliseconds of processor time that a process has had, its own and the kernel's for it.
fn cpu(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in brackets may hold spaces; times are the 14th and 15th fields.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 1_000 / TICKS
}

fn target(url: &str, tls: &Tls, n: u32) -> Target {
    let url = format!("{url}/{}", n % ENDPOINTS).parse().unwrap();
    let mut t = Target::get(EndpointId(format!("e{}", n % ENDPOINTS)), url, Expectation::JsonWith("data".to_owned()));
    t.tls = Some(tls.clone());
    t
}

/// Every endpoint at its own moment of the fifteen seconds.
async fn watch(url: &str, tls: &Tls, count: u32) {
    let (clock, start) = (Clock::system(), tokio::time::Instant::now());
    let mut running = tokio::task::JoinSet::new();
    for n in 0..count {
        tokio::time::sleep_until(start + EVERY * n / ENDPOINTS).await;
        let (task, t) = (clock.task(), target(url, tls, n));
        running.spawn(async move { probe(&task, &t).await });
        while let Some(done) = running.try_join_next() {
            good(&done.unwrap());
        }
    }
    running.join_all().await.iter().for_each(good);
}

fn good(o: &Observation) {
    assert!(o.outcome.answered(), "{o:?}");
}

/// Real observations, as if each endpoint had been asked every fifteen seconds, kept by detectors.
async fn remember(url: &str, tls: &Tls) {
    const TOTAL: u32 = 100_000;
    const AT_ONCE: u32 = 50;
    const KEPT_BY: u32 = 10;
    let clock = Clock::system();
    let mut all: Vec<Detector> =
        (0..KEPT_BY).map(|n| Detector::new(EndpointId(format!("e{n}")), Thresholds::default())).collect();
    let mut half = 0;
    for n in (0..TOTAL).step_by(AT_ONCE as usize) {
        let asks = (n..n + AT_ONCE).map(|n| {
            let (task, t) = (clock.task(), target(url, tls, n));
            async move { probe(&task, &t).await }
        });
        for (n, mut o) in (n..).zip(futures::future::join_all(asks).await) {
            good(&o);
            o.at = 1_790_000_000_000 + i64::from(n / KEPT_BY) * EVERY.as_millis() as i64;
            all[(n % KEPT_BY) as usize].observe(&o);
        }
        if n == TOTAL / 2 {
            half = resident();
        }
    }
    let kept: usize = all.iter().map(|d| d.history().len()).sum();
    let end = resident();
    println!("{TOTAL} observations: {half} KiB resident after half of them, {end} KiB in the end; {kept} points kept");
}

/// KiB of memory this process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The exporter, told to trust the server, and its port.
fn exporter(program: &str, dir: &Path, pem: &str) -> (Kept, u16) {
    let (ca, config) = (dir.join("ca.pem"), dir.join("blackbox.yml"));
    std::fs::write(&ca, pem).unwrap();
    let text = format!(
        "modules:\n  http_2xx:\n    prober: http\n    timeout: 10s\n    http:\n      preferred_ip_protocol: ip4\n      \
         tls_config:\n        ca_file: {}\n",
        ca.display()
    );
    std::fs::write(&config, text).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--log.level=error")
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{program} does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    (Kept(child), port)
}

/// Has the exporter probe so often, at the same pace.
async fn ask(port: u16, url: &str, count: u32) {
    let start = tokio::time::Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for n in 0..count {
        tokio::time::sleep_until(start + EVERY * n / ENDPOINTS).await;
        // By HTTP/1.0 the answer comes in one piece.
        let question =
            format!("GET /probe?module=http_2xx&target={url}/{} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", n % ENDPOINTS);
        running.spawn_blocking(move || {
            let mut s = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            s.write_all(question.as_bytes()).unwrap();
            let mut said = String::new();
            s.read_to_string(&mut said).unwrap();
            assert!(said.contains("\nprobe_success 1"), "{said}");
        });
        while let Some(done) = running.try_join_next() {
            done.unwrap();
        }
    }
    running.join_all().await;
}

/// The server: two ports on one line, its certificate on another.
async fn serve() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = rcgen::CertifiedIssuer::self_signed(authority, key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listen = || async { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap() };
    let (plain, secure) = (listen().await, listen().await);
    println!("{} {}", plain.local_addr().unwrap().port(), secure.local_addr().unwrap().port());
    println!("{}", root.pem().replace("\r\n", "|").replace('\n', "|"));
    tokio::join!(accept(plain, None), accept(secure, Some(TlsAcceptor::from(Arc::new(config)))));
}

async fn accept(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>) {
    let answer = || {
        let response = hyper::Response::builder().header("content-type", "application/json");
        response.body(Full::new(Bytes::from_static(ANSWER.as_bytes()))).unwrap()
    };
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let tls = tls.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|_| async move { Ok::<_, Infallible>(answer()) });
            let builder = Builder::new(TokioExecutor::new());
            // Whoever hangs up first is no matter.
            match tls {
                None => drop(builder.serve_connection(TokioIo::new(stream), service).await),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(builder.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            }
        });
    }
}
