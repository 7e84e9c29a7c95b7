"""docs/limits.md has every public route, with what anonymous requests to it cost."""

import re
from pathlib import Path

from webapp.guard.routes import routes

TABLE = Path(__file__).resolve().parents[1] / "docs" / "limits.md"
ROW = re.compile(r"^\| `([A-Z]+) (\S+)` \| (\d+) \| [^|]+ \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def test_every_public_route_is_listed_with_its_cost_and_limit(app):
    listed = [(method, path) for method, path, _ in ROW.findall(TABLE.read_text())]
    public = {
        (method, route.path)
        for route in routes(app)
        if route.requirement is not None and route.requirement.is_public
        for method in route.methods
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == public
