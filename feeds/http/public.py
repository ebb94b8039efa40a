"""Public IP addresses, which are safe to connect to, and addresses of private networks, which are not.

The networks are those of the special-purpose registries of IANA
(https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry) as of 2026, because
`is_global` of a Python is as old as that Python. Blocks that are only partly reachable count as private.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network


#: IPv4 networks that are not public, and the address at which Azure answers its machines (168.63.129.16).
_PRIVATE_IPV4 = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
            *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
            "168.63.129.16/32",
        ),
    )
)
#: Global unicast (https://www.iana.org/assignments/ipv6-address-space), and the networks in it that are not public: for
#: protocols, with Teredo; for documentation; for answers to reverse lookups of private addresses.
_GLOBAL_UNICAST = ip_network("2000::/3")
_PRIVATE_IPV6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")))

#: The prefix of IPv6 addresses that embed a public IPv4 address (RFC 6052, 2.1).
_NAT64 = ip_network("64:ff9b::/96")

#: The first half of the interface identifier of an ISATAP address (RFC 5214, 6.1).
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


def is_allowed_ip(allowed: Sequence[IPv4Network | IPv6Network], address: str) -> bool:
    """Whether an IP address is in an allowed network, or is public and embeds no private IPv4 address."""
    ip = ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed):
        return True
    return all(_is_public(one) for one in (ip, *_embedded(ip)))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if not isinstance(ip, IPv6Address):
        return not any(ip in network for network in _PRIVATE_IPV4)
    return ip in _NAT64 or (ip in _GLOBAL_UNICAST and not any(ip in network for network in _PRIVATE_IPV6))


def _embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return the IPv4 addresses that a transition mechanism may reach through an IPv6 address."""
    if not isinstance(ip, IPv6Address):
        return []
    last = ip_address(int(ip) & 0xFFFF_FFFF)
    is_last = ip in _NAT64 or int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP
    embedded = (ip.ipv4_mapped, ip.sixtofour, last if is_last else None)
    return [one for one in embedded if one is not None]
