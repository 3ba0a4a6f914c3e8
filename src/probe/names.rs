//! Names to addresses, asked anew each time, without ever being swamped by a resolver that is silent.
//!
//! The system's resolver blocks a thread, for half a minute if it likes, and cannot be called off. So each name is asked
//! by one thread at a time, whoever wants to know it waits for the same answer, and only so many threads run at once.
//! They are threads of their own: a shared pool would be held up, and the end of the program with it.
//!
//! A lookup that fails for want of files or memory says nothing about the name, though the system's words for it may be those
//! of a resolver that is out of order. So after each that failed it is tried whether this computer could ask at all.

use std::collections::HashMap;
use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use url::Host;

use super::connect::{class, on_the_line};
use super::http::Trouble;
use crate::clock::Task;
use crate::health::{Failure, Stages};
use crate::units::Millis;

/// Names that are resolved at once. At 50 ms each that is a thousand in a second; a silent resolver costs so many threads.
pub const AT_ONCE: usize = 64;
/// Addresses of one name that are tried; a name with more is asked again by the next probe anyway.
const ADDRESSES_MAX: usize = 4;

/// Files that a lookup has open at a time, and some to spare: the list of hosts, and sockets to resolvers.
const FILES: usize = 4;
/// How both systems' libraries say that memory ran out.
const NO_MEMORY: &str = "Memory allocation failure";

/// What became of a name; none while it is being resolved.
type Answer = Option<Result<Vec<IpAddr>, (Failure, String)>>;

static SLOTS: Semaphore = Semaphore::const_new(AT_ONCE);
/// Names that the resolver has answered so far, with addresses or without: shows whether it is silent to all.
static ANSWERED: AtomicU64 = AtomicU64::new(0);
/// Names that are being resolved.
static RUNNING: LazyLock<Mutex<HashMap<String, watch::Receiver<Answer>>>> = LazyLock::new(Mutex::default);

/// The addresses of a host. A literal address has no DNS stage.
pub(super) async fn addresses(
    task: &Task,
    host: Option<Host<&str>>,
    port: u16,
    patience: Millis,
    stages: &mut Stages,
) -> Result<Vec<SocketAddr>, Trouble> {
    let name = match host {
        Some(Host::Ipv4(ip)) => return Ok(vec![SocketAddr::new(IpAddr::V4(ip), port)]),
        Some(Host::Ipv6(ip)) => return Ok(vec![SocketAddr::new(IpAddr::V6(ip), port)]),
        Some(Host::Domain(name)) => name,
        None => return Err(Trouble::new(Failure::NotAsked, "the address has no host")),
    };
    let start = task.now().mono;
    let (answered, mut asked) = (ANSWERED.load(Ordering::Relaxed), false);
    let found = task.request(patience, |_| ask(name, &mut asked)).await;
    stages.dns = Some(Millis(task.now().mono - start));
    match found {
        Ok(Ok(found)) if found.is_empty() => Err(Trouble::new(Failure::Dns, format!("{name} has no address"))),
        Ok(Ok(found)) => Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
        Ok(Err(trouble)) => Err(trouble),
        Err(late) if asked => Err(Trouble::new(Failure::Dns, format!("the resolver is silent about {name}: {late}"))),
        Err(late) if ANSWERED.load(Ordering::Relaxed) == answered => {
            let why = format!("the resolver is silent about {AT_ONCE} other names, so {name} still waits: {late}");
            Err(Trouble::new(Failure::Dns, why))
        }
        // Others were answered meanwhile, so the resolver lives: that this name's turn did not come is our own doing.
        Err(_) => {
            let why = format!("{AT_ONCE} names that the resolver is slow about went before {name}");
            Err(Trouble::new(Failure::NotAsked, why))
        }
    }
}

/// Resolves a name, or waits for whoever is at it; `asked` is set once the resolver has been.
async fn ask(name: &str, asked: &mut bool) -> Result<Vec<IpAddr>, Trouble> {
    let at_it = running().get(name).cloned();
    let mut answer = match at_it {
        Some(answer) => answer,
        None => {
            let slot = SLOTS.acquire().await.map_err(|e| Trouble::new(Failure::NotAsked, e))?;
            start(name, slot)?
        }
    };
    *asked = true;
    let lost = |_| Trouble::new(Failure::NotAsked, "the resolver's thread ended early");
    let answer = answer.wait_for(Option::is_some).await.map_err(lost)?.clone();
    match answer {
        Some(Ok(found)) => Ok(found),
        Some(Err((failure, cause))) => Err(Trouble::new(failure, cause)),
        None => Err(Trouble::new(Failure::NotAsked, "the resolver's thread ended early")),
    }
}

/// Starts the thread that asks for a name; it keeps the slot, and its place among those running, until it ends.
fn start(name: &str, slot: SemaphorePermit<'static>) -> Result<watch::Receiver<Answer>, Trouble> {
    let mut all = running();
    if let Some(answer) = all.get(name) {
        return Ok(answer.clone());
    }
    let (tell, answer) = watch::channel(None);
    let entry = Entry { name: name.to_owned(), _slot: slot };
    let work = move || {
        let found = (entry.name.as_str(), 0).to_socket_addrs();
        let found = found.map(|all| all.map(|a| a.ip()).take(ADDRESSES_MAX).collect()).map_err(|e| cause(&e));
        ANSWERED.fetch_add(1, Ordering::Relaxed);
        // Whoever asks from now on asks anew.
        drop(entry);
        let _ = tell.send(Some(found));
    };
    let thread = std::thread::Builder::new().name("resolver".to_owned());
    all.insert(name.to_owned(), answer.clone());
    // A thread that does not start drops its entry at once, which needs the lock.
    drop(all);
    thread.spawn(work).map_err(|e| Trouble::new(Failure::NotAsked, format!("no thread to resolve names: {e}")))?;
    Ok(answer)
}

/// What a failed lookup means.
fn cause(e: &io::Error) -> (Failure, String) {
    let ours = |e: &dyn Display| (Failure::NotAsked, format!("this computer could not ask the resolver: {e}"));
    // Those that the resolver's own library has no words for carry the number of a system call.
    let system = e.raw_os_error().and_then(|_| on_the_line(e));
    match system {
        Some(Failure::NotAsked) => return ours(e),
        Some(Failure::NoRoute) => return (Failure::NoRoute, e.to_string()),
        _ => {}
    }
    if e.to_string().contains(NO_MEMORY) {
        return ours(e);
    }
    let spare: io::Result<Vec<_>> = (0..FILES).map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect();
    match spare {
        Err(want) if class(&want) == Failure::NotAsked => ours(&want),
        _ => (Failure::Dns, e.to_string()),
    }
}

struct Entry {
    name: String,
    _slot: SemaphorePermit<'static>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        running().remove(&self.name);
    }
}

fn running() -> MutexGuard<'static, HashMap<String, watch::Receiver<Answer>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
