"""Cells that say nothing, repeat the one above, or add others up: never values.

`n/a` in a column of places is no place, a `"` is not a name, and a row *Total* is not a
place where people are. Whoever has a place of such a name says so by the record or a
review.
"""

from __future__ import annotations

import re

from chronicle.domain.names import fold_name
from chronicle.formats.spreadsheet.cells import tidy

__all__ = ["is_ditto", "is_fault", "is_total", "says_nothing"]


def _words(text: str) -> frozenset[str]:
    """What stands between bars, on however many lines."""
    return frozenset(one for one in map(tidy, text.split("|")) if one)


_NOTHING = _words("""
- | -- | --- | – | — | ? | ?? | … | ... | .. | . | / | n/a | n.a. | n.a | na | n/d |
n.d. | n/k | #n/a | #n/a! | <na> | null | <null> | (null) | none | nan | nil | (blank)
| not available | not applicable | no data | not known | not stated | not specified |
tbd | tbc | non disponible | inconnu | inconnue | non précisé | sin datos | sin dato |
s/d | no disponible | desconocido | desconocida | нет данных | н/д | неизвестно |
не указано | немає даних | невідомо | غير متوفر | غير متاح | لا يوجد | غير معروف |
غير معروفة | غير محدد | unknown | unspecified
""")
_FAULTS = ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!")
_DITTO = _words("""
" | '' | ” | “ | „ | 〃 | ״ | ,, | -"- | -''- | ditto | idem | id. | same |
same as above | as above | ídem | lo mismo | même | то же | тот же | там же | так само
| те саме | там само | نفسه | كما سبق | أعلاه
""")
_TOTALS = frozenset(map(fold_name, _words("""
total | totals | grand total | sub total | overall total | sum | total general |
total général | totaux | suma total | итого | всего | всього | разом | усього | сумма
| المجموع | الإجمالي | مجموع | المجموع الكلي | اجمالي | الاجمالي العام | country total
| national total | total idps
""")))  # fmt: skip
_SUBTOTAL = re.compile(
    r"(?:sub-?)?total\b.*|.*\b(?:sub-?)?total", re.IGNORECASE | re.DOTALL
)


def says_nothing(text: str) -> bool:
    """Whether a cell says that nothing is known, as programs and people do."""
    return text.casefold() in _NOTHING


def is_fault(text: str) -> bool:
    """Whether a cell shows that a formula of a spreadsheet failed."""
    return text[:1] == "#" and text.upper().startswith(_FAULTS)


def is_ditto(text: str) -> bool:
    """Whether a cell stands for the one above it."""
    return text.casefold() in _DITTO


def is_total(text: str) -> bool:
    """Whether a name is that of a row which adds up others.

    *Homs Total* is what a spreadsheet calls the subtotal of Homs.
    """
    plain = text.rstrip(" :")
    return fold_name(plain) in _TOTALS or bool(_SUBTOTAL.fullmatch(plain))
