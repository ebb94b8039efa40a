"""Public IP addresses, which are safe to connect to, addresses of private networks, which are not, and connections.

The networks are those of the special-purpose registries of IANA
(https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry) as of 2026, because
`is_global` of a Python is as old as that Python. Blocks that are only partly reachable count as private.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network


#: IPv4 networks that are not public, and the address of Azure's internal services (168.63.129.16).
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


class PrivateAddressError(Exception):
    """A host has no address that may be connected to; the argument is one of its addresses."""


def connect(host: str, port: int, timeout: float, is_allowed: Callable[[str], bool]) -> socket.socket:
    """Resolve a host name once, and connect to the first of its allowed addresses that accepts.

    `timeout` is in seconds, for each address. Raises PrivateAddressError if no address is allowed. If none accepts,
    raises the OSError of the first one, preferring errors other than a missing route to the address family.
    """
    resolved = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(socket_address[0]) for *_, socket_address in resolved))
    allowed = [address for address in addresses if is_allowed(address)]
    if not allowed:
        raise PrivateAddressError(addresses[0])
    errors: list[OSError] = []
    for address in allowed:
        try:
            return create_connection((address, port), timeout)
        except OSError as error:
            errors.append(error)
    raise next((error for error in errors if not is_offline(error)), errors[0])


def is_offline(error: BaseException | None) -> bool:
    """Whether an error means that there is no network or that no name server answers."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, OSError):
        return error.errno in {errno.ENETUNREACH, errno.ENETDOWN}
    return error is not None and any(is_offline(cause) for cause in error.args if isinstance(cause, Exception))


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
