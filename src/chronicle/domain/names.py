"""Names in any script: from what a person typed to the ids that bear the name.

Two names are the same when they fold to the same key: case, diacritics, the marks of
Arabic script, the article *al-* in its spellings, blanks, hyphens and apostrophes do
not count. Vowels do: *Dayr az-Zawr* and *Deir ez-Zor* need an alias.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["Gazetteer", "did_you_mean", "fold_name"]

# Letters that writers use for each other and that NFKD leaves alone (hamza and madda
# on a letter are marks, and gone by then), and the tatweel, which only fills a line.
_ALIKE = str.maketrans(
    {
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",  # Persian and Kurdish yeh
        "ک": "ك",  # Persian and Kurdish kaf
        "ة": "ه",
        "ـ": "",
        "ı": "i",
        "ł": "l",
        "ø": "o",
        "đ": "d",
    }
)
_APOSTROPHES = str.maketrans("", "", "'`’‘ʼʻʿʾ")
# The article before any letter, its l assimilated to the sun letters.
_ARTICLE = re.compile(r"(?<![^\W_])(?:[ae](?:l|th?|dh?|r|z|sh?|n)[\W_]+|ال)(?=[^\W_])")
_NOT_WORD = re.compile(r"[\W_]+")


def fold_name(name: str) -> str:
    """The key under which *name* is found; empty when nothing of it is a word."""
    # Case after NFKD: some letters decompose to capitals (Unicode 3.13, D146).
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.translate(_APOSTROPHES).translate(_ALIKE)
    return _NOT_WORD.sub("", _ARTICLE.sub("", plain))


def did_you_mean(
    word: str,
    known: Iterable[str],
    otherwise: str = "",
    asks: str = "did you mean {!r}?",
) -> str:
    """A hint behind a semicolon: *asks* for the nearest of *known*, or *otherwise*."""
    near = difflib.get_close_matches(word, list(known), n=1)
    hint = asks.format(near[0]) if near else otherwise
    return f"; {hint}" if hint else ""


class Gazetteer:
    """Ids by name and alias; built from `{id: names}`."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._ids = set(names)
        self._by_key: dict[str, list[str]] = {}
        for id_, given in names.items():
            for key in {fold_name(name) for name in (id_, *given)} - {""}:
                self._by_key.setdefault(key, []).append(id_)

    def find(self, text: str) -> list[str]:
        """The ids that *text* may mean: an exact id alone, else all with that name."""
        if text in self._ids:
            return [text]
        return sorted(self._by_key.get(fold_name(text), []))

    def like(self, text: str, most: int = 5) -> list[str]:
        """At most *most* ids with names spelt like *text*, the nearest first."""
        near = difflib.get_close_matches(
            fold_name(text), self._by_key, n=most, cutoff=0.6
        )
        ids = dict.fromkeys(id_ for key in near for id_ in self._by_key[key])
        return list(ids)[:most]
