"""Find and read load profiles: those that ship with Clinigate, and a team's own files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from clinigate.config.validation import validate
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.errors import ConfigError
from clinigate.load.graph import check_graph
from clinigate.load.model import Arrivals, Profile

__all__ = [
    "LoadedProfile",
    "all_profiles",
    "builtin_profiles",
    "find_profile",
    "parse_profile",
    "read_profile",
]

_HOME = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile, where it was read, and what it is known by.

    Attributes:
        written: the arrivals that it has in its file, where others are to be played.
        digest: `sha256:…` of the profile's canonical JSON, defaults filled in.
    """

    profile: Profile
    source: str
    written: Arrivals | None = None

    @property
    def digest(self) -> str:
        """The profile's identity in evidence."""
        plain = self.profile.model_dump(mode="json", by_alias=True)
        return f"sha256:{sha256_hex(canonical_bytes(plain))}"


def builtin_profiles() -> tuple[str, ...]:
    """Return the names of the profiles that ship with Clinigate, sorted."""
    return tuple(sorted(path.stem for path in _HOME.glob("*.yaml")))


def find_profile(
    name: str, *, own: Sequence[str] = (), base_dir: Path | None = None
) -> LoadedProfile:
    """Return the profile called `name`: a file's path, one of `own`, or a built-in one.

    Args:
        name: as on the command line.
        own: files or globs of the configuration, `[load] profiles`.
        base_dir: the folder against which `own` is read.

    Raises:
        ConfigError: there is none, or it is wrong; file and field are named.
    """
    if name.endswith((".yaml", ".yml")):
        return read_profile(Path(name))
    known = _by_name(own, base_dir)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
        raise ConfigError(f"no load profile {name!r}; {hint}")
    return read_profile(known[name])


def all_profiles(
    *, own: Sequence[str] = (), base_dir: Path | None = None
) -> tuple[LoadedProfile, ...]:
    """Return every profile that can be named, by name.

    Raises:
        ConfigError: one is wrong.
    """
    known = _by_name(own, base_dir)
    return tuple(read_profile(known[name]) for name in sorted(known))


def read_profile(path: Path) -> LoadedProfile:
    """Read one profile file.

    Raises:
        ConfigError: it is missing, no YAML, wrong, or takes a built-in profile's name; file and
            field are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    ours = path.resolve().parent == _HOME.resolve()
    loaded = parse_profile(text, source=path.name if ours else str(path))
    name = loaded.profile.name
    if not ours and name in builtin_profiles():
        # Its metrics would stand in the place of those that policies know by that name.
        raise ConfigError(f"{path}: name: {name!r} is a built-in profile's; take another")
    return loaded


def parse_profile(text: str, *, source: str) -> LoadedProfile:
    """Parse a profile's YAML.

    Raises:
        ConfigError: no YAML, a key twice, or a profile that cannot be meant as written.
    """
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - derived from SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(f"{source}: is not YAML{place}: {problem}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{source}: is not YAML that a profile can be written in") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{source}: holds no mapping; a profile begins with schema, name, title")
    profile = validate(Profile, data, file=source, error=ConfigError)
    check_graph(profile, file=source)
    return LoadedProfile(profile, source)


def _by_name(own: Sequence[str], base_dir: Path | None) -> dict[str, Path]:
    """Files by the name that a user gives; a team's own profile stands before a built-in one."""
    known = {path.stem: path for path in _HOME.glob("*.yaml")}
    return known | {path.stem: path for path in _own_files(own, base_dir or Path.cwd())}


def _own_files(own: Sequence[str], base_dir: Path) -> list[Path]:
    found: list[Path] = []
    for each in own:
        matches = sorted(base_dir.glob(each)) if not Path(each).is_absolute() else [Path(each)]
        if not matches:
            raise ConfigError(f"[load] profiles names {each}, which is no file; mend it")
        found += matches
    return found


#: The C parser where there is one: it is twenty times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """YAML without two meanings: a key that stands twice is refused."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is no plain word", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {str(key)[:40]!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
