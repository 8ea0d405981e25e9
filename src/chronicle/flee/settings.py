"""FLEE's `simsetting.yml`: nested settings, read by PyYAML's safe loader as FLEE does.

Names and defaults are those of FLEE 3.1 (`flee/SimulationSettings.py`). A key that FLEE
does not read, a value of the wrong type and a rule that the cohort kernel does not have
are problems: no setting is dropped in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from chronicle.flee.rows import FleeFile, as_number, as_whole, read_text
from chronicle.formats.problem import Problem

__all__ = ["FLEE_3_1", "FLEE_LATER", "RULES", "FleeSettings", "read_settings"]

FILE = "simsetting.yml"
MOST_LINES = 1_000  # whatever aliases make of them
SETTINGS_LIMIT = 1 << 16  # bytes; the largest known one has 2,000
DEPTH = 3  # section, key, and the keys of conflict_driven_spawning


FLEE_3_1, FLEE_LATER = "3.1", "2026-05"
RULES = (
    FLEE_3_1,
    FLEE_LATER,
)  # of which FLEE: its releases, or a later day of its code


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeSettings:
    """The parameters of FLEE that move people, under FLEE's own names.

    Speeds are km per day, move chances are shares per day, weights are factors of a
    place's attraction, `softening` is km, buffers are shares of the capacity.
    """

    max_move_speed: float = 360.0
    foreign_weight: float = 1.0
    camp_weight: float = 1.0
    conflict_weight: float = 10**-0.5
    conflict_movechance: float = 1.0
    camp_movechance: float = 0.001
    idpcamp_movechance: float = 0.1
    default_movechance: float = 0.3
    awareness_level: int = 1  # hops that people look ahead
    capacity_buffer: float = 0.9
    softening: float = 10.0
    weight_softening: float = 0.0
    weight_power: float = 1.0
    distance_power: float = 1.0
    movechance_pop_base: float = 10_000.0
    movechance_pop_scale_factor: float = 0.0
    take_from_population: bool = False
    insert_day0: bool = True
    conflict_spawn_decay: tuple[float, ...] = ()  # a factor for each 30 days; none: 1
    spawn_mode: str | None = None  # of conflict_driven_spawning; None: from the counts
    displaced_per_conflict_day: float = 500.0
    start_on_foot: bool = False  # the first link is walked, at max_walk_speed
    max_walk_speed: float = 35.0
    avoid_short_stints: bool = False  # no rest in a town before a day's travel
    # What follows is of FLEE after 3.1; these values are what 3.1 does.
    rules: str = FLEE_3_1
    sum_from_camps: bool = False  # who flees is the sum of the camps, not the total
    conflict_spawn_decay_interval: float = 30.0  # days that each factor holds
    capacity_scaling: float = 1.0
    conflict_zone_spawning_only: bool = True
    starvation_driven_spawning: bool = False
    flee_when_starving: bool = False
    avoid_food_deprived_locations: bool = False


class _Line(NamedTuple):
    line: int
    path: tuple[str, ...]
    text: str  # of the value; empty for the head of a section


def _key_lines(sheet: FleeFile, text: str) -> Iterator[_Line]:
    """The plain values with the path of keys that leads to each, as YAML has them.

    FLEE reads with PyYAML, and so do we, down to text and without making objects. As
    there, the last of two keys of a name holds. What is no YAML is told, once.
    """
    import yaml

    try:
        tree = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 0
        rule = f"is no YAML: {broken.problem}; FLEE's defaults are used"
        sheet.report(line, None, "", rule)
        return
    except (yaml.YAMLError, RecursionError, ValueError) as broken:
        rule = f"is no YAML: {str(broken)[:100]}; FLEE's defaults are used"
        sheet.report(0, None, "", rule)
        return
    if tree is None:
        return
    if not isinstance(tree, yaml.MappingNode):
        sheet.report(1, None, "", "is no list of settings, key: value")
        return
    yield from islice(_values_of(sheet, tree, ()), MOST_LINES)


def _values_of(sheet: FleeFile, tree: Any, above: tuple[str, ...]) -> Iterator[_Line]:
    """The values under one node of YAML, its sections first to last."""
    import yaml

    last = {
        key.value: number
        for number, (key, _) in enumerate(tree.value)
        if isinstance(key, yaml.ScalarNode)
    }
    for number, (key, value) in enumerate(tree.value):
        line, name = key.start_mark.line + 1, str(key.value)[:80]
        if not isinstance(key, yaml.ScalarNode):
            sheet.report(line, None, "", "is no name of a setting")
            continue
        if last[key.value] != number:
            rule = "is set again further down; the last one holds"
            sheet.report(line, name, _shown(value), rule)
            continue
        path = (*above, key.value)
        if len(path) > DEPTH:
            sheet.report(line, name, _shown(value), "is nested too deep")
        elif isinstance(value, yaml.MappingNode):
            yield _Line(line, path, "")
            yield from _values_of(sheet, value, path)
        else:
            yield _Line(line, path, _shown(value))


def _shown(node: object) -> str:
    """A value of YAML as text; a list in brackets, its values in a row."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        parts = [one.value for one in node.value if isinstance(one, yaml.ScalarNode)]
        return f"[{', '.join(parts)}]"
    return ""


# --- what a value must be; each returns it, or raises ValueError with the rule --------


def _share(text: str) -> float:
    number = as_number(text)
    if number is None or not 0 <= number <= 1:
        raise ValueError("must be a number from 0 to 1")
    return number


def _factor(text: str) -> float:
    number = as_number(text)
    if number is None or not 0 <= number <= 1e6:
        raise ValueError("must be a number, 0 or more, at most 1e6")
    return number


def _power(text: str) -> float:
    number = as_number(text)
    if number is None or not 0 <= number <= 10:
        raise ValueError("must be a number from 0 to 10")
    return number


def _above_zero(text: str) -> float:
    number = as_number(text)
    if number is None or not 0.001 <= number <= 1e12:
        raise ValueError("must be a number above 0, from 0.001 to 1e12")
    return number


def _speed(text: str) -> float:
    number = as_number(text)
    if number is None or not 2 <= number <= 10_000:
        raise ValueError("must be km per day from 2 to 10,000")
    return number


def _level(text: str) -> int:
    number = as_whole(text)
    if number is None or not 1 <= number <= 3:
        raise ValueError("must be 1, 2 or 3 hops (with 0, FLEE 3.1 moves nobody)")
    return number


def _switch(text: str) -> bool:
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    raise ValueError("must be True or False")


def _decay(text: str) -> tuple[float, ...]:
    if text in ("", "~", "null"):
        return ()
    if text[0] != "[" or text[-1] != "]":
        raise ValueError("must be a list like [1.0, 0.5]")
    return tuple(_factor(part.strip()) for part in text[1:-1].split(","))


def _mode(text: str) -> str:
    if text.lower() not in ("constant", "pop_ratio"):
        raise ValueError("must be constant or pop_ratio (FLEE 3.1 fails on the others)")
    return text.lower()


_RULES: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("spawn_rules", "take_from_population"): _switch,
    ("spawn_rules", "insert_day0"): _switch,
    ("spawn_rules", "conflict_spawn_decay"): _decay,
    ("spawn_rules", "conflict_driven_spawning", "spawn_mode"): _mode,
    ("spawn_rules", "conflict_driven_spawning", "displaced_per_conflict_day"): _factor,
    ("move_rules", "max_move_speed"): _speed,
    ("move_rules", "max_walk_speed"): _speed,
    ("move_rules", "start_on_foot"): _switch,
    ("move_rules", "avoid_short_stints"): _switch,
    ("move_rules", "foreign_weight"): _factor,
    ("move_rules", "camp_weight"): _factor,
    ("move_rules", "conflict_weight"): _factor,
    ("move_rules", "conflict_movechance"): _share,
    ("move_rules", "camp_movechance"): _share,
    ("move_rules", "idpcamp_movechance"): _share,
    ("move_rules", "default_movechance"): _share,
    ("move_rules", "awareness_level"): _level,
    ("move_rules", "capacity_buffer"): _share,
    ("move_rules", "softening"): _factor,
    ("move_rules", "weight_softening"): _factor,
    ("move_rules", "weight_power"): _power,
    ("move_rules", "distance_power"): _power,
    ("move_rules", "movechance_pop_base"): _above_zero,
    ("move_rules", "movechance_pop_scale_factor"): _power,
}

# Only FLEE after 3.1 reads these.
_LATER_RULES: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("spawn_rules", "sum_from_camps"): _switch,
    ("spawn_rules", "conflict_spawn_decay_interval"): _above_zero,
    ("spawn_rules", "conflict_zone_spawning_only"): _switch,
    ("spawn_rules", "starvation_driven_spawning"): _switch,
    ("move_rules", "capacity_scaling"): _factor,
    ("move_rules", "flee_when_starving"): _switch,
    ("move_rules", "avoid_food_deprived_locations"): _switch,
}

_SECTIONS = (
    ("log_levels",),
    ("spawn_rules",),
    ("spawn_rules", "conflict_driven_spawning"),
    ("move_rules",),
    ("optimisations",),
)

# Harmless as they are: what FLEE prints, how many people one of its agents stands for,
# a speed that nothing of FLEE uses, and its file name.
_NO_MATTER = {
    *(("log_levels", key) for key in ("agent", "link", "camp", "conflict", "init")),
    ("log_levels", "idp_totals"),
    ("log_levels", "granularity"),
    ("optimisations", "hasten"),
    ("move_rules", "max_crossing_speed"),
    ("number_of_steps",),
    ("conflict_input_file",),
}

# Switches of FLEE that the kernel does not have: only the value given here is modelled.
_NOT_MODELLED: dict[tuple[str, ...], bool] = {
    ("spawn_rules", "conflict_zone_spawning_only"): True,
    ("spawn_rules", "flood_zone_spawning_only"): False,
    ("spawn_rules", "read_from_agents_csv_file"): False,
    ("spawn_rules", "camps_are_sicks"): False,
    ("move_rules", "stay_close_to_home"): False,
    ("move_rules", "use_pop_for_loc_weight"): False,
    ("move_rules", "use_v1_rules"): False,
    ("move_rules", "ChildrenAvoidHazards"): False,
    ("move_rules", "BoysTakeRisk"): False,
    ("move_rules", "MatchCampEthnicity"): False,
    ("move_rules", "MatchTownEthnicity"): False,
    ("move_rules", "MatchConflictEthnicity"): False,
}

_LATER_NOT_MODELLED: dict[tuple[str, ...], str] = {
    ("spawn_rules", "empty_camps_on_day0"): "false",
    ("move_rules", "fixed_routes"): "false",
    ("move_rules", "two_system_decision_making"): "false",
    ("move_rules", "use_economic_pull"): "false",
    ("move_rules", "harvest_months"): "[]",
    ("move_rules", "pruning_threshold"): "1.0",
    ("move_rules", "WomenAvoidHazards"): "false",
    ("move_rules", "ElderlyAvoidHazards"): "false",
    ("move_rules", "MatchCampReligion"): "false",
}

# Written in FLEE's documents or its own sets, and read by nothing in FLEE 3.1.
_NO_EFFECT = {
    ("move_rules", "capacity_scaling"): "1.0",
    ("spawn_rules", "camps_are_sinks"): "False",
}


def _set(line: _Line, sheet: FleeFile, values: dict[str, Any], rules: str) -> None:
    """Take one line into *values*, or report why not."""
    *_, key = path = line.path
    later = rules == FLEE_LATER
    known = {**_RULES, **_LATER_RULES} if later else _RULES
    off = {path: str(value).lower() for path, value in _NOT_MODELLED.items()}
    off |= _LATER_NOT_MODELLED if later else {}
    if path in known:
        try:
            values[key] = known[path](line.text)
        except ValueError as error:
            values[key] = None
            sheet.report(line.line, key, line.text, f"{error}; the default is used")
    elif path in off:
        if line.text.lower() != off[path]:
            sheet.report(line.line, key, line.text, "this rule of FLEE is not modelled")
    elif path in _NO_EFFECT:
        if line.text != _NO_EFFECT[path]:
            rule = f"has no effect in FLEE {rules}, nor here"
            sheet.report(line.line, key, line.text, rule)
    elif path in _SECTIONS:
        if line.text:
            sheet.report(line.line, key, line.text, "must be followed by its own lines")
    elif path in _LATER_RULES or path in _LATER_NOT_MODELLED:
        rule = f"FLEE 3.1 knows no such setting; later ones do (rules {FLEE_LATER})"
        sheet.report(line.line, key, line.text, rule)
    elif path not in _NO_MATTER:
        names = {name for *_, name in (*known, *off, *_NO_MATTER)}
        near = difflib.get_close_matches(key, sorted(names), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        told = f"FLEE {rules} knows no such setting{hint}"
        sheet.report(line.line, key, line.text, told)


def read_settings(
    folder: Path, problems: list[Problem], rules: str = FLEE_3_1
) -> FleeSettings:
    """The settings of a FLEE folder; the defaults of *rules* where there are none."""
    sheet = FleeFile(FILE, problems)
    text = read_text(folder / FILE, sheet, limit=SETTINGS_LIMIT)
    values: dict[str, Any] = {}
    for line in _key_lines(sheet, text) if text is not None else ():
        _set(line, sheet, values, rules)
    if "displaced_per_conflict_day" in values:
        values.setdefault("spawn_mode", "constant")
    given = {key: value for key, value in values.items() if value is not None}
    if given.get("spawn_mode") == "pop_ratio":
        given.setdefault("displaced_per_conflict_day", 0.01)
    if rules == FLEE_LATER:
        given.setdefault("sum_from_camps", True)
    return FleeSettings(rules=rules, **given)
