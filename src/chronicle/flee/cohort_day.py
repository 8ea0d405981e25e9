"""One day of a cohort run, plainly, in NumPy; `cohort_compiled` has its fast twin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chronicle.flee.cohort_inputs import (
    Bools,
    CohortInputs,
    Day,
    FlightNetwork,
    Floats,
    Pace,
)

__all__ = ["leg_shares", "move_day", "part_of_stage", "room_left"]

FULL = 0.5  # a camp with less room than this share of its buffer takes nobody
ROOM_STEP = 0.1  # after such a change of room, people choose anew where to go
LEAST_PART = 1 / 64  # of a stage of a day
TINY_PART = 1e-9  # enough to get past a mark whatever the rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What a stage of a day does if nothing fills up meanwhile, as changes.

    `standing[S]`, `road[L]` in its first night, and `arrived[D, S]` who come to a state
    with so many strides of the day behind them and have some of it left.
    """

    standing: Floats
    road: Floats
    arrived: Floats

    @classmethod
    def none(cls, network: FlightNetwork, arrived: Floats) -> Moves:
        """No change yet, but for those who have *arrived* already."""
        return cls(
            standing=np.zeros(network.states),
            road=np.zeros(network.legs),
            arrived=arrived.copy(),
        )


def move_day(inputs: CohortInputs, pace: Pace, day: Day, number: int) -> None:
    """Let everybody walk on day *number*; *day* is changed in place.

    A day has two stages: all set out in the morning, then all arrive and, if there is
    day left, set out again. People go one after the other, so a stage is done in parts:
    each goes on until a camp fills or the room of a place has changed, as
    `part_of_stage` has it. Nothing else of a stage depends on what is done, so its
    parts add up.
    """
    network, guarded = inputs.network, inputs.guarded[number]
    leave = inputs.leave_chance[number][network.state_place]
    arrived = np.zeros((pace.strides, network.states))
    road = _night_ends(network, pace, day, arrived)
    at_night = day.standing.copy()
    for morning in (True, False):
        first = np.zeros_like(arrived) if morning else arrived.copy()
        if morning:
            first[0] = at_night
        rows, left = (1 if morning else pace.strides), 1.0
        while left > 0:
            here = network.by_place(day.standing)
            shares = leg_shares(inputs, room_left(inputs, here), number)
            moves = Moves.none(network, first)
            if morning:  # all rise, and who does not leave will be among those who stay
                moves.standing[:] -= at_night
            _send(network, pace, moves, shares, leave, rows)
            change = network.by_place(moves.standing)
            part = min(part_of_stage(inputs, here, change, guarded), left)
            left -= part
            day.standing[:] += part * moves.standing
            road[:, 0] += part * moves.road
            arrived[1:] += part * moves.arrived[1:]
    _go_back(network, pace, day)
    day.road[:] = road


def _send(
    network: FlightNetwork,
    pace: Pace,
    moves: Moves,
    shares: Floats,
    leave: Floats,
    rows: int,
) -> None:
    """Send out who is in the first *rows* of `arrived`, and all who come after them.

    Who comes to a state with d strides of the day behind stays, or leaves on a leg and
    comes to its end with more behind; so one sweep by d meets everybody. Who finds the
    way shut or the goal full stays and gives up the plan. A short leg that ends when
    the day is over is walked to its end; who begins the day with one has always some of
    the day left.
    """
    start, end, short = network.leg_from, network.leg_to, pace.short
    for behind in range(rows):
        comers = moves.arrived[behind]
        if not comers.any():
            continue
        again = comers * leave
        moves.standing[:] += comers - again
        flow = again[start] * shares
        given_up = again - np.bincount(start, flow, network.states)
        moves.standing[:] += np.bincount(network.state_place, given_up, network.states)
        moves.road[~short] += flow[~short]
        reach = behind + pace.length
        if behind == 0:
            reach = np.minimum(reach, pace.strides - 1)
        onward = short & (reach < pace.strides)
        np.add.at(moves.arrived, (reach[onward], end[onward]), flow[onward])
        stay = short & ~onward
        moves.standing[:] += np.bincount(end[stay], flow[stay], network.states)


def room_left(inputs: CohortInputs, here: Floats) -> Floats:
    """The room of each place in which *here* stand: 1 for plenty, 0 for full."""
    capacity, buffer = inputs.capacity, inputs.rules.capacity_buffer
    span = capacity * (1 - buffer)
    over = here - buffer * capacity
    filled = np.where(over > 0, 1.0, 0.0)
    np.divide(over, span, out=filled, where=span > 0)
    return np.asarray(np.where(capacity >= 1, np.clip(1 - filled, 0, 1), 1.0))


def leg_shares(inputs: CohortInputs, room: Floats, number: int) -> Floats:
    """The share of those who leave a state that takes each leg, on day *number*.

    The shares of a state add up to 1, less those whose goal is a full camp, and to 0
    where no leg is open. If every goal has no room, all legs weigh the same.
    """
    network, rules = inputs.network, inputs.rules
    is_open, goal = inputs.open_legs[number], network.leg_goal
    pull = rules.weight_softening + inputs.attraction[number][goal]
    weight = pull / inputs.leg_distance * room[goal]
    weight = weight**rules.weight_power * is_open
    total = np.bincount(network.leg_from, weight, network.states)[network.leg_from]
    ways = np.bincount(network.leg_from, is_open, network.states)[network.leg_from]
    alike = is_open / np.maximum(ways, 1)
    shares = np.where(total > 0, weight / np.where(total > 0, total, 1.0), alike)
    shares[inputs.guarded[number][goal] & (room[goal] < FULL)] = 0.0
    return np.asarray(shares)


def part_of_stage(
    inputs: CohortInputs, here: Floats, change: Floats, guarded: Bools
) -> float:
    """How much of a stage can be done before room must be looked at again.

    *here* stand in each place now, *change* is what the whole stage does to that. A
    part ends one person past the mark at which a camp takes nobody or takes people
    again, and where a room has changed by `ROOM_STEP`, if that is `LEAST_PART` or more.
    """
    capacity, buffer = inputs.capacity, inputs.rules.capacity_buffer
    span = capacity * (1 - buffer)
    mark = buffer * capacity + span * (1 - FULL)
    to_mark, to_step = 1.0, 1.0
    room = room_left(inputs, here)
    for place in np.flatnonzero((capacity >= 1) & (change != 0)):
        up = 1.0 if change[place] > 0 else -1.0
        past = mark[place] + up
        if guarded[place] and (past - here[place]) * up > 0:
            to_mark = min(to_mark, (past - here[place]) / change[place])
        after = room[place] - up * ROOM_STEP
        if 0 <= after <= 1:
            there = buffer * capacity[place] + span[place] * (1 - after)
            to_step = min(to_step, (there - here[place]) / change[place])
    return float(min(max(to_mark, TINY_PART), max(to_step, LEAST_PART)))


def _night_ends(
    network: FlightNetwork, pace: Pace, day: Day, arrived: Floats
) -> Floats:
    """Put those who end their way today into *arrived*; the road of the others."""
    ending = np.where(pace.ends, day.road, 0.0)
    ends = np.broadcast_to(network.leg_to[:, None], ending.shape)
    np.add.at(arrived, (pace.walked, ends), ending)
    road = np.zeros_like(day.road)
    road[:, 1:] = (day.road - ending)[:, :-1]
    return road


def _go_back(network: FlightNetwork, pace: Pace, day: Day) -> None:
    """Those who turned back reach where they set out, or walk on."""
    back = np.where(pace.ends, day.turned, 0.0)
    home = network.state_place[network.leg_from]
    day.standing[:] += np.bincount(home, back.sum(axis=1), network.states)
    walking = day.turned - back
    day.turned[:, 0] = 0.0
    day.turned[:, 1:] = walking[:, :-1]
