"""The history of a conflict as an append-only log of sourced claims.

    import chronicle as ch
    log = ch.open("syria.chronicle")
    log.state(on="2024-11-30", known_at="2024-12-01").control["aleppo"]

Names are loaded when they are first used, so that a command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from chronicle.version import __version__ as __version__

if TYPE_CHECKING:
    from chronicle import errors as errors
    from chronicle.api import Chronicle as Chronicle
    from chronicle.api import create as create
    from chronicle.api import memory as memory
    from chronicle.api import migrate as migrate
    from chronicle.api import open_chronicle as open  # noqa: F401
    from chronicle.api import restore as restore
    from chronicle.calibration.calibrate import Calibration as Calibration
    from chronicle.calibration.calibrate import calibrate as calibrate
    from chronicle.calibration.pools import trained as train  # noqa: F401
    from chronicle.calibration.sensitivity import sensitivity as sensitivity
    from chronicle.domain.events import ActorRegistered as ActorRegistered
    from chronicle.domain.events import ControlReported as ControlReported
    from chronicle.domain.events import DisplacementReported as DisplacementReported
    from chronicle.domain.events import EvidenceExported as EvidenceExported
    from chronicle.domain.events import ImportFinished as ImportFinished
    from chronicle.domain.events import IncidentReported as IncidentReported
    from chronicle.domain.events import LegendReported as LegendReported
    from chronicle.domain.events import ReportAmended as ReportAmended
    from chronicle.domain.events import ReportRedacted as ReportRedacted
    from chronicle.domain.events import ReportRetracted as ReportRetracted
    from chronicle.domain.events import ReportsLinked as ReportsLinked
    from chronicle.domain.events import RouteRegistered as RouteRegistered
    from chronicle.domain.events import RouteStatusReported as RouteStatusReported
    from chronicle.domain.events import SettlementRegistered as SettlementRegistered
    from chronicle.domain.events import SourceRegistered as SourceRegistered
    from chronicle.domain.events import SupportReported as SupportReported
    from chronicle.domain.state import State as State
    from chronicle.domain.table import Table as Table
    from chronicle.experiments.compare import compared_runs as compare  # noqa: F401
    from chronicle.experiments.compare import scored_run as score  # noqa: F401
    from chronicle.experiments.evaluate import evaluate as evaluate
    from chronicle.experiments.execute import run_scenario as run_scenario
    from chronicle.experiments.files import read_run as read_run
    from chronicle.experiments.run import Run as Run
    from chronicle.flee.export import export_flee as export_flee
    from chronicle.flee.model import run_flee as run_flee
    from chronicle.flee.read import read_flee as read_flee
    from chronicle.formats.writing.geoframe import to_geodataframe as to_geodataframe
    from chronicle.report.brief import brief_of as brief  # noqa: F401
    from chronicle.report.folder import write_run as write_run
    from chronicle.report.html import write_report as write_report
    from chronicle.report.mapping import Picture as Picture
    from chronicle.report.mapping import map_record as map_record
    from chronicle.report.mapping import map_state as map_state
    from chronicle.report.panels import panels as panels
    from chronicle.report.panels import places_table as places_table
    from chronicle.simulation.interventions import Intervention as Intervention
    from chronicle.simulation.scenario import Scenario as Scenario
    from chronicle.simulation.scenario_file import read_scenario as read_scenario
    from chronicle.store.claims_view import ClaimsView as ClaimsView
    from chronicle.store.projections import Follower as Follower

_EVENTS = (
    "ActorRegistered",
    "ControlReported",
    "DisplacementReported",
    "EvidenceExported",
    "ImportFinished",
    "IncidentReported",
    "LegendReported",
    "ReportAmended",
    "ReportRedacted",
    "ReportRetracted",
    "ReportsLinked",
    "RouteRegistered",
    "RouteStatusReported",
    "SettlementRegistered",
    "SourceRegistered",
    "SupportReported",
)
_HOMES = dict.fromkeys(_EVENTS, "chronicle.domain.events") | {
    "Chronicle": "chronicle.api",
    "Intervention": "chronicle.simulation.interventions",
    "Picture": "chronicle.report.mapping",
    "Run": "chronicle.experiments.run",
    "Scenario": "chronicle.simulation.scenario",
    "State": "chronicle.domain.state",
    "Table": "chronicle.domain.table",
    "calibrate": "chronicle.calibration.calibrate",
    "create": "chronicle.api",
    "errors": "chronicle.errors",
    "map_record": "chronicle.report.mapping",
    "map_state": "chronicle.report.mapping",
    "memory": "chronicle.api",
    "open": "chronicle.api:open_chronicle",
    "restore": "chronicle.api",
    "migrate": "chronicle.api",
    "read_scenario": "chronicle.simulation.scenario_file",
    "run_scenario": "chronicle.experiments.execute",
    "Calibration": "chronicle.calibration.calibrate",
    "Follower": "chronicle.store.projections",
    "ClaimsView": "chronicle.store.claims_view",
    "compare": "chronicle.experiments.compare:compared_runs",
    "score": "chronicle.experiments.compare:scored_run",
    "sensitivity": "chronicle.calibration.sensitivity",
    "read_flee": "chronicle.flee.read",
    "run_flee": "chronicle.flee.model",
    "export_flee": "chronicle.flee.export",
    "write_report": "chronicle.report.html",
    "brief": "chronicle.report.brief:brief_of",
    "evaluate": "chronicle.experiments.evaluate",
    "train": "chronicle.calibration.pools:trained",
    "to_geodataframe": "chronicle.formats.writing.geoframe",
    "write_run": "chronicle.report.folder",
    "panels": "chronicle.report.panels",
    "places_table": "chronicle.report.panels",
    "read_run": "chronicle.experiments.files",
}


__all__ = sorted(_HOMES)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return __all__


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'chronicle' has no attribute {name!r}")
    home, _, other = _HOMES[name].partition(":")
    module = import_module(home)
    value = module if home == f"chronicle.{name}" else getattr(module, other or name)
    globals()[name] = value
    return value
