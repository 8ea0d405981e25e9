"""The one contract, on a real PostgreSQL server; and what only a server can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chronicle.store.postgres.store import PostgresStore
from chronicle.store.protocol import Store
from log_toys import Clock
from postgres_server import drop, new_url
from store_contract import StoreContract


@pytest.fixture
def url() -> Iterator[str]:
    url = new_url()
    yield url
    drop(url)


class TestPostgresStore(StoreContract):
    @pytest.fixture(autouse=True)
    def at(self, url: str) -> None:
        self.url = url

    def make(self, tmp_path: Path, clock: Clock) -> Store:
        return PostgresStore.create(self.url, clock, lock_timeout=0.2)

    # threads wait for each other longer than one that waits for itself
    def test_threads_take_turns_and_lose_nothing(self, store: Store) -> None:
        assert isinstance(store, PostgresStore)
        store._lock_timeout = 30.0
        super().test_threads_take_turns_and_lose_nothing(store)
