"""The page of an answer to an auditor: one table, no script, opens from a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinigate.pipeline.request import Request

if TYPE_CHECKING:
    from clinigate.pipeline.request_rows import AnswerRow

__all__ = ["page"]

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evidence from {{ request.begin }} to {{ request.until }}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 80rem; margin: 2rem auto; padding: 0 1rem }
div { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { text-align: left; vertical-align: top; padding: .375rem .5rem; border-bottom: 1px solid }
.gap { font-weight: 600 }
code { overflow-wrap: anywhere }
@media print { body { margin: 0; max-width: none } }
</style>
<h1>Evidence from {{ request.begin }} to {{ request.until }}</h1>
<p>{% if request.auditor %}Asked for by {{ request.auditor }}. {% endif -%}
{{ request.clauses | length }} clause(s){% if request.system %}, system {{ request.system }}\
{% endif %}. Verdicts, catalogues and records are those that were sealed then; nothing was judged
again. {{ gaps }} row(s) are gaps: nothing in this folder shows those.</p>
<p>Each bundle verifies by itself: <code>clinigate verify bundles/RUN.zip --trust trust.toml</code>;
all files at once: <code>sha256sum -c SHA256SUMS</code>. A signature says that the holder of the key
stated these bytes, not that a clause is met.</p>
<div tabindex="0" role="region" aria-label="Evidence by clause">
<table>
<caption>By clause, then by run; gaps are rows</caption>
<thead><tr><th scope="col">Clause<th scope="col">Run<th scope="col">Sealed<th scope="col">Criterion\
<th scope="col">Verdict then<th scope="col">Records then</tr></thead>
<tbody>
{% for row in rows -%}
<tr{% if row.gap %} class="gap"{% endif %}><th scope="row">{{ row.clause }}</th>
<td>{% if row.bundle %}<a href="{{ row.bundle }}">{{ row.run }}</a>
{%- else %}{{ row.run }}{% endif %}
{{- " (" ~ row.status ~ ")" if row.status else "" }}</td><td>{{ row.sealed[:10] }}</td>
{% if row.gap -%}
<td colspan="3">GAP: {{ row.gap }}</td>
{%- else -%}
<td>{{ row.criterion }}</td><td>{{ row.verdict }}</td><td>{{ row.records }}</td>
{%- endif %}</tr>
{% endfor -%}
</tbody></table></div>
</html>
"""


def page(request: Request, rows: Sequence[AnswerRow]) -> str:
    """Return the page; whatever stands in names is shown as text."""
    import jinja2

    from clinigate.reports.text import visible

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )
    template = environment.from_string(_PAGE)
    return template.render(request=request, rows=rows, gaps=sum(bool(row.gap) for row in rows))
