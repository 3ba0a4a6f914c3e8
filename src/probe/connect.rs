//! The connection: the stage before anything is said.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::http::Trouble;
use crate::clock::Task;
use crate::health::{Failure, Stages};
use crate::units::Millis;

/// What a question and its answer travel over: TCP, TLS, or either through a proxy.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
/// One such, whichever it is.
pub(super) type Line = Box<dyn Stream>;

/// Connects to the first address that lets us, sharing `patience` among those left.
pub(super) async fn connect(
    task: &Task,
    addresses: &[SocketAddr],
    patience: Millis,
    peer: &mut Option<String>,
    stages: &mut Stages,
) -> Result<TcpStream, Trouble> {
    let start = task.now().mono;
    let mut worst: Option<(Trouble, String)> = None;
    for (i, address) in addresses.iter().enumerate() {
        let spent = task.now().mono - start;
        let left = u64::try_from(addresses.len() - i).unwrap_or(1);
        let share = Millis(patience.0.saturating_sub(spent) / left);
        let here = address.to_string();
        let tried = task.request(share, |_| TcpStream::connect(address)).await;
        stages.connect = Some(Millis(task.now().mono - start));
        let trouble = match tried {
            Ok(Ok(stream)) => {
                // What is sent is small and waits for its answer: there is nothing to gather.
                let _ = stream.set_nodelay(true);
                *peer = Some(here);
                return Ok(stream);
            }
            Ok(Err(e)) => match class(&e) {
                Failure::NotAsked => {
                    Trouble::new(Failure::NotAsked, format!("{OURS}, so {address} was not asked: {e}"))
                }
                failure => Trouble::new(failure, format!("{address}: {e}")),
            },
            Err(late) => Trouble::new(Failure::ConnectTimeout, format!("{address}: {late}")),
        };
        // A laptop without IPv6 has no route to the second address of a host whose first is down: the first one tells.
        if trouble.failure.counts() || worst.as_ref().is_none_or(|(w, _)| !w.failure.counts()) {
            worst = Some((trouble, here));
        }
    }
    let (trouble, at) = worst.unwrap_or_else(|| (Trouble::new(Failure::NotAsked, "no address"), String::new()));
    *peer = Some(at).filter(|at| !at.is_empty());
    Err(trouble)
}

/// Begins the words for a want of this computer.
pub(super) const OURS: &str = "this computer could not open a connection";

/// What an error of the network means. Only what the other side or the way there does is told apart: the rest, such as too
/// many open files, is this computer's own and speaks of nobody else.
pub(super) fn class(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::HostUnreachable => Failure::Unreachable,
        io::ErrorKind::TimedOut => Failure::ConnectTimeout,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::PermissionDenied => Failure::NoRoute,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Failure::Reset,
        _ => Failure::NotAsked,
    }
}

/// The same on a line that is open, where an error that no system call gave may be of what came over it: none for those.
pub(super) fn on_the_line(e: &io::Error) -> Option<Failure> {
    match class(e) {
        failure @ (Failure::NoRoute | Failure::Unreachable) => Some(failure),
        Failure::NotAsked if e.raw_os_error().is_some() || e.kind() == io::ErrorKind::OutOfMemory => {
            Some(Failure::NotAsked)
        }
        _ => None,
    }
}
