"""The hash tree: public vectors of RFC 9162, and a naive twin that follows its text."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.errors import Tampered
from chronicle.store.leaves import header_bytes, leaf_of, leaves_of, payload_hash
from chronicle.store.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_at,
)
from chronicle.store.seal import Seal, origin_of

# Vectors of github.com/transparency-dev/merkle (Apache-2.0) at 417fb0c.
VECTORS = json.loads(
    Path(__file__).parents[1].joinpath("vectors/rfc9162.json").read_text()
)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = naive_root(leaves[:k]), naive_root(leaves[k:])
    return sha256(b"\1" + left + right).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """Section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*naive_consistency(old, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(old - k, leaves[k:], False), naive_root(leaves[:k])]


def made(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(count)]


def subtrees(leaves: list[bytes]):
    return lambda level, n: naive_root(leaves[n << level : (n + 1) << level])


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda v: v["name"])
def test_public_vectors_of_inclusion(vector):
    found = check_inclusion(
        b64decode(vector["leafHash"]),
        vector["leafIdx"],
        vector["treeSize"],
        [b64decode(h) for h in vector["proof"] or ()],
        b64decode(vector["root"]),
    )
    assert found is not vector["wantErr"]


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda v: v["name"])
def test_public_vectors_of_consistency(vector):
    found = check_consistency(
        vector["size1"],
        vector["size2"],
        b64decode(vector["root1"]),
        b64decode(vector["root2"]),
        [b64decode(h) for h in vector["proof"] or ()],
    )
    assert found is not vector["wantErr"]


def test_the_vectors_are_all_there():
    assert [len(VECTORS[kind]) for kind in ("inclusion", "consistency")] == [98, 98]


@settings(max_examples=200)
@given(st.lists(st.integers(0, 70), max_size=8))
def test_appending_in_any_pieces_gives_the_naive_root(pieces):
    leaves = made(sum(pieces))
    frontier, kept = Frontier(), {}

    def keep(level, first, roots):
        kept.update(((level, first + n), root) for n, root in enumerate(roots))

    at = 0
    for piece in pieces:
        frontier = Frontier.from_bytes(frontier.to_bytes())
        frontier.extend(leaves[at : at + piece], keep)
        at += piece
        assert frontier.root() == naive_root(leaves[:at])
    for (level, number), root in kept.items():
        assert root == naive_root(leaves[number << level : (number + 1) << level])
    assert len(kept) == sum(at >> level for level in range(1, 12))


@settings(max_examples=300)
@given(st.data())
def test_proofs_are_the_naive_ones_and_hold(data):
    size = data.draw(st.integers(1, 130))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    leaves = made(size)
    root, subtree = naive_root(leaves), subtrees(leaves)
    assert root_at(size, subtree) == root
    path = inclusion_path(index, size, subtree)
    assert path == naive_path(index, leaves)
    assert check_inclusion(leaves[index], index, size, path, root)
    way = consistency_path(old, size, subtree)
    assert way == naive_consistency(old, leaves)
    assert check_consistency(old, size, naive_root(leaves[:old]), root, way)
    wrong = data.draw(st.integers(0, size - 1))
    if wrong != index:
        assert not check_inclusion(leaves[wrong], index, size, path, root)
        assert not check_inclusion(leaves[index], wrong, size, path, root)
    if path:
        assert not check_inclusion(leaves[index], index, size, path[1:], root)
    if old < size:
        other = naive_root([leaf_hash(b"x"), *leaves[1:old]])
        assert not check_consistency(old, size, other, root, way)


def test_what_is_no_tree_proves_nothing():
    root = naive_root(made(3))
    assert not check_inclusion(root, 3, 3, [], root)
    assert not check_inclusion(root, -1, 3, [], root)
    assert not check_consistency(4, 3, root, root, [])
    assert not check_consistency(0, 3, root, root, [])
    assert not check_consistency(0, 3, EMPTY_ROOT, root, [])
    assert not check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert check_consistency(3, 3, root, root, [])
    with pytest.raises(ValueError):
        inclusion_path(3, 3, subtrees(made(3)))
    with pytest.raises(ValueError):
        consistency_path(0, 3, subtrees(made(3)))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.tuples(st.integers(0, 1 << 60), TEXT, st.integers(0, 99), TEXT,
                 st.none() | TEXT, st.none() | TEXT, TEXT))  # fmt: skip
def test_a_header_is_what_the_standard_library_would_write(header):
    said = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    assert header_bytes(header) == said


def test_a_leaf_is_what_its_definition_says():
    header = (1669800000, "source:ocha", 7, "control-reported", 'r"1\n',
              None, "toy")  # fmt: skip
    salt, columnar, body = bytes(range(16)), b"\7" * 48, b"body"
    payload = sha256(salt + columnar + body).digest()
    said = b'[1669800000,"source:ocha",7,"control-reported","r\\"1\\n",null,"toy"]'
    leaf = sha256(b"\0chronicle-leaf-v1" + said + payload).digest()
    assert payload_hash(salt, columnar, body) == payload
    assert (
        leaf_of(header, payload)
        == leaf
        == leaf_hash(b"chronicle-leaf-v1" + said + payload)
    )
    assert leaves_of([header], [salt], [columnar + body]) == [leaf]


def test_a_seal_is_read_back_and_nothing_else_is():
    seal = Seal.start("id", 5)
    seal.frontier.extend(made(21))
    seal.take_codes([("actor", 0, "red")])
    seal.take_command("k", b"d", [1, 2])
    stored = seal.to_bytes()
    assert Seal.from_bytes(stored) == seal
    for broken in (b"", stored[:-1], stored + b"x", stored[:50], None, "x" * 99):
        with pytest.raises(Tampered):
            Seal.from_bytes(broken)


def test_codes_seal_their_order_and_commands_do_not():
    one, two, other = Seal(), Seal(), Seal()
    one.take_codes([("a", 0, "x"), ("a", 1, "y")])
    two.take_codes([("a", 1, "y"), ("a", 0, "x")])
    assert one.body("o") != two.body("o")
    one, two = Seal(), Seal()
    one.take_command("k", b"1", [1])
    one.take_command("l", b"2", [2])
    two.take_command("l", b"2", [2])
    two.take_command("k", b"1", [1])
    other.take_command("l", b"2", [3])
    other.take_command("k", b"1", [1])
    assert one.body("o") == two.body("o") != other.body("o")


def test_an_origin_is_a_key_name():
    assert origin_of("ab12") == "chronicle/ab12"
    assert origin_of("what-if:a +b\u00e4") == "chronicle/what-if:a%20%2Bb%C3%A4"
    seal = Seal.start("ab12", 1)
    assert seal.body("o").split("\n")[:2] == ["o", "0"]
