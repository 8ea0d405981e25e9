"""Several handles on one chronicle, used in turn."""

from __future__ import annotations

from typing import Any

from chronicle.store.protocol import Store

__all__ = ["Turns"]


class Turns:
    """Each call goes to the other handle."""

    def __init__(self, *stores: Store) -> None:
        self.stores = list(stores)

    def close(self) -> None:
        for store in self.stores:
            store.close()

    def __getattr__(self, name: str) -> Any:
        self.stores.reverse()
        return getattr(self.stores[0], name)
