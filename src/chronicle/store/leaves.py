"""What a leaf of the hash tree says of a stored event, and what it keeps to itself.

    leaf    = SHA-256(0x00 ‖ "chronicle-leaf-v1" ‖ header ‖ payload hash)
    header  = JSON array: recorded_at, stream, version, type, report, target, dataset
    payload hash = SHA-256(salt ‖ columnar row, 48 bytes ‖ body)

The salt is 16 random bytes: without it, who holds a neighbour's hash in a proof could
try guesses ("was witness X recorded?"). A redaction takes body, columnar row *and* salt
away and leaves the payload hash, from which nothing can be guessed any more: what
remains of the event still proves itself. The header has no spaces and writes no
character as an escape that JSON does not ask for: it is what the standard library's
`json.dumps(header, ensure_ascii=False, separators=(",", ":"))` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

__all__ = [
    "PAYLOAD_HASH_BYTES",
    "SALT_BYTES",
    "TAG",
    "Header",
    "header_bytes",
    "leaf_of",
    "leaves_of",
    "payload_hash",
]

TAG = b"chronicle-leaf-v1"
SALT_BYTES = 16
PAYLOAD_HASH_BYTES = 32  # what is kept in place of the salt after a redaction
_PREFIX = b"\0" + TAG  # 0x00: a leaf, as RFC 9162 says

Header = tuple[int, str, int, str, str | None, str | None, str]
"""recorded_at, stream, version, type, report, target, dataset (empty for none)."""

header_bytes = msgspec.json.Encoder().encode


def payload_hash(salt: bytes, columnar: bytes, body: bytes) -> bytes:
    """What a leaf says of the payload."""
    return sha256(salt + columnar + body).digest()


def leaf_of(header: Header, payload: bytes) -> bytes:
    """The leaf hash of an event with this header and payload hash."""
    return sha256(_PREFIX + header_bytes(header) + payload).digest()


def leaves_of(
    headers: Sequence[Header], salts: Sequence[bytes], payloads: Sequence[bytes]
) -> list[bytes]:
    """The same of many; *payloads* are columnar row and body, joined."""
    hash_, encode, prefix = sha256, header_bytes, _PREFIX
    return [
        hash_(prefix + encode(header) + hash_(salt + payload).digest()).digest()
        for header, salt, payload in zip(headers, salts, payloads, strict=True)
    ]
