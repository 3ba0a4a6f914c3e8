//! Name and connection: the stages before anything is said.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use url::{Host, Url};

use super::http::Trouble;
use crate::clock::Task;
use crate::health::{Failure, Stages};
use crate::units::Millis;

/// Addresses of one name that are tried; a name with more is asked again by the next probe anyway.
const ADDRESSES_MAX: usize = 4;

/// The addresses of the URL's host. A literal address has no DNS stage.
pub(super) async fn resolve(
    task: &Task,
    url: &Url,
    patience: Millis,
    stages: &mut Stages,
) -> Result<Vec<SocketAddr>, Trouble> {
    let port = url.port_or_known_default().unwrap_or(443);
    let name = match url.host() {
        Some(Host::Ipv4(ip)) => return Ok(vec![SocketAddr::new(IpAddr::V4(ip), port)]),
        Some(Host::Ipv6(ip)) => return Ok(vec![SocketAddr::new(IpAddr::V6(ip), port)]),
        Some(Host::Domain(name)) => name,
        None => return Err(Trouble::new(Failure::NotAsked, "the address has no host")),
    };
    let start = task.now().mono;
    let found = task.request(patience, |_| tokio::net::lookup_host((name, port))).await;
    stages.dns = Some(Millis(task.now().mono - start));
    let addresses: Vec<_> = match found {
        Ok(Ok(found)) => found.take(ADDRESSES_MAX).collect(),
        Ok(Err(e)) => return Err(Trouble::new(Failure::Dns, e)),
        Err(late) => return Err(Trouble::new(Failure::Dns, late)),
    };
    if addresses.is_empty() {
        return Err(Trouble::new(Failure::Dns, "the name has no address"));
    }
    Ok(addresses)
}

/// Connects to the first address that lets us, sharing `patience` among those left.
pub(super) async fn connect(
    task: &Task,
    addresses: &[SocketAddr],
    patience: Millis,
    peer: &mut Option<String>,
    stages: &mut Stages,
) -> Result<TcpStream, Trouble> {
    let start = task.now().mono;
    let mut last = Trouble::new(Failure::NotAsked, "no address");
    for (i, address) in addresses.iter().enumerate() {
        let spent = task.now().mono - start;
        let left = u64::try_from(addresses.len() - i).unwrap_or(1);
        let share = Millis(patience.0.saturating_sub(spent) / left);
        *peer = Some(address.to_string());
        let tried = task.request(share, |_| TcpStream::connect(address)).await;
        stages.connect = Some(Millis(task.now().mono - start));
        last = match tried {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(e)) => Trouble::new(class(&e), format!("{address}: {e}")),
            Err(late) => Trouble::new(Failure::ConnectTimeout, format!("{address}: {late}")),
        };
    }
    Err(last)
}

/// What an error of the network means.
pub(super) fn class(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::HostUnreachable => Failure::Unreachable,
        io::ErrorKind::TimedOut => Failure::ConnectTimeout,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::PermissionDenied => Failure::NoRoute,
        _ => Failure::Reset,
    }
}
