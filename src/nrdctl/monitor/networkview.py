"""`monitor network`, as the containers see it: RX is what the container received.

Containers in one network namespace (a pod's) show the same counters; one in the host's namespace has none of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from nrdctl.monitor.collector import Needs
from nrdctl.monitor.figures import Figure, decimal, number, stating, total, word
from nrdctl.monitor.view import IDENTITY, View

if TYPE_CHECKING:
    from nrdctl.monitor.frame import Frame, Row

# A full bar is this many bytes per second, at least.
QUIET = 1000.0


def rate(name: str) -> Callable[[Row], int | None]:
    """Return what gives one of the rates, in whole bytes or packets per second."""
    return lambda row: round(getattr(row.network_rates, name)) if row.network_rates else None


def counter(*names: str) -> Callable[[Row], int | None]:
    """Return what gives the sum of these counters since the interfaces were made."""
    return lambda row: row.network.total(*names) if row.network and not row.network.host else None


def mode(row: Row) -> str | None:
    """`host` in the host's network namespace, `none` without an interface, else `own`."""
    if row.network is None:
        return None
    if row.network.host:
        return "host"
    return "own" if row.network.interfaces else "none"


def traffic(row: Row) -> float | None:
    """Bytes per second, both ways."""
    return row.network_rates.rx_bytes + row.network_rates.tx_bytes if row.network_rates else None


def _total(frame: Frame) -> str:
    received = total("RX", frame.totals.rx_bytes, decimal)
    return f"{received}/s  {total('TX', frame.totals.tx_bytes, decimal)}/s"


def _hosts(figure: Figure) -> Figure:
    """The word `host` in the place of a number that isn't the container's own."""
    return dataclasses.replace(figure, show=lambda row: "host" if mode(row) == "host" else figure.show(row))


NETWORK = View(
    kind="network",
    needs=Needs(network=True),
    main="RxRate",
    history=traffic,
    top=lambda _: QUIET,
    total=_total,
    figures=(
        *IDENTITY,
        stating(_hosts(number("RxRate", "RX/s", rate("rx_bytes"), decimal, rank=99, width=6))),
        number("TxRate", "TX/s", rate("tx_bytes"), decimal, rank=98, width=6),
        number("RxPacketRate", "RX PKT/s", rate("rx_packets"), rank=55),
        number("TxPacketRate", "TX PKT/s", rate("tx_packets"), rank=55),
        number("Errors", "ERRORS", counter("rx_errors", "tx_errors"), rank=70),
        number("Drops", "DROPS", counter("rx_drops", "tx_drops"), rank=65),
        number("RxTotal", "RX TOTAL", counter("rx_bytes"), decimal, rank=80, width=6),
        number("TxTotal", "TX TOTAL", counter("tx_bytes"), decimal, rank=80, width=6),
        number("RxPackets", "RX PACKETS", counter("rx_packets")),
        number("TxPackets", "TX PACKETS", counter("tx_packets")),
        word("Network", "NETWORK", mode),
    ),
)
