"""Which network addresses we may connect to.

The tables are our own because `ipaddress.is_global` changes between Python versions and lets special
purpose ranges through. Source: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_V4_REFUSED = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; some clouds keep their metadata service here
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
)
_V6_GLOBAL = ip_network("2000::/3")
_V6_REFUSED = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_ISATAP, _UNIVERSAL = 0x0000_5EFE, 0xFDFF_FFFF
"""The upper half of an interface identifier that holds an IPv4 address, whatever its universal bit says (RFC 5214
§6.1): behind such an address a tunnel leads into a private network."""
_PRIVATE = tuple(
    ip_network(block)
    for block in ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


def allowed(address: str, *, allow_private: bool) -> bool:
    """Whether we may connect to an IP address given as text; False for anything that is not one.

    With `allow_private` loopback and private networks are allowed as well (a test site); link-local,
    multicast, reserved and documentation ranges never are.
    """
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        parsed = parsed.ipv4_mapped or parsed
    if allow_private and any(parsed in block for block in _PRIVATE if block.version == parsed.version):
        return True
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _V4_REFUSED)
    if int(parsed) >> 32 & _UNIVERSAL == _ISATAP:
        return False
    return parsed in _V6_GLOBAL and not any(parsed in block for block in _V6_REFUSED)
