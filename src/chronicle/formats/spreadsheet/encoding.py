"""Which encoding a text file is in: found, said, and refused where two would differ.

What is not UTF-8 is tried as the code pages of the scripts that people here write. One
fits when nearly all words with letters outside ASCII are words of one script in it. A
byte order mark, or the nulls of UTF-16, leave no doubt.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from chronicle.errors import InputError, UsageError
from chronicle.formats.rows import CHUNK, open_local

__all__ = ["CODE_PAGES", "code_page_of", "encoding_of", "odd_bytes"]

CODE_PAGES = ("cp1252", "cp1256", "cp1251")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FIT = 0.95  # of the words, or of nothing
_MOST = 4_000  # words that are looked at
_WORD = re.compile(r"[^\W\d_]+")
_NO_WORD = re.compile(
    "[A-Za-z\u00c0-\u024f][\u064b-\u0652]"
)  # an Arabic vowel on Latin


def encoding_of(path: Path, said: str | None = None) -> str:
    """The encoding of a file, by name of Python's codec.

    *said* is the user's word, and is only checked. Raises `InputError` where the bytes
    are no text, are not in *said*, or may be in two encodings that differ.
    """
    if said is not None:
        return _checked(path, said)
    lines: list[bytes] = []
    with open_local(path) as raw:
        start = raw.read(CHUNK) or b""
        for bom, name in _BOMS:
            if start.startswith(bom):
                if not name:
                    raise InputError(f"{path.name}: is UTF-32; save it as UTF-8")
                return _checked(path, name)
        if wide := _utf16(start):
            return _checked(path, wide)
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk, utf8 = start, True
        while chunk:
            if b"\0" in chunk:
                raise InputError(
                    f"{path.name}: holds NUL bytes; it is no table of text"
                )
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
            if len(lines) < _MOST:
                lines += [one for one in chunk.splitlines() if not one.isascii()]
            chunk = raw.read(CHUNK) or b""
    if utf8:
        try:
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            pass
    sample = b"\n".join(lines[:_MOST])
    if odd_bytes(sample):
        raise InputError(
            f"{path.name}: is UTF-8 but for some bytes; save it as UTF-8 anew, or "
            "say --encoding"
        )
    return code_page_of(path, sample)


def odd_bytes(sample: bytes) -> int:
    """How many bytes of a text spoil it as UTF-8; 0 where it is none to begin with.

    *sample* is of a text that is no UTF-8. Where the sample itself is, what spoils the
    text lies behind it, and counts as one.

    Letters of a code page seldom make a letter of UTF-8, so a text with many of those
    and a few other bytes was cut, or pasted together.
    """
    text = sample.decode("utf-8", errors="replace")
    odd = text.count("\ufffd")
    good = sum(not c.isascii() for c in text) - odd
    return max(odd, 1) if good >= max(4 * odd, 1) else 0


def _utf16(start: bytes) -> str:
    """UTF-16 without a mark: every other byte of Latin text is a null."""
    if len(start) < 8:
        return ""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    most = len(start) // 2
    if odd > most * 0.3 and not even:
        return "utf-16-le"
    if even > most * 0.3 and not odd:
        return "utf-16-be"
    return ""


def code_page_of(path: Path, sample: bytes) -> str:
    """The code page in which *sample* reads as words; raises `InputError` where none
    does, or two do and differ."""
    fits: dict[str, str] = {}
    for name in CODE_PAGES:
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        if _plausible(text):
            fits[name] = text
    if not fits:
        raise InputError(
            f"{path.name}: is no UTF-8, and reads as words in none of "
            f"{', '.join(CODE_PAGES)}; save it as UTF-8, or say --encoding"
        )
    if len(set(fits.values())) > 1:
        shown = ", ".join(f"{name} ({_example(text)!r})" for name, text in fits.items())
        raise InputError(
            f"{path.name}: is no UTF-8, and may be {shown}; say --encoding "
            f"{' or --encoding '.join(fits)}"
        )
    return next(iter(fits))


def _plausible(text: str) -> bool:
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    odd = {
        c for c in text if not c.isascii() and unicodedata.category(c) in ("Cc", "Cn")
    }
    if odd or _NO_WORD.search(text):
        return False
    good = sum(map(_of_one_script, words))
    return good >= _FIT * len(words) if words else True


def _of_one_script(word: str) -> bool:
    """Whether *word* can be one: a script, a case, and accents among plain letters."""
    scripts = {unicodedata.name(c, "?").split()[0] for c in word}
    if len(scripts) > 1:
        return False
    if scripts == {"ARABIC"}:
        return True
    if not (word.islower() or word.isupper() or word.istitle()):
        return False
    if scripts == {"CYRILLIC"}:
        return True
    accented = sum(not c.isascii() for c in word)
    return scripts == {"LATIN"} and (accented < len(word) or len(word) <= 2)


def _example(text: str) -> str:
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return max(words, key=len, default="")[:20]


def _checked(path: Path, said: str) -> str:
    try:
        found = codecs.lookup(said)
    except LookupError:
        raise UsageError(f"--encoding {said}: no encoding of that name") from None
    if not getattr(found, "_is_text_encoding", True):
        raise UsageError(f"--encoding {said}: is no encoding of text")
    decoder = codecs.getincrementaldecoder(found.name)()
    with open_local(path) as raw:
        try:
            while chunk := raw.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except (UnicodeDecodeError, UnicodeError):
            raise InputError(
                f"{path.name}: is not in {said}; nothing was read"
            ) from None
    return found.name
