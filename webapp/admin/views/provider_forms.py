"""Forms of identity providers. Every field has the name of its column and of its field in ``ProviderSettings``."""

from typing import Any, ClassVar

from wtforms import BooleanField, Field, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from webapp.admin.views.provider_kind_forms import EXACT, OtherKindFields
from webapp.core import outgoing_http
from webapp.core.translation import _l
from webapp.federation.models import LoginProvider
from webapp.federation.presets import PRESETS
from webapp.federation.provider_preset import GENERIC, ProviderPreset
from webapp.federation.provider_secrets import LONGEST_SECRET
from webapp.federation.provider_settings import LONGEST_CLIENT_ID, LONGEST_NAME, NAMES
from webapp.federation.providers import LAST_POSITION, LONGEST_SLUG
from webapp.web.form import Form, WordsField, field_names, one_line, stripped

LONGEST_LIST = 5000
POLICY_WORDS = {
    "closed": _l("Nobody. Users link it to an account that they have"),
    "invited": _l("Whoever has opened an invitation"),
    "domains": _l("Whoever has a verified e-mail address of these domains"),
    "open": _l("Everybody whom the provider logs in"),
}


def client_id_field() -> StringField:
    return StringField(
        _l("Client ID"),
        [InputRequired(_l("Enter the client ID that the provider shows.")), Length(max=LONGEST_CLIENT_ID), one_line],
        filters=[stripped],
        render_kw=EXACT | {"maxlength": LONGEST_CLIENT_ID},
    )


class NewProviderForm(OtherKindFields):
    """Preset, client ID and client secret; also the issuer URL if it differs for each customer of the provider.

    For a provider without discovery and without a preset also its URLs and names.
    """

    preset = StringField(_l("Preset"), [Optional(), AnyOf(PRESETS, _l("There is no such preset."))])
    slug = StringField(
        _l("Short name in URLs"),
        [Optional(), Length(max=LONGEST_SLUG)],
        filters=[stripped],
        description=_l("The redirect URI contains it. It cannot be changed later."),
        render_kw=EXACT | {"maxlength": LONGEST_SLUG},
    )
    issuer = StringField(
        _l("Issuer URL"),
        [Length(max=outgoing_http.LONGEST_URL), one_line],
        filters=[stripped],
        render_kw=EXACT | {"maxlength": outgoing_http.LONGEST_URL},
    )
    client_id = client_id_field()
    client_secret = PasswordField(
        _l("Client secret"),
        [InputRequired(_l("Enter the client secret that the provider shows.")), Length(max=LONGEST_SECRET)],
        filters=[stripped],
        description=_l("It is stored encrypted, and not shown again."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    name = StringField(
        _l("Name"),
        [Length(max=LONGEST_NAME), one_line],
        filters=[stripped],
        description=_l("On the button of the login page."),
        render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"},
    )

    scopes = WordsField(
        _l("Scopes"),
        [Length(max=LONGEST_LIST)],
        description=_l("As the provider names them, separated by spaces. Leave it empty if it names none."),
        render_kw=EXACT,
    )

    @property
    def chosen_preset(self) -> ProviderPreset:
        return PRESETS[self.preset.data or GENERIC]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        return bool(is_valid) and self.has_urls(self.chosen_preset)

    def chosen(self) -> dict[str, Any]:
        """What replaces the settings of the preset."""
        preset, found = self.chosen_preset, {"client_id": self.client_id.data, "name": self.name.data}
        if not preset.needs_endpoints:
            return found
        return found | self.of_kind(preset.kind) | {"scopes": (self.scopes.data or "").split()}


class BasicProviderFields(Form):
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name.")), Length(max=LONGEST_NAME), one_line],
        filters=[stripped],
        description=_l("On the button of the login page."),
        render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"},
    )
    issuer = StringField(
        _l("Issuer URL"),
        [InputRequired(_l("Enter the issuer.")), Length(max=outgoing_http.LONGEST_URL), one_line],
        filters=[stripped],
        description=_l("As the provider names itself. It cannot be changed once an account is linked."),
        render_kw=EXACT | {"maxlength": outgoing_http.LONGEST_URL, "inputmode": "url"},
    )
    client_id = client_id_field()
    client_secret = PasswordField(
        _l("New client secret"),
        [Length(max=LONGEST_SECRET)],
        filters=[stripped],
        description=_l("Leave it empty to keep the one that is stored."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class AccountFields(Form):
    account_policy = SelectField(
        _l("Who gets an account at the first login"),
        choices=lambda: {policy: str(label) for policy, label in POLICY_WORDS.items()},
        default="closed",
        description=_l("Users who have an account here can link it to their login there in any case."),
    )
    account_domains = WordsField(
        _l("Domains whose users get an account"),
        [Length(max=LONGEST_LIST)],
        description=_l("For example example.org, separated by spaces. Only for the choice with domains above."),
        render_kw=EXACT,
    )
    email_domains = WordsField(
        _l("E-mail domains that belong to this provider"),
        [Length(max=LONGEST_LIST)],
        description=_l(
            "Users who log in there with a verified e-mail address of these domains are logged in to the account here "
            "that has this e-mail address. Enter only domains whose mailboxes this provider assigns. Leave it empty if "
            "in doubt."
        ),
        render_kw=EXACT,
    )


class TrustFields(Form):
    grantable_roles = WordsField(
        _l("Roles that rules may give"),
        [Length(max=LONGEST_LIST)],
        description=_l(
            "Names of roles, separated by spaces. No rule can give another one. Leave it empty for a provider without "
            "rules."
        ),
        render_kw=EXACT,
    )
    trusted_acr = WordsField(
        _l("Values of acr that count as two factors"),
        [Length(max=LONGEST_LIST)],
        description=_l(
            "A login with the provider counts as one factor. With one of these values of acr in its ID token it counts "
            "as two, and users are not asked for a second one here. Leave it empty if in doubt."
        ),
        render_kw=EXACT,
    )
    trusted_amr = WordsField(
        _l("Values of amr that count as two factors"),
        [Length(max=LONGEST_LIST)],
        description=_l("The same for amr, such as mfa."),
        render_kw=EXACT,
    )
    logs_out = BooleanField(
        _l("Log out there, too"),
        description=_l(
            "Users who log out here are then logged out at the provider, too, and so of other sites. Useful on shared "
            "computers."
        ),
    )


class AdvancedProviderFields(Form):
    scopes = WordsField(
        _l("Scopes"),
        [Length(max=LONGEST_LIST)],
        description=_l(
            "What this site requests of the provider, separated by spaces: openid profile email for a login. For rules "
            "by groups add the scope that the provider names for them, often groups."
        ),
        render_kw=EXACT,
    )
    position = IntegerField(
        _l("Position"),
        [Optional(), NumberRange(0, LAST_POSITION, _l("The position is a number from 0 to 999."))],
        default=0,
        description=_l(
            "Order of the buttons on the login page: the lowest number first. The list of providers has buttons for it."
        ),
    )


class ProviderForm(OtherKindFields, AdvancedProviderFields, TrustFields, AccountFields, BasicProviderFields):
    groups: ClassVar[dict[str, type[Form]]] = {
        "basics": BasicProviderFields,
        "accounts": AccountFields,
        "trust": TrustFields,
        "advanced": AdvancedProviderFields,
    }

    def group(self, name: str) -> list[Field]:
        """The fields of one group, in the order of their definition."""
        names = field_names(self.groups[name])
        return [field for field in self if field.name in names]

    def chosen(self, row: LoginProvider) -> dict[str, Any]:
        """The values by name, without the secret."""
        found = {field.name: field.data for field in self if field.name in NAMES}
        del found["client_auth_method"]
        lists = {field.name: (field.data or "").split() for field in self if isinstance(field, WordsField)}
        of_kind = self.of_kind(row.kind, row) if row.kind != "oidc" else {}
        return found | lists | {"position": self.position.data or 0} | of_kind


def filled_in(row: LoginProvider) -> ProviderForm:
    """The form with the settings of a provider."""
    form = ProviderForm(formdata=None, obj=row)
    form.client_secret.data = ""
    form.fill_in(row)
    for field in form:
        if isinstance(field, WordsField):
            field.data = " ".join(getattr(row, field.name))
    return form
