"""The Merkle tree gives the published roots, and its proofs hold for nothing but the truth."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.evidence.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# Entries and roots of the reference implementation's test (google/certificate-transparency,
# merkletree/merkle_tree_test.cc), published with RFC 6962.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "expected"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_inclusion_proofs_are_the_published_ones(
    index: int, size: int, expected: list[str]
) -> None:
    assert [node.hex() for node in inclusion_proof(LEAVES[:size], index)] == expected


@pytest.mark.parametrize(
    ("old", "size", "expected"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_proofs_are_the_published_ones(
    old: int, size: int, expected: list[str]
) -> None:
    assert [node.hex() for node in consistency_proof(LEAVES[:size], old)] == expected


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def test_every_proof_up_to_40_leaves_verifies() -> None:
    for size in range(1, 41):
        leaves = leaves_of(size)
        head = root(leaves)
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            assert verify_inclusion(leaves[index], index, size, proof=proof, root=head)
            old_root = root(leaves[: index + 1])
            steps = consistency_proof(leaves, index + 1)
            assert verify_consistency(index + 1, size, old_root=old_root, root=head, proof=steps)


@given(st.integers(2, 60), st.data())
def test_no_edited_inclusion_proof_verifies(size: int, data: st.DataObject) -> None:
    """Another leaf, index, root, hash, a hash more or less: each is refused."""
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    head, proof = root(leaves), inclusion_proof(leaves, index)
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
    at = data.draw(st.integers(0, len(proof) - 1))
    broken = [*proof[:at], hashlib.sha256(proof[at]).digest(), *proof[at + 1 :]]
    leaf = leaves[index]
    assert not verify_inclusion(leaves[other], index, size, proof=proof, root=head)
    assert not verify_inclusion(leaf, other, size, proof=proof, root=head)
    assert not verify_inclusion(leaf, index, size, proof=proof, root=root(leaves[:-1]))
    assert not verify_inclusion(leaf, index, size, proof=broken, root=head)
    assert not verify_inclusion(leaf, index, size, proof=proof[:-1], root=head)
    assert not verify_inclusion(leaf, index, size, proof=[*proof, head], root=head)
    assert not verify_inclusion(leaf, size, size, proof=proof, root=head)


@given(st.integers(2, 60), st.data())
def test_no_rewritten_history_is_consistent(size: int, data: st.DataObject) -> None:
    """A tree in which an old leaf was changed, or leaves were cut off, extends nothing."""
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    honest = leaves_of(size)
    forged = [*honest]
    forged[changed] = leaf_hash(b"forged")
    old_root = root(honest[:old])
    for leaves in (honest, forged):
        proof = consistency_proof(leaves, old)
        holds = verify_consistency(old, size, old_root=old_root, root=root(leaves), proof=proof)
        assert holds is (leaves is honest)
        assert not verify_consistency(
            old, size, old_root=old_root, root=root(leaves), proof=[*proof, old_root]
        )
        assert not verify_consistency(
            old, size, old_root=old_root, root=root(leaves), proof=proof[:-1]
        )
    assert not verify_consistency(size, old, old_root=root(honest), root=old_root, proof=[])


def test_what_is_outside_the_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="not one of"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="not from 1"):
        consistency_proof(LEAVES, 0)
    with pytest.raises(ValueError, match="not from 1"):
        consistency_proof(LEAVES, 9)
    assert not verify_consistency(1, 1, old_root=LEAVES[0], root=LEAVES[1], proof=[])
    assert not verify_consistency(3, 4, old_root=LEAVES[0], root=LEAVES[1], proof=[])
