"""Heads, proofs, witnesses and evidence, and the script that checks them alone."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle as ch
from chronicle.errors import (
    InputError,
    IntegrityFailure,
    RolledBack,
    SplitHistory,
    StorageError,
    Tampered,
    UnknownReport,
    Untrusted,
    UsageError,
)
from chronicle.store.checkpoint import COSIGNATURE, Head, VerifyingKey, cosigned, signed
from chronicle.store.custody import own_key
from chronicle.store.headfile import head_beside, read_head
from chronicle.store.keys import config_folder, signing_key, witness_key
from chronicle.store.witness import heads_in
from log_toys import Clock, control, opening

SCRIPT = Path(__file__).parents[2] / "tools" / "verify_proof.py"
ROOT = base64.b64encode(bytes(32)).decode()
BODY = f"chronicle/ab\n7\n{ROOT}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.chronicle"
    with ch.create(path, clock=Clock()) as log:
        log.append(opening())
        for n in range(15):
            log.append(control(f"r{n}", note=f"n\u00f6te {n}", credibility=2))
        log.append(ch.ReportRetracted(report="r3", reason="wrong"))
        log.append(ch.ReportAmended(report="r5", changes={"controller": "blue"}))
        log.append(ch.ReportRedacted(report="r4", reason="harmful"))
    return path


def key_of(path: Path) -> str:
    return str(own_key(Head.parse(read_head(head_beside(path))).origin))


def alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The script with nothing but the standard library: -I -S, not even site."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PYTHONIOENCODING": "utf-8"},
        check=False,
    )


# --- heads and keys ------------------------------------------------------------------


def test_a_head_reads_as_it_was_written() -> None:
    key = signing_key()
    head = signed(BODY, key)
    assert Head.parse(head.text) == head
    assert head.text.startswith(BODY + "\n\u2014 chronicle/ab ")
    mine = own_key("chronicle/ab")
    assert mine.signed(head)
    assert VerifyingKey.parse(str(mine)) == mine
    assert not own_key("chronicle/other").signed(head)
    assert Head.parse(BODY).text == BODY + "\n"


def test_the_public_example_of_a_checkpoint_is_read() -> None:
    """Of C2SP `tlog-checkpoint`; its key is not published with it."""
    text = (
        "example.com/behind-the-sofa\n20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJu"
        "rmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    head = Head.parse(text)
    assert (head.size, head.signatures[0].key_id.hex()) == (20852163, "033de0ae")
    assert head.text == text


def test_a_witness_says_when(path: Path) -> None:
    head = Head.parse(read_head(head_beside(path)))
    key = witness_key()
    seen = cosigned(cosigned(head, key, "w", 5), key, "w", 1_700_000_000)
    assert len(seen.signatures) == 2
    from chronicle.store.checkpoint import vkey_of

    assert vkey_of(key, "w", COSIGNATURE).signed(Head.parse(seen.text))
    assert VerifyingKey.parse(key_of(path)).signed(seen)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_byte_of_a_signed_head_can_change(at: int, byte: int) -> None:
    head = signed(BODY, signing_key())
    data = bytearray(head.text.encode())
    at %= len(data)
    if data[at] == byte:
        return
    data[at] = byte
    try:
        found = Head.parse(data.decode())
    except (UnicodeDecodeError, InputError):
        return
    try:
        same = own_key("chronicle/ab").signed(found)
    except Untrusted:
        return
    assert not same or (found.body, found.root) == (head.body, head.root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        "o\n7\n",
        f"o\n07\n{ROOT}\n",
        f"o\n-7\n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n",
        "o\n7\nAAAA\n",
        f"\n7\n{ROOT}\n",
        f"o\n7\n{ROOT}\n\nno signature\n",
        f"o\n7\n{ROOT}\n\n\u2014 o AA\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        "x" * 20_000,
    ],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no head"):
        Head.parse(text)


@pytest.mark.parametrize("text", ["", "a+b", "a+b+c", "a+00000000+AAAA", "+x+y"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no key"):
        VerifyingKey.parse(text)


def test_a_key_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONFIG", str(tmp_path / "c"))
    first = signing_key()
    file = tmp_path / "c" / "signing-key.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["signing-key.pem"]
    assert signing_key().private_bytes_raw() == first.private_bytes_raw()
    file.write_text("no key")
    with pytest.raises(StorageError, match="holds no key"):
        signing_key()


def test_without_a_place_for_keys_heads_go_unsigned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHRONICLE_CONFIG", str(tmp_path / "file" / "c"))
    with ch.create(tmp_path / "u.chronicle") as log:
        log.append(opening())
        assert "\u2014" not in log.signed_head()
        found = log.verify()
        assert (found.events, found.signers) == (5, ())
        with pytest.raises(StorageError, match="CHRONICLE_CONFIG"):
            log.witness(tmp_path / "w")


def test_where_the_configuration_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHRONICLE_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert config_folder() == Path("/x/chronicle")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert config_folder() == Path.home() / ".config" / "chronicle"


# --- verify --------------------------------------------------------------------------


def test_verify_says_what_it_found_and_who_signed(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.head"
    shutil.copy(head_beside(path), kept)
    with ch.open(path) as log:
        log.append(control("late"))
        found = log.verify([kept], [key_of(path)])
        assert (found.events, found.heads) == (log.head, 1)
        assert [str(key) for key in found.signers] == [key_of(path)]
        stranger = str(VerifyingKey(found.head.origin, bytes(32)))
        with pytest.raises(Untrusted, match="signed by none"):
            log.verify([kept], [stranger])
        with pytest.raises(StorageError):
            log.verify([tmp_path / "none.head"])
    with ch.memory() as log, pytest.raises(UsageError, match="memory"):
        log.verify()


def test_verify_looks_at_the_indexes_too(path: Path) -> None:
    """Lookups by id go by an index, which no leaf stands for."""
    data = bytearray(path.read_bytes())
    at = data.rfind(b"r7", 0, len(data))  # the last is in an index page
    places = [n for n in range(len(data) - 1) if data[n : n + 2] == b"r7"]
    noticed = 0
    for at in places:
        changed = bytearray(data)
        changed[at + 1] ^= 1
        path.write_bytes(changed)
        try:
            with ch.open(path) as log:
                log.verify()
        except (IntegrityFailure, Untrusted):
            noticed += 1
    assert noticed == len(places) >= 3


# --- proofs --------------------------------------------------------------------------


def test_a_proof_checks_out_without_chronicle(path: Path, tmp_path: Path) -> None:
    proof = tmp_path / "r7.tlog-proof"
    with ch.open(path) as log:
        proof.write_text(log.prove("r7"), encoding="utf-8")
        assert log.prove(log.report("r7").position) == log.prove("r7")
        with pytest.raises(UnknownReport):
            log.prove("r99")
        with pytest.raises(UsageError):
            log.prove(99)
    ran = alone(proof, "--key", key_of(path))
    assert ran.returncode == 0, ran.stderr
    assert "OK: position 13 of 23 events" in ran.stdout
    assert "n\\u00f6te 7" in ran.stdout
    assert "NOT CHECKED" in alone(proof).stdout


def test_a_proof_of_what_was_redacted_has_no_payload(
    path: Path, tmp_path: Path
) -> None:
    proof = tmp_path / "p"
    with ch.open(path) as log:
        proof.write_text(log.prove("r4"), encoding="utf-8")
    ran = alone(proof, "--key", key_of(path))
    assert "(redacted)" in ran.stdout
    assert "r4" in ran.stdout
    assert "note" not in ran.stdout


def test_no_part_of_a_proof_can_change(path: Path, tmp_path: Path) -> None:
    with ch.open(path) as log:
        text = log.prove("r7")
    key = key_of(path)
    changed = [
        text.replace("index 12", "index 13"),
        text.replace("\n23\n", "\n24\n"),
        text.replace("tlog-proof@v1", "tlog-proof@v2"),
        *(_flipped(text, line) for line in text.split("\n") if len(line) > 40),
    ]
    script = SCRIPT.read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "script"}
    exec(compile(script, str(SCRIPT), "exec"), names)
    check = names["proof"]
    assert check(text, key)[0] == 12
    for one in changed:
        assert one != text
        with pytest.raises((ValueError, KeyError)):
            check(one, key)
    with pytest.raises(ValueError, match="not signed by"):
        check(text, str(VerifyingKey("chronicle/other", bytes(32))))


def _flipped(text: str, line: str) -> str:
    other = "B" if line[30] != "B" else "C"
    return text.replace(line, line[:30] + other + line[31:], 1)


def test_the_scripts_signatures_are_those_of_rfc_8032() -> None:
    names: dict[str, object] = {"__name__": "script"}
    exec(compile(SCRIPT.read_text(encoding="utf-8"), "s", "exec"), names)
    signed_ = names["signed"]
    # RFC 8032, section 7.1, TEST 2
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    right = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    key, value = bytes.fromhex(public), bytes.fromhex(right)
    assert signed_(key, b"\x72", value)
    assert not signed_(key, b"\x73", value)
    order = 2**252 + 27742317777372353535851937790883648493
    more = int.from_bytes(value[32:], "little") + order  # the same, but not reduced
    assert not signed_(key, b"\x72", value[:32] + more.to_bytes(32, "little"))
    mine = signing_key()
    for n in range(5):
        message = os.urandom(n * 50)
        assert signed_(
            mine.public_key().public_bytes_raw(), message, mine.sign(message)
        )


# --- witnesses -----------------------------------------------------------------------


def test_a_witness_signs_what_grew_and_refuses_the_rest(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    with ch.open(path) as log:
        seen, key = log.witness(folder, "ana")
        older = path.read_bytes()
        assert (seen.before, seen.head.size) == (0, 23)
        log.append([control(f"late{n}") for n in range(9)])
        log.witness(folder, "ana")
        seen, key = log.witness(folder, "ana")  # the same head again
        assert (seen.before, seen.head.size) == (32, 32)
    assert [head.size for head in heads_in(folder)] == [23, 32]
    assert key.signed(heads_in(folder)[-1])
    first, second, proof = sorted(next(folder.iterdir()).iterdir(), key=_order)
    ran = alone(first, second, proof, "--key", key)
    assert ran.stdout == "OK: the log of 32 events begins with that of 23\n", ran.stderr
    assert alone(second, first, proof).returncode == 1
    path.write_bytes(older)
    shutil.copy(head_beside(path), tmp_path / "newer.head")
    head_beside(path).unlink()  # a whole older copy, head and all
    with ch.open(path) as log:
        with pytest.raises(RolledBack):
            log.witness(folder, "ana")
        with pytest.raises(UsageError, match="blanks"):
            log.witness(folder, "a na")
    with ch.create(tmp_path / "b.chronicle") as log, pytest.raises(SplitHistory):
        log.verify([folder])


def _order(file: Path) -> tuple[str, str]:
    return file.suffix, file.name


def test_a_consistency_proof_that_was_changed_proves_nothing(
    path: Path, tmp_path: Path
) -> None:
    with ch.open(path) as log:
        log.witness(tmp_path / "w")
        log.append([control(f"late{n}") for n in range(9)])
        log.witness(tmp_path / "w")
    old, new, proof = sorted(next((tmp_path / "w").iterdir()).iterdir(), key=_order)
    proof.write_text(_flipped(proof.read_text(), proof.read_text().split("\n")[2]))
    assert alone(old, new, proof).returncode == 1


# --- evidence ------------------------------------------------------------------------


def exported(path: Path, out: Path, *reports: str, **more: object) -> object:
    with ch.open(path, clock=Clock()) as log:
        return log.export_evidence(out, reports, **more)


def test_a_whole_log_as_evidence_checks_out(path: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"bytes of a photo")
    out = tmp_path / "court"
    made = exported(path, out, attachments=[photo], purpose="asked by letter")
    assert (made.events, made.recorded) == (23, 24)
    ran = alone(out, "--key", key_of(path))
    assert ran.stdout == "OK: all 23 events, and every file is as exported\n", (
        ran.stderr
    )
    ran = alone(made.receipt, "--key", key_of(path))
    assert made.digest in ran.stdout
    assert "asked by letter" in ran.stdout
    assert (out / "view.html").stat().st_mode & 0o222 == 0
    page = (out / "view.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "n\u00f6te 7" in page
    (digest,) = [f.name for f in (out / "attachments").iterdir()]
    assert digest in (out / "attachments.csv").read_text()
    with ch.open(path) as log:
        (event,) = [r.event for r in log.log(23)]
        assert event.digest == made.digest
        assert event.root == Head.parse((out / "head.txt").read_text()).root.hex()
        log.verify([out / "head.txt"])
        assert "court: the whole log as evidence" in str(log_lines(log))


def log_lines(log: ch.Chronicle) -> list[str]:
    from chronicle.domain.describe import log_table

    return [str(row) for row in log_table(log.log()).rows]


def test_some_reports_as_evidence_show_nothing_of_others(
    path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "two"
    made = exported(path, out, "r3", "r4")
    ran = alone(out, "--key", key_of(path))
    said = "OK: 4 of 23 events, each proven, and every file is as exported\n"
    assert ran.stdout == said, ran.stderr
    assert made.events == 4  # with the retraction and the redaction
    shown = [f.read_text(encoding="utf-8") for f in out.rglob("*") if f.is_file()]
    for line in "\n".join(shown).split("\n"):
        if line.startswith("extra "):
            shown.append(str(base64.b64decode(line.split(" ")[1])))
        if '"leaf": "' in line:
            shown.append(str(base64.b64decode(json.loads(line)["leaf"])))
    assert len(shown) > 12
    assert not any('"r7"' in text or "te 7" in text for text in shown)
    assert any('"r3"' in text for text in shown)


@pytest.mark.parametrize(
    "change",
    ["event", "leaf", "line", "head", "page", "added", "gone", "codebook", "both"],
)
def test_a_changed_bundle_is_found(path: Path, tmp_path: Path, change: str) -> None:
    out = tmp_path / "court"
    exported(path, out)
    for file in out.rglob("*"):
        file.chmod(0o644)
    lines = (out / "events.jsonl").read_text(encoding="utf-8").split("\n")
    told = json.loads(lines[12])
    if change in ("event", "both"):
        told["event"]["controller"] = "blue"
    if change == "leaf":
        leaf = bytearray(base64.b64decode(told["leaf"]))
        leaf[-1] ^= 1
        told["leaf"] = base64.b64encode(leaf).decode()
    lines[12] = json.dumps(told)
    if change == "line":
        del lines[12]
    (out / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    if change == "head":
        text = (out / "head.txt").read_text(encoding="utf-8")
        (out / "head.txt").write_text(
            text.replace("\n23\n", "\n22\n"), encoding="utf-8"
        )
    if change == "page":
        (out / "view.html").write_text("nothing happened")
    if change == "added":
        (out / "extra.txt").touch()
    if change == "gone":
        (out / "custody.csv").unlink()
    if change == "codebook":
        book = json.loads((out / "codebook.json").read_text())
        book["control-reported"]["1"].reverse()
        (out / "codebook.json").write_text(json.dumps(book))
    if change not in ("page", "added", "gone"):  # a forger makes the list anew as well
        from chronicle.formats.writing.evidence import MANIFEST, _manifest

        (out / MANIFEST).unlink()
        _manifest(out)
    ran = alone(out, "--key", key_of(path))
    assert ran.returncode == 1
    assert ran.stderr.startswith("NOT PROVEN: "), ran.stderr


def test_evidence_of_a_record_that_was_changed_is_not_made(
    path: Path, tmp_path: Path
) -> None:
    import sqlite3

    with sqlite3.connect(path) as raw:
        (guard,) = raw.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'events_update'"
        ).fetchone()
        raw.execute("DROP TRIGGER events_update")
        raw.execute("UPDATE events SET body = x'00' WHERE position = 9")
        raw.execute(guard)
    raw.close()
    with pytest.raises(Tampered, match="position 9"):
        exported(path, tmp_path / "court")
    assert not (tmp_path / "court").exists()


def test_evidence_is_made_where_nothing_is(path: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="new folder"):
        exported(path, tmp_path / "there")
    with pytest.raises(UnknownReport):
        exported(path, tmp_path / "x", "r99")
    with pytest.raises(UsageError, match="no such file"):
        exported(path, tmp_path / "x", attachments=[tmp_path / "none"])
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".x")]


def test_custody_says_the_head_before_and_after_each_import(tmp_path: Path) -> None:
    from own_toy import CASE

    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.import_folder(CASE)
        log.export_evidence(tmp_path / "one")
        made = log.export_evidence(tmp_path / "two")
    assert made.recorded is not None
    lines = (tmp_path / "two" / "custody.csv").read_text(encoding="utf-8").split("\n")
    rows = [line.split(",") for line in lines[1:] if line]
    assert {row[2] for row in rows} == {"import-finished", "evidence-exported"}
    for before, after in pairwise(rows):
        assert before[7:9] == after[5:7]  # nothing came in between
    root = Head.parse((tmp_path / "two" / "head.txt").read_text()).root.hex()
    assert rows[-1][8] == root
