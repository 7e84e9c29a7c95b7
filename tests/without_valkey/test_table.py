"""The table in docs/limits.md: every limit, and where it is counted; each is tried in a scenario."""

import re
from pathlib import Path

from tests.without_valkey.every_scenario import SCENARIOS
from tests.without_valkey.limit_names import volatile_by_name

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| ((?:`[a-z-]+`(?:, )?)+) \| (\w+) \| ([^|]+) \|$", re.MULTILINE)
ROUTE = re.compile(r"^\| `([A-Z]+ \S+)` \| \d+ \| ([^|]+) \|", re.MULTILINE)
GONE = {"database": "nothing changes", "Valkey": "the database counts"}


def test_the_table_lists_every_limit_and_where_it_is_counted():
    rows = [(re.findall(r"[a-z-]+", names), where) for names, where, _ in ROW.findall(DOCUMENT)]
    listed = [(name, where == "Valkey") for names, where in rows for name in names]
    assert len(listed) == len(dict(listed))
    assert dict(listed) == volatile_by_name()
    assert {(where, gone) for _, where, gone in ROW.findall(DOCUMENT)} == set(GONE.items())


def test_every_limit_is_tried_in_a_scenario():
    assert {name for one in SCENARIOS for name in one.limits} == volatile_by_name().keys()


def test_every_public_route_with_a_counter_is_tried_in_a_scenario():
    counted = {route for route, rows in ROUTE.findall(DOCUMENT) if "counter" in rows}
    assert len(counted) > 20
    assert counted <= {route for one in SCENARIOS for route in one.routes}
