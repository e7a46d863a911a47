"""The rules, one topic a module. A module in this folder is found and loaded by itself.

To add rules, write one file here (and a good and a bad manifest for its test)::

    from clinigate.core.flaw import FlawSeverity
    from clinigate.platform.manifests import Manifests
    from clinigate.platform.resource import Resource
    from clinigate.platform.rule import Judged, breaks, each, keeps, rule, topic

    KAFKA = topic("platform.kafka", title="Kafka is encrypted, authenticated and replicated",
                  controls=("164.312(e)(1)",))

    @each("CG-PLAT-KAFKA-001", KAFKA, kinds=("kafka.strimzi.io/Kafka",),
          severity=FlawSeverity.HIGH)
    def listeners_are_encrypted(kafka: Resource, manifests: Manifests) -> Iterator[Judged]:
        '''Every Kafka listener speaks TLS. Why, and what it does not see, in more lines.'''
        for listener in kafka["spec"]["kafka"]["listeners"]:
            if listener["tls"].flag is not True:
                yield breaks(listener["tls"], "listener … is in the clear; TLS is wanted",
                             "set tls: true on it")
        yield keeps(kafka)

- `@each` is called for every resource of `kinds`; `@rule` once, over all `manifests`, for what is
  judged as a set (something promised and absent altogether is `breaks(...)` at what needs it).
- Yield one or more `Judged` for each thing looked at. A thing counts once, by its `unit`, however
  often it is named; `keeps` after `breaks` of the same unit does no harm, so that a rule may end
  with `yield keeps(resource)`. Yield nothing for what the rule does not concern; if a topic's rules
  yield nothing at all, the criterion is NOT_ASSESSED ("nothing of this kind is there").
- A kind is `group/Kind` without the version, or `Kind` in the core group.
- Fields: `resource["spec"]["replicas"]` walks over what is absent; `.integer`, `.text`, `.flag`,
  `.scalar` (text or number), `.texts` (labels), `.list_of_texts`, iteration (lists), `.entries`
  (mappings), `.exists`, `.value` (raw). A value of a wrong kind raises ManifestShapeError: don't
  catch it, the resource then counts as one that could not be judged.
- `manifests.of(kind…)`, `.within(namespace, kind…)`, `.find(kind, namespace, name)`,
  `.workloads`, `.workload_namespaces`, `.expectations` (rto_s, rpo_s).
- Labels: `selectors.selects(selector_field, labels)`. Amounts: `quantities.amount("500m")`.
- Never put a value of a Secret into a message.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from clinigate.platform import topics as _topics  # noqa: F401 - topics without rules of ours
from clinigate.platform.rule import RULES, RuleRegistry

__all__ = ["load_rules"]


@cache
def load_rules() -> RuleRegistry:
    """Return the registry after all modules of this folder were loaded.

    Raises:
        CheckDefinitionError: a rule is defined wrongly. What is declared must load.
    """
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        import_module(f"{__name__}.{module.name}")
    return RULES
