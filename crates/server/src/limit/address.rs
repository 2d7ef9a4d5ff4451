//! What of an address a limit is kept on.

use std::net::IpAddr;

/// An IPv4 address, or the /64 of an IPv6 address: one subscriber usually owns a whole /64, so a limit on single IPv6
/// addresses would not limit that subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(u64);

impl AddressKey {
    /// The key of an address; IPv4 written as IPv6 (`::ffff:192.0.2.1`) is IPv4.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            // 0:0:0:0::/64 holds no global unicast address, so the two families cannot meet in one key.
            IpAddr::V4(v4) => Self(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => Self((u128::from(v6) >> 64) as u64),
        }
    }
}

/// An IPv4 address, or the /48 of an IPv6 address: what one site is usually given, 65,536 times what [`AddressKey`] tells
/// apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkKey(u64);

impl NetworkKey {
    /// The key of the network that an address is in.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(_) => Self(AddressKey::of(address).0),
            // 0:0:0::/48 holds no global unicast address either.
            IpAddr::V6(v6) => Self((u128::from(v6) >> 80) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lg_07_v_48_limits_are_kept_on_v4_addresses_and_v6_networks() {
        let key = |text: &str| AddressKey::of(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        let network = |text: &str| NetworkKey::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::9"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
