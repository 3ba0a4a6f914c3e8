//! In a network of its own, where packets can be lost, routes can lack and the resolver can be silent.

use std::process::Command;
use std::time::{Duration, Instant};

use futures::future::join_all;
use lifeboat::clock::Clock;
use lifeboat::health::{Expectation, Failure};
use lifeboat::probe::{AT_ONCE, Target, probe};
use lifeboat::units::Millis;

use super::faults::{EARLY, WHOLE, Wanted, expect};

const INSIDE: &str = "LIFEBOAT_TEST_ALONE";

/// What is sent to 198.51.100.0/24 comes back to a computer that is not meant, which drops it without a word. One route
/// says that it leads nowhere; nothing leads anywhere else. The resolver is among the silent.
const SETUP: &str = r#"
ip link set lo up && ip route add 198.51.100.0/24 dev lo && ip route add unreachable 203.0.113.0/24 || exit 99
printf 'nameserver 198.51.100.53\n' > "$0/resolv" && printf '198.51.100.7 two.example\n2001:db8::7 two.example\n' > "$0/hosts"
mount --bind "$0/resolv" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts || exit 99
exec "$@"
"#;

#[cfg(target_os = "linux")]
#[test]
fn lost_packets_missing_routes_and_a_silent_resolver() {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new("unshare")
        .args(["--net", "--mount", "--map-root-user", "sh", "-c", SETUP])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "probe::alone::inside", "--nocapture"])
        .env(INSIDE, "1")
        .output();
    match out {
        Ok(out) if out.status.success() => assert!(String::from_utf8_lossy(&out.stdout).contains("seen from inside")),
        Ok(out) if out.status.code() == Some(101) => {
            panic!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
        }
        _ => crate::left_out("probes where packets are lost (needs unshare, ip and leave to make a network)"),
    }
}

fn to(url: &str) -> Target {
    let mut t = Target::get("oai", url.parse().unwrap(), Expectation::Reachable);
    (t.connect_timeout, t.total_timeout) = (EARLY, WHOLE);
    t
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Does nothing but in the network that the test above makes.
#[test]
fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::system();
        let wanted = |name, failure, stages, after, words| Wanted { name, failure, stages, after, words };
        let cases = [
            (
                "http://198.51.100.7/",
                wanted("lost packets", Failure::ConnectTimeout, "c", Some(EARLY), "no answer within"),
            ),
            ("http://203.0.113.7/", wanted("unreachable", Failure::Unreachable, "c", None, "203.0.113.7:80")),
            ("http://192.0.2.7/", wanted("no route", Failure::NoRoute, "c", None, "192.0.2.7:80")),
            ("http://no.example/", wanted("DNS silent", Failure::Dns, "d", Some(EARLY), "the resolver is silent")),
            // The first address is down; that there is no way to the second one here says nothing.
            (
                "http://two.example/",
                wanted("two addresses", Failure::ConnectTimeout, "dc", Some(Millis(EARLY.0 / 2)), "198.51.100.7:80"),
            ),
        ];
        let clock = &clock;
        join_all(cases.iter().map(|(url, wanted)| async move { expect(clock, &to(url), wanted).await })).await;

        // A thousand names and a resolver that says nothing: each fails in time, and few threads wait.
        let targets: Vec<_> = (0..1_000).map(|n| to(&format!("http://n{n}.example/"))).collect();
        let mut best = Duration::MAX;
        for round in 0..3 {
            let begun = Instant::now();
            let tasks: Vec<_> = targets.iter().map(|_| clock.task()).collect();
            let seen = join_all(targets.iter().zip(&tasks).map(|(t, task)| probe(task, t))).await;
            best = best.min(begun.elapsed());
            assert!(seen.iter().all(|o| o.outcome.failure() == Some(&Failure::Dns)), "round {round}");
            assert!(threads() <= AT_ONCE + 10, "{} threads", threads());
        }
        // Two patiences would be one after the other.
        assert!(best < EARLY.to_std() * 2, "the best of them took {best:?}");
    });
    let begun = Instant::now();
    drop(runtime);
    assert!(begun.elapsed() < Duration::from_secs(3), "the end of the program waits for no resolver");
    println!("seen from inside");
}

/// Said by the shell, which then becomes this test's program: few files for all.
const FEW_FILES: &str = "ulimit -n 40 && exec \"$0\" \"$@\"";

#[cfg(unix)]
#[test]
fn a_computer_without_files_left_blames_nobody_else() {
    let me = std::env::current_exe().unwrap();
    let args = ["--exact", "probe::alone::inside_without_files", "--nocapture"];
    let out = Command::new("sh").args(["-c", FEW_FILES]).arg(me).args(args).env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(said.contains("seen from inside"), "{said}{}", String::from_utf8_lossy(&out.stderr));
}

/// Does nothing but where the test above leaves few files.
#[test]
fn inside_without_files() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::system();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut held: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
        // The system's own words for a name are those of a resolver out of order, even with a file or two left.
        for (left, url) in [(0, format!("http://127.0.0.1:{port}/")), (0, to_name(port)), (1, to_name(port))] {
            held.truncate(held.len() - left);
            let o = probe(&clock.task(), &to(&url)).await;
            assert_eq!(o.outcome.failure(), Some(&Failure::NotAsked), "{url}: {o:?}");
            let detail = o.detail.unwrap();
            assert!(detail.contains("this computer could not") && detail.contains("open files"), "{detail}");
        }
        held.clear();
        let o = probe(&clock.task(), &to(&format!("http://{}.invalid/", "x".repeat(64)))).await;
        assert_eq!(o.outcome.failure(), Some(&Failure::Dns), "{o:?}");
    });
    println!("seen from inside");
}

fn to_name(port: u16) -> String {
    format!("http://lifeboat-test.invalid:{port}/")
}
