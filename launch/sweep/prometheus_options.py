"""[prometheus] of a sweep file: whether the driver serves its figures, and where."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from launch.sweep.table import Table

PORT = 9390  # beside the trainer's 9400


@dataclass(frozen=True)
class PrometheusOptions:
    port: int = PORT  # the next free one where it is taken; 0: any
    address: str = "127.0.0.1"
    targets: Path | None = None  # the folder in which Prometheus is told; None: it is not


def parse_prometheus(table: Table) -> PrometheusOptions | None:
    """None: the section is not there."""
    if "prometheus" not in table.values:
        table.get("prometheus")
        return None
    section = table.section("prometheus")
    port = section.integer("port", PORT)
    address = section.text("address", "127.0.0.1")
    targets = section.text("targets")
    assert port is not None and address is not None
    if port > 65535:
        section.wrong("port", "a port in [0, 65535]")
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        section.wrong("address", "an IPv4 address of this host; 0.0.0.0 is all of them")
    section.finish()
    return PrometheusOptions(port, address, Path(targets) if targets else None)
