//! The program against the real GNOME Keyring, each test on a message bus and in a home of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cli::Said;

/// A bus on which nobody offers anything.
const NOBODY: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>RULE</policy></busconfig>"#;
/// Opens the keyring; whoever uses it before this is done gets a locked one.
pub const UNLOCK: &str =
    "printf %s \"$PASSWORD\" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n";
/// Tells a child of this test to damage an entry.
const PLANT: &str = "LIFEBOAT_TEST_PLANT";

/// What is missing here; nothing in CI, where this has to run.
fn left_out() -> bool {
    let there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|d| d.join(program).is_file())
    };
    let all = ["gnome-keyring-daemon", "dbus-run-session", "dbus-send"];
    let missing: Vec<_> = all.into_iter().filter(|p| !there(p)).collect();
    if missing.is_empty() {
        return false;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "in CI the real keyring is tested; missing: {missing:?}");
    crate::left_out(&format!("the real keyring needs {}", missing.join(", ")));
    true
}

/// A person's home, which outlives sessions.
pub struct Person {
    pub home: tempfile::TempDir,
}

impl Person {
    pub fn new() -> Option<Self> {
        if left_out() {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        // Sockets have short paths only, and the folder is the person's own.
        std::fs::create_dir(home.path().join("run")).unwrap();
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(home.path().join("run"), own).unwrap();
        Some(Self { home })
    }

    /// Where the program keeps its data.
    pub fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// A program with nothing of the caller's session.
    pub fn command(&self, program: &str) -> Command {
        let mut c = Command::new(program);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_DATA_HOME", "LIFEBOAT_LOG"] {
            c.env_remove(name);
        }
        c.env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.home.path().join("run"));
        c.env("LIFEBOAT_HOME", self.data()).env("LB", env!("CARGO_BIN_EXE_lifeboat"));
        c.env("ME", std::env::current_exe().unwrap()).env("PASSWORD", "test-password").stdin(Stdio::null());
        c
    }

    /// Writes a program that is Lifeboat in a session of this person's own, with an open keyring.
    pub fn program(&self, file: &Path) -> std::path::PathBuf {
        let mut text = "#!/bin/sh\nunset DISPLAY XDG_DATA_HOME\nexport LIFEBOAT_OPERATOR=Ben\n".to_owned();
        for (name, value) in self.command("true").get_envs().filter_map(|(n, v)| Some((n, v?))) {
            text += &format!("export {}='{}'\n", name.to_string_lossy(), value.to_string_lossy());
        }
        text += &format!(
            "exec dbus-run-session -- bash -c '{}exec $LB \"$@\"' ben \"$@\"\n",
            UNLOCK.replace('\'', "'\\''")
        );
        std::fs::write(file, text).unwrap();
        std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        file.to_owned()
    }

    /// Runs a script without any bus.
    pub fn alone(&self, script: &str) -> Said {
        Said::of(self.command("bash").args(["-c", script]).output().unwrap())
    }

    /// Runs a script in a session with a bus of its own, which ends with it, and with all that it started.
    pub fn on_bus(&self, script: &str) -> Said {
        Said::of(self.command("dbus-run-session").args(["--", "bash", "-c", script]).output().unwrap())
    }

    /// The same, with an open keyring.
    pub fn unlocked(&self, script: &str) -> Said {
        self.on_bus(&format!("{UNLOCK}{script}"))
    }

    /// The same, on a bus that offers nothing, under this rule.
    pub fn with_nobody(&self, rule: &str, script: &str) -> Said {
        let config = self.home.path().join("bus.conf");
        std::fs::write(&config, NOBODY.replace("RULE", rule)).unwrap();
        let mut c = self.command("dbus-run-session");
        c.arg("--config-file").arg(config).args(["--", "bash", "-c", script]);
        Said::of(c.output().unwrap())
    }
}

/// A keyring may outlive its bus, and would hold whatever it inherited; what ran in this home ends with it.
impl Drop for Person {
    fn drop(&mut self) {
        let ours = format!("LIFEBOAT_HOME={}", self.data().display());
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let id = process.file_name().to_string_lossy().parse::<i32>().ok().and_then(rustix::process::Pid::from_raw);
            let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
            if let Some(id) = id
                && environment.split(|b| *b == 0).any(|v| v == ours.as_bytes())
            {
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
    }
}

/// Every file below, as bytes.
pub fn files(dir: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, kind) = (e.path(), e.file_type().unwrap());
        if kind.is_dir() {
            files(&path, into);
        } else if kind.is_file() {
            into.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
        }
    }
}

/// That nothing below this folder holds this text.
fn holds_not(dir: &Path, secret: &str) {
    let mut all = Vec::new();
    files(dir, &mut all);
    assert!(all.iter().any(|(p, _)| p.ends_with("login.keyring")), "the keyring itself is among them");
    for (path, bytes) in all {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{path}");
    }
}

#[test]
fn a_secret_is_kept_over_a_restart_listed_without_a_keyring_and_deleted() {
    let Some(ada) = Person::new() else { return };
    let said =
        ada.unlocked("printf 'hush-hush-0001\\n' | $LB credentials set azure-openai 'East US' --expires 2199-01-31");
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    assert!(said.err.contains("Stored azure-openai eastus in the keyring; expires 2199-01-31."), "{}", said.err);
    holds_not(ada.home.path(), "hush-hush-0001");

    // Another session, another process, the same person.
    let said = ada.unlocked("$LB credentials test azure-openai eastus && $LB credentials list --json");
    assert_eq!(said.code, 0, "{}", said.err);
    let (words, json) = said.out.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(words, "azure-openai eastus: the keyring gives it\nazure-openai eastus: expires 2199-01-31");
    let row = serde_json::from_str::<Value>(json).unwrap()["credentials"][0].clone();
    assert_eq!(crate::cli::keys(&row), ["expired", "expires", "expires_soon", "region", "stored", "system"]);
    assert_eq!((&row["region"], &row["expires"]), (&"eastus".into(), &"2199-01-31".into()));

    let said = ada.alone("$LB credentials list");
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("azure-openai eastus ") && said.out.ends_with("expires 2199-01-31\n"), "{}", said.out);

    let said = ada.unlocked(
        "printf two | $LB credentials set azure-openai eastus 2>/dev/null && $LB credentials delete azure-openai eastus \
         && $LB credentials test azure-openai eastus",
    );
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("there is no credential azure-openai eastus; store it with"), "{}", said.err);
    let said = ada.alone("$LB credentials list");
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(said.err.contains("No credentials are stored"), "{}", said.err);
}

#[test]
fn what_was_deleted_elsewhere_goes_off_the_list() {
    let Some(ada) = Person::new() else { return };
    let said = ada.unlocked(
        "printf one | $LB credentials set sign-in; cp $LIFEBOAT_HOME/credentials.json $HOME/kept
         $LB credentials delete sign-in; cp $HOME/kept $LIFEBOAT_HOME/credentials.json
         $LB credentials test sign-in; echo $?; $LB credentials delete sign-in; echo $?; $LB credentials list",
    );
    assert_eq!(said.out, "1\n0\n", "{}", said.err);
    assert!(said.err.contains("No credentials are stored"), "{}", said.err);
}

#[test]
fn a_locked_keyring_is_said_and_what_to_do() {
    let Some(ada) = Person::new() else { return };
    assert_eq!(ada.unlocked("printf one | $LB credentials set sign-in").code, 0);
    let locked = "unset DISPLAY; PASSWORD=wrong; ".to_owned() + UNLOCK;
    for what in ["test sign-in", "set sign-in", "delete sign-in"] {
        let said = ada.on_bus(&format!("{locked}printf two | $LB credentials {what}"));
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{what}: {}", said.err);
        assert!(said.err.contains("the keyring is locked") && said.err.contains("unlock it"), "{what}: {}", said.err);
    }
    let said = ada.unlocked("$LB credentials test sign-in");
    assert_eq!(said.code, 0, "nothing was lost: {}", said.err);
}

#[test]
fn a_keyring_that_nobody_ever_made_is_found_out_before_a_secret_is_asked_for() {
    let Some(ada) = Person::new() else { return };
    // The bus starts the service by itself, and it finds nothing and nobody to ask.
    let said = ada.on_bus("printf one | $LB credentials set sign-in");
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    assert!(said.err.contains("has none to write to"), "{}", said.err);
    assert!(!ada.data().join("credentials.json").exists());
}

#[test]
fn without_a_service_it_is_three_and_says_what_to_start() {
    let Some(ada) = Person::new() else { return };
    let script = "printf one | $LB credentials set sign-in";
    let denied = r#"<deny send_destination="org.freedesktop.secrets"/>"#;
    for said in [ada.alone(script), ada.with_nobody("", script), ada.alone("$LB credentials test sign-in")] {
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
        assert!(said.err.contains("no keyring service answers on this computer"), "{}", said.err);
        assert!(said.err.contains("GNOME Keyring or KWallet") && said.err.contains("in memory"), "{}", said.err);
    }
    let said = ada.with_nobody(denied, &format!("{UNLOCK}{script}"));
    assert_eq!(said.code, 3);
    assert!(said.err.contains("the keyring refused: "), "{}", said.err);
    let said = ada.alone("$LB credentials list");
    assert_eq!(said.code, 0, "names need no keyring: {}", said.err);
}

#[test]
fn a_keyring_that_is_silent_is_waited_for_so_long_and_no_longer() {
    let Some(ada) = Person::new() else { return };
    let said = ada.unlocked(
        "printf one | $LB credentials set sign-in 2>/dev/null
         reply=$(dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
             org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets)
         service=${reply##* }
         kill -STOP $service
         $LB credentials test sign-in --within 2s; echo $?
         kill -CONT $service
         $LB credentials test sign-in; echo $?",
    );
    assert_eq!(said.out, "3\nsign-in: the keyring gives it\nsign-in: no expiry known\n0\n", "{}", said.err);
    assert!(said.err.contains("Waiting for the keyring…"), "{}", said.err);
    assert!(said.err.contains("the keyring gave no answer within 2 s; look for its prompt"), "{}", said.err);
}

#[test]
fn a_damaged_entry_is_said_and_can_be_replaced() {
    let Some(ada) = Person::new() else { return };
    let said = ada.unlocked(&format!(
        "{PLANT}=1 $ME --exact secrets::service::an_entry_is_damaged_when_this_is_a_child >/dev/null
         $LB credentials test azure-openai eastus; echo $?
         printf good | $LB credentials set azure-openai eastus; $LB credentials test azure-openai eastus; echo $?"
    ));
    assert!(said.out.starts_with("1\n") && said.out.ends_with("\n0\n"), "{}{}", said.out, said.err);
    assert!(
        said.err.contains("the keyring's entry for azure-openai eastus is damaged; delete it with"),
        "{}",
        said.err
    );
}

#[test]
fn an_entry_is_damaged_when_this_is_a_child() {
    if std::env::var_os(PLANT).is_some() {
        keyring::Entry::new("lifeboat", "azure-openai/eastus").unwrap().set_secret(b"hush\xff\xfe").unwrap();
    }
}

#[test]
fn what_is_no_secret_is_not_stored() {
    let Some(ada) = Person::new() else { return };
    for (input, word) in [
        ("printf ' \\n'", "the secret is empty"),
        ("printf 'a\\033[2Jb'", "control characters"),
        ("head -c 70000 /dev/zero | tr '\\0' k", "keeps at most 65536"),
        ("printf '\\377\\376'", "could not be read"),
    ] {
        let said = ada.unlocked(&format!("{input} | $LB credentials set sign-in"));
        assert_eq!(said.code, 2, "{input}: {}", said.err);
        assert!(said.err.contains(word), "{input}: {}", said.err);
    }
    let said = ada.unlocked("printf one | $LB credentials set sign-in --expires 2020-01-01");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("expired") && said.err.contains("nothing was stored"), "{}", said.err);
    let said = ada.unlocked("$LB credentials test sign-in");
    assert_eq!(said.code, 1, "none of them was: {}", said.err);
}

#[test]
fn a_key_is_tried_at_its_endpoint_and_a_wrong_one_is_refused() {
    let Some(ada) = Person::new() else { return };
    std::fs::create_dir_all(ada.data()).unwrap();
    let (azure, cloud) = crate::cli::runs::Azure::serve(&ada.data(), "sandbox");
    let (host, key) = account_and_key(&std::fs::read_to_string(&cloud).unwrap());
    let test = format!("$LB credentials test azure-openai eastus --cloud {} --url https://{host}", cloud.display());
    // With what an editor on Windows leaves around it.
    let set = |key: &str| {
        format!("printf '\\357\\273\\277{key}\\r\\n' | $LB credentials set azure-openai eastus 2>/dev/null")
    };
    let said = ada.unlocked(&format!("{}; {test}; echo $?; {}; {test}", set(&key), set("not-the-key")));
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains(&format!("azure-openai eastus: {host} takes it, and answered in ")), "{}", said.out);
    assert!(said.out.contains("\n0\n"), "{}", said.out);
    assert!(said.out.contains(&format!("azure-openai eastus: {host} refuses it (401)")), "{}", said.out);
    assert!(said.err.contains("Copy the key anew") && !said.err.contains("not-the-key"), "{}", said.err);
    drop(azure);
    // Nobody there; and a host that is none of Azure's gets no key.
    let said = ada.unlocked(&test);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("whether") && said.err.contains("is not known"), "{}", said.err);
    for url in ["https://example.com", "http://x.openai.azure.com"] {
        let said = ada.unlocked(&format!("$LB credentials test azure-openai eastus --url {url}"));
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains("no credentials are sent there"), "{}", said.err);
    }
}

#[test]
fn a_key_of_another_cloud_goes_to_the_hosts_of_that_cloud() {
    let Some(ada) = Person::new() else { return };
    // Through a dead proxy: nothing leaves this computer.
    let said = ada.unlocked(
        "printf one | $LB credentials set azure-openai usgovvirginia; $LB credentials set sign-in --method device \
             --cloud-name AzureUSGovernment
         unset NO_PROXY no_proxy; export HTTPS_PROXY=http://127.0.0.1:1
         $LB credentials test azure-openai usgovvirginia --url https://x.openai.azure.us
         $LB credentials test azure-openai usgovvirginia --url https://x.openai.azure.com",
    );
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("cannot connect to x.openai.azure.us"), "{}", said.err);
    assert!(said.err.contains("x.openai.azure.com is not an https host of the configured cloud"), "{}", said.err);
}

#[test]
fn how_to_sign_in_changes_when_its_secret_is_kept_and_not_before() {
    let Some(ada) = Person::new() else { return };
    let set = "$LB credentials set sign-in --tenant t --client-id c --method";
    let method = || std::fs::read_to_string(ada.data().join("sign-in.json")).unwrap();
    assert_eq!(ada.alone("$LB credentials set sign-in --method managed").code, 0);
    let said = ada.alone(&format!("printf one | {set} secret"));
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(method().contains("managed"), "the keyring keeps nothing, so nothing has changed");
    let said = ada.unlocked(&format!("printf 'no certificate' | {set} certificate; $LB credentials test sign-in"));
    assert!(said.err.contains("export it as PEM") && said.err.contains("; nothing was stored"), "{}", said.err);
    assert!(method().contains("managed") && !ada.data().join("credentials.json").exists());
    // Through a dead proxy: nothing leaves this computer.
    let said = ada.unlocked(&format!(
        "printf one | {set} secret --expires 2199-01-31; unset NO_PROXY no_proxy; export HTTPS_PROXY=http://127.0.0.1:1
         $LB credentials test sign-in"
    ));
    assert_eq!(said.code, 3, "{}", said.err);
    assert_eq!(said.out, "sign-in: the secret in the keyring: expires 2199-01-31\n", "{}", said.err);
    assert!(method().contains("\"secret\""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_certificate_is_not_taken_from_a_terminal() {
    let Some(ada) = Person::new() else { return };
    let typed = |more: &str| {
        let set = format!("$LB credentials set sign-in {more}");
        ada.unlocked(&format!("printf -- '-----BEGIN PRIVATE KEY-----\nMIIE\n' | script -qec \"{set}\" /dev/null"))
    };
    let said = typed("--method certificate --tenant t --client-id c");
    assert!(said.out.contains("a certificate has many lines, and a terminal gives one"), "{} {}", said.out, said.err);
    // Nobody said that it is one, and its first line shows it.
    let said = typed("");
    assert!(said.out.contains("many lines, and one line came, so nothing was stored"), "{} {}", said.out, said.err);
    assert!(!ada.data().join("sign-in.json").exists() && !ada.data().join("credentials.json").exists());
}

#[test]
fn a_list_that_cannot_be_read_is_left_as_it_is_by_a_deletion() {
    let Some(ada) = Person::new() else { return };
    let said = ada.unlocked(
        "printf one | $LB credentials set sign-in; echo '{\"schema\":2,\"credentials\":[]}' > $LIFEBOAT_HOME/credentials.json
         $LB credentials delete azure-openai eastus; echo $?; $LB credentials delete sign-in; echo $?
         $LB credentials test sign-in; echo $?; cat $LIFEBOAT_HOME/credentials.json; ls $LIFEBOAT_HOME",
    );
    assert!(
        said.out.starts_with("2\n0\n1\n{\"schema\":2") && !said.out.contains("damaged"),
        "{} {}",
        said.out,
        said.err
    );
    assert!(said.err.contains("Deleted sign-in.") && !said.err.contains("Deleted azure"), "{}", said.err);
}

/// The first account of a simulated Azure, and its key as `listKeys` gives it.
pub fn account_and_key(line: &str) -> (String, String) {
    let at: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    let text = |k: &str| at[k].as_str().unwrap().to_owned();
    let hosts = at["hosts"].as_object().unwrap();
    let host = hosts.keys().find(|h| h.ends_with(".openai.azure.com")).unwrap().clone();
    let name = host.split('.').next().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", text("client_id")),
            ("client_secret", text("client_secret")),
            ("scope", "https://management.azure.com/.default".to_owned()),
        ];
        let sign_in = format!("{}/{}/oauth2/v2.0/token", text("authority"), text("tenant"));
        let token: Value = http.post(sign_in).form(&form).send().await.unwrap().json().await.unwrap();
        let token = token["access_token"].as_str().unwrap();
        let list = format!(
            "{}/subscriptions/{}/providers/Microsoft.CognitiveServices/accounts?api-version=2025-06-01",
            text("arm"),
            text("subscription")
        );
        let all: Value = http.get(list).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        let id = all["value"].as_array().unwrap().iter().find(|a| a["name"] == name.as_str()).unwrap()["id"]
            .as_str()
            .unwrap();
        let keys = format!("{}{id}/listKeys?api-version=2025-06-01", text("arm"));
        let keys: Value = http.post(keys).bearer_auth(token).body("").send().await.unwrap().json().await.unwrap();
        (host, keys["key1"].as_str().unwrap().to_owned())
    })
}
