"""Kafka and Kong: what the whole says, not one manifest alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clinigate.platform.documents import read_documents
from clinigate.platform.judge import TopicScan, judge
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Resource
from clinigate.platform.rules import load_rules

# Messages stand as they are, so that they can be searched for.
# ruff: noqa: E501
Scan = Callable[..., TopicScan]
Short = Callable[[TopicScan], list[str]]


def kafka(config: str, replicas: str = "replicas: 3, ") -> str:
    return f"""
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {{name: clinic, namespace: streams}}
spec:
  kafka:
    {{{replicas}listeners: [{{name: tls, tls: true, authentication: {{type: tls}}}}],
    config: {config}}}
"""


SAFE = '{default.replication.factor: "3", min.insync.replicas: 2'


def topic(spec: str, name: str = "events") -> str:
    return f"""
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata: {{name: {name}, namespace: streams, labels: {{strimzi.io/cluster: clinic}}}}
spec: {spec}
"""


def sink(spec: str) -> str:
    return f"""
apiVersion: kafka.strimzi.io/v1
kind: KafkaConnector
metadata: {{name: out, namespace: streams}}
spec: {spec}
"""


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param([kafka(SAFE + "}"), topic("{}")], [], id="a topic leaves all to its cluster"),
        pytest.param(
            [kafka('{default.replication.factor: 3, min.insync.replicas: "3"}')],
            [
                (
                    "KAFKA-002 8 Kafka streams/clinic spec.kafka.config.min.insync.replicas: "
                    "min.insync.replicas is 3 of 3 copies: one lost broker stops every writer with "
                    "acks=all"
                )
            ],
            id="no broker may be lost",
        ),
        pytest.param(
            [kafka(SAFE + ", log.retention.minutes: 60}"), topic("{}")],
            [
                (
                    "KAFKA-003 5 KafkaTopic streams/events spec.config.retention.ms: records are kept "
                    "for 1 h, 168 h is promised"
                )
            ],
            id="the cluster keeps too little",
        ),
        pytest.param(
            [kafka(SAFE + ", log.retention.hours: 1}"), topic("{config: {retention.ms: -1}}")],
            [],
            id="a topic keeps for ever",
        ),
        pytest.param(
            [
                kafka(SAFE + ", log.retention.hours: 1, log.cleanup.policy: compact}"),
                topic("{}"),
            ],
            [],
            id="compacted by the cluster",
        ),
        pytest.param(
            [
                topic(
                    '{replicas: 3, config: {cleanup.policy: "compact,delete", retention.ms: 1000}}'
                )
            ],
            [
                (
                    "KAFKA-003 5 KafkaTopic streams/events spec.config.retention.ms: records are kept "
                    "for 1 s, 168 h is promised"
                )
            ],
            id="compacted, and deleted",
        ),
    ],
)
def test_kafka(manifests: list[str], expected: list[str], scan: Scan, short: Short) -> None:
    found = scan("platform.kafka", *manifests)
    assert short(found) == expected
    assert found.excluded == []


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (
            kafka(SAFE + "}", replicas=""),
            "no brokers are stated, and no KafkaNodePool is here",
        ),
        (topic("{}"), "no replicas are stated, and its Kafka is not here"),
        (kafka("{default.replication.factor: many}"), "a number is wanted, found text"),
    ],
)
def test_what_kafka_does_not_say_forbids_a_pass(manifest: str, reason: str, scan: Scan) -> None:
    (excluded,) = scan("platform.kafka", manifest).excluded
    assert excluded.reason.endswith(reason)


@pytest.mark.parametrize(
    ("name", "spec", "connector", "open_"),
    [
        ("audit", "{config: {retention.ms: 604800000}}", None, True),
        ("audit.events", "{}", None, True),
        ("patient-audits", "{}", None, True),
        ("auditorium", "{}", None, False),
        ("events", "{topicName: clinic.audit.v1}", None, True),
        ("audit", "{}", "{class: org.camel.S3SinkConnector, config: {topics: audit}}", False),
        ("audit", "{}", "{class: a.SinkConnector, config: {topics.regex: 'aud.*'}}", False),
        ("audit", "{}", "{class: a.SinkConnector, config: {topics: other}}", True),
        ("audit", "{}", "{class: a.SourceConnector, config: {topics: audit}}", True),
        ("audit", "{}", "{class: a.Sink, state: stopped, config: {topics: audit}}", True),
        ("audit", "{config: {retention.ms: 189388800000}}", None, False),
        ("audit", "{config: {retention.ms: 189388799999}}", None, True),
        ("audit", "{config: {retention.ms: -1}}", None, False),
        ("audit", "{config: {cleanup.policy: compact}}", None, True),
    ],
)
def test_an_audit_topic_s_week_is_not_its_retention(
    name: str, spec: str, connector: str | None, open_: bool, scan: Scan
) -> None:
    more = [] if connector is None else [sink(connector)]
    found = scan("platform.audit_retention", topic(spec, name), *more)
    assert bool(found.findings) is open_


def plugin(name: str, config: str, *, more: str = "", kind: str = "KongPlugin") -> str:
    return f"""
apiVersion: configuration.konghq.com/v1
kind: {kind}
metadata: {{name: {name}, namespace: clinic{more}}}
plugin: {name}
config: {config}
"""


@pytest.mark.parametrize(
    ("name", "config", "units"),
    [
        ("rate-limiting", "{second: 0.2, policy: redis}", []),  # 12 a minute, 720 an hour
        ("rate-limiting", "{minute: 10, policy: redis}", []),
        ("rate-limiting", "{day: 100, policy: redis}", []),
        ("rate-limiting", "{minute: 17, policy: redis}", ["hour"]),
        ("rate-limiting", "{hour: 1000, policy: redis}", ["minute"]),
        ("rate-limiting", "{policy: redis}", ["hour", "minute"]),
        ("rate-limiting-advanced", "{limit: [100, 1000], window_size: [60, 3600]}", []),
        ("rate-limiting-advanced", "{limit: [50], window_size: [30]}", ["limit"]),
    ],
)
def test_limits(name: str, config: str, units: list[str], scan: Scan) -> None:
    found = scan("platform.gateway", plugin(name, config))
    fields = {(each.flaw.place.symbol or "").rpartition(".")[2] for each in found.findings}
    assert sorted(fields) == units


DOOR = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: chat, namespace: clinic ANNOTATIONS}
spec:
  parentRefs: [{name: edge, namespace: kong}]
  rules:
    - backendRefs: [{name: chat, port: 443}]
"""
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: kong}
spec: {gatewayClassName: CLASS}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: chat, namespace: clinic}
spec: {clusterIP: None}
"""


def test_a_route_of_another_gateway_is_no_concern(scan: Scan) -> None:
    found = scan("platform.gateway", DOOR.replace("ANNOTATIONS", ""), GATEWAY, SERVICE)
    assert found.units == {}


def test_a_route_of_kong_needs_all_three(scan: Scan, short: Short) -> None:
    gateway = GATEWAY.replace("CLASS", "kong")
    found = scan("platform.gateway", DOOR.replace("ANNOTATIONS", ""), gateway, SERVICE)
    assert short(found) == [
        "GATEWAY-001 2 HTTPRoute clinic/chat: no HTTP audit log acts on it",
        "GATEWAY-001 2 HTTPRoute clinic/chat: no OAuth 2 scope acts on it",
        "GATEWAY-001 2 HTTPRoute clinic/chat: no limit of requests acts on it",
    ]


def test_what_a_route_names_and_is_not_here_forbids_a_pass(scan: Scan) -> None:
    named = ", annotations: {konghq.com/plugins: elsewhere}"
    found = scan("platform.gateway", DOOR.replace("ANNOTATIONS", named), SERVICE)
    assert [each.reason for each in found.excluded] == [
        "HTTPRoute clinic/chat: it names KongPlugin elsewhere, not among the manifests"
    ]


def test_settings_from_a_secret_forbid_a_pass_and_hide_nothing_else(scan: Scan) -> None:
    hidden = plugin("http-log", "{}").replace("config:", "configFrom:").replace(": {}", ": {a: b}")
    plain = plugin("http-log", "{http_endpoint: 'http://logs.example.org'}").replace(
        "name: http-log,", "name: second,"
    )
    found = scan("platform.gateway", hidden, plain)
    assert [each.reason for each in found.excluded] == [
        "KongPlugin clinic/http-log: its settings come from a Secret (configFrom)"
    ]
    assert len(found.findings) == 1


def test_oauth2_needs_kong_s_database(scan: Scan, short: Short) -> None:
    tokens = plugin("oauth2", "{mandatory_scope: true, scopes: [a], token_expiration: 3600}")
    kong = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: kong, namespace: kong}
spec:
  template:
    spec:
      containers: [{name: proxy, image: "kong:3.9", env: [{name: KONG_DATABASE, value: "off"}]}]
"""
    assert short(scan("platform.gateway", tokens)) == []
    assert short(scan("platform.gateway", tokens, kong)) == [
        (
            "GATEWAY-003 2 KongPlugin clinic/oauth2: Kong runs without a database "
            "(KONG_DATABASE=off), where oauth2 keeps no token and does not work"
        )
    ]


def test_kong_s_own_file_is_judged_with_its_lines() -> None:
    """As the loader gives it on: a document without kind that begins with `_format_version`."""
    text = """_format_version: "3.0"
services:
  - name: chat
    routes:
      - name: v1
        paths: [/v1/chat]
        plugins:
          - name: rate-limiting
            config: {minute: 100, hour: 1000, policy: redis}
plugins:
  - {name: oauth2, route: v1, config: {mandatory_scope: true, scopes: [a]}}
  - {name: http-log, consumer: partner, config: {http_endpoint: "https://log"}}
"""
    (document,) = read_documents(text)
    file = Resource(
        "declarative.konghq.com/3.0", "KongConfiguration", "kong.yml", "", document.value,
        "kong.yml", document,
    )  # fmt: skip
    rules = [each for each in load_rules().rules if each.topic.metric == "platform.gateway"]
    found = judge(Manifests([file]), rules)["platform.gateway"]
    assert sorted((each.flaw.place.line, each.message) for each in found.findings) == [
        (5, "KongConfiguration kong.yml route v1: no HTTP audit log acts on it"),
        (
            11,
            (
                "KongConfiguration kong.yml plugins[oauth2]: a token lasts 7200 s, at most 3600 s is "
                "promised"
            ),
        ),
    ]


def test_a_plugin_in_a_filter_acts_where_every_rule_has_it(scan: Scan) -> None:
    named = "{extensionRef: {group: configuration.konghq.com, kind: KongPlugin, name: http-log}}"
    route = DOOR.replace("ANNOTATIONS", "").replace(
        "backendRefs:", f"filters: [{named}]\n      backendRefs:"
    )
    log = plugin("http-log", "{http_endpoint: 'https://audit'}")
    gateway = GATEWAY.replace("CLASS", "kong")
    found = scan("platform.gateway", route, gateway, SERVICE, log)
    assert len(found.findings) == 2
    second = route + "    - backendRefs: [{name: chat, port: 443}]\n"
    assert len(scan("platform.gateway", second, gateway, SERVICE, log).findings) == 3


def test_a_declared_route_may_name_its_service(scan: Scan) -> None:
    text = """
apiVersion: v1
kind: ConfigMap
metadata: {name: kong, namespace: kong}
data:
  other.txt: "_format_version: [unfinished"
  kong.yml: |
    _format_version: "3.0"
    services:
      - {name: chat, plugins: [{name: http-log, config: {http_endpoint: "https://audit"}}]}
    routes:
      - {name: v1, service: {name: chat}, paths: [/v1]}
      - {name: v2, service: chat, paths: [/v2]}
      - {name: v3, paths: [/v3]}
    plugins:
      - {name: openid-connect, service: chat, config: {issuer: "https://id"}}
"""
    found = scan("platform.gateway", text)
    assert sorted(each.message.partition(".yml ")[2] for each in found.findings) == [
        "plugins[openid-connect]: no scope is demanded",
        "route v1: no limit of requests acts on it",
        "route v2: no limit of requests acts on it",
        "route v3: no HTTP audit log acts on it",
        "route v3: no OAuth 2 scope acts on it",
        "route v3: no limit of requests acts on it",
    ]


@pytest.mark.parametrize(
    ("classes", "named", "judged"),
    [
        ("", "ingressClassName: kong", True),
        ("", "ingressClassName: nginx", False),
        ("", "rules: []", False),
        ("name: edge", "ingressClassName: edge", True),
        ("name: edge", "rules: []", False),
        (
            'name: edge, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}',
            "rules: []",
            True,
        ),
    ],
)
def test_whose_ingress_it_is(classes: str, named: str, judged: bool, scan: Scan) -> None:
    ingress = f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: it, namespace: clinic}}
spec: {{{named}}}
"""
    ingress_class = f"""
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{{classes or "name: other"}}}
spec: {{controller: {"ingress-controllers.konghq.com/kong" if classes else "example.org/other"}}}
"""
    assert bool(scan("platform.gateway", ingress, ingress_class).units) is judged


def test_a_cluster_without_listeners_and_an_odd_pattern_forbid_a_pass(scan: Scan) -> None:
    mute = kafka(SAFE + "}").replace("[{name: tls, tls: true, authentication: {type: tls}}]", "[]")
    (excluded,) = scan("platform.kafka", mute).excluded
    assert excluded.reason.endswith("no listener is stated")
    odd = sink("{class: a.Sink, config: {topics.regex: '('}}")
    (excluded,) = scan("platform.audit_retention", topic("{}", "audit"), odd).excluded
    assert excluded.reason.endswith("the pattern is not understood")
