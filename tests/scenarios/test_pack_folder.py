"""A pack may be a folder: the same pack as in one file, and nothing in it is skipped."""

from __future__ import annotations

import pytest

from clinigate.errors import PackError
from clinigate.scenarios import load_pack


@pytest.fixture
def folder(pack_text, tmp_path):
    """The tiny pack as a folder, the cores of its first archetype in a file of their own."""
    start = pack_text.index("    cores:\n")
    end = pack_text.index("  - id: si.two")
    cores = pack_text[start:end].splitlines()[1:]
    home = tmp_path / "tiny"
    (home / "cores").mkdir(parents=True)
    (home / "pack.yaml").write_text(pack_text[:start] + pack_text[end:])
    (home / "cores" / "si.one.yaml").write_text("\n".join(line[6:] for line in cores) + "\n")
    return home


def test_a_folder_is_the_pack_that_one_file_would_be(folder, pack_text, write_pack):
    one = load_pack(write_pack(pack_text))
    assert load_pack(folder) == one
    assert load_pack(folder).digest == one.digest


def test_cores_that_no_archetype_reads_are_refused(folder):
    (folder / "cores" / "si.tow.yaml").write_text("[]")
    with pytest.raises(PackError, match=r"si\.tow\.yaml: belongs to no archetype.*'si\.two'"):
        load_pack(folder)


def test_a_missing_file_of_cores_is_named(folder):
    (folder / "cores" / "si.one.yaml").unlink()
    with pytest.raises(PackError, match=r"si\.one\.yaml: no such file"):
        load_pack(folder)


def test_an_error_in_a_file_of_cores_names_that_file(folder):
    path = folder / "cores" / "si.one.yaml"
    path.write_text(path.read_text().replace("split: dev", "split: prod"))
    with pytest.raises(PackError, match=r"si\.one\.yaml:1: \[0\]\.split"):
        load_pack(folder)


def test_one_file_needs_its_cores_in_it(pack_text, write_pack):
    text = pack_text.replace("    cores:\n", "    nothing:\n", 1)
    with pytest.raises(PackError, match="nothing"):
        load_pack(write_pack(text))


def test_cores_in_two_places_are_refused(folder):
    """One of the places would be skipped in silence."""
    (folder / "cores" / "si.two.yaml").write_text("[]")
    with pytest.raises(PackError, match=r"cores: .*si\.two\.yaml has cores of 'si\.two' too"):
        load_pack(folder)


@pytest.mark.parametrize(("name", "meant"), [("wording", "wordings"), ("Cores", "cores")])
def test_a_misnamed_folder_is_refused(folder, name, meant):
    (folder / name).mkdir()
    with pytest.raises(PackError, match=rf"{name}: nothing reads this folder; name it {meant}"):
        load_pack(folder)


def test_what_else_lies_beside_a_pack_is_left_alone(folder):
    for name in ("reviews", ".git"):
        (folder / name).mkdir()
    (folder / "LICENSE").write_text("ours")
    assert load_pack(folder).id == "tiny-en"
