"""One ticket that ten requests redeem at once: one wins. For PostgreSQL: journeys/."""

from tests.forward_auth import ticket_races


def test_of_ten_requests_with_one_ticket_one_wins(app):
    ticket_races.race(app)
