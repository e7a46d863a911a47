"""How grave checkov's rules are, and which rules of trivy say the same.

Without an account checkov names no severity. The ones here follow the published severities of the
equal rules of trivy's checks, raised where health records would lie open (45 CFR 164.312(a)(2)(iv),
(e)(1)). A rule that is not listed is taken for `medium`.
"""

from __future__ import annotations

from types import MappingProxyType

from clinigate.core.flaw import FlawSeverity

__all__ = ["DEFAULT", "TRIVY_NAMES", "help_page", "severity_of_rule"]

DEFAULT = FlawSeverity.MEDIUM

_CRITICAL = frozenset(
    (
        "CKV_AWS_24",  # SSH from everywhere
        "CKV_AWS_25",  # RDP from everywhere
        "CKV_AWS_41",  # keys in the provider
        "CKV_AWS_45",  # keys in a function's environment
        "CKV_AWS_46",  # keys in user data
        "CKV_AWS_63",  # IAM: every action
        "CKV_AZURE_9",  # RDP from everywhere
        "CKV_AZURE_10",  # SSH from everywhere
        "CKV_GCP_2",  # SSH from everywhere
        "CKV_GCP_3",  # RDP from everywhere
    )
)
_HIGH = frozenset(
    (
        "CKV_AWS_3",  # volume not encrypted
        "CKV_AWS_16",  # database not encrypted
        "CKV_AWS_17",  # database open to the world
        "CKV_AWS_19",  # bucket not encrypted
        "CKV_AWS_20",  # bucket readable by all
        "CKV_AWS_29",  # cache not encrypted at rest
        "CKV_AWS_30",  # cache not encrypted in transit
        "CKV_AWS_37",  # cluster without audit log
        "CKV_AWS_39",  # cluster's interface open to the world
        "CKV_AWS_53",
        "CKV_AWS_54",
        "CKV_AWS_55",
        "CKV_AWS_56",  # bucket's public access not blocked
        "CKV_AWS_57",  # bucket writable by all
        "CKV_AWS_58",  # cluster's secrets not encrypted
        "CKV_AWS_62",  # IAM: full administration
        "CKV_AWS_103",  # TLS older than 1.2
        "CKV2_AWS_6",  # bucket without a public access block
        "CKV_AZURE_3",  # storage reachable without TLS
        "CKV_AZURE_34",
        "CKV_DOCKER_3",  # no user is created
        "CKV_DOCKER_8",  # the last user is root
        "CKV_GCP_11",  # database open to the world
        "CKV_GCP_28",  # bucket readable by all
        "CKV_K8S_16",  # privileged container
        "CKV_K8S_17",  # the host's processes
        "CKV_K8S_18",  # the host's shared memory
        "CKV_K8S_19",  # the host's network
        "CKV_K8S_20",  # may gain privileges
        "CKV_K8S_22",  # root file system writable
        "CKV_K8S_23",  # runs as root
        "CKV_K8S_26",  # a port of the host
        "CKV_K8S_27",  # the container engine's socket
        "CKV_K8S_39",  # CAP_SYS_ADMIN
        "CKV_K8S_49",  # roles with wildcards
        "CKV_SECRET_2",
        "CKV_SECRET_6",
    )
)
_LOW = frozenset(
    (
        "CKV2_AWS_61",
        "CKV2_AWS_62",
        "CKV_AWS_18",
        "CKV_AWS_144",
        "CKV_DOCKER_2",
        "CKV_DOCKER_4",
        "CKV_K8S_10",
        "CKV_K8S_11",
        "CKV_K8S_12",
        "CKV_K8S_13",
        "CKV_K8S_15",
        "CKV_K8S_28",
        "CKV_K8S_31",
        "CKV_K8S_37",
        "CKV_K8S_40",
        "CKV_K8S_43",
    )
)

#: trivy's rules that say the same as one of checkov's, for `Scanner.same`.
TRIVY_NAMES = MappingProxyType(
    {
        "AWS-0026": "CKV_AWS_3",
        "AWS-0080": "CKV_AWS_16",
        "AWS-0086": "CKV_AWS_53",
        "AWS-0087": "CKV_AWS_54",
        "AWS-0088": "CKV_AWS_19",
        "AWS-0089": "CKV_AWS_18",
        "AWS-0090": "CKV_AWS_21",
        "AWS-0091": "CKV_AWS_55",
        "AWS-0092": "CKV_AWS_20",
        "AWS-0093": "CKV_AWS_56",
        "AWS-0094": "CKV2_AWS_6",
        "AWS-0107": "CKV_AWS_24",
        "AWS-0132": "CKV_AWS_145",
        "AWS-0180": "CKV_AWS_17",
        "DS-0001": "CKV_DOCKER_7",
        "DS-0002": "CKV_DOCKER_3",
        "DS-0004": "CKV_DOCKER_1",
        "DS-0005": "CKV_DOCKER_4",
        "DS-0026": "CKV_DOCKER_2",
        "KSV-0001": "CKV_K8S_20",
        "KSV-0003": "CKV_K8S_37",
        "KSV-0005": "CKV_K8S_39",
        "KSV-0006": "CKV_K8S_27",
        "KSV-0008": "CKV_K8S_18",
        "KSV-0009": "CKV_K8S_19",
        "KSV-0010": "CKV_K8S_17",
        "KSV-0011": "CKV_K8S_11",
        "KSV-0012": "CKV_K8S_23",
        "KSV-0013": "CKV_K8S_14",
        "KSV-0014": "CKV_K8S_22",
        "KSV-0015": "CKV_K8S_10",
        "KSV-0016": "CKV_K8S_12",
        "KSV-0017": "CKV_K8S_16",
        "KSV-0018": "CKV_K8S_13",
        "KSV-0020": "CKV_K8S_40",
        "KSV-0022": "CKV_K8S_25",
        "KSV-0024": "CKV_K8S_26",
        "KSV-0030": "CKV_K8S_31",
        "KSV-0036": "CKV_K8S_38",
    }
)

#: Pages of the policy index, by the first part of `CKV_<part>_<number>` and the kind of report.
_PAGES = {
    "dockerfile": "dockerfile",
    "helm": "kubernetes",
    "kubernetes": "kubernetes",
    "terraform": "terraform",
    "terraform_json": "terraform",
}


def severity_of_rule(rule: str) -> FlawSeverity:
    """Return how grave a rule of checkov is, `DEFAULT` where it is not listed."""
    for severity, rules in (
        (FlawSeverity.CRITICAL, _CRITICAL),
        (FlawSeverity.HIGH, _HIGH),
        (FlawSeverity.LOW, _LOW),
    ):
        if rule in rules:
            return severity
    return DEFAULT


def help_page(kind: str) -> str:
    """Return where checkov explains the rules of a kind of file."""
    page = _PAGES.get(kind, "all")
    return f"https://www.checkov.io/5.Policy%20Index/{page}.html"
