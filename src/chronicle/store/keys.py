"""The key with which this user signs heads: one file, readable by its owner alone.

It lies in the user's configuration folder, away from the chronicles: whoever gets hold
of a chronicle cannot sign for it. `CHRONICLE_CONFIG` names another folder. It is made
when it is first needed. Heads of whoever has no key, because the folder cannot be
written to, go unsigned and are as good as their copies outside.
"""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import StorageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["config_folder", "signing_key", "witness_key"]

SIGNING, WITNESS = "signing-key.pem", "witness-key.pem"
FOLDER = "CHRONICLE_CONFIG"


def config_folder() -> Path:
    """Where the user's own settings of Chronicle are; it need not exist."""
    if told := os.environ.get(FOLDER):
        return Path(told)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / "chronicle"
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "chronicle"


def signing_key() -> Ed25519PrivateKey | None:
    """The user's key, made if there is none; None where none can be kept.

    Raises `StorageError` for a file that is there and holds no key: a new one in its
    place would sign as a stranger.
    """
    return _key(SIGNING)


def witness_key() -> Ed25519PrivateKey:
    """The key with which this user says to have seen a head; made if there is none.

    Raises `StorageError` where none can be kept, too.
    """
    key = _key(WITNESS)
    if key is None:
        raise StorageError(
            f"no key can be kept in {config_folder()}; {FOLDER} names another folder"
        )
    return key


def _key(name: str) -> Ed25519PrivateKey | None:
    try:
        path = config_folder() / name
        return _key_at(path, _made(path))
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return None


def _made(path: Path) -> bytes:
    """The key's file; made under a name of its own, so that it is never half there."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)
        except FileExistsError:
            pass  # another process was faster: its key counts
        except OSError:  # a file system without links
            new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return path.read_bytes()


@lru_cache(maxsize=4)
def _key_at(path: Path, pem: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(pem, None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError
    except (ValueError, TypeError):
        raise StorageError(
            f"{path} holds no key to sign with; put the right file back, or move it "
            "away and a new key is made, with which you sign as somebody new"
        ) from None
    return found
