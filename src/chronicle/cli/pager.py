"""A pager for what does not fit on the screen, as git has one."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping

__all__ = ["page", "pager"]

DEFAULT = "less"
# As git: F leaves when all fits, R shows colours, X leaves the text on the screen.
LESS = "FRX"


def pager(env: Mapping[str, str] = os.environ) -> list[str]:
    """The words of the pager's command; none where there is none, or none is wanted.

    CHRONICLE_PAGER comes before PAGER, and that before less. An empty one, and cat,
    mean that the text is printed as it is.
    """
    told = env.get("CHRONICLE_PAGER", env.get("PAGER", DEFAULT))
    try:
        words = shlex.split(told)
    except ValueError:  # a quote that never closes
        return []
    if not words or words == ["cat"] or env.get("TERM") == "dumb":
        return []
    return words if shutil.which(words[0]) else []


def page(text: str) -> bool:
    """Show *text* in the pager; False where it was not, and is to be printed.

    Never where the output is no terminal. Who leaves it early has read enough.
    """
    words = pager()
    if not words or not sys.stdout.isatty():
        return False
    env = {"LESS": LESS, "LV": "-c", **os.environ}
    sys.stdout.flush()
    try:
        shown = subprocess.Popen(words, stdin=subprocess.PIPE, env=env)
    except OSError:
        return False
    # Ctrl-C is the pager's while it runs.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        shown.communicate(text.encode("utf-8", "backslashreplace"))
    finally:
        signal.signal(signal.SIGINT, before)
    return True
