"""The keys of `clinigate.toml`, out of the models that check it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from clinigate.config.model import Config

__all__ = ["configuration"]

Schema = dict[str, Any]

_WORDS = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "table",
    "string": "text",
}
_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
}
#: A docstring may begin with the name that the heading has already, as "`[run]`: how a run …".
_NAMED = re.compile(r"^`[^`]+`(?P<suffix> [^:]+)?(?:: (?P<about>.*))?$")


def configuration() -> str:
    """Every table with its keys, their types, defaults and meanings."""
    schema = Config.model_json_schema()
    return "\n\n".join(_Tables(schema["$defs"]).sections(schema, ()))


class _Tables:
    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions
        self._seen: set[tuple[tuple[str, ...], str]] = set()
        #: Titles of the tables that stand in lists.
        self._repeated: set[str] = set()

    def sections(self, table: Schema, path: tuple[str, ...]) -> Iterator[str]:
        """The table's own section, then those of the tables in it, each once."""
        if path:
            yield self._section(table, path)
        for key, field in table["properties"].items():
            for below in self._tables_of(field):
                if field.get("type") == "array":
                    self._repeated.add(below["title"])
                yield from self._below(below, (*path, key))
            for below in self._tables_of(field.get("additionalProperties")):
                yield from self._below(below, (*path, key, "NAME"))

    def _below(self, table: Schema, path: tuple[str, ...]) -> Iterator[str]:
        place = (path, table["title"])
        if place not in self._seen:
            self._seen.add(place)
            yield from self.sections(table, path)

    def _section(self, table: Schema, path: tuple[str, ...]) -> str:
        kind = table["properties"].get("kind", {}).get("const")
        suffix, about = _headed(table["description"])
        suffix = f' with `kind = "{kind}"`' if kind else suffix
        name = f"[{'.'.join(path)}]"
        if table["title"] in self._repeated:
            name = f"[{name}]"
        lines = [f"{'#' * (len(path) + 1)} `{name}`{suffix}", ""]
        lines += [about, ""] if about else []
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        required = table.get("required", ())
        lines += [
            f"| `{key}` | {self._type(field)} | {_default(field, required=key in required)} "
            f"| {_cell(field.get('description', ''))} |"
            for key, field in table["properties"].items()
        ]
        return "\n".join(lines)

    def _tables_of(self, field: Schema | bool | None) -> list[Schema]:
        """The tables that may stand at a key, once or many times. One that is a form of a value
        has no section.
        """
        if not isinstance(field, dict):
            return []
        if field.get("type") == "array":
            return self._tables_of(field["items"])
        if "$ref" in field:
            named = self._definitions[field["$ref"].rsplit("/", 1)[-1]]
            return [named] if "properties" in named else []
        options = field.get("anyOf", []) + field.get("oneOf", [])
        values = [option for option in options if option.get("type", "null") != "null"]
        return [] if values else [each for option in options for each in self._tables_of(option)]

    def _type(self, field: Schema) -> str:
        if field.get("type") == "array" and self._tables_of(field):
            return f"list of {self._type(field['items'])}"
        if tables := self._tables_of(field):
            return self._type_of_tables(tables)
        if "$ref" in field:
            return "any"
        if "const" in field:
            return _code(field["const"])
        if "enum" in field:
            return ", ".join(map(_code, field["enum"]))
        options = field.get("anyOf") or field.get("oneOf")
        if options:
            return " or ".join(self._type(each) for each in options if each.get("type") != "null")
        if field.get("type") == "array":
            return f"list of {self._type(field['items'])}"
        if isinstance(field.get("additionalProperties"), dict):
            return f"by name: {self._type(field['additionalProperties'])}"
        word = "path" if field.get("format") == "path" else _WORDS.get(field.get("type", ""), "any")
        bounds = [text.format(field[name]) for name, text in _BOUNDS.items() if name in field]
        return " ".join([word, ", ".join(bounds)]).strip()

    @staticmethod
    def _type_of_tables(tables: list[Schema]) -> str:
        if len(tables) > 1:
            return "table; its keys depend on `kind`"
        return f"table of {', '.join(f'`{key}`' for key in tables[0]['properties'])}"


def _headed(docstring: str) -> tuple[str, str]:
    """Return what a table's docstring adds to its heading, and the sentences below it."""
    text = " ".join(docstring.split()).removesuffix(".")
    named = _NAMED.match(text)
    suffix, about = (named["suffix"], named["about"]) if named else (None, text)
    return suffix or "", f"{about[:1].upper()}{about[1:]}." if about else ""


def _default(field: Schema, *, required: bool) -> str:
    if required:
        return "required"
    default = field.get("default")
    return "" if default is None or isinstance(default, dict) else _code(default)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _code(plain: Any) -> str:
    return f"`{json.dumps(plain, ensure_ascii=False)}`"
