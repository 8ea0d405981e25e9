"""How Hypothesis searches: the same examples on each run, or many new ones in a soak."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# A change is judged by the same examples every time; `make soak` sets the number and
# lets chance choose, and what it finds becomes a test of its own.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=SLOW
)
settings.register_profile(
    "soak",
    max_examples=int(os.environ.get("CHRONICLE_EXAMPLES", "1000")),
    deadline=None,
    suppress_health_check=SLOW,
    print_blob=True,
)
settings.load_profile("soak" if "CHRONICLE_EXAMPLES" in os.environ else "steady")
