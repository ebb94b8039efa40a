"""Public IP addresses, as opposed to those of private networks."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network


#: The public part of IPv6 (https://www.iana.org/assignments/ipv6-address-space), and what in it is for examples only.
_UNICAST = ip_network("2000::/3")

_EXAMPLES = ip_network("3fff::/20")

#: The prefix in which IPv6 stands for a public IPv4 address (RFC 6052, 2.1), and the middle of an ISATAP one (RFC
#: 5214, 6.1).
_NAT64 = ip_network("64:ff9b::/96")

_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


def may_connect(allowed: Sequence[IPv4Network | IPv6Network], address: str) -> bool:
    """Whether an IP address is public, in all that it may stand for, or allowed by name."""
    ip = ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed):
        return True
    return all(_is_public(one) for one in (ip, *_embedded(ip)))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    is_known = not isinstance(ip, IPv6Address) or ip in _NAT64 or (ip in _UNICAST and ip not in _EXAMPLES)
    return is_known and ip.is_global and not ip.is_multicast


def _embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The IPv4 addresses that an IPv6 address leads to by the ways from one to the other."""
    if not isinstance(ip, IPv6Address):
        return []
    last = ip_address(int(ip) & 0xFFFF_FFFF)
    is_last = ip in _NAT64 or int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP
    found = (ip.ipv4_mapped, ip.sixtofour, last if is_last else None)
    return [one for one in found if one is not None]
