"""Heads of a log as text: C2SP `tlog-checkpoint`, a `signed-note` with Ed25519.

    chronicle/0123…                          origin: which log
    308                                      how many events
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2…        root of the hash tree, base64
    codes 21 8yTq…                           ids that have a code, and their hash
    commands 1 uQ0c…                         outcomes kept under a key, likewise

    — chronicle/0123… Az3grlgtzPICa5OS8np…   who says so: key id and signature

A witness adds a line of its own, with a time (C2SP `tlog-cosignature`). A signature of
a key that is not asked for is passed over, as the formats say.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from chronicle.errors import InputError, Untrusted
from chronicle.store.merkle import HASH_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "COSIGNATURE",
    "MAX_BYTES",
    "Head",
    "Signature",
    "VerifyingKey",
    "cosigned",
    "signed",
    "vkey_of",
]

MAX_BYTES = 16_384  # of a head with its signatures
MAX_SIGNATURES = 64
ED25519, COSIGNATURE = 1, 4  # algorithm bytes of C2SP
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Signature:
    """A line below a head: who, which key, and the bytes."""

    name: str
    key_id: bytes
    value: bytes  # after the key id


@dataclass(frozen=True, slots=True)
class Head:
    """A head of a log, as read; that it is signed by the right key is for `signer`."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()

    @property
    def body(self) -> str:
        """What is signed."""
        root = b64encode(self.root).decode()
        lines = (self.origin, str(self.size), root, *self.extension)
        return "".join(f"{line}\n" for line in lines)

    def sealed(self, name: str) -> tuple[int, str] | None:
        """What an extension line says: how many `codes` or `commands`, and the hash."""
        for line in self.extension:
            word, _, rest = line.partition(" ")
            number, _, hash_ = rest.partition(" ")
            if word == name and number.isascii() and number.isdigit():
                return int(number[:18]), hash_
        return None

    @property
    def text(self) -> str:
        """Head and signatures."""
        lines = (
            f"{_DASH}{s.name} {b64encode(s.key_id + s.value).decode()}\n"
            for s in self.signatures
        )
        return f"{self.body}\n{''.join(lines)}"

    @classmethod
    def parse(cls, text: str, name: str = "head") -> Head:
        """Read a head; raises `InputError` that names *name* for what is none."""
        try:
            if len(text) > MAX_BYTES:
                raise ValueError("it is too long")
            body, _, below = text.partition("\n\n")
            lines = body.removesuffix("\n").split("\n")
            if len(lines) < 3:
                raise ValueError("it is too short")
            origin, size, root, *extension = lines
            if not (size.isascii() and size.isdigit()) or str(int(size)) != size:
                raise ValueError(f"{size!r:.40} is no number of events")
            found = b64decode(root, validate=True)
            if not origin or len(found) != HASH_BYTES or "" in extension:
                raise ValueError("its origin or its root cannot be read")
            signatures = tuple(_signature(x) for x in below.split("\n") if x)
            if len(signatures) > MAX_SIGNATURES:
                raise ValueError("it has too many signatures")
        except (ValueError, binascii.Error) as broken:
            raise InputError(
                f"{name} is no head of a log ({broken}); it has an origin, a number of "
                "events, a root and signatures, a line each"
            ) from None
        return cls(origin, int(size), found, tuple(extension), signatures)


def _signature(line: str) -> Signature:
    dash, name, value = line[:2], *line[2:].split(" ", 1)
    decoded = b64decode(value, validate=True)
    if dash != _DASH or not name or len(decoded) < 5:
        raise ValueError("a signature cannot be read")
    return Signature(name, decoded[:4], decoded[4:])


def _key_id(name: str, algorithm: int, public: bytes) -> bytes:
    return sha256(f"{name}\n".encode() + bytes([algorithm]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """Who may sign: `name+keyid+base64`, the text form that C2SP calls a vkey."""

    name: str
    public: bytes
    algorithm: int = ED25519

    def __str__(self) -> str:
        key = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key below a head."""
        return _key_id(self.name, self.algorithm, self.public)

    @classmethod
    def parse(cls, text: str) -> VerifyingKey:
        """Read a vkey; raises `InputError` for what is none."""
        try:
            name, key_id, key = text.strip().split("+", 2)
            decoded = b64decode(key, validate=True)
            found = cls(name, decoded[1:], decoded[0])
            right = found.key_id.hex() == key_id and len(found.public) == HASH_BYTES
            if not name or not right or found.algorithm not in (ED25519, COSIGNATURE):
                raise ValueError
        except (ValueError, IndexError, binascii.Error):
            raise InputError(
                f"{text!r:.200} is no key: it looks like NAME+KEYID+BASE64, as "
                "`chronicle head` prints it"
            ) from None
        return found

    def signed(self, head: Head) -> bool:
        """Whether a signature below *head* is of this key, and right.

        Raises `Untrusted` for a signature that claims the key and is wrong.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        for signature in head.signatures:
            if (signature.name, signature.key_id) != (self.name, self.key_id):
                continue
            value, message = signature.value, head.body.encode()
            if self.algorithm == COSIGNATURE:
                when = int.from_bytes(value[:8], "big")
                value, message = value[8:], _witnessed(head, when)
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
            except (InvalidSignature, ValueError):
                raise Untrusted(
                    f"the signature of {self.name} below the head of {head.size:,} "
                    "events is wrong: the head was changed, or is a forgery"
                ) from None
            return True
        return False


def vkey_of(
    key: Ed25519PrivateKey, name: str, algorithm: int = ED25519
) -> VerifyingKey:
    """What others need to check what *key* signs under *name*."""
    return VerifyingKey(name, _public(key), algorithm)


def _witnessed(head: Head, when: int) -> bytes:
    return f"cosignature/v1\ntime {when}\n{head.body}".encode()


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def signed(body: str, key: Ed25519PrivateKey) -> Head:
    """The head with that body, signed in the name of its origin."""
    head = Head.parse(body, "the head")
    name = head.origin
    value = Signature(
        name, _key_id(name, ED25519, _public(key)), key.sign(body.encode())
    )
    return replace(head, signatures=(value,))


def cosigned(head: Head, key: Ed25519PrivateKey, name: str, when: int) -> Head:
    """*head* with one line more: *name* has seen it, consistent, at *when* (seconds).

    An older line of the same witness is replaced.
    """
    key_id = _key_id(name, COSIGNATURE, _public(key))
    value = when.to_bytes(8, "big") + key.sign(_witnessed(head, when))
    others = [s for s in head.signatures if (s.name, s.key_id) != (name, key_id)]
    return replace(head, signatures=(*others, Signature(name, key_id, value)))
