//! One question and its answer over an open line, by HTTP/1.1 or HTTP/2, with bounds on whatever comes back.

use std::future::Future;
use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::connect::{Line, on_the_line};
use super::http::Trouble;
use crate::health::Failure;

/// Bytes of an answer that are read; a list of models may be longer, and its beginning is enough.
pub const BODY_MAX: usize = 64 * 1024;
/// Bytes of an answer's headers; Azure's are a few thousand. Who sends more is not the service.
pub const HEADERS_MAX: usize = 64 * 1024;

/// What came back.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// False when the body was longer than [`BODY_MAX`].
    pub(super) complete: bool,
}

impl Answer {
    fn new<B>(response: &mut Response<B>) -> Self {
        let headers = std::mem::take(response.headers_mut());
        Self { code: response.status().as_u16(), headers, body: Vec::new(), complete: true }
    }

    /// Takes more of the body; false once there is enough.
    fn take(&mut self, data: &[u8]) -> bool {
        let room = BODY_MAX - self.body.len();
        self.body.extend_from_slice(&data[..data.len().min(room)]);
        self.complete = data.len() <= room;
        self.complete
    }
}

/// By HTTP/1.1. `first` is told the headers as soon as they are there.
pub(super) async fn http1(
    line: Line,
    request: Request<Bytes>,
    first: impl FnOnce(&HeaderMap),
) -> Result<Answer, Trouble> {
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(HEADERS_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(line)).await.map_err(|e| broken(&e))?;
    let answer = async {
        let mut response = sender.send_request(request.map(Full::new)).await.map_err(|e| broken(&e))?;
        first(response.headers());
        let mut answer = Answer::new(&mut response);
        while let Some(frame) = response.body_mut().frame().await {
            let Ok(data) = frame.map_err(|e| broken(&e))?.into_data() else { continue };
            if !answer.take(&data) {
                break;
            }
        }
        Ok(answer)
    };
    drive(answer, connection).await
}

/// By HTTP/2, likewise.
pub(super) async fn http2(
    line: Line,
    request: Request<Bytes>,
    first: impl FnOnce(&HeaderMap),
) -> Result<Answer, Trouble> {
    let mut builder = h2::client::Builder::new();
    builder.enable_push(false).max_header_list_size(HEADERS_MAX as u32);
    let (sender, connection) = builder.handshake(line).await.map_err(|e| broken2(&e))?;
    let (parts, body) = request.into_parts();
    let mut ended = None;
    let connection = async { ended = connection.await.err() };
    let answer = async {
        let mut sender = sender.ready().await.map_err(|e| broken2(&e))?;
        let head = Request::from_parts(parts, ());
        let (response, mut stream) = sender.send_request(head, body.is_empty()).map_err(|e| broken2(&e))?;
        if !body.is_empty() {
            stream.send_data(body, true).map_err(|e| broken2(&e))?;
        }
        let mut response = response.await.map_err(|e| broken2(&e))?;
        first(response.headers());
        let mut answer = Answer::new(&mut response);
        while let Some(data) = response.body_mut().data().await {
            let data = data.map_err(|e| broken2(&e))?;
            // What was read makes room for more; a line that ended meanwhile says so at the next reading.
            let _ = response.body_mut().flow_control().release_capacity(data.len());
            if !answer.take(&data) {
                break;
            }
        }
        Ok(answer)
    };
    let answer = drive(answer, connection).await;
    // Of a connection that a server gives up, the request only learns that it broke.
    answer.map_err(|trouble| ended.filter(h2::Error::is_go_away).map_or(trouble, |e| broken2(&e)))
}

/// Runs a connection for as long as its one answer needs it, without a task of its own that could outlive the probe.
async fn drive<T>(answer: impl Future<Output = T>, connection: impl Future) -> T {
    tokio::pin!(answer);
    tokio::select! {
        biased;
        done = &mut answer => done,
        // A connection that ends leaves the reason, or the rest of the answer, with the one who asked.
        _ = connection => answer.await,
    }
}

/// What a broken exchange means.
fn broken(e: &hyper::Error) -> Trouble {
    if e.is_parse_too_large() {
        return too_large();
    }
    let mut causes = vec![e.to_string()];
    let mut failure = if e.is_parse() { Failure::NotTheService } else { Failure::Reset };
    let mut source = std::error::Error::source(e);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            failure = on_the_line(io).unwrap_or(failure);
        }
        source = cause.source();
    }
    Trouble::new(failure, causes.join(": "))
}

/// The same over HTTP/2.
fn broken2(e: &h2::Error) -> Trouble {
    let reason = e.reason().map_or_else(|| "no reason given".to_owned(), |r| r.description().to_owned());
    if let Some(io) = e.get_io() {
        return Trouble::new(on_the_line(io).unwrap_or(Failure::Reset), format!("the HTTP/2 connection broke: {io}"));
    }
    match (e.is_remote(), e.is_go_away(), e.is_reset()) {
        (true, true, _) => {
            Trouble::new(Failure::Reset, format!("the server ended the HTTP/2 connection (GOAWAY): {reason}"))
        }
        (true, _, true) => {
            Trouble::new(Failure::Reset, format!("the server cancelled the HTTP/2 request (RST_STREAM): {reason}"))
        }
        // We are the ones who hung up. Oversized headers and broken frames look the same from here.
        _ if e.is_library() => Trouble::new(
            Failure::NotTheService,
            format!("its HTTP/2 is broken, or its headers are longer than {} KiB: {reason}", HEADERS_MAX / 1024),
        ),
        _ => Trouble::new(Failure::Reset, e),
    }
}

fn too_large() -> Trouble {
    let why = format!("its headers are longer than {} KiB, or more than a hundred", HEADERS_MAX / 1024);
    Trouble::new(Failure::NotTheService, why)
}
