//! Doors: who is let in, when nobody listens, and how a connection is ended in the middle of it.
//!
//! The accept loop is our own, because a fault may close a listener for a while, hold a connection silent for hours or end it
//! with a reset.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{BIND_PAUSE, BIND_TRIES, Host, Shared, handle};
use crate::rehearsal::scenario::How;
use crate::units::Millis;

/// A TLS handshake takes no longer in real time.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts, except while a fault says that nobody listens.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener, host: Host) {
    let Ok(address) = listener.local_addr() else { return };
    let mut listener = Some(listener);
    let mut moved = shared.moved.subscribe();
    // Only who opens or closes a door needs to wake for it; time stands still until it has turned.
    let mut task;
    loop {
        moved.borrow_and_update();
        let closed = shared.facts.timeline().closed(&shared.places(&host, None));
        let now = i64::try_from(shared.clock.now().mono).unwrap_or(i64::MAX);
        let next = closed.into_iter().find(|(_, until)| now < *until);
        let shut = next.is_some_and(|(from, _)| from <= now);
        let turn = next.map(|(from, until)| if shut { until } else { from }).filter(|at| *at < i64::MAX);
        let open = match (shut, listener.take()) {
            (true, _) => None,
            (false, Some(open)) => Some(open),
            (false, None) => match reopen(address).await {
                Some(open) => Some(open),
                None => return,
            },
        };
        task = turn.map(|at| (shared.clock.task(), Millis(u64::try_from(at).unwrap_or(0))));
        let turns = async {
            match &task {
                Some((task, at)) => task.sleep(at.saturating_sub(Millis(task.now().mono))).await,
                None => std::future::pending().await,
            }
        };
        let serves = async {
            match &open {
                Some(open) => accept_all(&shared, open, &host).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = turns => {}
            _ = moved.changed() => {}
            () = serves => return,
        }
        listener = open;
    }
}

/// Listens again where it listened; another program that took the port meanwhile keeps it.
async fn reopen(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..BIND_TRIES {
        if let Ok(listener) = TcpListener::bind(address).await {
            return Some(listener);
        }
        tokio::time::sleep(BIND_PAUSE).await;
    }
    None
}

async fn accept_all(shared: &Arc<Shared>, listener: &TcpListener, host: &Host) {
    loop {
        let Ok(permit) = shared.connections.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Out of file handles, or the peer was gone already: neither ends the listener.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (inner, host) = (shared.clone(), host.clone());
        shared.spawn(async move {
            let _permit = permit;
            connection(inner, stream, host).await;
        });
    }
}

/// How a fault ends a connection from inside a request.
#[derive(Default)]
pub(super) struct Reset {
    pub asked: AtomicBool,
    pub wake: Notify,
}

/// A stream that ends with a TCP reset when told to.
struct Io {
    stream: TcpStream,
    reset: Arc<Reset>,
}

impl Drop for Io {
    fn drop(&mut self) {
        if self.reset.asked.load(Ordering::Acquire) {
            // Without it the connection ends in good order, which is a milder fault but a fault.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, host: Host) {
    // Small answers should not wait for company.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(Reset::default());
    let io = Io { stream, reset: reset.clone() };
    match &shared.tls {
        None => talk(shared, io, host, reset).await,
        Some(tls) => {
            let acceptor = match shared.struck_at_once(&host) {
                Some(How::NoHandshake) => return,
                Some(How::BadCertificate) => tls.stranger.clone(),
                _ => tls.acceptor.clone(),
            };
            // A client that does not trust us, or says nothing, is its own affair.
            if let Ok(Ok(io)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(io)).await {
                talk(shared, io, host, reset).await;
            }
        }
    }
}

async fn talk(
    shared: Arc<Shared>,
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: Host,
    reset: Arc<Reset>,
) {
    let service = service_fn(|request| {
        let (shared, host, reset) = (shared.clone(), host.clone(), reset.clone());
        async move { Ok::<_, Infallible>(handle(&shared, &host, request, &reset).await) }
    });
    let builder = Builder::new(TokioExecutor::new());
    tokio::select! {
        // A broken connection concerns the client; the simulator goes on.
        _ = builder.serve_connection(TokioIo::new(io), service) => {}
        () = reset.wake.notified() => {}
    }
}
