//! Sleep, clocks that were set, other networks: recognised while the watch goes on, told to the desk, and asked anew after.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::clock::Task;
use crate::health::gaps::{Clocks, Gap, Roads, between};
use crate::units::Millis;

use super::super::executor::World;
use super::super::mailbox::Mail;

/// Between two looks at the clocks and roads; a few system calls each.
const LOOK: Millis = Millis::from_secs(5);
/// Addresses for documentation: nothing is sent there, the system only says by which road it would be.
const ELSEWHERE: (Ipv4Addr, Ipv6Addr) = (Ipv4Addr::new(192, 0, 2, 1), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// Looks for as long as the watch lasts. A rehearsal's clock has no gaps, and a simulated Azure is on this computer.
pub async fn looking(world: World, task: Task) {
    if task.clock().is_scenario() {
        return;
    }
    let by_network = !world.azure.cloud().is_simulated();
    let (mut clocks, mut roads) = (clocks(&task), roads());
    loop {
        task.sleep(LOOK).await;
        let (now, out) = (self::clocks(&task), self::roads());
        let mut gap = between(clocks, now, LOOK);
        let moved = roads.changed(out).filter(|_| by_network);
        if let (None, Some(why)) = (&gap, moved) {
            gap = Some(Gap { from: now.utc, to: now.utc, why: why.to_owned(), back: false });
        }
        (clocks, roads) = (now, out);
        if let Some(gap) = gap {
            world.targets.ask_anew(moved.is_some());
            world.mail.send(Mail::Gap(gap));
        }
    }
}

fn clocks(task: &Task) -> Clocks {
    let now = task.now();
    Clocks { mono: i64::try_from(now.mono).unwrap_or(i64::MAX), utc: now.utc, boot: since_start() }
}

/// Milliseconds since the computer started, sleep included, where it tells.
fn since_start() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let (whole, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<i64>().ok()? * 1_000 + hundredths.parse::<i64>().ok()? * 10)
}

/// Which way leads out now; nothing is sent to find out.
pub fn roads() -> Roads {
    let from = |own: IpAddr, to: IpAddr| -> Option<IpAddr> {
        let socket = UdpSocket::bind(SocketAddr::new(own, 0)).ok()?;
        socket.connect(SocketAddr::new(to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let v4 = match from(Ipv4Addr::UNSPECIFIED.into(), ELSEWHERE.0.into()) {
        Some(IpAddr::V4(ip)) => Some(ip.octets()),
        _ => None,
    };
    let v6 = match from(Ipv6Addr::UNSPECIFIED.into(), ELSEWHERE.1.into()) {
        Some(IpAddr::V6(ip)) => Some(ip.segments()),
        _ => None,
    };
    Roads::of(v4, v6)
}
