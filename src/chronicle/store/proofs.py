"""One event proven to somebody who has nothing but a text file and a key.

The file is a C2SP `tlog-proof`: the event itself in base64 as extra data, its index,
the hashes up to the root, and the signed head. The extra data is the header of the
leaf, a line feed, and then salt, columnar row and body; or, of what was redacted, the
hash of the payload alone. `tools/verify_proof.py` checks it with the standard library
of Python.
"""

from __future__ import annotations

from base64 import b64encode

from chronicle.errors import Tampered, UsageError
from chronicle.store.checkpoint import Head
from chronicle.store.leaves import PAYLOAD_HASH_BYTES, header_bytes
from chronicle.store.merkle import check_inclusion, inclusion_path
from chronicle.store.sealed import Sealed, SealedRow, Snapshot, Tree

__all__ = ["proof_of", "revealed", "sealed_snapshot"]

FORMAT = "c2sp.org/tlog-proof@v1"


def revealed(row: SealedRow) -> bytes:
    """What a leaf is computed from, as a proof has it."""
    said = header_bytes(row.header) + b"\n" + row.salt
    if len(row.salt) == PAYLOAD_HASH_BYTES:
        return said
    return said + row.columnar + row.body


def sealed_snapshot(sealed: Sealed) -> Snapshot:
    """The seal as of now; raises `UsageError` of a log that has none yet."""
    snapshot = sealed.snapshot(whole=False)
    if snapshot is None:
        raise UsageError(
            "the record was written by an older version and has no seal yet: its next "
            "write, such as an import, seals it"
        )
    return snapshot


def proof_of(sealed: Sealed, snapshot: Snapshot, position: int) -> str:
    """The proof that the log of that moment has its event at *position*.

    Raises `Tampered` where the log itself does not hold to it.
    """
    size = snapshot.seal.size
    path = inclusion_path(position - 1, size, Tree(sealed).subtree)
    rows = [
        row for block in sealed.sealed_rows(position - 1, position) for row in block
    ]
    head = Head.parse(snapshot.head)
    if not rows or not check_inclusion(
        rows[0].leaf, position - 1, size, path, head.root
    ):
        raise Tampered(
            f"position {position:,} cannot be proven: the log is not as it was sealed; "
            "`chronicle verify` tells more",
            position,
        )
    lines = [
        FORMAT,
        f"extra {b64encode(revealed(rows[0])).decode()}",
        f"index {position - 1}",
        *(b64encode(hash_).decode() for hash_ in path),
    ]
    return "\n".join(lines) + "\n\n" + head.text
