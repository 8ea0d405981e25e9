"""Where a chronicle is: a path, or the address of a PostgreSQL server."""

from __future__ import annotations

import re

__all__ = ["hidden", "is_server"]

_SCHEME = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_PASSWORD = re.compile(
    r"(postgres(?:ql)?://[^\s/?#:@]*:)[^\s'\"]*(?=@)"  # user:password@host
    r"|([?&](?:ssl)?password=)[^\s&#'\"]*",
    re.IGNORECASE,
)


def is_server(told: str) -> bool:
    """Whether *told* is the address of a server, and no path of a file."""
    return _SCHEME.match(told) is not None


def hidden(text: str) -> str:
    """*text* without the passwords of addresses in it, for people to see."""
    return _PASSWORD.sub(r"\1\2***", text)
