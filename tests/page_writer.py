"""A client of the page that writes, which can also send what no browser would."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Writer:
    """A page that takes entries, and what opens it."""

    path: Path
    port: int
    cookie: str
    review: Path  # the names that an import left open

    def send(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str],
        method: str = "POST",
    ) -> tuple[int, Any]:
        """The status and the answer; an empty header is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        told = {
            "Host": f"127.0.0.1:{self.port}",
            "Origin": f"http://127.0.0.1:{self.port}",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": self.cookie,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **headers,
        }
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in told.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body if method == "POST" else None)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode()
