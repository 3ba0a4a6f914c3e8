//! The program and its desk: what is typed, stored, recorded, printed; and what it says when it dies.

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, CredentialIntent};
use lifeboat::desk::sign_in::Saved;
use lifeboat::desk::snapshot::Keeper;
use lifeboat::desk::{Home, chain};
use lifeboat::runbook::model::Strategy;
use lifeboat::secrets::{Name, Platform, SecretError, Secrets, fits};
use lifeboat::units::Secret;
use serde_json::json;

use super::super::service::{Person, account_and_key, files};
use super::{Seen, canary};
use crate::azure::{Do, Fake, line};
use crate::cli::{Said, lifeboat};
use crate::crash::{Place, closed, desk, until};

#[tokio::test]
async fn names_sizes_and_memory() {
    let seen = Seen::on("names");
    let secret = seen.canary(14);
    let _log = seen.log();
    let error = |e: SecretError| seen.add("secrets", format!("{e} {e:?}"));
    // The commonest slip: the secret in the place of the name.
    error(Name::credential(secret.expose(), None).unwrap_err());
    error(Name::credential("azure-openai", Some(secret.expose())).unwrap_err());
    error(seen.key(14).expose().repeat(2).parse::<Name>().unwrap_err());
    error(fits(Platform::Windows, &Secret::new(secret.expose().repeat(100))).unwrap_err());
    error(fits(Platform::SecretService, &Secret::new(format!("{}\u{1b}", secret.expose()))).unwrap_err());
    let secrets = Secrets::in_memory();
    let name = Name::sign_in();
    secrets.store(&name, secret.clone(), crate::secrets::now(), None).await.unwrap();
    seen.add("memory", format!("{secrets:?} {:#?} {:?}", secrets.list(), secrets.read(&name).await));
    seen.panic("panic", secrets.read(&name).await.unwrap());
    let intent = CredentialIntent::Store { system: "a".into(), region: String::new(), secret, expires: String::new() };
    seen.add("command", format!("{:?}", Command::Credential(intent.clone())));
    seen.panic("panic", intent);
    seen.clean();
}

#[test]
fn the_desk_and_the_record_of_a_rehearsal() {
    let (seen, place) = (Seen::on("desk"), Place::new());
    let desk = desk(&place.home(), Arc::new(lifeboat::journal::RealDisk));
    let send = |i: CredentialIntent| assert!(desk.send(Command::Credential(i)));
    let card = |s: &lifeboat::desk::snapshot::Snapshot| s.settings.credentials.clone();
    let said = |word: &str| {
        let s = until(&desk, word, |s| card(s).busy.is_none() && card(s).said.is_some_and(|(_, t)| t.contains(word)));
        seen.add("settings", format!("{:?} {:?} {:?}", s.settings, s.notice, s.activity));
    };
    let store = |system: &str, region: &str, secret: Secret, expires: &str| CredentialIntent::Store {
        system: system.into(),
        region: region.into(),
        secret,
        expires: expires.into(),
    };
    send(CredentialIntent::KeepInMemory);
    until(&desk, "memory", |s| card(s).keeper == Keeper::Memory);
    send(store("azure-openai", "eastus", seen.canary(15), "2199-01-31"));
    said("azure-openai, East US is stored");
    for (intent, word) in [
        (store("Not A System", "", seen.canary(16), ""), "cannot name a system"),
        (store(canary(16).expose(), "", canary(16), ""), "cannot name a system"),
        (store("sign-in", "", canary(16), "tomorrow"), "is no date"),
        (store("sign-in", "", canary(16), "2020-01-01"), "is over"),
        (store("sign-in", "", Secret::new(canary(16).expose().repeat(5_000)), ""), "keeps at most"),
        (CredentialIntent::Test("azure-openai/eastus".parse().unwrap()), "can be read"),
        (CredentialIntent::Test(Name::sign_in()), "There is no credential sign-in"),
    ] {
        send(intent);
        said(word);
    }
    let start = Command::StartRehearsal {
        scenario: "region-loss".into(),
        strategy: None,
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    };
    desk.send(start);
    let s = closed(&desk);
    seen.add("run", format!("{:?} {:?} {:?}", s.run, s.situation, s.library));
    desk.send(Command::PrintPlan { plan: "prod-chat".into(), strategy: Strategy::HotWarm, html: true });
    until(&desk, "a sheet", |s| s.library.printed.is_some());
    send(CredentialIntent::Delete("azure-openai/eastus".parse().unwrap()));
    said("azure-openai, East US is deleted");
    drop(desk);
    seen.files(&place.home());
    assert!(seen.text().contains("ActionIntended") || seen.text().contains("action"), "the journal is among it");
    seen.clean();
}

/// The program itself, saying all it can say.
#[test]
fn a_whole_rehearsal_with_the_fullest_log() {
    let place = Place::new();
    let mut rehearsal = place.rehearse(&["region-loss"], true);
    let out = rehearsal.env("LIFEBOAT_LOG", "trace").output().unwrap();
    let (said, log) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8_lossy(&out.stderr).into_owned());
    assert!(log.lines().count() > 100, "it said what it did: {log}");
    let mut all = vec![("stdout".to_owned(), said.into_bytes()), ("log".to_owned(), log.into_bytes())];
    files(&place.home(), &mut all);
    for (place, bytes) in all.iter().filter(|(_, bytes)| bytes.iter().any(|b| *b != 0)) {
        let text = String::from_utf8_lossy(bytes);
        // Tokens of the simulator begin as all of their kind do.
        for sign in ["eyJ", "client_secret=", "Bearer ey"] {
            let at = text.find(sign);
            let near = at.map(|a| text[a.saturating_sub(200)..].chars().take(300).collect::<String>());
            assert!(at.is_none(), "{place}: {sign}: {near:?}");
        }
    }
}

#[test]
fn the_real_keyring_open_locked_and_absent() {
    let Some(ada) = Person::new() else { return };
    std::fs::create_dir_all(ada.data()).unwrap();
    let (seen, azure) = (Seen::on("keyring"), crate::cli::runs::Azure::serve(&ada.data(), "sandbox"));
    let (host, real) = account_and_key(&std::fs::read_to_string(&azure.1).unwrap());
    let (cloud, key) = (azure.1.display().to_string(), |n: usize| seen.key(n).expose().to_owned());
    let log = "export LIFEBOAT_LOG=trace\n";
    let test = format!("$LB credentials test azure-openai eastus --cloud {cloud} --url https://{host}\n");
    let set = |secret: &str| format!("{log}printf %s '{secret}' | $LB credentials set azure-openai eastus\n");
    let wrong = "printf wrong | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n";
    for said in [
        ada.unlocked(&format!("{}$LB credentials list --json\n{test}", set(&key(17)))),
        ada.unlocked(&format!("{}{test}", set(&real))),
        ada.on_bus(&format!("{wrong}{}{test}", set(&key(18)))),
        ada.alone(&format!("{}{test}", set(&key(19)))),
    ] {
        seen.add("stdout", said.out);
        seen.add("stderr", said.err);
    }
    let text = seen.text();
    for word in ["refuses it (401)", "takes it", "the keyring is locked", "no keyring service answers"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    seen.files(ada.home.path());
    seen.clean();
    seen.clean_of(&[Secret::new(real)]);
    drop(azure);
}

/// Files of ours in which somebody left a secret in the wrong place: they are said to be damaged, without quoting them.
#[test]
fn files_with_a_secret_where_none_belongs() {
    let (seen, dir) = (Seen::on("files"), tempfile::tempdir().unwrap());
    let home = Home::find(Some(dir.path())).unwrap();
    let secret = seen.canary(15);
    let text = json!(secret.expose());
    for spoilt in [
        format!("{{\"schema\":{text}}}"),
        format!("{{\"schema\":1,\"method\":{text},\"cloud\":\"AzureCloud\"}}"),
        format!("{{\"schema\":1,\"method\":\"secret\",\"cloud\":\"AzureCloud\",\"subscriptions\":{text}}}"),
        text.to_string(),
        format!("{{{text}"),
    ] {
        fs::write(home.sign_in(), &spoilt).unwrap();
        let e = Saved::read(&home).unwrap_err();
        assert!(e.to_string().contains("is damaged"), "{e}");
        seen.add("sign-in", format!("{e:?} {}", chain(&e)));
        fs::write(dir.path().join("credentials.json"), &spoilt).unwrap();
        let e = Secrets::in_keyring(dir.path(), std::time::Duration::from_secs(1)).list().unwrap_err();
        seen.add("credentials", format!("{e:?} {}", chain(&e)));
        let e = lifeboat::azure::Cloud::from_line(&spoilt).unwrap_err();
        seen.error("line", &e);
    }
    let told = lifeboat::azure::Cloud::from_line(
        &line("http://127.0.0.1:1").replace("\"epoch\":1800000000000", &format!("\"epoch\":{text}")),
    );
    seen.error("line", &told.unwrap_err());
    assert!(seen.text().contains("invalid type: string, expected u32"), "{}", seen.text());
    seen.clean();
}

/// A home whose sign-in is by this method, and the program in it with the fullest log.
fn signing_in(home: &Path, saved: &str) -> Process {
    fs::write(home.join("sign-in.json"), format!("{{\"schema\":1,\"cloud\":\"AzureCloud\",{saved}}}")).unwrap();
    let mut c = lifeboat(home);
    for name in ["IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET"] {
        c.env_remove(name);
    }
    c.env("LIFEBOAT_LOG", "trace").args(["credentials", "test", "sign-in"]);
    c
}

fn heard(seen: &Seen, mut c: Process) -> Said {
    let said = Said::of(c.output().unwrap());
    seen.add("stdout", &said.out);
    seen.add("stderr", &said.err);
    said
}

/// The endpoint beside an application is shown a secret of the environment.
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_machine_in_the_environment() {
    let (seen, dir, turn) = (Seen::on("machine"), tempfile::tempdir().unwrap(), AtomicUsize::new(0));
    let fake = Fake::new(move |a| {
        let sent = a.header("x-identity-header").to_owned();
        assert!(sent.starts_with("Canary"), "it was sent: {a:?}");
        match turn.fetch_add(1, Ordering::SeqCst) {
            0 => Do::Say(400, json!({ "error": "bad", "error_description": format!("sent {sent}") })),
            1 => Do::Text(403, format!("<p>{}</p>", json!(sent))),
            2 => Do::Say(200, json!({ "access_token": [sent], "expires_on": sent })),
            _ => {
                Do::Say(200, json!({ "access_token": sent, "expires_on": sent, "resource": sent, "token_type": sent }))
            }
        }
    })
    .await;
    let endpoint = fake.azure.cloud().arm.join("msi/token").unwrap();
    for n in 0..4 {
        let mut c = signing_in(dir.path(), "\"method\":\"managed\"");
        c.env("IDENTITY_ENDPOINT", endpoint.as_str()).env("IDENTITY_HEADER", seen.canary(3).expose());
        let said = heard(&seen, c);
        assert_ne!(said.code, 0, "{n}: {}{}", said.out, said.err);
    }
    assert_eq!(fake.asked().len(), 4);
    seen.clean();
}

/// `az` prints a token, and something in its answer is not as it should be.
#[test]
fn the_token_of_a_tool_that_answers_badly() {
    use std::os::unix::fs::PermissionsExt;
    let (seen, dir) = (Seen::on("tools"), tempfile::tempdir().unwrap());
    let token = json!(seen.canary(13).expose());
    for answer in [
        format!("{{\"accessToken\":{token},\"expires_on\":{token},\"tokenType\":\"Bearer\"}}"),
        format!("{{\"accessToken\":[{token}],\"expires_on\":1,\"tokenType\":\"Bearer\"}}"),
        format!("{{\"accessToken\":{token},\"tokenType\":\"Bearer\"}}"),
        format!("{{\"accessToken\":{token},\"expires_on\":99999999999999999,\"tokenType\":{token}}}"),
        format!("{token}"),
        format!("token {token}"),
    ] {
        fs::write(dir.path().join("answer"), answer).unwrap();
        for tool in ["az", "azd"] {
            let path = dir.path().join(tool);
            fs::write(&path, format!("#!/bin/sh\ncat {}/answer\n", dir.path().display())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let mut c = signing_in(dir.path(), "\"method\":\"tools\"");
        c.env("PATH", format!("{}:/usr/bin:/bin", dir.path().display()));
        let said = heard(&seen, c);
        assert!(said.code != 0 && said.err.contains("AzureCliCredential"), "{}{}", said.out, said.err);
    }
    seen.clean();
}

/// A disk that is full where its results should go: the program fails while it holds the secret and a token.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_of_the_program() {
    let (seen, dir) = (Seen::on("crash"), tempfile::tempdir().unwrap());
    let issued = seen.key(14).expose().to_owned();
    let fake =
        Fake::new(move |_| Do::Say(200, json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": issued })))
            .await;
    let mut at: serde_json::Value =
        serde_json::from_str(&line(fake.azure.cloud().arm.as_str().trim_end_matches('/'))).unwrap();
    at["client_secret"] = json!(seen.canary(4).expose());
    let file = dir.path().join("line.json");
    fs::write(&file, at.to_string()).unwrap();
    let mut c = signing_in(dir.path(), "\"method\":\"secret\"");
    c.arg("--cloud").arg(&file).env("RUST_BACKTRACE", "full");
    c.stdout(Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap())).stderr(Stdio::piped());
    let out = c.spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains("could not be written whole") && !said.contains("panicked at"), "{said}");
    assert!(fake.asked().iter().any(|a| a.form.contains("client_secret=Canary04")), "the secret was at hand");
    seen.add("stderr", said);
    seen.clean();
}
