"""Forms of /api/auth. Their descriptions appear only in the OpenAPI document, which is in English."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from wtforms import BooleanField, Field, IntegerField, PasswordField, StringField
from wtforms.form import BaseForm
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from webapp.core.translation import _, _l
from webapp.login.forms import LONGEST
from webapp.web.form import Form, WordsField


def grant_type(grant: str) -> StringField:
    """``grant_type`` as OAuth libraries send it; it may be left out."""
    message = _l("This endpoint supports no other grant type.")
    return StringField("Grant", [Optional(), AnyOf([grant], message)], description=f"`{grant}`.")


def client_id() -> StringField:
    return StringField("Client", [LONGEST], description="Accepted from OAuth libraries, and not used.")


class NumberWithin(NumberRange):
    """NumberRange that accepts integers of any length; the original converts them to float and fails."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        try:
            super().__call__(form, field)
        except OverflowError as error:
            raise ValidationError(_("This is too long.")) from error


class CredentialsForm(Form):
    either = ("username", "email")

    username = StringField("Name", [LONGEST], description="Or `email`.")
    email = StringField("E-mail", [LONGEST], description="In place of `username`.")
    password = PasswordField("Password", [InputRequired(_l("Send a password."))])
    code = StringField(
        "Code",
        [Length(max=100, message=_l("This is too long."))],
        description="For users with a second factor: the 6-digit code from the authenticator app, or a recovery code.",
    )
    scope = WordsField(
        "Scopes",
        [Length(max=1000)],
        description="Separated by spaces, or a list. Default: reading resources and your own profile. "
        "The response says which were given.",
    )
    expires_in = IntegerField(
        "Seconds",
        [Optional(), NumberWithin(min=60, message=_l("At least 60 seconds."))],
        description="Lifetime in seconds.",
    )

    cookie = BooleanField(
        "In a cookie",
        description="Keep the token in an HttpOnly cookie, if this site allows it. The response has "
        "`csrf_token`, `expires_in` and `scope`, and no refresh token.",
    )
    grant_type = grant_type("password")
    client_id = client_id()

    def validate_username(self, field: StringField) -> None:
        if bool(field.data) == bool(self.email.data):
            field.errors = [*field.errors, _("Send either username or email.")]


class RefreshForm(Form):
    refresh_token = PasswordField("Refresh token", [InputRequired(_l("Send the refresh token."))])
    scope = WordsField(
        "Scopes",
        [Length(max=1000)],
        description="Separated by spaces. Fewer scopes than the login has, for this access token only.",
    )
    grant_type = grant_type("refresh_token")
    client_id = client_id()


class RevokeForm(Form):
    token = PasswordField("Token", [InputRequired(_l("Send the token."))], description="An access or a refresh token.")
    token_type_hint = StringField("Kind of token", description="Optional. The kind is recognised without it.")
    client_id = client_id()


class IntrospectForm(Form):
    """Introspection request (RFC 7662 §2.1), optionally with the request that the service received."""

    token = PasswordField("Token", [InputRequired(_l("Send the token."))], description="An access or a refresh token.")
    token_type_hint = StringField("Kind of token", description="Optional. The kind is recognised without it.")
    client_id = client_id()
    method = StringField(
        "Method of the call",
        [Optional(), Regexp("^[A-Z]{1,20}$", message=_l("Enter a method, such as GET."))],
        description="The method that the token was used with. The token is inactive if its restrictions "
        "exclude this method.",
    )
    path = StringField(
        "Path of the call",
        [Optional(), Length(max=2000), Regexp("^/", message=_l("A path must start with a slash."))],
        description="The path on this site. The token is inactive if its restrictions exclude this path.",
    )
    ip_address = StringField(
        "IP address of the caller",
        [Optional(), Length(max=45)],
        description="Where the token was used from. The token is inactive if its restrictions exclude this IP address.",
    )

    def validate_ip_address(self, field: StringField) -> None:
        try:
            ip_address(field.data or "")
        except ValueError as error:
            raise ValidationError(_("Enter an IPv4 or IPv6 address.")) from error


class ExchangeForm(Form):
    """Token exchange request (RFC 8693 §2.1)."""

    either = ("audience", "resource")

    GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
    ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
    TYPES = (ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt")

    grant_type = grant_type(GRANT)
    client_id = client_id()
    subject_token = PasswordField(
        "Token", description="The API token. You can also send it in the Authorization header."
    )
    subject_token_type = StringField(
        "Kind of token",
        [Optional(), AnyOf(TYPES, _l("Only access tokens can be exchanged."))],
        description=f"`{ACCESS_TOKEN}`.",
    )
    audience = StringField(
        "Service", [LONGEST], description="The service that the new token is for. You can send `resource` instead."
    )
    resource = StringField(
        "Service by its URI",
        [LONGEST],
        description="The service by its URI (RFC 8707). If you send `audience` too, both must name the same service.",
    )
    scope = WordsField(
        "Scopes", [Length(max=1000)], description="Separated by spaces. Default: all scopes of the token."
    )
    requested_token_type = StringField(
        "Kind of answer",
        [Optional(), AnyOf(TYPES, _l("Only access tokens can be requested."))],
        description=f"`{ACCESS_TOKEN}`.",
    )
    actor_token = PasswordField("Actor", description="Not supported: a token acts only for its owner.")
    actor_token_type = StringField("Kind of actor", description="Not supported: a token acts only for its owner.")

    def validate_actor_token(self, field: PasswordField) -> None:
        if field.data:
            raise ValidationError(_("A token acts only for its owner."))

    validate_actor_token_type = validate_actor_token

    def validate_audience(self, field: StringField) -> None:
        if not field.data and not self.resource.data:
            raise ValidationError(_("Name the service that the token is for."))

    def validate_resource(self, field: StringField) -> None:
        if not field.data:
            return
        if not urlsplit(field.data).scheme or "#" in field.data:
            raise ValidationError(_("A resource is an absolute URI without a fragment; other names go into audience."))
        if self.audience.data and self.audience.data != field.data:
            raise ValidationError(_("It names another service than audience. Request one token for each service."))

    @property
    def target(self) -> str:
        """The service that the token is for."""
        return self.audience.data or self.resource.data or ""
