"""Chance as a pure function of a key: (seed, replica, stream, entity, occurrence).

No draw depends on any other, so replica k alone is replica k of a batch, taking a route
away shifts no other draw, and arms of a comparison share theirs. Entities are stable
64-bit hashes of ids (`stable_id`), never row numbers.

Every function exists as plain Python and on NumPy arrays (`*_array`); numba compiles
the former. All twins give the same bits on every platform: only IEEE additions,
multiplications, divisions, square roots and exact scalings by powers of two are used.
The `exp` and `log` of the C library, of NumPy and of LLVM differ in their last bit, so
both are spelled out here (the algorithms of fdlibm, errors under one unit in the last
place).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "STREAMS",
    "KeyedRandom",
    "exp",
    "exp_array",
    "log",
    "log_array",
    "normal_of",
    "normal_of_array",
    "stable_id",
    "stream_key",
    "uniform",
    "uniform_array",
]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

STREAMS = {
    "travel": 1,
    "hold": 2,
    "transfer": 3,
    "repulse": 4,
    "wait": 5,
    "counterattack": 6,
    "negotiation": 7,
    "rising": 8,
    "ceasefire": 9,
    "hook": 10,
    "parameters": 11,
    "quiet": 12,
    "axis": 13,
    "line": 14,
    "culmination": 15,
}
"""One number per use of chance; a number is never given a second meaning."""

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_REPLICA = 0x9E37_79B9_7F4A_7C15
_STREAM = 0xD1B5_4A32_D192_ED03
_OCCURRENCE = 0x8CB9_2BA7_2F3D_8DD7
_MIX_1 = 0xBF58_476D_1CE4_E5B9
_MIX_2 = 0x94D0_49BB_1331_11EB


def stable_id(*parts: str) -> int:
    """The 64-bit name of an entity: BLAKE2b of its id, or of the ids that make it."""
    text = "\x1f".join(parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _mix(word: int) -> int:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    word = ((word ^ (word >> 30)) * _MIX_1) & _MASK
    word = ((word ^ (word >> 27)) * _MIX_2) & _MASK
    return word ^ (word >> 31)


def stream_key(seed: int, replica: int, stream: int) -> int:
    """The part of a key that all entities of one stream of one replica share."""
    word = _mix((seed + _REPLICA * (replica + 1)) & _MASK)
    return _mix((word + _STREAM * (stream + 1)) & _MASK)


def uniform(key: int, entity: int, occurrence: int = 0) -> float:
    """A draw strictly inside (0, 1), a multiple of 2^-53.

    Only 52 random bits are used: with 53, adding one half could round up to 1.0, whose
    normal quantile is infinite.
    """
    word = _mix((key ^ entity) & _MASK)
    word = _mix((word + _OCCURRENCE * (occurrence + 1)) & _MASK)
    return ((word >> 12) + 0.5) * 2.220446049250313e-16


def _mix_array(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(_MIX_1)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(_MIX_2)
    return words ^ (words >> np.uint64(31))


def uniform_array(key: int, entities: Words, occurrence: int = 0) -> Floats:
    """`uniform` for many entities at once."""
    words = _mix_array(entities ^ np.uint64(key))
    add = np.uint64((_OCCURRENCE * (occurrence + 1)) & _MASK)
    words = _mix_array(words + add)
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.220446049250313e-16


_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_INVERSE_LN2 = 1.44269504088896338700e00
_SQRT_HALF = 0.7071067811865476


def log(x: float) -> float:
    """The natural logarithm of a positive, normal *x* (fdlibm, `__ieee754_log`)."""
    m, k = math.frexp(x)
    if m < _SQRT_HALF:
        m = m * 2.0
        k = k - 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (
        3.999999999940941908e-01
        + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    t2 = z * (
        6.666666666666735130e-01
        + w
        * (
            2.857142874366239149e-01
            + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)
        )
    )
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + (t1 + t2)) + k * _LN2_LOW)) - f)


def log_array(x: Floats) -> Floats:
    """`log` for arrays, bit for bit."""
    m, k = np.frexp(x)
    low = m < _SQRT_HALF
    m = np.where(low, m * 2.0, m)
    n = (k - low).astype(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (
        3.999999999940941908e-01
        + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    t2 = z * (
        6.666666666666735130e-01
        + w
        * (
            2.857142874366239149e-01
            + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)
        )
    )
    half = 0.5 * f * f
    found: Floats = n * _LN2_HIGH - (
        (half - (s * (half + (t1 + t2)) + n * _LN2_LOW)) - f
    )
    return found


def exp(x: float) -> float:
    """e to the *x* for |x| < 700 (fdlibm, `__ieee754_exp`)."""
    n = math.floor(x * _INVERSE_LN2 + 0.5)
    high = x - n * _LN2_HIGH
    low = n * _LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    return math.ldexp(y, int(n))


def exp_array(x: Floats) -> Floats:
    """`exp` for arrays, bit for bit."""
    n = np.floor(x * _INVERSE_LN2 + 0.5)
    high = x - n * _LN2_HIGH
    low = n * _LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    found: Floats = np.ldexp(y, n.astype(np.int32))
    return found


def _centre(q: float) -> float:
    """The rational function of Wichura's AS 241 for |p - 1/2| <= 0.425."""
    r = 0.180625 - q * q
    top = 2.5090809287301226727e3 * r + 3.3430575583588128105e4
    top = (top * r + 6.7265770927008700853e4) * r + 4.5921953931549871457e4
    top = (top * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3
    top = (top * r + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
    bottom = 5.2264952788528545610e3 * r + 2.8729085735721942674e4
    bottom = (bottom * r + 3.9307895800092710610e4) * r + 2.1213794301586595867e4
    bottom = (bottom * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2
    bottom = (bottom * r + 4.2313330701600911252e1) * r + 1.0
    return q * top / bottom


def _near(r: float) -> float:
    """AS 241 for 0.425 < |p - 1/2| and sqrt(-log(tail)) <= 5, less 1.6."""
    top = 7.74545014278341407640e-4 * r + 2.27238449892691845833e-2
    top = (top * r + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0
    top = (top * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0
    top = (top * r + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
    bottom = 1.05075007164441684324e-9 * r + 5.47593808499534494600e-4
    bottom = (bottom * r + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1
    bottom = (bottom * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0
    bottom = (bottom * r + 2.05319162663775882187e0) * r + 1.0
    return top / bottom


def _far(r: float) -> float:
    """AS 241 for the far tail, sqrt(-log(tail)) less 5."""
    top = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
    top = (top * r + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2
    top = (top * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0
    top = (top * r + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
    bottom = 2.04426310338993978564e-15 * r + 1.42151175831644588870e-7
    bottom = (bottom * r + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4
    bottom = (bottom * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1
    bottom = (bottom * r + 5.99832206555887937690e-1) * r + 1.0
    return top / bottom


def normal_of(p: float) -> float:
    """The standard normal quantile of *p* in (0, 1) (AS 241, 16 digits)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return _centre(q)
    tail = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-log(tail))
    x = _near(r - 1.6) if r <= 5.0 else _far(r - 5.0)
    return -x if q < 0.0 else x


def normal_of_array(p: Floats) -> Floats:
    """`normal_of` for arrays, bit for bit."""
    q = p - 0.5
    found = np.asarray(_centre(q))  # type: ignore[arg-type]
    rare = np.flatnonzero(np.abs(q) > 0.425)
    if rare.size:
        tail = np.where(q[rare] < 0.0, p[rare], 1.0 - p[rare])
        r = np.sqrt(-log_array(tail))
        near = np.asarray(_near(r - 1.6))  # type: ignore[arg-type]
        far = np.asarray(_far(r - 5.0))  # type: ignore[arg-type]
        x = np.where(r <= 5.0, near, far)
        found[rare] = np.where(q[rare] < 0.0, -x, x)
    return found


@dataclass(slots=True)
class KeyedRandom:
    """Chance for a hook: its n-th draw on one event is the same in every run.

    *key* is a `stream_key`, *entity* the stable id of the settlement, *occasion* the
    number of the event there.
    """

    key: int
    entity: int
    occasion: int
    drawn: int = 0

    def uniform(self) -> float:
        """The next draw, strictly inside (0, 1)."""
        self.drawn += 1
        return uniform(self.key, self.entity, (self.occasion << 20) + self.drawn)

    def exponential(self, mean: float = 1.0) -> float:
        """The next draw of an exponential law with that mean."""
        return -log(self.uniform()) * mean

    def normal(self) -> float:
        """The next draw of the standard normal law."""
        return normal_of(self.uniform())

    def lognormal(self, sigma: float) -> float:
        """The next draw with median 1 and that spread of the logarithm."""
        return exp(sigma * self.normal())
