//! Something that listens on this computer and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What it does with a message; the last of a list again and again.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// Answers with this status, and these headers.
    Says(u16, &'static str),
    /// Takes the message and never answers.
    Hangs,
    /// Takes the message and hangs up.
    Closes,
    /// Answers with this status and 10 MB, as far as they are read.
    Floods(u16),
}

pub struct Listener {
    pub port: u16,
    took: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Listener {
    /// Ends with the test.
    pub fn that(does: &[Does]) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let took = Arc::new(Mutex::new(Vec::new()));
        let (does, all) = (does.to_vec(), took.clone());
        std::thread::spawn(move || {
            for (n, line) in socket.incoming().enumerate() {
                let (does, all) = (does[n.min(does.len() - 1)], all.clone());
                std::thread::spawn(move || serve(&mut line.unwrap(), does, &all));
            }
        });
        Self { port, took }
    }

    pub fn at(&self) -> String {
        format!("http://127.0.0.1:{}/services/{}", self.port, super::TOKEN)
    }

    /// Everything it took: path and body.
    pub fn took(&self) -> Vec<(String, Value)> {
        self.took.lock().unwrap().clone()
    }

    pub fn moments(&self) -> Vec<String> {
        self.took().iter().map(|(_, b)| b["moment"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until it took so many.
    pub fn after(&self, n: usize) -> Vec<(String, Value)> {
        let began = Instant::now();
        while self.took().len() < n {
            assert!(began.elapsed() < crate::PATIENCE, "{n} messages: {:?}", self.took());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.took()
    }
}

fn serve(line: &mut TcpStream, does: Does, all: &Mutex<Vec<(String, Value)>>) {
    let mut from = BufReader::new(line.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    from.read_line(&mut first).unwrap();
    loop {
        let mut header = String::new();
        from.read_line(&mut header).unwrap();
        let (name, value) = header.trim().split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    all.lock().unwrap().push((path, serde_json::from_slice(&body).unwrap()));
    match does {
        Does::Says(status, headers) => {
            let _ = write!(line, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{headers}\r\n");
        }
        // Until whoever waits has enough of it.
        Does::Hangs => drop(from.read(&mut [0])),
        Does::Closes => {}
        Does::Floods(status) => {
            let _ = write!(line, "HTTP/1.1 {status} X\r\ncontent-length: 10000000\r\n\r\n");
            for _ in 0..1_000 {
                if line.write_all(&[b'x'; 10_000]).is_err() {
                    return;
                }
            }
        }
    }
}
