"""OtherKindFields: what a form needs of a provider without OpenID Connect: its URLs, and its names for claims."""

from collections.abc import Mapping
from typing import Any

from wtforms import Field, SelectField, StringField
from wtforms.validators import Length, Optional

from webapp.core import outgoing_http
from webapp.core.translation import _, _l
from webapp.federation.models import LoginProvider
from webapp.federation.provider_preset import ProviderPreset
from webapp.federation.provider_settings import LONGEST_VALUE, WITHOUT_METADATA
from webapp.web.form import Form, field_names, one_line, stripped

EXACT = {"autocomplete": "off", "spellcheck": "false", "class": "input--exact"}
CLAIM = "claim_"
IN_BODY, BY_HEADER = "client_secret_post", "client_secret_basic"


def url_field(label: str, description: str) -> StringField:
    return StringField(
        label,
        [Optional(), Length(max=outgoing_http.LONGEST_URL), one_line],
        filters=[stripped],
        description=description,
        render_kw=EXACT | {"maxlength": outgoing_http.LONGEST_URL, "inputmode": "url"},
    )


def claim_field(label: str, description: str) -> StringField:
    return StringField(
        label,
        [Optional(), Length(max=LONGEST_VALUE), one_line],
        filters=[stripped],
        description=description,
        render_kw=EXACT | {"maxlength": LONGEST_VALUE},
    )


class EndpointFields(Form):
    request_token_endpoint = url_field(_l("Request token URL"), _l("Where a login begins with OAuth 1.0a."))
    authorization_endpoint = url_field(_l("Authorization URL"), _l("Where users log in."))
    token_endpoint = url_field(_l("Token URL"), _l("Where this site gets the access token."))
    userinfo_endpoint = url_field(_l("User URL"), _l("Responds with the user as JSON."))
    emails_endpoint = url_field(
        _l("URL of the e-mail addresses"),
        _l("Only if it responds with a list in the manner of GitHub, with primary and verified."),
    )


class ClaimNameFields(Form):
    claim_sub = claim_field(
        _l("Member with the user ID"),
        _l("Its name in the JSON of the user, such as id, or data.user.id for a nested member. Default: sub."),
    )
    claim_preferred_username = claim_field(
        _l("Member with the user name"), _l("For example login. Default: preferred_username.")
    )
    claim_name = claim_field(_l("Member with the display name"), _l("Without it: name."))
    claim_email = claim_field(_l("Member with the e-mail address"), _l("Without it: email."))
    claim_email_verified = claim_field(
        _l("Member that says whether the e-mail address is verified"),
        _l("It must be true. Default: email_verified."),
    )


class OtherKindFields(ClaimNameFields, EndpointFields):
    client_auth_method = SelectField(
        _l("How this site sends the client secret"),
        [Optional()],
        choices=lambda: {
            IN_BODY: str(_l("In the body (client_secret_post)")),
            BY_HEADER: str(_l("In a header (client_secret_basic)")),
        },
        default=IN_BODY,
    )

    def url_fields(self, kind: str) -> list[Field]:
        """The URLs that a kind of provider has."""
        foreign = "request_token_endpoint" if kind == "oauth2" else "emails_endpoint"
        names = field_names(EndpointFields)
        return [field for field in self if field.name in names and field.name != foreign]

    def has_urls(self, preset: ProviderPreset) -> bool:
        """Whether all URLs are entered that a preset needs; else the fields have errors."""
        needed = WITHOUT_METADATA[preset.kind] if preset.needs_endpoints else ()
        missing = [self[name] for name in needed if not self[name].data]
        for field in missing:
            field.errors = [_("Enter this URL.")]
        return not missing

    def claim_fields(self) -> list[Field]:
        names = field_names(ClaimNameFields)
        return [field for field in self if field.name in names]

    def of_kind(self, kind: str, former: LoginProvider | None = None) -> dict[str, Any]:
        """Fields of ``ProviderSettings`` for a provider without OpenID Connect.

        Args:
            former: the provider as it is; what cannot be entered in a form, such as a claim that is not used,
                stays as it has it.
        """
        fields = self.url_fields(kind)
        if former is not None and not any(field.raw_data for field in fields):
            # A script that changes something else.
            return {}
        chosen: dict[str, Any] = {
            "endpoints": {field.name: field.data for field in fields if field.data},
            "claim_names": self.claim_names(former.claim_names if former is not None else {}),
        }
        return chosen | ({"client_auth_method": self.client_auth_method.data or ""} if kind == "oauth2" else {})

    def claim_names(self, former: Mapping[str, str]) -> dict[str, str]:
        found = {field.name.removeprefix(CLAIM): field.data for field in self.claim_fields()}
        left_out = {name for name, path in former.items() if not path}
        return {name: path or "" for name, path in found.items() if path or name in left_out}

    def fill_in(self, row: LoginProvider) -> None:
        for field in self.url_fields(row.kind):
            field.data = row.endpoints.get(field.name, "")
        for field in self.claim_fields():
            field.data = row.claim_names.get(field.name.removeprefix(CLAIM), "")
