"""Read experiments from YAML (`clinigate.io/v1`, `ChaosExperiment`), strictly.

Whatever the schema does not know is refused with file, line and field, because a safety rail that
is misspelt is no rail.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import yaml

from clinigate.chaos import units
from clinigate.chaos.abort_rules import never_fires
from clinigate.chaos.model import (
    AbortRule,
    AlertSpec,
    Arrival,
    Blackout,
    Experiment,
    FaultSpec,
    Invariant,
    Json,
    LoadSpec,
    Objectives,
    Safety,
    TargetSpec,
    UndoSpec,
)
from clinigate.chaos.slo import SLOS
from clinigate.controls import load_catalogue
from clinigate.errors import ConfigError, ControlError, PackError
from clinigate.scenarios.yamlnode import Field, read_yaml

__all__ = ["builtin_experiments", "find_experiment", "read_experiment"]

API_VERSION = "clinigate.io/v1"
KIND = "ChaosExperiment"

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_METRIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BUILTIN = Path(__file__).with_name("experiments")

T = TypeVar("T")


def builtin_experiments() -> tuple[Experiment, ...]:
    """The experiments that Clinigate ships, by name."""
    found = (read_experiment(path) for path in _BUILTIN.glob("*.yaml"))
    return tuple(sorted(found, key=lambda each: each.name))


def find_experiment(name: str) -> Experiment:
    """The experiment of a file (`*.yaml`, or with a slash in it) or a built-in one by its name.

    Raises:
        ConfigError: no such experiment, or its file is wrong; file and field are named.
    """
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return read_experiment(Path(name))
    path = _BUILTIN / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(sorted(each.stem for each in _BUILTIN.glob("*.yaml")))
        raise ConfigError(
            f"no experiment {name!r}; there are {known or 'none'}; a file is named by its path"
        )
    return read_experiment(path)


def read_experiment(path: Path) -> Experiment:
    """Read one experiment's file.

    Raises:
        ConfigError: the file cannot be read, or states what cannot be meant; file, line and field
            are named, and the fix.
    """
    shown = path.name if path.parent == _BUILTIN else str(path)
    try:
        root = read_yaml(path, shown=shown)
        return _experiment(root, _plain(path, shown), shown)
    except PackError as error:
        raise ConfigError(str(error).replace("write a pack (docs/scenarios.md)", _SEE)) from None


_SEE = "write an experiment (docs/chaos.md)"


def _plain(path: Path, shown: str) -> Json:
    """The same document as values, for parameters, whose keys only their reader knows."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        plain: Json = yaml.load(text, Loader=_Loader)  # noqa: S506 - the safe loader, in C where it is built
    except (yaml.YAMLError, ValueError) as error:
        raise PackError(f"{shown}: a value that YAML cannot build: {error}; quote it") from None
    return plain


def _at(plain: Json, key: str | int) -> Json:
    """What stands at a key or index of a value; None where nothing does."""
    if isinstance(plain, dict) and isinstance(key, str):
        return plain.get(key)
    if isinstance(plain, list) and isinstance(key, int):
        return plain[key]
    return None


def _experiment(root: Field, plain: Json, source: str) -> Experiment:
    top = root.mapping(("apiVersion", "kind", "metadata", "spec"))
    top["apiVersion"].one_of((API_VERSION,), "version")
    top["kind"].one_of((KIND,), "kind")
    head = top["metadata"].mapping(("name", "owner"), ("title", "controls"))
    name = _matching(head["name"], _NAME, "small letters, digits and single hyphens")
    spec = top["spec"].mapping(
        ("drivers", "fault", "safety", "undo"),
        ("slos", "objectives", "invariants", "load", "abort", "alerts", "repeat"),
    )
    body = _at(plain, "spec")
    invariants = _invariants(spec.get("invariants"), _at(body, "invariants"))
    fault = _fault(spec["fault"], _at(body, "fault"))
    load = _load(spec.get("load"))
    experiment = Experiment(
        name=name,
        title=head["title"].text() if "title" in head else name,
        owner=head["owner"].text(),
        controls=_list(head.get("controls"), _control),
        drivers=tuple(item.text() for item in spec["drivers"].sequence()),
        slos=_list(spec.get("slos"), lambda ref: ref.one_of(SLOS, "objective")),
        objectives=_objectives(spec.get("objectives")),
        invariants=invariants,
        load=load,
        fault=fault,
        abort=_list(spec.get("abort"), lambda rule: _abort(rule, invariants, load.rate)),
        safety=_safety(spec["safety"], fault.duration_s),
        undo=_undo(spec["undo"]),
        alerts=_list(spec.get("alerts"), _alert),
        repeat=_whole(spec.get("repeat"), 1, least=1),
        source=source,
    )
    _refuse_nothing_to_judge(root, experiment)
    return experiment


def _refuse_nothing_to_judge(root: Field, experiment: Experiment) -> None:
    objectives = experiment.objectives
    stated = (objectives.rto_s, objectives.rpo_s)
    if not (any(stated) or experiment.invariants or experiment.slos):
        root.fail("nothing is judged; add spec.objectives, spec.invariants or spec.slos")


def _fault(field: Field, plain: Json) -> FaultSpec:
    parts = field.mapping(("type", "target", "duration"), ("parameters",))
    return FaultSpec(
        type=parts["type"].text(),
        target=_target(parts["target"]),
        duration_s=_read(parts["duration"], units.duration),
        parameters=_parameters(parts.get("parameters"), _at(plain, "parameters")),
    )


def _target(field: Field) -> TargetSpec:
    parts = field.mapping(("selector",), ("max", "maxShare", "survivors", "all"))
    selector = {key: value.word() for key, value in parts["selector"].pairs()}
    if not selector:
        parts["selector"].fail("it is empty; name at least one label, as {app: api}")
    reason = parts["all"].text() if "all" in parts else None
    survivors = _whole(parts.get("survivors"), 0 if reason else 1, least=0)
    if survivors == 0 and reason is None:
        parts["survivors"].fail("nobody survives; if that is meant, say why in 'all'")
    return TargetSpec(
        selector=selector,
        max_count=_whole(parts.get("max"), 1, least=1),
        max_share=_optional(parts.get("maxShare"), units.share, 1.0 if reason else 0.5),
        min_survivors=survivors,
        all_kill=reason,
    )


def _objectives(field: Field | None) -> Objectives:
    if field is None:
        return Objectives()
    parts = field.mapping((), ("rto", "rpo"))
    return Objectives(
        rto_s=_optional(parts.get("rto"), units.duration, None),
        rpo_s=_optional(parts.get("rpo"), units.duration, None),
    )


def _invariants(field: Field | None, plain: Json) -> tuple[Invariant, ...]:
    items = [] if field is None else field.sequence(empty=True)
    return tuple(_invariant(item, _at(plain, index)) for index, item in enumerate(items))


def _invariant(field: Field, plain: Json) -> Invariant:
    parts = field.mapping(("probe",), ("metric", "success", "lost", "p99", "least", "parameters"))
    probe = _matching(parts["probe"], _NAME, "small letters, digits and single hyphens")
    metric = probe.replace("-", "_")
    if "metric" in parts:
        metric = _matching(parts["metric"], _METRIC, "small letters, digits and underscores")
    if ("success" in parts) == ("lost" in parts):
        field.fail("give either 'success' (a share) or 'lost: 0', and not both")
    if "lost" in parts:
        parts["lost"].one_of(("0",), "number; none may be lost, write 0 and not")
    return Invariant(
        probe=probe,
        metric=metric,
        success=_optional(parts.get("success"), units.share, None),
        lost=0 if "lost" in parts else None,
        p99_s=_optional(parts.get("p99"), units.duration, None),
        least=_whole(parts.get("least"), 1, least=1),
        parameters=_parameters(parts.get("parameters"), _at(plain, "parameters")),
    )


def _load(field: Field | None) -> LoadSpec:
    default = LoadSpec()
    if field is None:
        return default
    parts = field.mapping((), ("rate", "arrival", "before", "after", "timeout", "slow", "stable"))
    arrival = default.arrival
    if "arrival" in parts:
        arrival = Arrival(parts["arrival"].one_of(list(Arrival), "arrival"))
    return LoadSpec(
        rate=_optional(parts.get("rate"), units.rate, default.rate),
        arrival=arrival,
        before_s=_optional(parts.get("before"), units.duration, default.before_s),
        after_s=_optional(parts.get("after"), units.duration, default.after_s),
        timeout_s=_optional(parts.get("timeout"), units.duration, default.timeout_s),
        slow_s=_optional(parts.get("slow"), units.duration, None),
        stable_s=_optional(parts.get("stable"), units.duration, default.stable_s),
    )


def _abort(field: Field, invariants: tuple[Invariant, ...], rate: float) -> AbortRule:
    parts = field.mapping(("when",), ("for",))
    for_s = _optional(parts.get("for"), units.duration, 0.0)
    rule = _read(parts["when"], lambda text: units.abort_rule(text, for_s))
    known = list(SLOS) if rule.measure == "burn_rate" else [each.probe for each in invariants]
    if rule.measure != "burn_rate":
        known.append("entry")
    if rule.subject not in known:
        parts["when"].fail(f"{rule.subject!r} is not watched here; there are {', '.join(known)}")
    if (why := never_fires(rule, rate)) is not None:
        parts["when"].fail(f"the rule can never fire: {why}")
    return rule


def _safety(field: Field, duration_s: float) -> Safety:
    parts = field.mapping(
        ("environments",),
        ("window", "blackout", "maxBudgetPct", "leaseSeconds", "maxDuration", "killFile"),
    )
    default = Safety(environments=())
    longest = _optional(parts.get("maxDuration"), units.duration, default.max_duration_s)
    if longest < duration_s:
        field.fail(f"maxDuration is {longest:g} s, and the fault alone lasts {duration_s:g} s")
    return Safety(
        environments=tuple(item.text() for item in parts["environments"].sequence()),
        window=_optional(parts.get("window"), units.window, None),
        blackout=_list(parts.get("blackout"), _blackout),
        max_budget_pct=_optional(parts.get("maxBudgetPct"), _positive, default.max_budget_pct),
        lease_s=_optional(parts.get("leaseSeconds"), _positive, default.lease_s),
        max_duration_s=longest,
        kill_file=parts["killFile"].text() if "killFile" in parts else None,
    )


def _blackout(field: Field) -> Blackout:
    parts = field.mapping(("from", "to", "reason"))
    start, end = _read(parts["from"], _instant), _read(parts["to"], _instant)
    if end <= start:
        field.fail("it ends before it begins; swap 'from' and 'to'")
    return Blackout(start, end, parts["reason"].text())


def _undo(field: Field) -> UndoSpec:
    parts = field.mapping(("verify", "within"))
    verify = parts["verify"].one_of(("steady-state", "steps"), "verification")
    return UndoSpec(verify, _read(parts["within"], units.duration))


def _alert(field: Field) -> AlertSpec:
    parts = field.mapping(("name", "within"))
    return AlertSpec(parts["name"].text(), _read(parts["within"], units.duration))


def _control(field: Field) -> str:
    control = field.text()
    try:
        return load_catalogue().get(control).id
    except ControlError as error:
        field.fail(str(error))


def _parameters(field: Field | None, plain: Json) -> dict[str, Json]:
    if field is None:
        return {}
    names = {key for key, _ in field.pairs()}
    try:
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError):
        field.fail("a value is neither text, number, yes or no, list nor keys; put it in quotes")
    if not isinstance(plain, dict) or names != set(plain):
        field.fail("a key is no text; put it in quotes")
    return plain


def _list(field: Field | None, read: Callable[[Field], T]) -> tuple[T, ...]:
    return () if field is None else tuple(read(item) for item in field.sequence(empty=True))


def _read(field: Field, parse: Callable[[str], T]) -> T:
    try:
        return parse(field.word())
    except ValueError as error:
        field.fail(str(error))


def _optional(field: Field | None, parse: Callable[[str], T], default: T) -> T:
    return default if field is None else _read(field, parse)


def _matching(field: Field, pattern: re.Pattern[str], wanted: str) -> str:
    value = field.word()
    if not pattern.fullmatch(value):
        field.fail(f"{value!r} is no name here; use {wanted}")
    return value


def _whole(field: Field | None, default: int, *, least: int) -> int:
    if field is None:
        return default
    word = field.word()
    if not re.fullmatch(r"\d{1,9}", word) or int(word) < least:
        field.fail(f"{word!r} is no number of at least {least}")
    return int(word)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{text!r} is no number above 0")
    return value


def _instant(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write one such as 2026-12-24T00:00Z") from None
    if when.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; end it with Z")
    return when.astimezone(UTC)
