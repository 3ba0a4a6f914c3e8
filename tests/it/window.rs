//! The real window on a display of its own, driven through the accessibility tree by `drive.py`: a whole rehearsal, with a
//! second person in a third process; the same by keyboard alone; and the facilitator's window beside the operator's. With `LIFEBOAT_PICTURES=DIR` it
//! keeps pictures of the screens it comes through.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::secrets::service::{Person, UNLOCK};

/// Of the rehearsal itself; a quick machine needs half a minute.
const LIMIT: Duration = Duration::from_secs(600);
/// What the driver gets on top, to say what it saw last.
const GRACE: Duration = Duration::from_secs(40);
/// Found by their names in the PATH.
const TOOLS: [&str; 5] = ["Xvfb", "openbox", "xdotool", "import", "dbus-run-session"];
/// Debian's own Python: others lack the accessibility bindings.
const PYTHON: &str = "/usr/bin/python3";
const ACCESSIBILITY_BUS: &str = "/usr/libexec/at-spi-bus-launcher";
/// The picture is the window: it fills the screen, without a frame; the facilitator's stands beside it.
const OPENBOX: &str = r#"<openbox_config xmlns="http://openbox.org/3.4/rc">
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
<applications><application class="*"><decor>no</decor><maximized>yes</maximized></application>
<application title="Lifeboat · facilitator"><maximized>no</maximized></application></applications>
</openbox_config>"#;

/// A process with everything it starts, ended when this goes out of scope.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
        // The driver ends its program on the friendly signal; whoever is left after that is ended without asking.
        for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
            let _ = rustix::process::kill_process_group(group, signal);
            let end = Instant::now() + Duration::from_secs(3);
            while rustix::process::test_kill_process_group(group).is_ok() && Instant::now() < end {
                let _ = self.0.try_wait();
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.0.wait();
    }
}

/// What is missing here, in words.
fn missing() -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |tool: &str| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    let mut out: Vec<String> = TOOLS.iter().filter(|t| !found(t)).map(|t| (*t).to_owned()).collect();
    out.extend([PYTHON, ACCESSIBILITY_BUS].iter().filter(|f| !Path::new(f).exists()).map(|f| (*f).to_owned()));
    if out.is_empty() {
        let bindings = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi";
        let checked = Command::new(PYTHON).args(["-c", bindings]).stderr(Stdio::null()).status();
        if !checked.is_ok_and(|s| s.success()) {
            out.push("python3-gi and gir1.2-atspi-2.0".to_owned());
        }
    }
    out
}

/// A virtual screen with a free number, and its window manager.
fn screen(dir: &Path) -> (Group, Group, String) {
    let mut server = Command::new("Xvfb");
    server.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-r"]);
    let mut server = Group::start(server.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut number = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
    assert!(number.trim().parse::<u32>().is_ok(), "Xvfb did not start");
    let display = format!(":{}", number.trim());
    let config = dir.join("openbox.xml");
    std::fs::write(&config, OPENBOX).unwrap();
    let mut manager = Command::new("openbox");
    manager.arg("--config-file").arg(config).env("DISPLAY", &display).stdout(Stdio::null()).stderr(Stdio::null());
    let manager = Group::start(&mut manager);
    (server, manager, display)
}

fn lifeboat() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_lifeboat"))
}

/// Exit code and what was printed.
fn terminal(home: &Path, args: &[&str]) -> (i32, Value) {
    let out = Command::new(lifeboat()).args(args).env("LIFEBOAT_HOME", home).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    (out.status.code().unwrap_or(-1), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}")))
}

/// Runs the driver to its end in a session of its own, printing what it says; its last line. `before` comes before it.
fn drive(mut session: Command, display: &str, before: &str, args: &[&str]) -> Value {
    let script = format!("{before}{ACCESSIBILITY_BUS} --launch-immediately & exec {PYTHON} -W ignore \"$0\" \"$@\"");
    session
        .args(["--", "bash", "-c", &script])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/drive.py"))
        .arg(lifeboat())
        .arg(LIMIT.as_secs().to_string())
        .args(args)
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut session = Group::start(&mut session);
    let mut out = session.0.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = out.read_to_string(&mut text);
        text
    });
    let end = Instant::now() + LIMIT + GRACE;
    while session.0.try_wait().unwrap().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    // Also closes the pipe, should anyone still hold it.
    drop(session);
    let text = reader.join().unwrap();
    println!("{text}");
    let last = text.lines().rev().find(|l| l.starts_with('{')).unwrap_or_default();
    let said: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("the driver said nothing at its end ({e})"));
    assert_eq!(said["ok"], true, "{}", said["stuck"]);
    assert_eq!(said["exit"], 0, "the window closes in peace");
    let none = Value::Array(Vec::new());
    assert_eq!(said["fallbacks"], none, "everything can be pressed by a screen reader");
    assert_eq!(said["nameless"], none, "everything that can be operated has a name");
    said
}

/// Whether there is no window here; in CI there is one.
fn no_window() -> bool {
    if std::env::var("LIFEBOAT_TEST_NO_WINDOW").as_deref() == Ok("1") {
        crate::left_out("the real window (LIFEBOAT_TEST_NO_WINDOW=1)");
        return true;
    }
    let missing = missing();
    if missing.is_empty() {
        return false;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "in CI the window is tested; missing: {missing:?}");
    crate::left_out(&format!("the real window needs {}", missing.join(", ")));
    true
}

/// Two people who know each other's keys, each with a home and a keyring of their own.
fn acquainted() -> Option<(Person, Person)> {
    let (ada, ben) = (Person::new()?, Person::new()?);
    let key = |person: &Person| {
        std::fs::create_dir_all(person.data()).unwrap();
        let said = person.unlocked("$LB approve --key");
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.trim().to_owned()
    };
    let (of_ada, of_ben) = (key(&ada), key(&ben));
    for (person, line) in [(&ada, of_ben), (&ben, of_ada)] {
        let said = person.unlocked(&format!("$LB approve --know '{line}'"));
        assert_eq!(said.code, 0, "{}", said.err);
    }
    Some((ada, ben))
}

#[test]
fn a_lost_region_is_rehearsed_in_the_window_and_a_third_process_approves() {
    if no_window() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_server, _manager, display) = screen(dir.path());
    let people = acquainted();
    let (home, said) = match &people {
        Some((ada, ben)) => {
            let colleague = ben.program(&dir.path().join("ben"));
            let said = drive(ada.command("dbus-run-session"), &display, UNLOCK, &["run", colleague.to_str().unwrap()]);
            (ada.data(), said)
        }
        None => {
            // Without a keyring the rehearsal's script stands in for the second person.
            let home = dir.path().join("home");
            let mut session = Command::new("dbus-run-session");
            session.env("LIFEBOAT_HOME", &home);
            (home, drive(session, &display, "", &["run"]))
        }
    };
    assert_eq!(said["notices"], Value::Array(Vec::new()), "nobody pressed anything that was refused");
    for button in ["Start the rehearsal", "Fail over", "Ask the second person", "Point clients at Sweden Central"] {
        assert!(said["pressed"][button].as_u64() >= Some(1), "`{button}` was never pressed");
    }
    assert!(said["closed"].as_str().is_some_and(|t| t.starts_with("Recovered")), "{}", said["closed"]);

    let (code, runs) = terminal(&home, &["runs", "--json"]);
    assert_eq!(code, 0);
    let all = runs["runs"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{runs}");
    assert_eq!((all[0]["open"].as_bool(), all[0]["outcome"].as_str()), (Some(false), Some("Recovered")), "{runs}");

    // One: consistent, with limits, since nobody outside keeps its last hash. Two would be tampered.
    let (code, verified) = terminal(&home, &["verify", all[0]["journal"].as_str().unwrap(), "--json"]);
    assert_eq!(code, 1, "{verified}");
    assert!(home.join("window.json").is_file(), "the window is remembered");
    if let Some((_, ben)) = &people {
        assert!(said["asked"].as_u64() >= Some(2), "{}", said["asked"]);
        let shown = said["shown"].as_str().unwrap();
        assert!(shown.contains("REHEARSAL") && shown.contains("Signed. Send the block"), "{shown}");
        assert_eq!(std::fs::read_dir(ben.data().join("answered")).unwrap().count(), 1, "Ben keeps what he signed");
    }
}

#[test]
fn a_lost_region_is_rehearsed_by_keyboard_alone() {
    if no_window() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_server, _manager, display) = screen(dir.path());
    let home = dir.path().join("home");
    let mut session = Command::new("dbus-run-session");
    session.env("LIFEBOAT_HOME", &home);
    let said = drive(session, &display, "", &["keys"]);
    assert!(said["closed"].as_str().is_some_and(|t| t.starts_with("Recovered")), "{}", said["closed"]);
    let (code, runs) = terminal(&home, &["runs", "--json"]);
    assert_eq!((code, runs["runs"][0]["outcome"].as_str()), (0, Some("Recovered")), "{runs}");
}

#[test]
fn the_facilitators_window_stands_beside_the_operators_and_gives_nothing_away() {
    if no_window() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_server, _manager, display) = screen(dir.path());
    let mut session = Command::new("dbus-run-session");
    session.env("LIFEBOAT_HOME", dir.path().join("home"));
    let said = drive(session, &display, "", &["two"]);
    assert!(said["looks"].as_u64() >= Some(16), "{}", said["looks"]);
    assert_eq!(said["left"], 1, "the operator's window stays");
}
