"""Waiting for what others record, without asking the server over and over."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

import psycopg

from chronicle.errors import ChronicleError
from chronicle.store.postgres.address import Address
from chronicle.store.postgres.connecting import connect

__all__ = ["Listener"]

SLICE = 0.1  # seconds between looks whether to stop
SAFETY = 5.0  # seconds after which the log is looked at whatever was heard


class Listener:
    """A connection that hears of commits. One thread uses it."""

    def __init__(self, address: Address, channel: str) -> None:
        self._address, self._channel = address, channel
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Return when something was recorded, or *stop* is set.

        At the latest after a few seconds; the first time at once, as what was recorded
        before nobody was listening for. Without a connection it waits for *seconds*.
        """
        if self._connection is None:
            with suppress(ChronicleError, psycopg.Error):
                connection = connect(self._address)
                connection.execute(f'LISTEN "{self._channel}"')
                self._connection = connection
                return
            stop.wait(seconds)
            return
        try:
            until = time.monotonic() + SAFETY
            while not stop.is_set() and time.monotonic() < until:
                for _ in self._connection.notifies(timeout=SLICE, stop_after=1):
                    return
        except psycopg.Error:
            self.close()
            stop.wait(seconds)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
