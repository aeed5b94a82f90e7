//! How often one address may do something.

use std::net::{IpAddr, Ipv6Addr};

use dashmap::DashMap;

/// So many a minute of each address, all of them at once if it likes: the generic cell rate
/// algorithm, which needs one number an address.
pub struct Rate {
    /// When the next one would be on time, in microseconds of the monotonic clock.
    next: DashMap<IpAddr, u64>,
    interval_us: u64,
}

const MINUTE_MS: u64 = 60_000;

impl Rate {
    pub fn per_minute(count: u32) -> Self {
        Self {
            next: DashMap::new(),
            interval_us: MINUTE_MS * 1000 / u64::from(count.max(1)),
        }
    }

    /// Counts one. False, and it does not count, if it is one too many.
    pub fn count(&self, address: IpAddr, now_ms: u64) -> bool {
        let now = now_ms * 1000;
        let mut next = self.next.entry(key(address)).or_insert(now);
        let due = (*next).max(now) + self.interval_us;
        let allowed = due - now <= MINUTE_MS * 1000;
        if allowed {
            *next = due;
        }
        allowed
    }

    /// Whether one more would be too many.
    pub fn is_spent(&self, address: IpAddr, now_ms: u64) -> bool {
        self.next.get(&key(address)).is_some_and(|next| {
            (*next).saturating_sub(now_ms * 1000) + self.interval_us > MINUTE_MS * 1000
        })
    }

    /// Addresses that are remembered.
    pub fn len(&self) -> usize {
        self.next.len()
    }

    /// Forgets addresses that have not been here for a while.
    pub fn sweep(&self, now_ms: u64) {
        self.next.retain(|_, next| *next > now_ms * 1000);
    }
}

/// Who has one IPv6 address has all of its /64.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}
