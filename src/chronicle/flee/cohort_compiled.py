"""A day of `cohort_day`, as loops that numba compiles.

Needs numba; only `cohort.run_cohorts` imports this module. The meaning is that of the
plain twin of the same name, and a property test holds the two together. Constants come
as arguments: numba's cache does not notice when one of another module has changed.
"""

from __future__ import annotations

import numba
import numpy as np

from chronicle.flee.cohort_day import FULL, LEAST_PART, ROOM_STEP, TINY_PART
from chronicle.flee.cohort_inputs import (
    STRIDE_KM,
    Bools,
    CohortInputs,
    Day,
    Floats,
    Ints,
    Pace,
)

__all__ = ["move_day"]


def move_day(inputs: CohortInputs, pace: Pace, day: Day, number: int) -> None:
    """As `cohort_day.move_day`."""
    network, rules = inputs.network, inputs.rules
    weights = (
        network.leg_goal,
        inputs.leg_distance,
        inputs.attraction[number],
        inputs.open_legs[number],
        rules.weight_softening,
        rules.weight_power,
    )
    stints = rules.avoid_short_stints
    _fast_day(
        (network.state_place, network.rest),
        network.leg_from,
        network.leg_to,
        (inputs.leave_chance[number], inputs.towns[number], rules.keep_plans),
        inputs.guarded[number],
        inputs.capacity,
        (rules.capacity_buffer, FULL, ROOM_STEP, LEAST_PART, TINY_PART),
        weights,
        (pace.short, pace.length, pace.ends, pace.walked),
        (day.standing, day.road, day.turned),
        np.zeros((2, pace.strides, network.states)),
        (stints, STRIDE_KM, rules.speed_km_per_day, pace.daily_km),
        (day.standing_came, day.road_came, day.turned_came),
        np.zeros((2, pace.strides, network.states) if stints else (2, 0, 0)),
    )


def _here(state_place: Ints, standing: Floats, places: int) -> Floats:
    here = np.zeros(places)
    for state in range(len(standing)):
        here[state_place[state]] += standing[state]
    return here


_fast_here = numba.njit(cache=True)(_here)


def _rooms(here: Floats, capacity: Floats, buffer: float) -> Floats:
    room = np.ones(len(capacity))
    for place in range(len(capacity)):
        over = here[place] - buffer * capacity[place]
        if capacity[place] >= 1 and over > 0:
            span = capacity[place] * (1 - buffer)
            room[place] = max(0.0, 1 - over / span) if span > 0 else 0.0
    return room


_fast_rooms = numba.njit(cache=True)(_rooms)


def _part(
    here: Floats,
    change: Floats,
    room: Floats,
    guarded: Bools,
    capacity: Floats,
    marks: tuple[float, float, float, float, float],
) -> float:
    buffer, full, room_step, least_part, tiny_part = marks
    to_mark, to_step = 1.0, 1.0
    for place in range(len(capacity)):
        if capacity[place] < 1 or change[place] == 0:
            continue
        up = 1.0 if change[place] > 0 else -1.0
        span = capacity[place] * (1 - buffer)
        past = buffer * capacity[place] + span * (1 - full) + up
        if guarded[place] and (past - here[place]) * up > 0:
            to_mark = min(to_mark, (past - here[place]) / change[place])
        after = room[place] - up * room_step
        if 0 <= after <= 1:
            there = buffer * capacity[place] + span * (1 - after)
            to_step = min(to_step, (there - here[place]) / change[place])
    return min(max(to_mark, tiny_part), max(to_step, least_part))


_fast_part = numba.njit(cache=True)(_part)


def _shares(
    leg_from: Ints,
    guarded: Bools,
    room: Floats,
    full: float,
    weights: tuple[Ints, Floats, Floats, Bools, float, float],
) -> Floats:
    goals, distance, attraction, is_open, base, sharpness = weights
    shares = np.zeros(len(leg_from))
    leg = 0
    while leg < len(leg_from):
        state, first, total, ways = leg_from[leg], leg, 0.0, 0
        while leg < len(leg_from) and leg_from[leg] == state:
            if is_open[leg]:
                pull = base + attraction[goals[leg]]
                weight = pull / distance[leg] * room[goals[leg]]
                shares[leg] = weight if sharpness == 1 else weight**sharpness
                total += shares[leg]
                ways += 1
            leg += 1
        for one in range(first, leg):
            if not is_open[one] or (guarded[goals[one]] and room[goals[one]] < full):
                shares[one] = 0.0
            elif total > 0:
                shares[one] /= total
            else:
                shares[one] = 1.0 / ways
    return shares


_fast_shares = numba.njit(cache=True)(_shares)


def _sweep(
    places: tuple[Ints, Ints],
    first_leg: Ints,
    leg_to: Ints,
    shares: Floats,
    leaving: tuple[Floats, Bools, bool],
    short: Bools,
    length: Ints,
    arrived: Floats,
    morning: bool,
    moved: Floats,
    walking: Floats,
    stinting: tuple[bool, float, float, Floats],
    came: tuple[Floats, Floats, Floats],
) -> None:
    """Send out who is in the first rows of *arrived*, and all who come after them.

    Sums are added up in the order of the plain twin, row by row, so that not even their
    rounding differs. *came* goes with *arrived*, *moved* and *walking*, in that order.
    """
    strides, states = arrived.shape
    state_place, rest = places
    leave, towns, keep_plans = leaving
    stints, stride_km, speed, daily_km = stinting
    arrived_came, moved_came, walking_came = came
    given_up, stay = np.zeros(states), np.zeros(states)
    given_up_came, stay_came = np.zeros(states), np.zeros(states)
    far = 0.0
    for behind in range(1 if morning else strides):
        anybody = False
        today = behind * stride_km / speed
        for state in range(states):
            comers = arrived[behind, state]
            if comers == 0.0:
                continue
            anybody = True
            chance = leave[state_place[state]]
            if keep_plans and rest[state] != state:
                chance = 1.0
            if stints:
                far = arrived_came[behind, state] / (comers if comers > 0 else 1.0)
                if not morning and towns[state_place[state]] and far + today < 1:
                    chance = 1.0
            again = comers * chance
            moved[state] += comers - again
            gone = 0.0
            for leg in range(first_leg[state], first_leg[state + 1]):
                flow = again * shares[leg]
                gone += flow
                reach = behind + length[leg]
                if behind == 0:
                    reach = min(reach, strides - 1)
                if not short[leg]:
                    walking[leg] += flow
                    if stints:
                        all_day = today + daily_km[leg] / speed
                        walking_came[leg] += flow * ((far + all_day) / 2)
                elif reach < strides:
                    arrived[reach, leg_to[leg]] += flow
                    if stints:
                        arrived_came[reach, leg_to[leg]] += flow * far
                else:
                    stay[leg_to[leg]] += flow
                    if stints:
                        at_end = reach * (stride_km / speed)
                        stay_came[leg_to[leg]] += flow * ((far + at_end) / 2)
            given_up[rest[state]] += again - gone
            if stints:
                rests = (far + today) / 2
                moved_came[state] += (comers - again) * rests
                given_up_came[rest[state]] += (again - gone) * rests
        if anybody:
            for state in range(states):
                moved[state] += given_up[state]
                moved[state] += stay[state]
                if stints:
                    moved_came[state] += given_up_came[state]
                    moved_came[state] += stay_came[state]
            given_up[:] = 0.0
            stay[:] = 0.0
            given_up_came[:] = 0.0
            stay_came[:] = 0.0


_fast_sweep = numba.njit(cache=True)(_sweep)


def _nights(
    state_place: Ints,
    leg_from: Ints,
    leg_to: Ints,
    ends: Bools,
    walked: Ints,
    people: tuple[Floats, Floats, Floats],
    arrived: Floats,
    stinting: tuple[bool, float, float, Floats],
    came: tuple[Floats, Floats, Floats],
    arrived_came: Floats,
) -> tuple[Floats, Floats]:
    """Who is on the road ends it or has one more day behind; who comes back today."""
    standing, road, turned = people
    stints, stride_km, speed, daily_km = stinting
    _, road_came, turned_came = came
    back, back_came = np.zeros(len(standing)), np.zeros(len(standing))
    legs, nights = road.shape
    for leg in range(legs):
        home = state_place[leg_from[leg]]
        leg_back, leg_back_came = 0.0, 0.0
        for night in range(nights - 1, -1, -1):  # the last one first: it moves up
            if ends[leg, night]:
                arrived[walked[leg, night], leg_to[leg]] += road[leg, night]
                leg_back += turned[leg, night]
                if stints:
                    far = road_came[leg, night]
                    arrived_came[walked[leg, night], leg_to[leg]] += far
                    today = walked[leg, night] * (stride_km / speed)
                    far = turned_came[leg, night] + turned[leg, night] * today
                    leg_back_came += far / 2
            else:
                road[leg, night + 1] = road[leg, night]
                turned[leg, night + 1] = turned[leg, night]
                if stints:
                    days = daily_km[leg] / speed
                    far = road_came[leg, night] + road[leg, night] * days
                    road_came[leg, night + 1] = far / 2
                    far = turned_came[leg, night] + turned[leg, night] * days
                    turned_came[leg, night + 1] = far / 2
            road[leg, night] = 0.0
            turned[leg, night] = 0.0
            if stints:
                road_came[leg, night] = 0.0
                turned_came[leg, night] = 0.0
        back[home] += leg_back
        back_came[home] += leg_back_came
    return back, back_came


_fast_nights = numba.njit(cache=True)(_nights)


def _day(
    places: tuple[Ints, Ints],
    leg_from: Ints,
    leg_to: Ints,
    leaving: tuple[Floats, Bools, bool],
    guarded: Bools,
    capacity: Floats,
    marks: tuple[float, float, float, float, float],
    weights: tuple[Ints, Floats, Floats, Bools, float, float],
    pace: tuple[Bools, Ints, Bools, Ints],
    people: tuple[Floats, Floats, Floats],
    sweeps: Floats,
    stinting: tuple[bool, float, float, Floats],
    came: tuple[Floats, Floats, Floats],
    came_sweeps: Floats,
) -> None:
    buffer, full, _, _, _ = marks
    short, length, ends, walked = pace
    standing, road, _ = people
    standing_came, road_came, _ = came
    state_place = places[0]
    first, arrived = sweeps[0], sweeps[1]
    first_came, arrived_came = came_sweeps[0], came_sweeps[1]
    stints = stinting[0]
    _, states = arrived.shape
    first_leg = np.searchsorted(leg_from, np.arange(states + 1))
    back, back_came = _fast_nights(
        state_place,
        leg_from,
        leg_to,
        ends,
        walked,
        people,
        first,
        stinting,
        came,
        first_came,
    )
    moved, walking = np.empty(states), np.empty(len(leg_to))
    moved_came, walking_came = np.zeros(states), np.zeros(len(leg_to))
    at_night, came_before = standing.copy(), standing_came.copy()
    standing_came[:] = 0.0

    for stage in range(2):
        left = 1.0
        while left > 0:
            here = _fast_here(state_place, standing, len(capacity))
            room = _fast_rooms(here, capacity, buffer)
            shares = _fast_shares(leg_from, guarded, room, full, weights)
            walking[:] = 0.0
            moved_came[:] = 0.0
            walking_came[:] = 0.0
            if stage == 0:  # those who stand leave, and those who do not leave return
                arrived[:] = 0.0
                arrived[0] = at_night
                moved[:] = -at_night
                if stints:
                    arrived_came[:] = 0.0
                    arrived_came[0] = came_before
            else:
                arrived[:] = first
                moved[:] = 0.0
                arrived_came[:] = first_came
            _fast_sweep(
                places,
                first_leg,
                leg_to,
                shares,
                leaving,
                short,
                length,
                arrived,
                stage == 0,
                moved,
                walking,
                stinting,
                (arrived_came, moved_came, walking_came),
            )
            change = _fast_here(state_place, moved, len(capacity))
            part = _fast_part(here, change, room, guarded, capacity, marks)
            part = min(part, left)
            left -= part
            standing += part * moved
            road[:, 0] += part * walking
            if stage == 0:
                first[1:] += part * arrived[1:]
            if stints:
                standing_came += part * moved_came
                road_came[:, 0] += part * walking_came
                if stage == 0:
                    first_came[1:] += part * arrived_came[1:]
    standing += back
    standing_came += back_came


_fast_day = numba.njit(cache=True)(_day)
