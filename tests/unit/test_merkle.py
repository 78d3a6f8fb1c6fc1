"""The tree of RFC 6962, against the definitions of the RFC written down anew."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.audit.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    peaks_of,
)

MOST = 130
SOME, MANY = 400, 9000
LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(MANY)]


def below(n):
    """The largest power of two smaller than n (RFC 6962, 2.1)."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = below(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, *, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def grown(size):
    tree, nodes = Tree(), {}
    for leaf in LEAVES[:size]:
        nodes |= {(level, place): digest for level, place, digest in tree.append(leaf)}
    return tree, lambda level, place: nodes[level, place]


def test_the_rfc_s_own_words_for_nothing_and_one():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize(
    ("size", "root"),
    [  # the eight test leaves and roots of the certificate-transparency project (its merkle_tree_test.cc)
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_known_roots(size, root):
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = Tree()
    for entry in entries[:size]:
        tree.append(leaf_hash(bytes.fromhex(entry)))
    assert tree.root().hex() == root


CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_PATHS = {  # (leaf, size): the audit paths in the same file, leaves counted from 1
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (2, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_GROWN = {  # (old, new): the consistency proofs in the same file
    (1, 1): [],
    (1, 8): CT_PATHS[1, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_known_proofs():
    tree, nodes = Tree(), {}
    for entry in CT_LEAVES:
        nodes |= {(level, place): made for level, place, made in tree.append(leaf_hash(bytes.fromhex(entry)))}
    for (leaf, size), expected in CT_PATHS.items():
        proof = inclusion_proof(leaf - 1, size, lambda level, place: nodes[level, place])
        assert [one.hex() for one in proof] == expected, (leaf, size)
    for (old, new), expected in CT_GROWN.items():
        proof = consistency_proof(old, new, lambda level, place: nodes[level, place])
        assert [one.hex() for one in proof] == expected, (old, new)


def test_every_pair_of_sizes_and_no_proof_of_another_pair():
    """All 8,515 pairs up to 130, each against the roots, and never with its neighbour's proof."""
    roots = [mth(LEAVES[:size]) for size in range(MOST + 1)]
    _, node = grown(MOST)
    for new in range(1, MOST + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            assert is_consistent(old, new, roots[old], roots[new], proof)
            if old < new:
                assert not is_consistent(old, new, roots[old - 1], roots[new], proof)
                assert not is_consistent(old, new, roots[old], roots[new - 1], proof)


@pytest.mark.parametrize("size", range(MOST + 1))
def test_roots_and_proofs_are_those_of_the_rfc(size):
    tree, node = grown(size)
    leaves = LEAVES[:size]
    assert tree.root() == mth(leaves)
    assert tree.peaks == [node(level, place) for level, place in peaks_of(size)]
    for index in range(size):
        proof = inclusion_proof(index, size, node)
        assert proof == path(index, leaves)
        assert is_included(leaves[index], index, size, proof, tree.root())
    for old in range(1, size + 1):
        proof = consistency_proof(old, size, node)
        assert proof == subproof(old, leaves, whole=True)
        assert is_consistent(old, size, mth(leaves[:old]), tree.root(), proof)


sizes = st.integers(1, MANY) | st.integers(8, 13).flatmap(lambda bits: st.integers(2**bits - 2, 2**bits + 2))


@given(sizes, st.data())
@settings(max_examples=40, deadline=None)
def test_roots_and_proofs_of_thousands_are_those_of_the_rfc(size, data):
    """Drawn, and often beside a power of two, where the tree changes its shape."""
    tree, node = grown(size)
    leaves = LEAVES[:size]
    assert tree.root() == mth(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof = inclusion_proof(index, size, node)
    assert proof == path(index, leaves)
    assert is_included(leaves[index], index, size, proof, tree.root())
    proof = consistency_proof(old, size, node)
    assert proof == subproof(old, leaves, whole=True)
    assert is_consistent(old, size, mth(leaves[:old]), tree.root(), proof)


proofs = st.integers(1, SOME).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@given(proofs, st.data())
@settings(max_examples=150, deadline=None)
def test_no_other_proof_leaf_place_or_root_will_do(pair, data):
    size, index = pair
    tree, node = grown(size)
    proof = inclusion_proof(index, size, node)
    assert is_included(LEAVES[index], index, size, proof, tree.root())
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index) if size > 1 else st.just(size))
    assert not is_included(LEAVES[index], other, size, proof, tree.root())
    assert not is_included(leaf_hash(b"forged"), index, size, proof, tree.root())
    assert not is_included(LEAVES[index], index, size, [*proof, LEAVES[0]], tree.root())
    for at in range(len(proof)):
        assert not is_included(LEAVES[index], index, size, proof[:at] + proof[at + 1 :], tree.root())
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        assert not is_included(LEAVES[index], index, size, [*proof[:at], flipped, *proof[at + 1 :]], tree.root())


@given(proofs, st.data())
@settings(max_examples=150, deadline=None)
def test_a_forked_tree_is_consistent_with_nothing(pair, data):
    size, old = pair
    tree, node = grown(size)
    was, _ = grown(old)
    proof = consistency_proof(old, size, node)
    assert is_consistent(old, size, was.root(), tree.root(), proof)
    fork = Tree()
    forged = data.draw(st.integers(0, max(0, old - 1)))
    for place, leaf in enumerate(LEAVES[:old]):
        fork.append(leaf_hash(b"forged") if place == forged else leaf)
    if old:
        assert not is_consistent(old, size, fork.root(), tree.root(), proof)
        assert not is_consistent(old, size, was.root(), fork.root(), proof)
    if proof:
        assert not is_consistent(old, size, was.root(), tree.root(), proof[:-1])
        assert not is_consistent(old, size, was.root(), tree.root(), [*proof, proof[-1]])


@given(
    st.integers(-2, 300), st.integers(-2, 300), st.lists(st.binary(min_size=32, max_size=32), max_size=12), st.binary()
)
def test_rubbish_proves_nothing_and_raises_nothing(index, size, proof, root):
    assert not is_included(LEAVES[0], index, size, proof, root)
    is_consistent(index, size, root, LEAVES[1], proof)


def test_impossible_proofs_are_refused():
    _, node = grown(5)
    with pytest.raises(ValueError, match="has none at 5"):
        inclusion_proof(5, 5, node)
    with pytest.raises(ValueError, match="cannot have grown"):
        consistency_proof(6, 5, node)
