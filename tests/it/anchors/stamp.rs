//! Time stamps by a real authority, OpenSSL's, behind a small server; and what OpenSSL makes of what is kept.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Output};
use std::sync::{Arc, Mutex};

use lifeboat::desk::protocol::{Anchors, Command};
use lifeboat::record::{Checkpoint, Question, StampError};

use super::blob::begin;
use super::witness::{recorded, records_of, verified};
use crate::crash::{Place, until};
use crate::desk::several::SANDBOX;
use crate::desk::sign_in::{Azure as Simulated, at};

/// An authority with a certificate of its own.
struct Authority {
    dir: tempfile::TempDir,
}

fn openssl(dir: &Path, args: &[&str]) -> Output {
    Program::new("openssl").current_dir(dir).args(args).output().unwrap()
}

impl Authority {
    fn new() -> Option<Self> {
        if Program::new("openssl").arg("version").output().is_err() {
            crate::left_out("time stamps: there is no openssl here");
            return None;
        }
        let a = Self { dir: tempfile::tempdir().unwrap() };
        let all = |args: &[&str]| {
            let done = openssl(a.dir.path(), args);
            assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        a.file("ext", "extendedKeyUsage=critical,timeStamping\n");
        a.file("serial", "01\n");
        for (name, digests) in [("ts.cnf", "sha256"), ("strict.cnf", "sha512")] {
            // Fractions of a second and an accuracy stand between the time and the number of the question.
            let text = format!(
                "[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.pem\ncerts=ca.pem\nsigner_key=tsa.key\n\
                 signer_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests={digests}\naccuracy=secs:1,millisecs:500\n\
                 clock_precision_digits=3\nordering=yes\ntsa_name=yes\ness_cert_id_alg=sha256\n"
            );
            a.file(name, &text);
        }
        let key = ["-newkey", "rsa:2048", "-nodes", "-sha256"];
        all(&[&["req", "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2"], &key[..]]
            .concat());
        all(&[&["req", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa"], &key[..]].concat());
        let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext"];
        all(&[&["x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem"], &signed[..]].concat());
        Some(a)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn reply(&self, question: &[u8], config: &str) -> Vec<u8> {
        self.file("q.tsq", question);
        let done =
            openssl(self.dir.path(), &["ts", "-reply", "-queryfile", "q.tsq", "-out", "r.tsr", "-config", config]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::read(self.dir.path().join("r.tsr")).unwrap()
    }

    /// What OpenSSL says of an answer and the text it is about.
    fn verifies(&self, data: &Path, answer: &Path) -> bool {
        let (data, answer) = (data.to_str().unwrap(), answer.to_str().unwrap());
        openssl(self.dir.path(), &["ts", "-verify", "-data", data, "-in", answer, "-CAfile", "ca.pem"]).status.success()
    }

    /// Serves it, until the test ends; or a page, as a guest network does.
    fn serve(self: &Arc<Self>, page: Arc<Mutex<bool>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}/tsa", listener.local_addr().unwrap());
        let a = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut all, mut piece) = (Vec::new(), [0; 4096]);
                let body = loop {
                    let n = stream.read(&mut piece).unwrap_or(0);
                    all.extend_from_slice(&piece[..n]);
                    let head = all.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4);
                    let text =
                        head.map(|h| String::from_utf8_lossy(&all[..h]).to_ascii_lowercase()).unwrap_or_default();
                    let wanted = text.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
                    if let (Some(head), Some(wanted)) = (head, wanted)
                        && all.len() >= head + wanted
                    {
                        assert!(text.contains("content-type: application/timestamp-query"), "{text}");
                        break all[head..].to_vec();
                    }
                    assert!(n > 0, "the question broke off");
                };
                let (kind, out) = match *page.lock().unwrap() {
                    true => ("text/html", b"<p>Accept the terms".to_vec()),
                    false => ("application/timestamp-reply", a.reply(&body, "ts.cnf")),
                };
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    out.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), &out].concat());
            }
        });
        at
    }
}

#[test]
fn an_answer_is_a_time_stamp_of_this_text_to_this_question_or_none() {
    let Some(a) = Authority::new() else { return };
    let question = Question::of("the checkpoint", [0xff; 8]);
    let answer = a.reply(&question.bytes(), "ts.cnf");
    let at = question.answered(&answer).unwrap();
    assert!(at.starts_with("20") && at.contains('.') && at.ends_with('Z'), "{at}");
    let (text, kept) = (a.file("note.txt", "the checkpoint"), a.file("note.tsr", &answer));
    assert!(a.verifies(&text, &kept));
    assert!(!a.verifies(&a.file("other.txt", "another"), &kept));

    assert_eq!(Question::of("another", [0xff; 8]).answered(&answer), Err(StampError::Other));
    assert_eq!(Question::of("the checkpoint", [0xfe; 8]).answered(&answer), Err(StampError::Nonce));
    let refused = question.answered(&a.reply(&question.bytes(), "strict.cnf"));
    let Err(StampError::Refused { status: 2, why }) = refused else { panic!("{refused:?}") };
    assert!(why.to_lowercase().contains("digest"), "{why}");
    // Whatever is cut or made of it is no panic, and what is cut is no stamp.
    for cut in 0..answer.len() {
        assert!(question.answered(&answer[..cut]).is_err(), "cut at {cut}");
    }
    for i in 0..answer.len().min(600) {
        for bit in 0..8 {
            let mut other = answer.clone();
            other[i] ^= 1 << bit;
            let _ = question.answered(&other);
        }
    }
    assert_eq!(question.answered(b"<html>"), Err(StampError::Shape));
}

#[test]
fn a_live_run_keeps_time_stamps_that_openssl_verifies_also_of_its_end() {
    let Some(a) = Authority::new().map(Arc::new) else { return };
    let page = Arc::new(Mutex::new(false));
    let authority = a.serve(page.clone());
    let mut azure = Simulated::of(SANDBOX, lifeboat::clock::Clock::system());
    let (server, authority) = (authority, "http://timestamp.example.com/tsa".to_owned());
    azure.at.hosts.insert("timestamp.example.com".to_owned(), server.trim_end_matches("/tsa").to_owned());
    let place = Place::new();
    let desk = at(&place, Some(azure.cloud()));
    let set = |authority: &str| Command::Anchors(Anchors { authority: authority.to_owned(), ..Anchors::default() });
    desk.send(set("timestamp.example.com"));
    until(&desk, "a refusal", |s| {
        s.notice.as_ref().is_some_and(|n| n.what.contains("no address of a time-stamp authority"))
    });
    desk.send(Command::DismissNotice);
    desk.send(set(&authority));
    until(&desk, "the setting", |s| s.settings.anchors.authority == authority);
    begin(&desk, false);
    let id = until(&desk, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    recorded(&desk, &place.home(), 1);
    desk.send(Command::Abort("enough".to_owned()));
    recorded(&desk, &place.home(), 2);
    let evidence = place.run(&id).join("evidence");
    for d in records_of(&place.home()) {
        assert_eq!((d["to"].as_str(), d["outcome"].as_str()), (Some("tsa"), Some("held")), "{d}");
        assert_eq!(d["where"], authority.as_str());
        let stamp = evidence.join(d["evidence"]["file"].as_str().unwrap());
        let note: Checkpoint = d["note"].as_str().unwrap().parse().unwrap();
        let stamped = format!("-checkpoint-{}.txt", note.size);
        let files = std::fs::read_dir(&evidence).unwrap().map(|e| e.unwrap().path());
        let text = files.into_iter().find(|p| p.to_string_lossy().ends_with(&stamped)).unwrap();
        assert_eq!(std::fs::read_to_string(&text).unwrap(), note.to_string());
        assert!(a.verifies(&text, &stamp), "{}", stamp.display());
    }
    let mut r = verified(&place.home(), &[]);
    r.hold(|file| lifeboat::desk::evidence::sha256_of(&place.run(&id), file));
    assert!(r.break_count == 0 && r.to_string().contains("2 to a time-stamp authority held"), "{r}");
    assert_eq!(r.evidence_files.as_ref().map(|f| (f.same, f.missing.len(), f.altered.len())), Some((4, 0, 0)), "{r}");
    desk.send(Command::LeaveRun);
    until(&desk, "no run", |s| s.run.is_none());
    std::fs::remove_dir_all(place.home().join("runs")).unwrap();

    *page.lock().unwrap() = true;
    begin(&desk, false);
    let d = recorded(&desk, &place.home(), 1).remove(0);
    assert_eq!(d["outcome"], "failed");
    assert!(d["why"].as_str().unwrap().contains("text/html") && d.get("evidence").is_none(), "{d}");
    // A simulated Azure leads to no authority of the real world.
    let real = "http://tsa.contoso.example/";
    desk.send(set(real));
    until(&desk, "the setting", |s| s.settings.anchors.authority == real);
    desk.send(Command::Abort("enough".to_owned()));
    let d = recorded(&desk, &place.home(), 2).remove(1);
    assert!(d["why"].as_str().unwrap().contains("a rehearsal does not reach tsa.contoso.example"), "{d}");
}
