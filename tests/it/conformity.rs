//! The simulated Azure, asked by clients that nobody here wrote: Microsoft's Python packages, and its command-line client
//! with `tests/run --all`. They are installed from the Python index into an environment below `target`, once per set of
//! versions; `tests/conformity` holds the calls.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lifeboat::units::sha256_hex;
use serde_json::Value;

/// The command-line client is large.
const INSTALL: Duration = Duration::from_secs(600);
/// A run of the packages takes half a minute, one of the command-line client two.
const LIMIT: Duration = Duration::from_secs(900);
/// As fast as whoever has only the printed line; and so much faster that a token expires in seconds.
const PLAIN: &str = "1";
const HURRIED: &str = "1000";
/// Calls that each part of `sdk.py` has to have at least, so that none dwindles away while the sum is still large.
const FLOORS: [(&str, usize); 9] = [
    ("identity", 7),
    ("resource", 35),
    ("deployments", 12),
    ("cognitiveservices", 30),
    ("keyvault", 20),
    ("storage", 24),
    ("trafficmanager", 15),
    ("resourcehealth", 10),
    ("data planes", 12),
];

/// A process with everything it starts, ended when this goes out of scope.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> std::io::Result<Ends> {
    command.process_group(0).stdin(Stdio::null()).spawn().map(Ends)
}

/// Runs to the end; what was printed, and whether it ended well within the time.
fn run(command: &mut Command, limit: Duration) -> Result<String, String> {
    let mut child =
        start(command.stdout(Stdio::piped()).stderr(Stdio::piped())).map_err(|e| format!("{command:?}: {e}"))?;
    let collect = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = collect(Box::new(child.0.stdout.take().unwrap()));
    let err = collect(Box::new(child.0.stderr.take().unwrap()));
    let end = Instant::now() + limit;
    let status = loop {
        match child.0.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > end => break None,
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    drop(child);
    let (out, err) = (out.join().unwrap(), err.join().unwrap());
    match status {
        Some(s) if s.success() => Ok(out),
        Some(s) => Err(format!("{out}{err}({s})")),
        None => Err(format!("{out}{err}(not over after {limit:?})")),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformity")
}

/// The Python of an environment with these packages, made if it is not there yet.
fn environment(list: &str) -> Result<PathBuf, String> {
    let list = folder().join(list);
    let wanted = std::fs::read_to_string(&list).unwrap();
    let version = run(Command::new("python3").arg("--version"), LIMIT)?;
    let key = &sha256_hex(format!("{version}{wanted}").as_bytes())[..12];
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{key}"));
    let (python, ready) = (at.join("bin/python"), at.join("ready"));
    if ready.is_file() {
        return Ok(python);
    }
    let _ = std::fs::remove_dir_all(&at);
    run(Command::new("python3").args(["-m", "venv"]).arg(&at), INSTALL)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"];
    run(Command::new(&python).args(pip).arg(&list), INSTALL)?;
    std::fs::write(ready, wanted).unwrap();
    Ok(python)
}

/// The same, or `None` where it cannot be had; in CI that is a failure.
fn clients(list: &str) -> Option<PathBuf> {
    match environment(list) {
        Ok(python) => Some(python),
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "in CI Microsoft's clients are needed: {why}");
            let why = why.lines().last().unwrap_or_default().trim();
            crate::left_out(&format!("Microsoft's clients of {list} could not be installed: {why}"));
            None
        }
    }
}

/// A simulated Azure of its own process, and the file with its line.
fn simulated(dir: &Path, name: &str, speed: &str) -> (Ends, PathBuf) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(["simulate", "sandbox", "--https", "--listen", "127.0.0.1:0", "--speed", speed]);
    let mut child = start(command.env_remove("LIFEBOAT_CRASH").stdout(Stdio::piped())).unwrap();
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let file = dir.join(name);
    std::fs::write(&file, &line).unwrap();
    (child, file)
}

/// Runs a file of calls; the parts that the good ones belong to.
fn calls(python: &Path, script: &str, args: &[&Path]) -> Vec<String> {
    let mut command = Command::new(python);
    command.arg("-B").arg(folder().join(script)).args(args);
    // Proxies are for the index; the simulator is on this computer.
    command
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("no_proxy", "127.0.0.1,localhost")
        .env("PYTHONWARNINGS", "ignore");
    match run(&mut command, LIMIT) {
        Ok(out) => {
            println!("{out}");
            let good = out.lines().filter_map(|l| l.strip_prefix("ok  "));
            good.map(|l| l.split(':').next().unwrap_or_default().to_owned()).collect()
        }
        Err(out) => panic!("{script}:\n{out}"),
    }
}

#[test]
fn microsofts_python_packages_accept_the_simulated_azure() {
    let begun = Instant::now();
    let Some(python) = clients("requirements.txt") else { return };
    let made = begun.elapsed();
    let dir = tempfile::tempdir().unwrap();
    let (_plain, line) = simulated(dir.path(), "line.json", PLAIN);
    let (_hurried, hurried) = simulated(dir.path(), "hurried.json", HURRIED);
    let good = calls(&python, "sdk.py", &[&line, &hurried]);
    println!("{} calls; environment {made:?}, in all {:?}", good.len(), begun.elapsed());
    for (part, floor) in FLOORS {
        let n = good.iter().filter(|g| *g == part).count();
        assert!(n >= floor, "the calls of {part} have shrunk to {n}");
    }
}

#[test]
fn microsofts_command_line_accepts_the_simulated_azure() {
    if std::env::var("LIFEBOAT_TEST_ALL").as_deref() != Ok("1") {
        crate::left_out("azure-cli (tests/run --all)");
        return;
    }
    let Some(python) = clients("requirements-az.txt") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (_plain, line) = simulated(dir.path(), "line.json", PLAIN);
    let good = calls(&python, "az.py", &[&line, dir.path()]);
    assert!(good.len() >= 30, "the list of commands has shrunk to {}", good.len());
}

#[test]
fn the_line_has_what_other_clients_read_and_the_cloud_reads_it_without_the_new_fields_too() {
    let dir = tempfile::tempdir().unwrap();
    let (_child, file) = simulated(dir.path(), "line.json", "1");
    let text = std::fs::read_to_string(file).unwrap();
    let line: Value = serde_json::from_str(&text).unwrap();
    for key in ["arm", "authority"] {
        assert!(line[key].as_str().unwrap().starts_with("https://127.0.0.1:"), "{key}: {line}");
    }
    for key in ["tenant", "client_id", "client_secret"] {
        assert!(!line[key].as_str().unwrap().is_empty(), "{key}: {line}");
    }
    let subscription = "00000000-0000-4000-8000-00000000c0de";
    assert_eq!(line["subscriptions"], serde_json::json!([subscription]));
    let pem = std::fs::read_to_string(line["ca"].as_str().unwrap()).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    for (map, name) in [("openai", "oai-sandbox-eastus"), ("appconfig", "appcs-sandbox")] {
        assert!(line[map][name].as_str().unwrap().starts_with("https://127.0.0.1:"), "{map}: {line}");
    }

    let store: url::Url = "https://appcs-sandbox.azconfig.io/kv".parse().unwrap();
    let address = line["appconfig"]["appcs-sandbox"].as_str().unwrap();
    let mut older = line.clone();
    let mut contract = line.clone();
    for key in ["subscriptions", "openai", "appconfig"] {
        older.as_object_mut().unwrap().remove(key);
    }
    for key in ["subscription", "hosts", "witnesses"] {
        contract.as_object_mut().unwrap().remove(key);
    }
    for line in [line.clone(), older, contract] {
        let cloud = lifeboat::azure::Cloud::from_line(&line.to_string()).unwrap();
        assert_eq!(cloud.subscription, subscription);
        assert_eq!(cloud.resolve(&store).unwrap().as_str(), format!("{address}/kv"));
    }
}

#[test]
fn what_cannot_be_simulated_says_so_by_its_exit_code() {
    let code = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        let out = command.arg("simulate").args(args).stdin(Stdio::null()).output().unwrap();
        assert!(out.stdout.is_empty(), "nothing can be connected to");
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let unknown = code(&["no-such-thing"]);
    assert_eq!(unknown.0, Some(2), "{}", unknown.1);
    let strategy = code(&["sandbox", "--strategy", "hot-hot"]);
    assert_eq!(strategy.0, Some(2), "{}", strategy.1);
    // An address of the documentation, which no computer has.
    let elsewhere = code(&["sandbox", "--listen", "203.0.113.1"]);
    assert_eq!(elsewhere.0, Some(3), "{}", elsewhere.1);
    assert!(elsewhere.1.contains("203.0.113.1"), "{}", elsewhere.1);
}

#[tokio::test]
async fn what_is_new_is_seen_late_on_request() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.args(["simulate", "sandbox", "--unseen", "2s"]).stdout(Stdio::piped());
    let mut child = start(&mut command).unwrap();
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| line[key].as_str().unwrap().to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", text("client_id")),
        ("client_secret", text("client_secret")),
        ("scope", "https://management.azure.com/.default".to_owned()),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", text("authority"), text("tenant"));
    let token: Value = http.post(url).form(&form).send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let sub = line["subscriptions"][0].as_str().unwrap();
    let group = format!("{}/subscriptions/{sub}/resourcegroups/rg-new?api-version=2025-04-01", text("arm"));
    let made = http.put(&group).bearer_auth(token).json(&serde_json::json!({ "location": "eastus" })).send().await;
    assert_eq!(made.unwrap().status(), 201);
    let begun = Instant::now();
    let look = async || http.get(&group).bearer_auth(token).send().await.unwrap().status().as_u16();
    assert_eq!(look().await, 404);
    while look().await == 404 && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!((1..20).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}
