"""Every admin route, and what each credential is answered."""

from dataclasses import dataclass
from typing import Any

from tests.admin.admin_objects import WHY

REASON = {"reason": WHY}
TOKEN = {"name": "ci job", "scopes": ["protected:read"]}
SERVICE = {"name": "deploy", "purpose": "deploys the site", "owner": "boss"}
PROVIDER = {"preset": "google", "client_id": "c", "client_secret": "s"}
CHANGED_PROVIDER = {"name": "Acme", "issuer": "https://id.example.org", "client_id": "c"} | {
    "scopes": "openid",
    "grantable_roles": ["user"],
}
RULE, OTHER_RULE = ({"claim": "groups", "value": value, "role": "user"} for value in ("staff", "other"))
# These are only for service accounts; the other actions on users are for people too.
OF_SERVICES = ("/hand-over", "/tokens/new")
# What somebody is answered to whom the route is closed, as `status, code, required`.
NO_TOKEN = (403, "scope_required", ["session"])
NO_ROLE = (403, "role_required", ["super_admin"])


@dataclass(frozen=True)
class Row:
    """One call; what a session of a super admin, a token of one, and a token of an admin are answered."""

    call: str
    by_session: int
    by_token: int | tuple[int, str, list[str]]
    by_token_of_admin: int | tuple[int, str, list[str]] | None = None
    """None where it is the same as by the token of the super admin."""
    sent: dict[str, Any] | None = None
    case: str = ""

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def rule(self) -> str:
        return self.call.partition(" ")[2]


ROWS = (
    Row("GET /admin", 200, 200),
    Row("GET /admin/audit", 200, 200),
    Row("GET /admin/audit.csv", 200, 200),
    Row("GET /admin/audit.jsonl", 200, 200),
    Row("GET /admin/clients", 200, 200),
    Row("POST /admin/clients", 201, NO_TOKEN, sent={"name": "Chat", "redirect_uris": ["https://chat.example.org/cb"]}),
    Row("GET /admin/clients/<uuid:client_id>", 200, 200),
    Row("POST /admin/clients/<uuid:client_id>/edit", 200, NO_TOKEN, sent={"redirect_uris": "https://w.example.org/cb"}),
    *(Row(f"GET /admin/clients/<uuid:client_id>/{act}", 200, NO_TOKEN) for act in ("disable", "edit", "remove")),
    Row("POST /admin/clients/<uuid:client_id>/disable", 200, 200, 403),
    Row("POST /admin/clients/<uuid:client_id>/enable", 200, NO_TOKEN),
    Row("POST /admin/clients/<uuid:client_id>/remove", 204, NO_TOKEN),
    Row("POST /admin/clients/<uuid:client_id>/secret", 200, NO_TOKEN),
    Row("GET /admin/clients/logouts", 200, 200),
    Row("POST /admin/clients/logouts/<uuid:notice_id>/retry", 204, 204),
    Row("GET /admin/clients/registration", 200, NO_TOKEN),
    Row("POST /admin/clients/registration", 201, NO_TOKEN, sent={"uses": 1, "days": 1}),
    Row("POST /admin/clients/registration/<uuid:token_id>/revoke", 204, 204, 403),
    Row("POST /admin/clients/<uuid:client_id>/test", 200, NO_TOKEN),
    Row("GET /admin/clients/<uuid:client_id>/test/callback", 400, NO_TOKEN),
    Row("GET /admin/clients/new", 200, NO_TOKEN),
    Row("GET /admin/identity-providers", 200, 200),
    Row("POST /admin/identity-providers", 201, NO_TOKEN, sent=PROVIDER),
    Row("GET /admin/identity-providers/new", 200, NO_TOKEN),
    Row("GET /admin/identity-providers/<uuid:provider_id>", 200, 200),
    *(
        Row(f"GET /admin/identity-providers/<uuid:provider_id>/{act}", 200, NO_TOKEN)
        for act in ("disable", "edit", "remove", "rules")
    ),
    Row("GET /admin/identity-providers/<uuid:provider_id>/test", 303, NO_TOKEN),
    Row("POST /admin/identity-providers/<uuid:provider_id>/edit", 200, NO_TOKEN, sent=CHANGED_PROVIDER),
    Row("POST /admin/identity-providers/<uuid:provider_id>/disable", 200, 200, 403),
    Row("POST /admin/identity-providers/<uuid:provider_id>/enable", 200, NO_TOKEN),
    Row("POST /admin/identity-providers/<uuid:provider_id>/up", 200, NO_TOKEN),
    Row("POST /admin/identity-providers/<uuid:provider_id>/remove", 204, NO_TOKEN),
    Row("POST /admin/identity-providers/<uuid:provider_id>/rules", 200, NO_TOKEN, sent=OTHER_RULE),
    Row("POST /admin/identity-providers/<uuid:provider_id>/rules/remove", 200, NO_TOKEN, sent=RULE),
    Row("POST /admin/identity-providers/<uuid:provider_id>/rules/up", 200, NO_TOKEN, sent=RULE),
    Row("POST /admin/identity-providers/<uuid:provider_id>/rules/test", 200, NO_TOKEN, sent={"claims": "{}"}),
    Row("GET /admin/proxied-apps", 200, 200),
    Row("GET /admin/proxied-apps.toml", 200, 200),
    Row("POST /admin/proxied-apps", 201, NO_TOKEN, sent={"name": "Notes", "host": "notes.example.org"}),
    Row("GET /admin/proxied-apps/new", 200, NO_TOKEN),
    Row("GET /admin/proxied-apps/<uuid:app_id>", 200, 200),
    *(
        Row(f"GET /admin/proxied-apps/<uuid:app_id>/{act}", 200, NO_TOKEN)
        for act in ("disable", "edit", "remove", "rules", "rules/<uuid:rule_id>/edit", "rules/<uuid:rule_id>/remove")
    ),
    Row("GET /admin/proxied-apps/<uuid:app_id>/test", 200, 200),
    Row("POST /admin/proxied-apps/<uuid:app_id>/edit", 200, NO_TOKEN, sent={"name": "W", "hosts": "w.example.org"}),
    Row("POST /admin/proxied-apps/<uuid:app_id>/disable", 200, 200),
    Row("POST /admin/proxied-apps/<uuid:app_id>/enable", 200, NO_TOKEN),
    Row("POST /admin/proxied-apps/<uuid:app_id>/remove", 204, NO_TOKEN),
    Row("POST /admin/proxied-apps/<uuid:app_id>/rules", 200, NO_TOKEN, sent={"path": "/x"}),
    Row("POST /admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit", 200, NO_TOKEN, sent={"path": "/x"}),
    *(
        Row(f"POST /admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/{act}", 200, NO_TOKEN)
        for act in ("up", "down", "remove")
    ),
    Row("GET /admin/endpoints", 200, 200),
    Row("GET /admin/endpoints/uses", 200, 200),
    Row("GET /admin/invitations", 200, 200),
    Row("POST /admin/invitations/<uuid:invitation_id>/revoke", 204, 204),
    Row("GET /admin/invitations/new", 200, NO_TOKEN),
    Row("POST /admin/invitations/new", 201, NO_TOKEN, sent={"role": "user"}, case="user"),
    Row("POST /admin/invitations/new", 201, NO_TOKEN, sent={"role": "admin"}, case="admin"),
    Row("POST /admin/invitations/new", 201, NO_TOKEN, sent={"role": "user", "email": "eve@example.org"}, case="mailed"),
    Row("GET /admin/mail", 200, 200),
    Row("POST /admin/mail/<uuid:mail_id>/retry", 204, 204),
    Row("POST /admin/mail/test", 202, 202),
    Row("GET /admin/roles", 200, 200),
    Row("POST /admin/roles", 201, NO_TOKEN, sent={"name": "boss", "description": "x", "includes": ["admin"]}),
    Row("GET /admin/roles/<name>", 200, 200),
    Row("GET /admin/roles/<name>/edit", 200, NO_TOKEN),
    Row("POST /admin/roles/<name>/edit", 200, NO_TOKEN, sent={"description": "x", "includes": ["super_admin"]}),
    Row("GET /admin/roles/<name>/remove", 200, NO_TOKEN),
    Row("POST /admin/roles/<name>/remove", 204, NO_TOKEN),
    Row("GET /admin/roles/new", 200, NO_TOKEN),
    Row("GET /admin/settings", 200, 200, NO_ROLE),
    Row("GET /admin/users", 200, 200),
    Row("GET /admin/users/<uuid:user_id>", 200, 200),
    Row("GET /admin/users/<uuid:user_id>/<act>", 200, NO_TOKEN),
    Row("GET /admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end", 200, NO_TOKEN),
    Row("POST /admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end", 200, 200, sent=REASON),
    Row("GET /admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink", 200, NO_TOKEN),
    Row("POST /admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink", 200, 200, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/delete", 204, 204, sent=REASON | {"username": "ada"}),
    Row("POST /admin/users/<uuid:user_id>/disable", 200, 200, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/enable", 200, NO_TOKEN, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/unlock", 200, NO_TOKEN, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/end-sessions", 200, 200, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/reset-factors", 200, NO_TOKEN, sent=REASON),
    Row("POST /admin/users/<uuid:user_id>/reset-link", 201, NO_TOKEN, sent=REASON),
    Row(
        "POST /admin/users/<uuid:user_id>/role",
        200,
        NO_TOKEN,
        sent=REASON | {"role": "super_admin"},
        case="super admin",
    ),
    Row("POST /admin/users/<uuid:user_id>/role", 200, NO_TOKEN, sent=REASON | {"role": "admin"}, case="admin"),
    Row(
        "POST /admin/users/<uuid:user_id>/role", 200, NO_TOKEN, sent=REASON | {"role": "porter"}, case="includes admin"
    ),
    Row("POST /admin/users/<uuid:user_id>/role", 200, 200, 403, sent=REASON | {"role": "editor"}, case="no powers"),
    Row("POST /admin/users/<uuid:user_id>/hand-over", 200, NO_TOKEN, sent=REASON | {"owner": "boss"}),
    Row("GET /admin/users/<uuid:user_id>/tokens/new", 200, NO_TOKEN),
    Row("POST /admin/users/<uuid:user_id>/tokens/new", 201, NO_TOKEN, sent=TOKEN),
    Row("GET /admin/users/service-accounts", 200, 200),
    Row("GET /admin/users/service-accounts/new", 200, NO_TOKEN),
    Row("POST /admin/users/service-accounts/new", 201, NO_TOKEN, sent=SERVICE | {"role": "user"}, case="user"),
    Row("POST /admin/users/service-accounts/new", 201, NO_TOKEN, sent=SERVICE | {"role": "admin"}, case="admin"),
    Row("GET /admin/users/disable", 303, NO_TOKEN),
    Row("POST /admin/users/disable", 200, 200, sent=REASON | {"ids": ["{user_id}"]}),
)
