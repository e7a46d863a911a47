"""The command line adds to what the configuration says of an environment, and overrides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.chaos.where import options_for
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.errors import UsageError


@pytest.fixture
def config(tmp_path: Path) -> LoadedConfig:
    path = tmp_path / "clinigate.toml"
    path.write_text(
        '[chaos.environments.staging]\ndriver = "localkube"\nnamespaces = ["clinic"]\n'
        'kubeconfig = "kube"\ncontext = "c"\n'
    )
    return load_config(path)


@pytest.mark.parametrize(
    "setting", ["namespaces=other", "kubeconfig=/x", "context=prod", "flight=1"]
)
def test_what_the_configuration_states_is_not_overridden(
    config: LoadedConfig, setting: str
) -> None:
    """An allow-list that the command line could widen would be none."""
    with pytest.raises(UsageError, match=r"\[chaos.environments.staging\] decides it"):
        options_for(config, "staging", None, [setting])


def test_what_it_leaves_open_is_given_on_the_command_line(config: LoadedConfig) -> None:
    """The entry, or one of the allowed namespaces."""
    found = options_for(config, "staging", None, ["entry=https://x", "namespace=clinic"]).settings
    assert (found["entry"], found["namespace"]) == ("https://x", "clinic")
    assert found["namespaces"] == "clinic"


def test_each_run_on_a_cluster_has_a_name_of_its_own(config: LoadedConfig) -> None:
    """Two runs of one machine on the same pods are two."""
    one, two = (options_for(config, "staging", None).settings["flight"] for _ in range(2))
    assert one != two
