"""Checks of the servers that share the database: their versions and clocks."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.cli.output import moment
from webapp.nodes.models import Node

TOLERATED, TOO_MUCH = timedelta(seconds=2), timedelta(seconds=30)
NTP = "Synchronise its clock with NTP: tokens and sessions end too early or too late there."


def versions_and_clocks(nodes: Sequence[Node], version: str) -> Iterator[Finding]:
    """Compare the version and the clock of each server with this program and the database.

    Args:
        nodes: those of the last days, the latest first.
        version: of this program.
    """
    for node in nodes:
        label = f"{node.name} ({node.bind})"
        at = f"version {node.version}, last seen {moment(node.seen_at)}"
        difference = node.clock_difference
        if difference is not None and abs(difference) > TOLERATED:
            level = bad if abs(difference) > TOO_MUCH else warn
            way = "ahead of" if difference > timedelta(0) else "behind"
            seconds = abs(difference).total_seconds()
            yield level("servers", f"The clock of {label} is {seconds:.1f} s {way} that of the database.", NTP)
        elif node.version != version:
            yield warn(
                "servers",
                f"{label} ran version {node.version}, and this is {version}.",
                "Run one version everywhere, unless it has been replaced.",
            )
        else:
            yield ok("servers", f"{label}: {at}.")


def this_clock(difference: timedelta | None) -> Iterator[Finding]:
    """Compare the clock of this machine with that of the database server.

    Args:
        difference: of the clock of this machine to that of the database server; None if it has none.
    """
    if difference is not None and abs(difference) > TOLERATED:
        seconds = difference.total_seconds()
        yield bad("clock", f"The clock of this machine differs by {seconds:.1f} s from that of the database.", NTP)
