"""One object, `Chronicle`, that joins the log, the fold and the answers."""

from chronicle.api.chronicle import Chronicle
from chronicle.api.opening import create, memory, migrate, open_chronicle, restore

__all__ = ["Chronicle", "create", "memory", "migrate", "open_chronicle", "restore"]
