"""One day of a cohort run, plainly, in NumPy; `cohort_compiled` has its fast twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.flee.cohort_inputs import (
    STRIDE_KM,
    Bools,
    CohortInputs,
    Day,
    FlightNetwork,
    Floats,
    Pace,
)

__all__ = ["came_far", "leg_shares", "move_day", "part_of_stage", "room_left"]

FULL = 0.5  # a camp with less room than this share of its buffer takes nobody
ROOM_STEP = 0.1  # after such a change of room, people choose anew where to go
LEAST_PART = 1 / 64  # of a stage of a day
TINY_PART = 1e-9  # enough to get past a mark whatever the rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What a stage of a day does if nothing fills up meanwhile, as changes.

    `standing[S]`, `road[L]` in its first night, and `arrived[D, S]` who come to a state
    with so many strides of the day behind them and have some of it left.

    How far they came of late goes with them in the arrays of the same names; in
    `standing_came` and `road_came` it has today in it.
    """

    standing: Floats
    road: Floats
    arrived: Floats
    standing_came: Floats
    road_came: Floats
    arrived_came: Floats

    @classmethod
    def none(cls, network: FlightNetwork, arrived: Floats, came: Floats) -> Moves:
        """No change yet, but for those who have *arrived* already, having *came*."""
        return cls(
            standing=np.zeros(network.states),
            road=np.zeros(network.legs),
            arrived=arrived.copy(),
            standing_came=np.zeros(network.states),
            road_came=np.zeros(network.legs),
            arrived_came=came.copy(),
        )


def came_far(
    came: Floats, people: Floats | float, days: NDArray[Any] | float
) -> Floats:
    """How far *people* came of late, a sum over them, after a day of *days*' travel.

    A mean over days in which each counts half as much as the next one (FLEE's
    `recent_travel_distance`): 1 for who travels all day and every day.
    """
    return np.asarray((came + people * days) / 2, dtype=np.float64)


def move_day(inputs: CohortInputs, pace: Pace, day: Day, number: int) -> None:
    """Let everybody walk on day *number*; *day* is changed in place.

    A day has two stages: all set out in the morning, then all arrive and, if there is
    day left, set out again. People go one after the other, so a stage is done in parts:
    each goes on until a camp fills or the room of a place has changed, as
    `part_of_stage` has it. Nothing else of a stage depends on what is done, so its
    parts add up.
    """
    network, guarded = inputs.network, inputs.guarded[number]
    arrived = np.zeros((pace.strides, network.states))
    came = np.zeros_like(arrived)
    road, road_came = _night_ends(inputs, pace, day, arrived, came)
    at_night, came_before = day.standing.copy(), day.standing_came.copy()
    day.standing_came[:] = 0.0  # all rise
    for morning in (True, False):
        first = np.zeros_like(arrived) if morning else arrived.copy()
        first_came = np.zeros_like(arrived) if morning else came.copy()
        if morning:
            first[0], first_came[0] = at_night, came_before
        left = 1.0
        while left > 0:
            here = network.by_place(day.standing)
            shares = leg_shares(inputs, room_left(inputs, here), number)
            moves = Moves.none(network, first, first_came)
            if morning:  # all rise, and who does not leave will be among those who stay
                moves.standing[:] -= at_night
            _send(inputs, pace, moves, shares, number, morning=morning)
            change = network.by_place(moves.standing)
            part = min(part_of_stage(inputs, here, change, guarded), left)
            left -= part
            day.standing[:] += part * moves.standing
            road[:, 0] += part * moves.road
            arrived[1:] += part * moves.arrived[1:]
            if inputs.rules.avoid_short_stints:
                day.standing_came[:] += part * moves.standing_came
                road_came[:, 0] += part * moves.road_came
                came[1:] += part * moves.arrived_came[1:]
    _go_back(inputs, pace, day)
    day.road[:] = road
    day.road_came[:] = road_came


def _send(
    inputs: CohortInputs,
    pace: Pace,
    moves: Moves,
    shares: Floats,
    number: int,
    *,
    morning: bool,
) -> None:
    """Send out who is in `arrived`, in the morning its first row, and all after them.

    Who comes to a state with d strides of the day behind stays, or leaves on a leg and
    comes to its end with more behind; so one sweep by d meets everybody. Who finds the
    way shut or the goal full stays and gives up the plan. A short leg that ends when
    the day is over is walked to its end; who begins the day with one has always some of
    the day left.
    """
    network = inputs.network
    start, end, short = network.leg_from, network.leg_to, pace.short
    stints, speed = inputs.rules.avoid_short_stints, inputs.rules.speed_km_per_day
    leave = inputs.leave_chance[number][network.state_place]
    if inputs.rules.keep_plans:
        leave = np.where(network.halts, 1.0, leave)
    towns = inputs.towns[number][network.state_place]
    for behind in range(1 if morning else pace.strides):
        comers = moves.arrived[behind]
        if not comers.any():
            continue
        chance = leave
        if stints:
            far = moves.arrived_came[behind] / np.where(comers > 0, comers, 1.0)
            today = behind * STRIDE_KM / speed
            if not morning:
                chance = np.where(towns & (far + today < 1), 1.0, leave)
        again = comers * chance
        moves.standing[:] += comers - again
        flow = again[start] * shares
        given_up = again - np.bincount(start, flow, network.states)
        moves.standing[:] += np.bincount(network.rest, given_up, network.states)
        moves.road[~short] += flow[~short]
        reach = behind + pace.length
        if behind == 0:
            reach = np.minimum(reach, pace.strides - 1)
        onward = short & (reach < pace.strides)
        np.add.at(moves.arrived, (reach[onward], end[onward]), flow[onward])
        stay = short & ~onward
        moves.standing[:] += np.bincount(end[stay], flow[stay], network.states)
        if stints:
            rests = came_far(far, 1.0, today)
            moves.standing_came[:] += (comers - again) * rests
            moves.standing_came[:] += np.bincount(
                network.rest, given_up * rests, network.states
            )
            before = far[start]
            walks = came_far(before, 1.0, today + pace.daily_km / speed)
            moves.road_came[~short] += (flow * walks)[~short]
            far_on = (flow * before)[onward]
            np.add.at(moves.arrived_came, (reach[onward], end[onward]), far_on)
            ends = came_far(before, 1.0, reach * (STRIDE_KM / speed))
            moves.standing_came[:] += np.bincount(
                end[stay], (flow * ends)[stay], network.states
            )


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
    inputs: CohortInputs, pace: Pace, day: Day, arrived: Floats, came: Floats
) -> tuple[Floats, Floats]:
    """Put those who end their way today into *arrived*; the road of the others."""
    ending = np.where(pace.ends, day.road, 0.0)
    ends = np.broadcast_to(inputs.network.leg_to[:, None], ending.shape)
    np.add.at(arrived, (pace.walked, ends), ending)
    road = np.zeros_like(day.road)
    road[:, 1:] = (day.road - ending)[:, :-1]
    far = np.zeros_like(day.road_came)
    if inputs.rules.avoid_short_stints:
        ending_came = np.where(pace.ends, day.road_came, 0.0)
        np.add.at(came, (pace.walked, ends), ending_came)
        days = pace.daily_km / inputs.rules.speed_km_per_day
        walking = came_far(
            day.road_came - ending_came, day.road - ending, days[:, None]
        )
        far[:, 1:] = walking[:, :-1]
    return road, far


def _go_back(inputs: CohortInputs, pace: Pace, day: Day) -> None:
    """Those who turned back reach where they set out, or walk on."""
    network, speed = inputs.network, inputs.rules.speed_km_per_day
    back = np.where(pace.ends, day.turned, 0.0)
    home = network.state_place[network.leg_from]
    day.standing[:] += np.bincount(home, back.sum(axis=1), network.states)
    walking = day.turned - back
    if inputs.rules.avoid_short_stints:
        back_came = np.where(pace.ends, day.turned_came, 0.0)
        far = came_far(back_came, back, pace.walked * (STRIDE_KM / speed))
        day.standing_came[:] += np.bincount(home, far.sum(axis=1), network.states)
        days = pace.daily_km / speed
        left = came_far(day.turned_came - back_came, walking, days[:, None])
        day.turned_came[:, 0] = 0.0
        day.turned_came[:, 1:] = left[:, :-1]
    day.turned[:, 0] = 0.0
    day.turned[:, 1:] = walking[:, :-1]
