"""The one hash of this room: 64 bits of BLAKE2b, the same on every machine."""

from __future__ import annotations

from hashlib import blake2b


def hash64(data: bytes) -> int:
    """64-bit hash of some bytes, 0 ≤ hash < 2⁶⁴."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
