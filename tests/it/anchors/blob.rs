//! Checkpoints as blobs: what a container answers, what a live run records of it, and that nothing waits for it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::azure::blob::put_new;
use lifeboat::azure::{Azure, AzureError, Cloud};
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::Handle;
use lifeboat::desk::protocol::{Anchors, Command};
use lifeboat::record::Checkpoint;
use lifeboat::simulator::{Connection, Options, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use super::witness::{recorded, records_of, verified};
use crate::crash::{Place, until};
use crate::desk::several::SANDBOX;
use crate::desk::sign_in::at;

const CONTAINER: &str = "https://sthubdata.blob.core.windows.net/anchors";

/// A simulated Azure with two containers in one account, one of which keeps what is put.
struct Storage {
    at: Connection,
    http: reqwest::Client,
    _simulator: Simulator,
}

impl Storage {
    async fn new() -> Self {
        let options = Options::new(ron::from_str(SANDBOX).unwrap(), Clock::system());
        let simulator = Simulator::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut s = Self { at: simulator.connection(), http, _simulator: simulator };
        assert!(!s.at.hosts.contains_key("sthubdata.blob.core.windows.net"), "nothing is there to be asked yet");
        let services = format!(
            "{}/subscriptions/{}/resourceGroups/rg-hub-shared/providers/Microsoft.Storage/storageAccounts/sthubdata/blobServices",
            s.at.arm, s.at.subscription
        );
        let token = s.token("https://management.azure.com").await;
        for path in ["anchors", "plain", "anchors/immutabilityPolicies/default"] {
            let url = format!("{services}/default/containers/{path}?api-version=2023-05-01");
            let body = json!({ "properties": { "immutabilityPeriodSinceCreationInDays": 30 } });
            let r = s.http.put(url).bearer_auth(&token).json(&body).send().await.unwrap();
            assert!(r.status().is_success(), "{path}: {}", r.text().await.unwrap());
        }
        s.at = s._simulator.connection();
        s
    }

    async fn token(&self, audience: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.at.client_id),
            ("client_secret", &self.at.client_secret),
            ("scope", &format!("{audience}/.default")),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.at.authority, self.at.tenant);
        let r = self.http.post(url).form(&form).send().await.unwrap();
        r.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    fn cloud(&self) -> Cloud {
        Cloud::from_line(&serde_json::to_string(&self.at).unwrap()).unwrap()
    }

    /// Status and body of a request of any program's.
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let url = format!("{}{path}", self.at.hosts["sthubdata.blob.core.windows.net"].trim_end_matches('/'));
        let token = self.token("https://storage.azure.com").await;
        let r = self.http.request(method, url).bearer_auth(token).body(body.to_owned());
        let r = headers.iter().fold(r, |r, (name, value)| r.header(*name, *value)).send().await.unwrap();
        (r.status().as_u16(), r.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_put_once_and_a_policy_keeps_it() {
    let s = Storage::new().await;
    let (azure, task) = (Azure::new(s.cloud()).unwrap(), Clock::system().task());
    let url = |path: &str| format!("{CONTAINER}/{path}").parse().unwrap();
    put_new(&azure, &task, &url("r1/41.txt"), "forty-one").await.unwrap();
    put_new(&azure, &task, &url("r1/41.txt"), "forty-one").await.expect("the same is there: an answer was lost");
    let e = put_new(&azure, &task, &url("r1/41.txt"), "another").await.unwrap_err();
    assert!(e.to_string().contains("another content is there"), "{e}");
    let none = "https://sthubdata.blob.core.windows.net/none/41.txt".parse().unwrap();
    assert_eq!(put_new(&azure, &task, &none, "x").await.unwrap_err().status(), Some(404));
    let real = "https://stcontoso.blob.core.windows.net/anchors/41.txt".parse().unwrap();
    let e = put_new(&azure, &task, &real, "x").await.unwrap_err();
    assert!(matches!(e, AzureError::OutsideRehearsal { .. }), "{e}");

    // As the service answers anybody.
    let version = ("x-ms-version", "2021-12-02");
    let put = [version, ("x-ms-blob-type", "BlockBlob")];
    let here = |path: &str| path.to_owned();
    let asked = s.ask(Method::GET, &here("/anchors/r1/41.txt"), &[version], "").await;
    assert_eq!(asked, (200, "forty-one".to_owned()));
    let code = |(status, body): (u16, String), wanted: u16, word: &str| {
        assert!(status == wanted && body.contains(word), "{wanted} {word}: {status} {body}");
    };
    let blob = "/anchors/r1/41.txt";
    code(s.ask(Method::PUT, blob, &put, "new").await, 409, "<Code>BlobImmutableDueToPolicy</Code>");
    code(s.ask(Method::DELETE, blob, &[version], "").await, 409, "<Code>BlobImmutableDueToPolicy</Code>");
    let only_new = [version, put[1], ("if-none-match", "*")];
    code(s.ask(Method::PUT, blob, &only_new, "new").await, 409, "<Code>BlobAlreadyExists</Code>");
    code(s.ask(Method::PUT, blob, &[version], "new").await, 400, "InvalidHeaderValue");
    code(s.ask(Method::GET, blob, &[], "").await, 400, "MissingRequiredHeader");
    code(s.ask(Method::GET, "/anchors/none", &[version], "").await, 404, "BlobNotFound");
    assert_eq!(s.ask(Method::GET, blob, &[version], "").await.1, "forty-one");
    // Without a policy anybody who may write may do all that.
    for status in [s.ask(Method::PUT, "/plain/a", &put, "1").await.0, s.ask(Method::PUT, "/plain/a", &put, "2").await.0]
    {
        assert_eq!(status, 201);
    }
    assert_eq!(s.ask(Method::DELETE, "/plain/a", &[version], "").await.0, 202);
    let wrong = s.token("https://vault.azure.net").await;
    let url = format!("{}/plain/a", s.at.hosts["sthubdata.blob.core.windows.net"].trim_end_matches('/'));
    let r = s.http.get(url).bearer_auth(wrong).header(version.0, version.1).send().await.unwrap();
    assert_eq!(r.status(), 401);
}

pub fn begin(desk: &Handle, dry_run: bool) {
    desk.send(Command::StartRun { plan: "sandbox".to_owned(), strategy: None, dry_run });
    until(desk, "the run", |s| s.run.is_some());
}

fn to(container: &str) -> Command {
    Command::Anchors(Anchors { container: container.to_owned(), ..Anchors::default() })
}

fn set(desk: &Handle, container: &str) {
    desk.send(to(container));
    until(desk, "the setting", |s| s.settings.anchors.container == container);
}

#[test]
fn a_live_run_puts_its_beginning_and_its_end_where_nobody_writes_over_them() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let s = runtime.block_on(Storage::new());
    let place = Place::new();
    let desk = at(&place, Some(s.cloud()));
    for bad in
        ["ftp://x/y", "https://a.blob.core.windows.net/c?sig=hush", "https://a.blob.core.windows.net/", "anchors"]
    {
        desk.send(to(bad));
        until(&desk, bad, |s| s.notice.as_ref().is_some_and(|n| n.what.contains("give a container as")));
        desk.send(Command::DismissNotice);
        until(&desk, "no notice", |s| s.notice.is_none());
    }
    set(&desk, CONTAINER);
    begin(&desk, false);
    recorded(&desk, &place.home(), 1);
    desk.send(Command::Abort("enough".to_owned()));
    let all = recorded(&desk, &place.home(), 2);
    drop(desk);
    for d in &all {
        assert_eq!((d["to"].as_str(), d["outcome"].as_str()), (Some("blob"), Some("held")), "{d}");
        let note: Checkpoint = d["note"].as_str().unwrap().parse().unwrap();
        assert_eq!(d["where"], format!("{CONTAINER}/{}/{}.txt", note.log, note.size));
        let path = format!("/anchors/{}/{}.txt", note.log, note.size);
        let there = runtime.block_on(s.ask(Method::GET, &path, &[("x-ms-version", "2021-12-02")], ""));
        assert_eq!(there, (200, note.to_string()), "what verify takes");
    }
    let r = verified(&place.home(), &[]);
    assert!(r.break_count == 0 && r.to_string().contains("2 to a blob held"), "{r}");
    // It is set for the next time, too.
    let desk = at(&place, None);
    until(&desk, "the setting", |s| s.settings.anchors.container == CONTAINER);
}

/// Takes requests and answers none of them until it is told to.
struct Mute {
    at: String,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<AtomicBool>,
}

impl Mute {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answers) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let (seen, told) = (asked.clone(), answers.clone());
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                let n = stream.read(&mut head).unwrap_or(0);
                let line = String::from_utf8_lossy(&head[..n]).lines().next().unwrap_or_default().to_owned();
                seen.lock().unwrap().push(line);
                if told.load(Ordering::SeqCst) {
                    let _ = stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                } else {
                    silent.push(stream);
                }
            }
        });
        Self { at, asked, answers }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[test]
fn a_storage_that_hangs_holds_no_step_up_and_is_asked_once_more_with_the_next_checkpoint() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut s = runtime.block_on(Storage::new());
    let mute = Mute::new();
    s.at.hosts.insert("stmute.blob.core.windows.net".to_owned(), mute.at.clone());
    let place = Place::new();
    let desk = at(&place, Some(s.cloud()));
    set(&desk, "https://stmute.blob.core.windows.net/anchors");

    // What is not live sends nothing.
    begin(&desk, true);
    desk.send(Command::Abort("only read".to_owned()));
    until(&desk, "its end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    desk.send(Command::LeaveRun);
    until(&desk, "no run", |s| s.run.is_none());
    std::fs::remove_dir_all(place.home().join("runs")).unwrap();

    begin(&desk, false);
    until(&desk, "a request", |_| !mute.asked().is_empty());
    let since = Instant::now();
    desk.send(Command::Note("while it hangs".to_owned()));
    until(&desk, "the note", |s| s.run.as_ref().is_some_and(|r| r.notes.iter().any(|n| n.text == "while it hangs")));
    assert!(since.elapsed() < Duration::from_secs(5), "the run waits for it: {:?}", since.elapsed());
    assert!(records_of(&place.home()).is_empty() && mute.asked().len() == 1, "{:?}", mute.asked());
    let d = recorded(&desk, &place.home(), 1).remove(0);
    assert_eq!(d["outcome"], "failed");
    assert!(d["why"].as_str().unwrap().contains("gave no answer within 10 s"), "{d}");

    mute.answers.store(true, Ordering::SeqCst);
    desk.send(Command::Abort("enough".to_owned()));
    let all = recorded(&desk, &place.home(), 3);
    let first = mute.asked()[0].clone();
    assert!(first.starts_with("PUT /anchors/"), "{first}");
    assert_eq!(mute.asked().iter().filter(|a| **a == first).count(), 2, "once more: {:?}", mute.asked());
    let came = |outcome: &str| all.iter().filter(|d| d["outcome"] == outcome).count();
    assert_eq!((came("failed"), came("held"), mute.asked().len()), (1, 2, 3), "{all:?}");
    let r = verified(&place.home(), &[]);
    assert!(r.break_count == 0 && r.to_string().contains("2 to a blob held, 1 FAILED"), "{r}");
}

#[test]
fn a_rehearsal_sends_nothing() {
    let place = Place::new();
    let mute = Mute::new();
    let desk = at(&place, None);
    set(&desk, "https://stmute.blob.core.windows.net/anchors");
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: None,
        speed: Speed::Times(600),
        seed: 1,
        tabletop: false,
    });
    until(&desk, "the rehearsal", |s| s.run.is_some());
    desk.send(Command::Abort("enough".to_owned()));
    until(&desk, "its end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    drop(desk);
    assert!(mute.asked().is_empty() && records_of(&place.home()).is_empty());
}
