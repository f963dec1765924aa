"""First bytes that say what a body or a file is."""

from __future__ import annotations

GZIP = b"\x1f\x8b"
"""RFC 1952."""
ZSTD = b"\x28\xb5\x2f\xfd"
"""RFC 8878, a frame."""
ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"
"""The skippable frame that begins a zstd WARC file with a dictionary (IIPC WARC-zstd draft)."""
LZ4 = b"\x04\x22\x4d\x18"
"""LZ4 frame format 1.6."""

NO_PAGE = (
    b"%PDF-",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",  # JPEG
    b"PK\x03\x04",  # zip, new Office documents
    b"Rar!",
    b"7z\xbc\xaf",
    GZIP,
    b"\xd0\xcf\x11\xe0",  # old Office documents
    b"RIFF",  # WebP, AVI, WAV
    b"OggS",
    b"ID3",
    b"FLV\x01",
)
"""What is no HTML page whatever its Content-Type says (WHATWG MIME Sniffing §6; the others as seen on sites)."""
