"""Heads kept outside: a folder on a stick, at a colleague's, on another machine.

    FOLDER/ORIGIN/00000308.head            each head that was seen, cosigned
    FOLDER/ORIGIN/00000308-00000412.proof  that the later one begins with the earlier

A witness signs a head only after it has checked the whole log and found in it every
head that it has seen before.
"""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chronicle.errors import InputError, SplitHistory, StorageError
from chronicle.store.checkpoint import Head, cosigned
from chronicle.store.headfile import read_head
from chronicle.store.merkle import check_consistency, consistency_path
from chronicle.store.proofs import sealed_snapshot
from chronicle.store.sealed import Sealed, Tree
from chronicle.store.verifying import Progress, verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["FORMAT", "Witnessed", "heads_in", "witness"]

FORMAT = "chronicle/consistency@v1"
_NAME = re.compile(r"[0-9]{8,18}\.head")


class Witnessed(NamedTuple):
    """What a witness saw."""

    path: Path  # of the head
    head: Head
    before: int  # the size of the last head that was known; 0 for none


def heads_in(path: Path) -> list[Head]:
    """The head in a file, or all heads of a folder, from the smallest on.

    Raises `InputError` for what is no head, and `StorageError` for what is not there.
    """
    try:
        files = [path]
        if path.is_dir():
            files = [f for f in path.rglob("*.head") if _NAME.fullmatch(f.name)]
            if not files:
                raise InputError(f"{path} holds no head")
        heads = [Head.parse(read_head(file), str(file)) for file in files]
    except OSError as broken:
        raise StorageError(f"cannot read {path}: {broken.strerror}") from None
    return sorted(heads, key=lambda head: head.size)


def witness(
    sealed: Sealed,
    folder: Path,
    key: Ed25519PrivateKey,
    name: str,
    when: int,
    progress: Progress | None = None,
) -> Witnessed:
    """Check the log against the heads in *folder*, and keep its head there, cosigned.

    *when* is in seconds since 1970. Raises what `verify` raises; nothing is kept then.
    """
    snapshot = sealed_snapshot(sealed)
    head = Head.parse(snapshot.head)
    place = folder / head.origin.replace("/", "-")
    known = heads_in(place) if place.is_dir() and any(place.iterdir()) else []
    verify(sealed, [*known, head], progress)
    last = known[-1] if known else None
    try:
        place.mkdir(parents=True, exist_ok=True)
        if last is not None and 0 < last.size < head.size:
            path = consistency_path(last.size, head.size, Tree(sealed).subtree)
            if not check_consistency(last.size, head.size, last.root, head.root, path):
                raise SplitHistory("the log does not begin with the head known before")
            lines = [f"{FORMAT}", *(b64encode(hash_).decode() for hash_ in path)]
            proof = place / f"{last.size:08}-{head.size:08}.proof"
            _keep(proof, "\n".join(lines) + "\n")
        file = place / f"{head.size:08}.head"
        _keep(file, cosigned(head, key, name, when).text)
    except OSError as broken:
        raise StorageError(f"cannot write to {place}: {broken.strerror}") from None
    return Witnessed(file, head, 0 if last is None else last.size)


def _keep(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(path)
