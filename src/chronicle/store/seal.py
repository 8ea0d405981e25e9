"""What stands for the whole of a log: its tree, its codes, its kept commands.

A store keeps one `Seal` and moves it on in the transaction that appends. What the tree
does not hold is sealed beside it: codes in a chain, as their order is their meaning,
and outcomes of commands as a sum, as they have no order.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from chronicle.errors import Tampered
from chronicle.store.leaves import header_bytes
from chronicle.store.merkle import HASH_BYTES, Frontier

__all__ = ["Seal", "origin_of"]

_WRAP = 1 << 256


def origin_of(identity: str) -> str:
    """The origin line of a log's heads; a key name too, so without blanks and `+`."""
    plain = identity.replace("%", "%25").replace("+", "%2B")
    return "chronicle/" + "".join(
        f"%{byte:02X}" if byte <= 0x20 or byte >= 0x7F else chr(byte)
        for byte in plain.encode()
    )


@dataclass(slots=True)
class Seal:
    """The state of the hashes over a log; `start` gives that of a new one."""

    frontier: Frontier = field(default_factory=Frontier)
    codes: int = 0
    chain: bytes = bytes(HASH_BYTES)
    commands: int = 0
    total: int = 0  # modulo 2**256

    @classmethod
    def start(cls, identity: str, created_at: int) -> Seal:
        """The seal of an empty log with this id, made then."""
        return cls(chain=sha256(header_bytes((identity, created_at))).digest())

    @property
    def size(self) -> int:
        """How many events it stands for."""
        return self.frontier.size

    def take_codes(self, codes: Iterable[tuple[str, int, str]]) -> None:
        """Move on over new codes (kind, code, id), in the order in which they came."""
        for code in codes:
            self.chain = sha256(self.chain + header_bytes(code)).digest()
            self.codes += 1

    def take_command(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        """Move on over the outcome of a command."""
        said = header_bytes((key, digest.hex(), list(positions)))
        hashed = int.from_bytes(sha256(said).digest(), "big")
        self.total = (self.total + hashed) % _WRAP
        self.commands += 1

    def body(self, origin: str) -> str:
        """The text of a head, as `tlog-checkpoint` has it, to be signed.

        Origin, number of events, root; then, as extensions, codes and commands.
        """
        root, chain, total = (
            b64encode(hash_).decode()
            for hash_ in (self.frontier.root(), self.chain, self._total())
        )
        return (
            f"{origin}\n{self.size}\n{root}\n"
            f"codes {self.codes} {chain}\ncommands {self.commands} {total}\n"
        )

    def _total(self) -> bytes:
        return self.total.to_bytes(HASH_BYTES, "big")

    def to_bytes(self) -> bytes:
        """As a store keeps it."""
        return (
            self.codes.to_bytes(8, "big")
            + self.chain
            + self.commands.to_bytes(8, "big")
            + self._total()
            + self.frontier.to_bytes()
        )

    @classmethod
    def from_bytes(cls, stored: bytes) -> Seal:
        """What `to_bytes` made; raises `Tampered` for what it never makes."""
        if type(stored) is not bytes or len(stored) < 88:
            raise Tampered("the seal of the log cannot be read: restore a backup")
        return cls(
            frontier=Frontier.from_bytes(stored[80:]),
            codes=int.from_bytes(stored[:8], "big"),
            chain=stored[8:40],
            commands=int.from_bytes(stored[40:48], "big"),
            total=int.from_bytes(stored[48:80], "big"),
        )
