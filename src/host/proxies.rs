//! Proxies in front of this server, and whom they speak for.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Addresses and networks whose `x-forwarded-for` is believed. Anybody else's is what they like it
/// to be.
pub struct Proxies(Vec<Network>);

struct Network {
    base: u128,
    mask: u128,
}

impl Proxies {
    /// Addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`).
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let networks = texts.iter().map(|text| {
            Network::parse(text).ok_or_else(|| {
                format!("trustProxy: {text} is neither an address nor a network such as 10.0.0.0/8")
            })
        });
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    /// Where a request comes from: the last address in the chain that is no proxy of ours.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let mut hops = values
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','))
            .map(|hop| hop.trim().parse::<IpAddr>().ok());
        let mut client = peer;
        while self.trusts(client) {
            let Some(Some(hop)) = hops.next() else {
                break;
            };
            client = hop;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let bits = bits(address);
        self.0
            .iter()
            .any(|network| bits & network.mask == network.base)
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        // IPv4 lies in the last 32 bits of the mapped range.
        let (first, most) = if address.is_ipv4() {
            (96, 32)
        } else {
            (0, 128)
        };
        let length = length.unwrap_or(most);
        if length > most {
            return None;
        }
        let mask = u128::MAX
            .checked_shl(128 - first - length)
            .unwrap_or_default();
        Some(Self {
            base: bits(address) & mask,
            mask,
        })
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}
