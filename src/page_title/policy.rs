//! The addresses to which the server may connect in a user's name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use lorem_http::Network;

/// Permits the public internet at the ports of the web, and the networks that the operator names, at all ports.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    /// Networks of the operator, such as an intranet.
    also: Vec<Network>,
}

impl AddressPolicy {
    /// A policy that also permits these networks.
    #[must_use]
    pub fn with(also: Vec<Network>) -> AddressPolicy {
        AddressPolicy { also }
    }

    /// Whether the server may connect to this address.
    #[must_use]
    pub fn permits(&self, address: SocketAddr) -> bool {
        let is_of_the_web = matches!(address.port(), 80 | 443);
        let ip = address.ip();
        self.also.iter().any(|network| network.contains(ip)) || is_of_the_web && is_public(ip)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Not in IANA's registry of special-purpose addresses (RFC 6890), nor multicast or reserved.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0 // this network
        || a == 100 && (64..128).contains(&b) // carriers' NAT
        || (a, b, c) == (192, 0, 0) // protocols
        || (a, b, c) == (192, 88, 99) // 6to4 relays
        || a == 198 && matches!(b, 18 | 19) // benchmarks
        || a >= 224; // multicast, reserved, broadcast
    !is_special
}

/// Global unicast (2000::/3) without what IANA's registry takes out of it: no loopback, unique-local, link-local or multicast
/// address, and none that carries an IPv4 address: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), 6to4, Teredo.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = match first {
        0x2001 => second < 0x200 || second == 0xdb8, // protocols, Teredo, benchmarks; documentation
        0x2002 => true,                              // 6to4
        0x3fff => second < 0x1000,                   // documentation
        _ => false,
    };
    first & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(policy: &AddressPolicy, address: &str, port: u16) -> bool {
        policy.permits(SocketAddr::new(address.parse().expect("an address"), port))
    }

    #[test]
    fn public_addresses_are_permitted_at_the_ports_of_the_web() {
        let policy = AddressPolicy::default();
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(permits(&policy, address, 80) && permits(&policy, address, 443), "{address}");
            for port in [0, 22, 25, 3306, 6379, 8080] {
                assert!(!permits(&policy, address, port), "{address} {port}");
            }
        }
    }

    #[test]
    fn no_address_is_permitted_that_is_not_public() {
        let policy = AddressPolicy::default();
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!permits(&policy, address, 80) && !permits(&policy, address, 443), "{address}");
        }
    }

    #[test]
    fn a_network_that_the_operator_names_is_permitted_at_all_ports_and_no_other() {
        let policy = AddressPolicy::with(vec!["10.1.0.0/16".parse().expect("a network")]);
        assert!(permits(&policy, "10.1.2.3", 8080) && permits(&policy, "::ffff:10.1.2.3", 80));
        assert!(!permits(&policy, "10.2.0.1", 80) && !permits(&policy, "127.0.0.1", 80));
        assert!(permits(&policy, "1.1.1.1", 443));
    }
}
