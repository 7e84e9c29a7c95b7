"""A body may come in many pieces, but not in so many that taking them costs more than reading the body."""

import pytest

from tests.web.asgi_scope import CHUNKED, LENGTH_5, scope
from tests.web.test_asgi import call, gateway, view
from webapp.web.body_reader import BYTES_PER_PIECE, FEWEST_PIECES

__all__ = ["view"]

LARGE = BYTES_PER_PIECE * FEWEST_PIECES * 2


@pytest.mark.parametrize("framing", [LENGTH_5, CHUNKED], ids=["with a length", "chunked"])
@pytest.mark.parametrize("piece", [b"x", b""], ids=["of one byte", "empty"])
@pytest.mark.parametrize(("limit", "most"), [(FEWEST_PIECES, FEWEST_PIECES), (LARGE, FEWEST_PIECES * 2)])
def test_a_body_in_too_many_pieces_is_refused(view, framing, piece, limit, most):
    target = gateway(view, body_limit=limit)
    view.config["MAX_CONTENT_LENGTH"] = limit
    asked = scope("POST", b"/echo", framing)
    assert call(target, asked, *[piece] * most)[::2] == (200, piece * most)
    status, headers, _ = call(target, asked, *[piece] * (most + 1))
    assert (status, headers[b"connection"]) == (413, b"close")
