//! Signing in by what a machine offers (its identity, its tools, its proxy), by running the program: all of it is found in
//! the environment.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::cli::{Said, lifeboat};

const TEST: [&str; 3] = ["credentials", "test", "sign-in"];

fn home(saved: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut args = vec!["credentials", "set", "sign-in"];
    args.extend(saved);
    let said = Said::of(lifeboat(home.path()).args(args).output().unwrap());
    assert_eq!(said.code, 0, "{}", said.err);
    home
}

fn token(name: &str) -> String {
    let claims = json!({ "tid": "tenant-1", "oid": "object-1", "name": name, "appid": "app-1" });
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn ends() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 3_600
}

/// Answers every request the same; gives what it was asked.
fn endpoint(status: &'static str, body: &Value) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/msi/token", listener.local_addr().unwrap());
    let (tx, rx) = channel();
    let body = body.to_string();
    std::thread::spawn(move || {
        while let Ok((mut s, _)) = listener.accept() {
            let mut read = vec![0; 8_192];
            let n = s.read(&mut read).unwrap_or(0);
            let _ = write!(
                s,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if tx.send(String::from_utf8_lossy(&read[..n]).into_owned()).is_err() {
                return;
            }
        }
    });
    (url, rx)
}

fn managed(home: &Path, endpoint: &str) -> Said {
    let mut c = lifeboat(home);
    c.env("IDENTITY_ENDPOINT", endpoint).env("IDENTITY_HEADER", "machine-word");
    // A proxy is not asked for what lies beside the machine.
    c.env("HTTP_PROXY", "http://127.0.0.1:1").env("HTTPS_PROXY", "http://127.0.0.1:1");
    Said::of(c.args(TEST).output().unwrap())
}

#[test]
fn a_machine_signs_in_by_its_own_identity() {
    let answer = json!({ "access_token": token("vm-east"), "expires_in": "3599", "expires_on": ends().to_string(),
        "resource": "https://management.azure.com", "token_type": "Bearer" });
    let (url, asked) = endpoint("200 OK", &answer);
    let system = home(&["--method", "managed"]);
    let said = managed(system.path(), &url);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert_eq!(said.out.trim(), "sign-in: vm-east (app-1), tenant tenant-1, object object-1; token for 59 min");
    let request = asked.recv().unwrap();
    assert!(
        request.contains("resource=https%3A%2F%2Fmanagement.azure.com") && !request.contains("client_id"),
        "{request}"
    );
    assert!(request.to_lowercase().contains("x-identity-header: machine-word"), "{request}");
    // Its endpoint kept the token for a while: what is left counts.
    let old = json!({ "access_token": token("vm-east"), "expires_in": "86399", "expires_on": ends().to_string(),
        "resource": "https://management.azure.com", "token_type": "Bearer" });
    let said = managed(system.path(), &endpoint("200 OK", &old).0);
    assert!(said.out.trim().ends_with("token for 59 min"), "{}", said.out);
    // One of several, in another cloud.
    let own = home(&["--method", "managed", "--client-id", "id-7", "--cloud-name", "AzureUSGovernment"]);
    assert_eq!(managed(own.path(), &url).code, 0);
    let request = asked.recv().unwrap();
    assert!(request.contains("client_id=id-7") && request.contains("management.usgovcloudapi.net"), "{request}");
}

#[test]
fn a_machine_without_that_identity_says_so() {
    let answer = json!({ "error": "invalid_request", "error_description": "Identity \"id-7\" not found" });
    let (url, _asked) = endpoint("400 Bad Request", &answer);
    let home = home(&["--method", "managed"]);
    let said = managed(home.path(), &url);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(
        said.err.contains("Identity \"id-7\" not found") && said.err.contains("Give this machine the identity"),
        "{}",
        said.err
    );
    // Nobody there: soon given up.
    let begun = Instant::now();
    let said = managed(home.path(), "http://127.0.0.1:1/msi/token");
    assert_eq!(said.code, 3);
    assert!(said.err.contains("Only a machine in Azure has a managed identity"), "{}", said.err);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[cfg(unix)]
fn with_az(home: &Path, script: &str) -> Said {
    with_tool(home, "az", script)
}

#[cfg(unix)]
fn with_tool(home: &Path, name: &str, script: &str) -> Said {
    use std::os::unix::fs::PermissionsExt;
    let bin = home.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let az = bin.join(name);
    std::fs::write(&az, format!("#!/bin/sh\necho \"$@\" >> \"{}/asked\"\n{script}\n", home.display())).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut c = lifeboat(home);
    c.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    Said::of(c.args(TEST).output().unwrap())
}

#[cfg(unix)]
#[test]
fn the_tools_of_this_computer_sign_in() {
    let home = home(&["--method", "tools", "--tenant", "tenant-1"]);
    let (ends, kim) = (ends(), token("Kim"));
    let json = format!(
        "{{\"accessToken\": \"{kim}\", \"expires_on\": {ends}, \"expiresOn\": \"2099-01-01 00:00:00.000000\", \"tenant\": \"t\", \
         \"subscription\": \"s\", \"tokenType\": \"Bearer\"}}"
    );
    let said = with_az(home.path(), &format!("echo '{json}'"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("sign-in: Kim (app-1), tenant tenant-1"), "{}", said.out);
    let asked = std::fs::read_to_string(home.path().join("asked")).unwrap();
    assert!(asked.contains("--tenant tenant-1") && asked.contains("https://management.azure.com/.default"), "{asked}");
    let said = with_az(
        home.path(),
        "echo \"ERROR: AADSTS700082: expired. Please run 'az login' to setup account.\" >&2; exit 1",
    );
    assert_eq!(said.code, 3);
    assert!(said.err.contains("AADSTS700082") && said.err.contains("Run `az login`"), "{}", said.err);
    // The other tool, as it answers: that one is still refused.
    let said = with_tool(
        home.path(),
        "azd",
        &format!("echo '{{\"token\":\"{}\",\"expiresOn\":\"2099-01-01T00:00:00Z\"}}'", token("Robin")),
    );
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.err);
    assert!(said.out.starts_with("sign-in: Robin (app-1), tenant tenant-1"), "{}", said.out);
    let asked = std::fs::read_to_string(home.path().join("asked")).unwrap();
    let azd = "auth token -o json --no-prompt --scope https://management.azure.com/.default --tenant-id tenant-1";
    assert_eq!(asked.lines().last(), Some(azd));
}

/// A home whose sign-in goes to the real Entra, and the program in it with nothing of the caller's proxies.
fn with_proxy(program: impl FnOnce(&Path) -> Command) -> ([tempfile::TempDir; 2], Command) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "a.b.c").unwrap();
    let file = file.display().to_string();
    let home = home(&["--method", "workload", "--tenant", "t", "--client-id", "c", "--token-file", &file]);
    let mut c = program(home.path());
    for name in ["NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"] {
        c.env_remove(name);
    }
    c.env("HTTPS_PROXY", "http://user:hush@127.0.0.1:1");
    ([home, dir], c)
}

#[test]
fn a_dead_proxy_is_named() {
    for others in [None, Some("internal.example, .azure.net")] {
        let (_kept, mut c) = with_proxy(lifeboat);
        others.map(|no| c.env("NO_PROXY", no));
        let said = Said::of(c.args(TEST).output().unwrap());
        assert_eq!(said.code, 3, "{}", said.out);
        assert!(said.err.contains("asked through the proxy in HTTPS_PROXY (127.0.0.1:1)"), "{}", said.err);
        assert!(said.err.contains("correct or unset the variable") && !said.err.contains("hush"), "{}", said.err);
    }
}

/// The program where there is no network but the way to itself, so that nothing real can be asked; none where the system
/// does not allow that.
#[cfg(target_os = "linux")]
fn alone(home: &Path) -> Option<Command> {
    let mut c = Command::new("unshare");
    c.args(["--net", "--map-root-user", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
    let can = Command::new("unshare")
        .args(["--net", "--map-root-user", "sh", "-c", "ip link set lo up"])
        .output()
        .is_ok_and(|o| o.status.success());
    let program = lifeboat(home);
    c.arg(program.get_program()).args(program.get_args()).stdin(Stdio::null());
    c.env("LIFEBOAT_OPERATOR", "Ada").env_remove("LIFEBOAT_HOME").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    can.then_some(c)
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_behind_a_dead_proxy_says_so_and_one_past_it_does_not() {
    if alone(Path::new("/")).is_none() {
        eprintln!("skipped: no network can be taken away here");
        return;
    }
    let (_kept, mut c) = with_proxy(|home| alone(home).unwrap());
    let said = Said::of(c.args(["run", "prod-chat", "--dry-run"]).output().unwrap());
    assert_eq!(said.code, 1, "the run stays open: {}", said.err);
    assert!(said.err.contains("asked through the proxy in HTTPS_PROXY (127.0.0.1:1)"), "{}", said.err);
    assert!(!said.err.contains("hush"), "{}", said.err);
    // Whoever is not asked through the proxy is not said to be.
    for no in ["login.microsoftonline.com", ".microsoftonline.com", "*"] {
        let (_kept, mut c) = with_proxy(|home| alone(home).unwrap());
        let said = Said::of(c.env("NO_PROXY", no).args(TEST).output().unwrap());
        assert!(said.code == 3 && !said.err.contains("through the proxy"), "{no}: {}", said.err);
    }
}

#[test]
fn what_cannot_be_set_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let set = |more: &[&str]| {
        let mut args = vec!["credentials", "set", "sign-in"];
        args.extend(more);
        Said::of(lifeboat(home.path()).args(args).output().unwrap())
    };
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(home.path().join(name), bytes).unwrap();
        home.path().join(name).display().to_string()
    };
    let (pem, pfx) = (file("client.pem", b"nothing"), file("client.pfx", b"\x30\x82\xff\xfe"));
    for (args, words) in [
        (vec!["--method", "certificate", "--client-id", "c", "--certificate", &pem], "needs the tenant"),
        (vec!["--method", "secret", "--tenant", "t"], "needs the application's id"),
        (
            vec!["--method", "certificate", "--tenant", "t", "--client-id", "c", "--certificate", &pem],
            "no certificate in it",
        ),
        (
            vec!["--method", "certificate", "--tenant", "t", "--client-id", "c", "--certificate", &pfx],
            "export it as PEM",
        ),
        (vec!["--method", "device", "--cloud-name", "AzureGermanCloud"], "there is no cloud `AzureGermanCloud`"),
        (vec!["--method", "password"], "it is one of tools, secret"),
    ] {
        let said = set(&args);
        assert!(said.code == 2 && said.err.contains(words), "{words}: {} {}", said.code, said.err);
    }
    assert!(!home.path().join("sign-in.json").exists(), "nothing half is kept");
    let other = Said::of(
        lifeboat(home.path()).args(["credentials", "set", "azure-openai", "--method", "device"]).output().unwrap(),
    );
    assert_eq!(other.code, 2);
    std::fs::write(home.path().join("sign-in.json"), "{}").unwrap();
    let said = Said::of(lifeboat(home.path()).args(TEST).output().unwrap());
    assert!(said.code == 3 && said.err.contains("is damaged") && said.err.contains("set it anew"), "{}", said.err);
}
