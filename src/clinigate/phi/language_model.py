"""A user's own language model behind presidio's engine; what is not installed is never fetched."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from presidio_analyzer.nlp_engine import NlpEngine, NlpEngineProvider

from clinigate.config.phi_rows import NlpTable
from clinigate.errors import ConfigError

__all__ = ["loaded"]

_LANGUAGE = "en"


def loaded(table: NlpTable) -> NlpEngine:
    """Return the engine that `[phi.nlp]` names, with its model loaded.

    Raises:
        ConfigError: library or model is not installed, or the model does not load.
    """
    if find_spec(table.engine) is None:
        raise ConfigError(
            f"[phi.nlp] engine: {table.engine} is not installed; install it, or leave [phi.nlp] out"
        )
    for name in _spacy_models(table):
        _installed(name)
    model: dict[str, object] = {"lang_code": _LANGUAGE, "model_name": _named(table)}
    configuration = {"nlp_engine_name": table.engine, "models": [model]}
    try:
        return NlpEngineProvider(nlp_configuration=configuration).create_engine()
    except Exception as error:
        raise ConfigError(
            f"[phi.nlp] model: {table.model} does not load ({type(error).__name__}); try it by "
            f"{table.engine} itself"
        ) from error


def _spacy_models(table: NlpTable) -> list[str]:
    """Return the models that spaCy would otherwise download by itself."""
    if table.engine == "spacy":
        return [table.model]
    if table.engine == "transformers" and table.tagger is None:
        raise ConfigError(
            "[phi.nlp] tagger: a transformer needs a spaCy model that splits sentences; name it, "
            "as en_core_web_sm"
        )
    return [] if table.tagger is None else [table.tagger]


def _named(table: NlpTable) -> object:
    """Return the model as presidio wants it named."""
    if table.engine == "transformers":
        return {"spacy": table.tagger, "transformers": table.model}
    return table.model


def _installed(model: str) -> None:
    """Refuse a model that spaCy would fetch from the net."""
    if not Path(model).exists() and find_spec(model.partition(".")[0]) is None:
        raise ConfigError(
            f"[phi.nlp] model: {model} is no installed package and no folder; install it first, "
            "nothing is downloaded here"
        )
