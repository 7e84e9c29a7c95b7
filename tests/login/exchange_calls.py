"""A token exchanged for one that another service takes."""

from tests.script import Script

REPORTS = "https://reports.example.org"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

WHOLE = {"grant_type": GRANT, "subject_token_type": ACCESS_TOKEN, "audience": REPORTS}


def exchange(app, token, **members):
    return Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": token} | members)
