"""A span processor for OpenTelemetry that lets no identifier pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clinigate.errors import UsageError
from clinigate.phi.runtime.redactor import Redactor

try:
    from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
    from opentelemetry.trace import Link
    from opentelemetry.trace.status import Status
except ImportError as missing:  # pragma: no cover - the tests have it
    raise UsageError(
        "clinigate.phi.runtime.otel needs OpenTelemetry: pip install opentelemetry-sdk"
    ) from missing

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span

__all__ = ["PhiSpanProcessor"]


class PhiSpanProcessor(SpanProcessor):
    """Stands before another processor and hands it spans without identifiers.

    Cleaned are the name, attributes, events with their attributes (an exception's message and
    stack among them), links' attributes, the status description; not the resource, which says
    what the service is. A span in which nothing is found is handed on as it is. Every other
    processor of the provider still sees what the application wrote: put this one around each.

    ::

        provider.add_span_processor(PhiSpanProcessor(BatchSpanProcessor(exporter)))
    """

    def __init__(
        self,
        following: SpanProcessor,
        redactor: Redactor | None = None,
        *,
        on_find: Callable[[str, Counter[str]], None] | None = None,
    ) -> None:
        """Take the processor that gets the spans, what cleans, and who is told.

        Args:
            following: as a BatchSpanProcessor with an exporter.
            redactor: by default one with the usual threshold.
            on_find: called with the cleaned name of the span and how often each rule struck.
        """
        self._following = following
        self._redactor = redactor or Redactor()
        self._on_find = on_find

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Hand on the start: exporters look at spans that have ended."""
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Clean a span that has ended, and hand it on."""
        rules: Counter[str] = Counter()
        clean = self._clean(span, rules)
        if rules and self._on_find is not None:
            self._on_find(clean.name, rules)
        self._following.on_end(clean)

    def shutdown(self) -> None:
        """Shut down the processor behind."""
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush the processor behind."""
        return self._following.force_flush(timeout_millis)

    def _clean(self, span: ReadableSpan, rules: Counter[str]) -> ReadableSpan:
        name = self._redactor.text(span.name, rules=rules)
        attributes = self._attributes(span.attributes, rules)
        events = [
            Event(
                self._redactor.text(each.name, rules=rules),
                self._attributes(each.attributes, rules),
                each.timestamp,
            )
            for each in span.events
        ]
        links = [
            Link(each.context, self._attributes(each.attributes, rules)) for each in span.links
        ]
        status = span.status
        if status.description is not None:
            text = self._redactor.text(status.description, rules=rules)
            status = Status(status.status_code, text)
        if not rules:
            return span
        return ReadableSpan(
            name=name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=attributes,
            events=events,
            links=links,
            kind=span.kind,
            instrumentation_scope=span.instrumentation_scope,
            status=status,
            start_time=span.start_time,
            end_time=span.end_time,
        )

    def _attributes(self, attributes: Any, rules: Counter[str]) -> Any:
        return self._redactor.value(dict(attributes or {}), rules=rules)
