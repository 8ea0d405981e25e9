"""A headless Chromium, driven over a pipe by its own protocol; no library is needed.

    with Browser() as browser:
        page = browser.page(width=1280, height=800)
        page.go("http://127.0.0.1:8765/")
        page.run("document.title")

A `Tab` keeps every request, every console error and every refusal of the policy that
it has seen. Chromium is Debian's; where there is none, tests are skipped with a word.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
KEYS = {
    **{"Tab": 9, "Enter": 13, "Escape": 27, " ": 32},
    **{"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40},
}
LOUD = ("error", "warning")
READY = "document.documentElement.dataset.ready === '1'"
PATIENCE = 30.0  # seconds for any one answer
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser"))),
    None,
)


class Browser:
    """A browser with a folder of its own, gone when it is closed."""

    def __init__(self, *flags: str) -> None:
        assert CHROMIUM is not None
        self._folder = tempfile.mkdtemp(prefix="chronicle-chromium-")
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()
        os.set_inheritable(theirs_read, True)
        os.set_inheritable(theirs_write, True)
        # The protocol wants descriptors 3 and 4; a shell puts them there.
        place = f'exec "$@" 3<&{theirs_read} 4>&{theirs_write}'
        self._process = subprocess.Popen(
            [
                *("bash", "-c", place, "chromium", CHROMIUM, *FLAGS, *flags),
                f"--user-data-dir={self._folder}",
                "about:blank",
            ],
            pass_fds=(theirs_read, theirs_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_read)
        os.close(theirs_write)
        self._read, self._write = ours_read, ours_write
        self._buffer = b""
        self._number = 0
        self.tabs: dict[str, Tab] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        try:
            self.call("Browser.close", {})
        except (OSError, AssertionError):
            self._process.kill()
        self._process.wait(20)
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, told: dict[str, Any], session: str = "") -> Any:
        """The answer to one command; events that come before it go to their tabs."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": told}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self.next_message(end)
            if answer is not None and answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
        raise AssertionError(f"{method}: no answer")

    def next_message(self, end: float) -> dict[str, Any] | None:
        """The next message, or None when *end* has come; events are given to tabs."""
        while b"\0" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                return None
            got = os.read(self._read, 1 << 20)
            assert got, "the browser is gone"
            self._buffer += got
        told, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(told)
        if "method" in message and message.get("sessionId") in self.tabs:
            self.tabs[message["sessionId"]].seen(message["method"], message["params"])
        return message

    def page(self, width: int = 1280, height: int = 800, **more: Any) -> Tab:
        """A new tab, in a context of its own (no cookies of others)."""
        context = self.call("Target.createBrowserContext", {})["browserContextId"]
        made = {"url": "about:blank", "browserContextId": context}
        target = self.call("Target.createTarget", made)["targetId"]
        told = {"targetId": target, "flatten": True}
        session = self.call("Target.attachToTarget", told)["sessionId"]
        tab = Tab(self, session)
        self.tabs[session] = tab
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.call(f"{domain}.enable")
        tab.size(width, height, **more)
        return tab


class Tab:
    """One page; `requests`, `errors` are all that it has seen."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.requests: list[str] = []
        self.errors: list[str] = []

    def seen(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", details["text"])
            self.errors.append(thrown)
        elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
            said = [one.get("value", one.get("description")) for one in told["args"]]
            self.errors.append(str(said))
        elif method == "Log.entryAdded" and told["entry"]["level"] in LOUD:
            self.errors.append(told["entry"]["text"])

    def call(self, method: str, **told: Any) -> Any:
        return self._browser.call(method, told, self._session)

    def size(self, width: int, height: int, **more: Any) -> None:
        told = {"deviceScaleFactor": 1, "mobile": False, **more}
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, **told
        )

    def go(
        self,
        address: str,
        ready: str = "document.documentElement.dataset.ready === '1'",
    ) -> None:
        """Open *address*, and wait until *ready* is true."""
        self.call("Page.navigate", url=address)
        self.wait(ready)

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        failed = answer.get("exceptionDetails")
        assert not failed, failed.get("exception", {}).get("description", failed)
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = PATIENCE) -> None:
        """Until *condition* is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.run(f"!!({condition})"):
                    return
            except AssertionError:
                pass  # the page is on its way
            time.sleep(0.03)
        raise AssertionError(f"never: {condition}; errors {self.errors}")

    def key(self, key: str, *, shift: bool = False) -> None:
        """Press and let go of a key, as a person does."""
        told: dict[str, Any] = {"key": key, "modifiers": 8 if shift else 0}
        if len(key) == 1:
            told["text"] = key
        if key in KEYS:
            told["windowsVirtualKeyCode"] = KEYS[key]
            told["code"] = "Space" if key == " " else key
        self.call("Input.dispatchKeyEvent", type="keyDown", **told)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            told = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **told)

    def picture(self, path: Path) -> None:
        told = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(told["data"]))
