"""Requests to edit a token, by JSON with a session cookie."""

READS = frozenset({"profile:read", "protected:read"})


def edit(person, issued, **fields):
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": csrf}
    return person.ask("POST", f"/tokens/{issued.entry.id}/edit", json=fields, headers=headers)


def limits(person, issued):
    return person.ask("GET", f"/tokens/{issued.entry.id}/edit", headers={"Accept": "application/json"}).json
