"""Which hosts are those of AWS."""

from __future__ import annotations

from typing import Final

__all__ = ["address_of", "is_aws"]

_PORTS: Final = {"http": 80, "https": 443}

# Of all partitions, dual-stack ones included.
_AWS_DOMAINS: Final = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
)


def is_aws(url: str | None) -> bool:
    """Tell whether an endpoint is one of AWS; None stands for AWS's own."""
    if url is None:
        return True
    address = address_of(url)
    return address is not None and address[0].endswith(_AWS_DOMAINS)


def address_of(url: str) -> tuple[str, int] | None:
    """Give host and port of an `http` or `https` URL; None where it is no such URL."""
    # By hand: to import urllib.parse takes as long as a good part of this package.
    scheme, _, rest = url.partition("://")
    usual = _PORTS.get(scheme.lower())
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        is_host = "]" in authority and all(c in "0123456789abcdefABCDEF:." for c in host)
        port = port.removeprefix(":")
    else:
        host, _, port = authority.partition(":")
        is_host = all(c.isalnum() or c in "-._" for c in host)
    if usual is None or not host or not is_host:
        return None
    if port and not (port.isdecimal() and int(port) < 65536):
        return None
    return host.lower(), int(port) if port else usual
