"""How Hypothesis searches: the same examples on each run of the suite.

`make soak` lets chance choose many more; what it finds becomes a test of its own.
"""

from __future__ import annotations

import os
import signal
import tempfile

from hypothesis import HealthCheck, settings

# Tests sign with a key of their own, and never touch that of who runs them.
os.environ["CHRONICLE_CONFIG"] = tempfile.mkdtemp(prefix="chronicle-tests-")

settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("steady")

# A shell starts what it runs in the background with Ctrl-C ignored, and all children
# inherit that: those of the tests are to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
