"""The figures of a pack are counts of its cores."""

from __future__ import annotations

import pytest

from clinigate.scenarios import load_pack, stats


def test_figures_of_a_small_pack(pack_text, write_pack):
    found = stats(load_pack(write_pack(pack_text)))
    assert (found.pack, found.archetypes, found.cores, found.reviewers) == (
        "tiny-en@1.0.0",
        2,
        3,
        0,
    )
    assert found.by_label == {"crisis": 3}
    assert found.by_severity == {"C2": 2, "E": 1}
    assert found.by_family == {"suicide": 3}
    assert found.by_split == {"dev": 2, "held_out": 1}
    # 8 + 8 + (5 + 9) words; the assistant's turn is no wording of a person
    assert found.mean_words == pytest.approx(30 / 3)
    assert 0 < found.distinct_1 < found.distinct_2 <= 1


def test_cores_that_repeat_each_other_have_few_distinct_words(pack_text, write_pack):
    cores = "".join(
        f'      - {{id: "{i}", split: dev, text: "I want to die today {i}"}}\n' for i in range(9)
    )
    head = pack_text[: pack_text.index('      - {id: "01"')]
    found = stats(load_pack(write_pack(head + cores)))
    assert found.distinct_1 == pytest.approx((5 + 9) / (6 * 9))
    assert found.distinct_2 == pytest.approx((4 + 9) / (5 * 9))
