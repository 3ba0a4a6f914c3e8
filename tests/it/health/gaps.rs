//! Times in which nobody looked, told from three clocks; and which changes of the network are one.

use std::net::{Ipv4Addr, Ipv6Addr};

use lifeboat::health::gaps::{Clocks, Roads, between};
use lifeboat::units::Millis;

const S: i64 = 1_000;
const TICK: Millis = Millis::from_secs(5);

#[test]
fn clocks_that_part_tell_why() {
    // Passed between two looks: of the running clock, of the one people read, since start; and what is said.
    for (ran, read, boot, said) in [
        (5 * S, 5 * S, Some(5 * S), None),
        (6 * S, 6 * S, None, None),
        // Busy, or slewed by the time service.
        (9 * S, 9 * S, Some(9 * S), None),
        (5 * S, 7 * S, Some(5 * S), None),
        // A laptop that was shut: the running clock stood.
        (5 * S, 3_605 * S, Some(3_605 * S), Some("this computer slept 1 h")),
        // One whose running clock goes on in sleep, or a stopped process.
        (65 * S, 65 * S, Some(65 * S), Some("Lifeboat, or the machine it runs on, stood still for 1 min")),
        (65 * S, 65 * S, None, Some("Lifeboat, or the machine it runs on, stood still for 1 min")),
        // Set, not slept.
        (5 * S, 605 * S, Some(5 * S), Some("the clock was set 10 min ahead")),
        (5 * S, -595 * S, Some(5 * S), Some("the clock was set 10 min back")),
        (5 * S, -595 * S, None, Some("the clock was set 10 min back")),
        // Without the third clock nobody can tell the two apart.
        (5 * S, 605 * S, None, Some("this computer slept, or its clock was set ahead: 10 min")),
        // Both: slept an hour, and the clock was wrong before.
        (5 * S, 7_205 * S, Some(3_605 * S), Some("this computer slept 1 h; the clock was set 1 h ahead")),
    ] {
        let before = Clocks { mono: 100, utc: 1_800_000_000_000, boot: boot.map(|_| 777) };
        let now = Clocks { mono: 100 + ran, utc: before.utc + read, boot: boot.map(|b| 777 + b) };
        let gap = between(before, now, TICK);
        assert_eq!(gap.as_ref().map(|g| g.why.as_str()), said, "{ran} {read} {boot:?}");
        if let Some(g) = gap {
            assert!(g.from <= g.to);
            assert_eq!(g.back, read < 0, "{g:?}");
            assert_eq!(g.to - g.from, read.abs());
        }
    }
}

#[test]
fn another_way_out_is_a_gap_and_a_new_privacy_address_is_none() {
    let road = |v4: &str, v6: &str| {
        let (v4, v6): (Option<Ipv4Addr>, Option<Ipv6Addr>) = (v4.parse().ok(), v6.parse().ok());
        Roads::of(v4.map(|ip| ip.octets()), v6.map(|ip| ip.segments()))
    };
    let home = road("192.168.1.7", "2001:db8:1:2:aaaa::1");
    for (now, said) in [
        (home, None),
        (road("192.168.1.7", "2001:db8:1:2:bbbb:cccc::9"), None),
        (road("10.8.0.2", "2001:db8:1:2:aaaa::1"), Some("another network")),
        (road("192.168.1.7", "2001:db8:ff::1"), Some("another network")),
        (road("192.168.1.7", ""), Some("another network")),
        (road("", ""), Some("the network is gone")),
    ] {
        assert_eq!(home.changed(now), said, "{now:?}");
    }
    assert_eq!(road("", "").changed(home), Some("a network is there again"));
}
