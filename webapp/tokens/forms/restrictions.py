"""LimitsForm: scopes and restrictions of a token, for creating and editing it."""

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from webapp.core.translation import LazyText, _, _l
from webapp.guard.token_grant import MAX_PER_MINUTE, METHODS, TokenGrant
from webapp.tokens import own_rotation
from webapp.tokens.forms.fields import ListField, ScopesField
from webapp.tokens.ip_restrictions import InvalidNetwork, networks_of
from webapp.tokens.issuing import LONGEST_NOTE
from webapp.tokens.own_rotation import excluding
from webapp.tokens.scope_picker import PickerRow, rows
from webapp.tokens.scopes import Catalogue, displayed_path
from webapp.tokens.token_names import LONGEST, SHORTEST, InvalidTokenName, checked_name
from webapp.web.body import is_json
from webapp.web.form import Form, one_line, stripped
from webapp.web.templating import number

# Each resource is one group of radio buttons, so it needs a name of its own.
LEVEL = "scopes-"


class LimitsForm(Form):
    """Scopes are sent as ``scopes``, repeated for each, or as levels of the scope picker."""

    prefixes = (LEVEL,)

    name = StringField(
        _l("Name"),
        [
            Length(
                SHORTEST,
                LONGEST,
                _l("A name must have %(shortest)s to %(longest)s characters.", shortest=SHORTEST, longest=LONGEST),
            )
        ],
        filters=[stripped],
        description=_l("For example the machine or job that uses the token."),
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )
    note = StringField(
        _l("Note"),
        [Optional(), Length(max=LONGEST_NOTE), one_line],
        filters=[stripped],
        description=_l("What others should know about this token."),
        render_kw={"maxlength": LONGEST_NOTE, "autocomplete": "off"},
    )
    scopes = ScopesField(_l("Scopes"), [InputRequired(_l("Choose at least one permission."))])
    resources = SelectMultipleField(
        _l("Only these paths"), description=_l("None selected: all paths that its permissions allow.")
    )
    methods = SelectMultipleField(
        _l("Only these methods"),
        description=_l("None selected: all methods. GET includes HEAD."),
    )
    networks = ListField(
        _l("Only from these IP addresses"),
        validate_choice=False,
        description=_l("Networks such as 10.0.0.0/8 or single IP addresses, separated by spaces."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 1000},
    )
    per_minute = IntegerField(
        _l("Requests per minute"),
        [
            Optional(),
            NumberRange(
                1, MAX_PER_MINUTE, _l("From 1 to %(most)s, or leave it empty.", most=LazyText(number, MAX_PER_MINUTE))
            ),
        ],
        description=_l("Requests over this limit are refused with status 429."),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )

    class Meta(Form.Meta):
        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            return with_levels(super().wrap_formdata(form, formdata))

    def __init__(self, *args: Any, catalogue: Catalogue, roles: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue, self.roles = catalogue, roles
        self.scopes.choices = [(name, name) for name in catalogue.held_by(roles)]
        self.resources.choices = [(rule, displayed_path(rule)) for rule in catalogue.rules(roles)]
        self.methods.choices = [(method, method) for method in METHODS]
        self.suggested: set[str] = set()

    @property
    def grant(self) -> TokenGrant:
        """The grant as it was filled in; only valid after the form was validated."""
        bounds: dict[str, Any] = {
            "scopes": frozenset(self.scopes.data or ()),
            "resources": frozenset(self.resources.data or ()),
            "methods": frozenset(self.methods.data or ()),
            "networks": networks_of(self.networks.data or ()),
            "per_minute": self.per_minute.data,
        }
        # Restrictions without values are left out, so that equal grants have equal JSON.
        return TokenGrant(**{name: bound for name, bound in bounds.items() if bound})

    @property
    def former(self) -> TokenGrant:
        """The grant before the change, if the form changes a token."""
        return TokenGrant()

    def excludes_rotation_by(self, field: str) -> bool:
        entered_grant = TokenGrant(
            scopes=frozenset(self.scopes.data or ()),
            resources=frozenset(self.resources.data or ()),
            methods=frozenset(self.methods.data or ()),
        )
        return field in excluding(entered_grant) and field not in excluding(self.former)

    @property
    def rows(self) -> list[PickerRow]:
        return rows(self.catalogue, self.roles, self.scopes.data or (), is_suggested="scopes" in self.suggested)

    @property
    def has_more_limits(self) -> bool:
        more = (self.resources, self.methods, self.per_minute)
        return any(field.data or field.errors for field in more)

    def validate_name(self, field: StringField) -> None:
        if field.errors:  # Its length was named already.
            return
        try:
            checked_name(field.data or "")
        except InvalidTokenName as error:
            raise ValidationError(str(error)) from error

    def validate_networks(self, field: ListField) -> None:
        try:
            networks_of(field.data or ())
        except InvalidNetwork as error:
            raise ValidationError(str(error)) from error

    def validate_resources(self, field: SelectMultipleField) -> None:
        if shut := self.catalogue.uncovered(field.data or (), self.scopes.data or ()):
            raise ValidationError(
                _("None of the permissions you chose gives access to %(path)s.", path=displayed_path(shut[0])[:100])
            )
        if self.excludes_rotation_by("resources"):
            raise ValidationError(
                _(
                    "To rotate itself, the token needs the path %(path)s. Select it too, or remove that permission.",
                    path=own_rotation.RULE,
                )
            )

    def validate_methods(self, _field: SelectMultipleField) -> None:
        if self.excludes_rotation_by("methods"):
            raise ValidationError(
                _(
                    "To rotate itself, the token needs the method %(name)s. Select it too, or remove that permission.",
                    name=own_rotation.METHOD,
                )
            )


def with_levels(members: Any) -> Any:
    """The scopes of the chosen levels, added to those sent as ``scopes``."""
    if not members or is_json() or not any(name.startswith(LEVEL) for name in members):
        return members
    level_scopes = [
        scope
        for name in members
        if name.startswith(LEVEL)
        for value in members.getlist(name)
        for scope in value.split()
    ]
    found = MultiDict(members)
    found.setlist("scopes", list(dict.fromkeys([*members.getlist("scopes"), *level_scopes])))
    return found
