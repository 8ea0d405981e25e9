"""Names in any script: from what a person typed to the ids that bear the name.

Two names are the same when they fold to the same key: case, diacritics, the marks of
Arabic script, the article *al-* and its spellings, hyphens, apostrophes do not count.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["Gazetteer", "fold_name"]

# Letters of Arabic script that writers use for each other (Unicode names in order).
_ARABIC = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ؤ": "و",
        "ئ": "ي",
        "ـ": "",
    }
)
# Letters that decompose to nothing, as the romanisations of the region use them.
_LATIN = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ʿ": "", "ʾ": "", "ß": "ss"}
)
_ARTICLE = re.compile(r"\b(?:al|el|as|ash|an|at|ad|ar|az)[- ](?=\w)|^ال")
_NOT_WORD = re.compile(r"[^\w]+")


def fold_name(name: str) -> str:
    """The key under which *name* is found; empty when nothing of it is a word."""
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(_LATIN)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.translate(_ARABIC).replace("'", "").replace("’", "").replace("‘", "")
    bare = _NOT_WORD.sub("", _ARTICLE.sub("", plain))
    return bare or _NOT_WORD.sub("", plain)


class Gazetteer:
    """Ids by name and alias; built from `{id: names}`."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._ids = set(names)
        self._by_key: dict[str, list[str]] = {}
        self._spoken: dict[str, str] = {}  # key -> id, for suggestions
        for id_, given in names.items():
            for key in {fold_name(name) for name in (id_, *given)} - {""}:
                self._by_key.setdefault(key, []).append(id_)
                self._spoken.setdefault(key, id_)

    def find(self, text: str) -> list[str]:
        """The ids that *text* may mean: an exact id alone, else all with that name."""
        if text in self._ids:
            return [text]
        return sorted(self._by_key.get(fold_name(text), []))

    def like(self, text: str, most: int = 5) -> list[str]:
        """Ids with names that are spelt like *text*, the nearest first."""
        near = difflib.get_close_matches(
            fold_name(text), self._spoken, n=most, cutoff=0.6
        )
        return list(dict.fromkeys(self._spoken[key] for key in near))
