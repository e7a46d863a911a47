"""A localkube for the tests of this folder, and a namespace of its own for each."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinigate.chaos.localkube import LocalKube, running_localkube

SUPPORT = Path(__file__).parent / "support"
if str(SUPPORT) not in sys.path:
    sys.path.insert(0, str(SUPPORT))

from chaos_kube_support import Api, Space  # noqa: E402 - found by the line above

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def kube() -> Iterator[LocalKube]:
    with running_localkube(second_s=0.1) as running:
        yield running


@pytest.fixture(scope="session")
def api(kube: LocalKube) -> Api:
    return Api(kube.kubeconfig)


@pytest.fixture
def space(api: Api, kube: LocalKube) -> Iterator[Space]:
    """A namespace that experiments may touch; deleted with all that is in it."""
    name = f"clinic-{next(_NUMBERS)}"
    labels = {"clinigate.io/chaos": "enabled"}
    api.core.create_namespace({"metadata": {"name": name, "labels": labels}})
    yield Space(api, name, kube)
    api.core.delete_namespace(name)
