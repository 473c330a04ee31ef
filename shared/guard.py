"""Where requests to addresses of others' choosing may go: never into our own network (server-side request forgery).

A name is resolved once, every address that it has must be public, and the connection is made to the address
that was checked, so that a second answer of the name server changes nothing (DNS rebinding).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out for the public Internet (RFC 4291)."""

NAT64 = IPv6Network("64:ff9b::/96")
"""Carries an IPv4 address (RFC 6052); in networks without IPv4, public names resolve to it."""

REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20")))
"""Teredo and its neighbours, 6to4 (carries any IPv4 address), documentation."""

REFUSED_V4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Protocol assignments and the old 6to4 relays, of which `is_global` accepts a part."""


REFUSED_PORTS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104}
    | {
        109,
        110,
        111,
        113,
        115,
        117,
        119,
        123,
        135,
        137,
        139,
        143,
        161,
        179,
        389,
        427,
        465,
        512,
        513,
        514,
        515,
    }
    | {526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049}
    | {3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
"""Where mail servers, shells and others listen who might take a line of our request for one of their own (the
"bad ports" of the Fetch standard)."""


class ForbiddenTarget(ValueError):
    """Nobody may be sent there; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked destination: connect to one of `addresses`, and to nothing else."""

    url: httpx.URL
    addresses: tuple[Address, ...]


def is_public(address: Address) -> bool:
    """May a stranger make us connect to this address?"""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.scope_id or address not in UNICAST or any(address in net for net in REFUSED_V6):
            return False
    elif any(address in net for net in REFUSED_V4):
        return False
    return address.is_global and not address.is_multicast


async def _ask_resolver(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Guard:
    """`allow_private` switches the check of addresses off, for development."""

    def __init__(self, *, allow_private: bool, lookup: Lookup = _ask_resolver) -> None:
        self._allow_private = allow_private
        self._lookup = lookup

    async def check(self, url: str) -> Target:
        """Raises ForbiddenTarget; OSError when the name cannot be resolved now."""
        target = parse(url)
        # Such a name means this machine (RFC 6761), whatever a resolver makes of it.
        if not self._allow_private and f".{target.host.rstrip('.').lower()}".endswith(".localhost"):
            raise ForbiddenTarget("this name means the machine itself")
        # The resolver also understands 127.1, 0x7f000001 and 2130706433: what it makes of them counts.
        try:
            names = await self._lookup(target.host, target.port or (443 if target.scheme == "https" else 80))
        except UnicodeError:
            # Before anybody is asked: a part between two dots is empty, or longer than 63 characters.
            raise ForbiddenTarget("no host can have this name") from None
        addresses = tuple(dict.fromkeys(map(ip_address, names)))
        if not addresses:
            raise OSError("the name has no address")
        if not self._allow_private and not all(map(is_public, addresses)):
            raise ForbiddenTarget(
                "this name leads to an address that is not on the public Internet (for a receiver of one's own, while "
                "developing: REDRESS_ALLOW_PRIVATE_TARGETS)"
            )
        return Target(target, addresses)


def parse(url: str) -> httpx.URL:
    """The URL, if its form is acceptable. Raises ForbiddenTarget."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise ForbiddenTarget("the URL contains a blank, a control character or a backslash")
    try:
        parsed = httpx.URL(url)
        host = parsed.host  # decodes `xn--` labels, and fails if one is not what it says
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise ForbiddenTarget("this is not a URL") from None
    if parsed.scheme not in {"http", "https"}:
        raise ForbiddenTarget("the URL must begin with https:// or http://")
    if not host:
        raise ForbiddenTarget("the URL has no host")
    if "%" in host:
        raise ForbiddenTarget("the host contains a percent sign: a zone, or an encoded character")
    if parsed.port is not None and (not 0 < parsed.port < 65_536 or parsed.port in REFUSED_PORTS):
        raise ForbiddenTarget("nothing that speaks HTTP listens on this port")
    if parsed.userinfo:
        raise ForbiddenTarget("leave user name and password out of the URL; verify the signature instead")
    return parsed
