"""The span processor of OpenTelemetry hands on spans without identifiers, and clean ones as is."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest

pytest.importorskip("opentelemetry.sdk.trace")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from opentelemetry.trace import Link, StatusCode

from clinigate.phi.runtime.otel import PhiSpanProcessor


def test_every_part_of_a_span(ssn: str) -> None:
    told: list[tuple[str, Counter[str]]] = []
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(
        PhiSpanProcessor(SimpleSpanProcessor(exporter), on_find=lambda *seen: told.append(seen))
    )
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("fine", attributes={"rows": 3}) as other:
        pass
    with (
        suppress(KeyError),
        tracer.start_as_current_span(
            f"GET /find?ssn={ssn}", links=[Link(other.get_span_context(), {"note": f"ssn {ssn}"})]
        ) as span,
    ):
        span.set_attribute("patient.ssn", ssn.replace("-", ""))
        span.set_attribute("tags", [f"ssn {ssn}", "fine"])
        span.set_attribute("rows", 3)
        span.add_event(f"ssn {ssn}", {"ssn": ssn})
        span.set_status(StatusCode.ERROR, f"ssn {ssn}")
        raise KeyError(f"ssn {ssn}")
    provider.force_flush()
    clean, found = exporter.get_finished_spans()
    shown = found.to_json()
    assert ssn not in shown
    assert ssn.replace("-", "") not in shown
    assert "CG-PHI-SSN" in found.name
    assert found.attributes is not None
    assert found.attributes["rows"] == 3
    assert found.attributes["tags"] == ("ssn [CG-PHI-SSN]", "fine")
    assert found.context == span.get_span_context()
    assert found.status.status_code is StatusCode.ERROR
    assert [event.name for event in found.events][1] == "exception"
    assert clean.attributes == {"rows": 3}
    assert len(told) == 1
    assert told[0][1]["CG-PHI-SSN"] >= 6
    assert ssn not in told[0][0]
    provider.shutdown()
