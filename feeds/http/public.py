"""Public IP addresses, which are safe to connect to, and addresses of private networks, which are not."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network


#: Global unicast (https://www.iana.org/assignments/ipv6-address-space), and the block in it for documentation.
_GLOBAL_UNICAST = ip_network("2000::/3")

_DOCUMENTATION = ip_network("3fff::/20")

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
    is_routed = not isinstance(ip, IPv6Address) or ip in _NAT64 or (ip in _GLOBAL_UNICAST and ip not in _DOCUMENTATION)
    return is_routed and ip.is_global and not ip.is_multicast


def _embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return the IPv4 addresses that a transition mechanism may reach through an IPv6 address."""
    if not isinstance(ip, IPv6Address):
        return []
    last = ip_address(int(ip) & 0xFFFF_FFFF)
    is_last = ip in _NAT64 or int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP
    embedded = (ip.ipv4_mapped, ip.sixtofour, last if is_last else None)
    return [one for one in embedded if one is not None]
