"""The five invented towns as a chronicle, and scenarios on them."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import chronicle as ch
from chronicle.experiments.run import Run
from chronicle.report.html import report_html
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import scenario_of
from worked_scenarios import FIVE_TOWNS

BRANCH = date(2030, 5, 10)
RULES = {"speed_km_day": 30, "speed_sigma": 0.5, "hold_days": 1, "transfer": 0.2}
STIRRED = {
    **{"quiet_days": 0, "momentum": 1, "lines": 0, "culmination_days": 3650},
    **{"hold_days": 0.3, "speed_km_day": 15, "repulse": 0.1, "repulse_wait_days": 2},
    **{"transfer": 0.1, "rising_threshold": 0.3},
}
"""A front that moves: what a scenario of these tests has but for its own rules."""


def five_towns() -> ch.Chronicle:
    """The record of the five towns, in memory."""
    chronicle = ch.memory()
    chronicle.import_folder(FIVE_TOWNS / "data")
    return chronicle


def data(**parts: Any) -> dict[str, Any]:
    """A scenario as parsed TOML; *parts* replace whole tables."""
    found = {
        "scenario": {
            "id": "toy",
            "branch_at": BRANCH,
            "published_by": BRANCH,
            "horizon_days": 8,
        },
        "ensemble": {
            "replicas": 24,
            "seed": 7,
            "engine": "heap",
            "parameters": "fixed",
        },
        "force": [{"actors": ["red"], "against": ["blue"]}],
        "rules": RULES,
    } | parts
    return found | {"rules": STIRRED | found["rules"]}


def scenario(*orders: dict[str, Any], **parts: Any) -> Scenario:
    """A toy scenario with these interventions."""
    return scenario_of(data(intervention=list(orders), **parts), "toy.toml")


HOLD = {"name": "hold", "kind": "hold", "place": "Birch", "extra_days": 2}


def words_of(run: Run) -> str:
    """The words of the report of *run*, without its tags and pictures."""
    text = re.sub(r"<[^>]*>", " ", report_html(run))
    return " ".join(unescape(text).split())
