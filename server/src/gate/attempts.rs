//! A modest bound on wrong login attempts, for each address and in all. It keeps the log and the processor quiet;
//! what makes guessing hopeless is the length of the secrets. A right secret is always let in, and nothing here is
//! asked of who is signed in: nobody can lock the owner out by guessing. Pure; the caller gives the time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong attempts of one address at once, and per second after that.
const OF_ONE: (f64, f64) = (10.0, 0.2);
/// Of all addresses together.
const OF_ALL: (f64, f64) = (100.0, 10.0);
/// Addresses remembered; when there are more, all begin anew, and the bound for all still holds.
const MOST: usize = 4096;

/// Room for wrong attempts.
pub(super) struct Attempts {
    all: Room,
    each: HashMap<Option<IpAddr>, Room>,
}

#[derive(Clone, Copy)]
struct Room {
    left: f64,
    at: Instant,
}

impl Room {
    /// Takes one attempt out; how long until there is room if there is none.
    fn take(&mut self, (burst, rate): (f64, f64), now: Instant) -> Result<(), Duration> {
        let grown = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        self.left = (self.left + grown).min(burst);
        self.at = now;
        if self.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.left) / rate));
        }
        self.left -= 1.0;
        Ok(())
    }
}

impl Attempts {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            all: Room {
                left: OF_ALL.0,
                at: now,
            },
            each: HashMap::new(),
        }
    }

    /// Counts a wrong attempt; when there were too many, how long to wait. `None` = from a Unix socket.
    pub(super) fn count(&mut self, from: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        if self.each.len() >= MOST {
            self.each.clear();
        }
        let fresh = Room {
            left: OF_ONE.0,
            at: now,
        };
        let one = self.each.entry(from.map(network)).or_insert(fresh);
        one.take(OF_ONE, now)?;
        self.all.take(OF_ALL, now)
    }
}

/// What one customer of a provider has: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn after_a_burst_an_address_waits_and_others_do_not() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        assert!((0..10).all(|_| attempts.count(ip("192.0.2.1"), start).is_ok()));
        let wait = attempts.count(ip("192.0.2.1"), start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(5));
        assert!(attempts.count(ip("192.0.2.2"), start).is_ok());
        assert!(attempts.count(None, start).is_ok());
        assert!(attempts.count(ip("192.0.2.1"), start + wait).is_ok());
        assert!(attempts.count(ip("192.0.2.1"), start + wait).is_err());
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        let fine = (0..20)
            .filter(|n| attempts.count(ip(&format!("2001:db8::{n}")), start).is_ok())
            .count();
        assert_eq!(fine, 10);
        assert!(attempts.count(ip("2001:db8:0:1::1"), start).is_ok());
    }

    #[test]
    fn many_addresses_share_a_bound_and_cost_a_bounded_memory() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        let fine = (0..20_000_u32)
            .filter(|n| {
                let address = IpAddr::from(n.to_be_bytes());
                attempts.count(Some(address), start).is_ok()
            })
            .count();
        assert_eq!(fine, 100);
        assert!(attempts.each.len() <= MOST);
    }
}
