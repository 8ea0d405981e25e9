#!/usr/bin/env python3
# ruff: noqa: T201, B905, PTH123
"""Check a proof or an evidence bundle of a chronicle; needs Python 3.9, nothing else.

    python verify_proof.py X.tlog-proof --key KEY        one event is in the log
    python verify_proof.py BUNDLE --key KEY              of `export --as evidence`
    python verify_proof.py OLD.head NEW.head X.proof     the new log begins with the old

KEY is the text NAME+ID+BASE64 that `chronicle head FILE --key` prints, from somebody
you trust; without it the log is shown to agree with itself, as a forger's does too.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import struct
import sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # RFC 8032
D = -121665 * pow(121666, -1, P) % P


def need(holds, otherwise):
    """No `assert`: `python -O` takes those away."""
    if not holds:
        raise ValueError(otherwise)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - xx) % P == 0 and y < P, "a key or a signature is no point")
    return ((-x if x & 1 != sign else x) % P, y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def times(n, a):
    out = (0, 1)
    for bit in bin(n)[2:]:
        out = add(out, out)
        out = add(out, a) if bit == "1" else out
    return out


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    """Whether an Ed25519 signature is right."""
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(
        hashlib.sha512(signature[:32] + public + message).digest(), "little"
    )
    right = add(point(signature[:32]), times(h % L, point(public)))
    return len(signature) == 64 and s < L and times(s, BASE) == right


def head(text, vkey):
    """Origin, size, root of a head; with a key, its signature must be right."""
    body, _, below = text.partition("\n\n")
    origin, size, root = body.split("\n")[:3]
    if vkey:
        name, key_id, key = vkey.strip().split("+", 2)
        key = base64.b64decode(key)
        need(sha(name.encode() + b"\n" + key)[:4].hex() == key_id, "the key is garbled")
        found = [
            line.split(" ")[2]
            for line in below.split("\n")
            if line.startswith("\u2014 " + name + " ")
        ]
        found = [
            value for value in map(base64.b64decode, found) if value[:4].hex() == key_id
        ]
        need(found, f"the head is not signed by {name} with key {key_id}")
        message, value = (body + "\n").encode(), found[0][4:]
        if key[0] == 4:  # a witness, who says when
            when = int.from_bytes(value[:8], "big")
            message, value = (
                f"cosignature/v1\ntime {when}\n".encode() + message,
                value[8:],
            )
        need(signed(key[1:], message, value), "THE SIGNATURE OF THE HEAD IS WRONG")
    return origin, int(size), base64.b64decode(root)


def climb(number, last, start, path, both=False):
    """The roots that a path leads to (RFC 9162, 2.1.3.2 and 2.1.4.2)."""
    old = new = start
    for step in path:
        need(last, "the proof is too long")
        if number & 1 or number == last:
            old, new = sha(b"\1", step, old), sha(b"\1", step, new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = sha(b"\1", new, step)
        number, last = number >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return (old, new) if both else new


def leaf(extra):
    """The hash of an event, and what its payload says, if it was not redacted."""
    header, _, rest = extra.partition(b"\n")
    payload = rest if len(rest) == 32 else sha(rest)
    body = None if len(rest) == 32 or len(rest) == 64 else unpack(rest, 64)[0]
    return sha(b"\0chronicle-leaf-v1", header, payload), json.loads(header), body


def unpack(data, at):
    """A value of MessagePack, as far as events have it, and where it ends."""
    tag, at = data[at], at + 1
    if tag < 0x80 or tag >= 0xE0:
        return (tag if tag < 0x80 else tag - 256), at
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    if tag == 0xCB or 0xCC <= tag <= 0xD3:
        form = ">" + ("d" if tag == 0xCB else "BHIQbhiq"[tag - 0xCC])
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if 0xA0 <= tag < 0xC0 or 0xD9 <= tag <= 0xDB:
        wide = 0 if tag < 0xC0 else 1 << tag - 0xD9
        size = int.from_bytes(data[at : at + wide], "big") if wide else tag & 31
        return data[at + wide : at + wide + size].decode(), at + wide + size
    need(
        0x90 <= tag < 0xA0 or tag in (0xDC, 0xDD), "a payload that no chronicle writes"
    )
    wide = 0 if tag < 0xA0 else 2 << tag - 0xDC
    size = int.from_bytes(data[at : at + wide], "big") if wide else tag & 15
    at, values = at + wide, []
    for _ in range(size):
        value, at = unpack(data, at)
        values.append(value)
    return values, at


def proof(text, vkey):
    """Check a `.tlog-proof`; index, size, root, the event's leaf, header and values."""
    above, _, below = text.partition("\n\n")
    version, extra, index, *path = above.split("\n")
    need(version == "c2sp.org/tlog-proof@v1", "this is no proof")
    _, size, root = head(below, vkey)
    index = int(index.split(" ")[1])
    hash_, header, values = leaf(base64.b64decode(extra.split(" ")[1]))
    found = climb(index, size - 1, hash_, [base64.b64decode(line) for line in path])
    need(0 <= index < size and found == root, "THE PROOF IS WRONG: not in that log")
    return index, size, root, hash_, header, values


def bundle(folder, vkey):
    """Check a whole bundle: files, head, events, proofs, and what they say."""
    listed = {}
    for line in (folder / "manifest.sha256").read_text().splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        need(found == digest, f"{name} is not the file that was exported")
    there = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
    need(
        there - {"manifest.sha256"} == {*listed},
        f"not in the manifest: {there - {*listed}}",
    )
    _, size, root = head((folder / "head.txt").read_text(encoding="utf-8"), vkey)
    names = json.loads((folder / "codebook.json").read_text())
    leaves, count = [], 0
    with open(folder / "events.jsonl", encoding="utf-8") as lines:
        for count, line in enumerate(lines, 1):
            told = json.loads(line)
            hash_, header, values = leaf(base64.b64decode(told["leaf"]))
            need(header == told["header"], f"line {count}: the header is another")
            if values is not None:
                fields = names[header[3]][str(values[0])]
                said = {name: told["event"][name] for name in fields[: len(values) - 1]}
                need(
                    [*said.values()] == values[1:],
                    f"line {count}: it says another thing",
                )
            leaves.append((told["position"], hash_))
    if [position for position, _ in leaves] == [*range(1, size + 1)]:
        level = [hash_ for _, hash_ in leaves] or [sha()]
        while len(level) > 1:
            odd = level[-1:] if len(level) & 1 else []
            level = [sha(b"\1", a, b) for a, b in zip(level[::2], level[1::2])] + odd
        need(
            (level[0] if size else sha()) == root,
            "THE EVENTS ARE NOT THOSE OF THE HEAD",
        )
        return f"all {size} events"
    for position, hash_ in leaves:
        text = (folder / "proofs" / f"{position}.tlog-proof").read_text(
            encoding="utf-8"
        )
        index, *same, found, _, _ = proof(text, None)
        need(
            (index, found) == (position - 1, hash_), f"position {position}: wrong proof"
        )
        need(same == [size, root], f"position {position}: the proof has another head")
    return f"{count} of {size} events, each proven"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", nargs="+", type=pathlib.Path)
    parser.add_argument("--key", help="NAME+ID+BASE64 of who must have signed")
    told = parser.parse_args()
    try:
        if len(told.path) == 3:
            (_, old, first), (_, new, last) = (
                head(path.read_text(encoding="utf-8"), told.key)
                for path in told.path[:2]
            )
            path = [
                base64.b64decode(line)
                for line in told.path[2].read_text().split("\n")[1:-1]
            ]
            path = path if old & old - 1 else [first, *path]
            number, top = old - 1, new - 1
            while number & 1:
                number, top = number >> 1, top >> 1
            found = climb(number, top, path[0], path[1:], both=True)
            need(0 < old < new and found == (first, last), "TWO HISTORIES")
            print(f"OK: the log of {new} events begins with that of {old}")
        elif told.path[0].is_dir():
            print(
                f"OK: {bundle(told.path[0], told.key)}, and every file is as exported"
            )
        else:
            index, size, _, _, header, values = proof(
                told.path[0].read_text(encoding="utf-8"), told.key
            )
            print(
                f"OK: position {index + 1} of {size} events\n{json.dumps(header)}\n"
                + ("(redacted)" if values is None else json.dumps(values))
            )
    except (
        ValueError,
        KeyError,
        IndexError,
        OSError,
        TypeError,
        AttributeError,
        struct.error,
        RecursionError,
    ) as wrong:
        sys.exit(f"NOT PROVEN: {wrong}")
    if not told.key:
        print("NOT CHECKED: who signed the head; give --key")


if __name__ == "__main__":
    main()
