"""The form that edits a token; scripts send only the fields to change."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

import msgspec
from wtforms import DateField, SelectMultipleField, StringField
from wtforms.validators import Optional, ValidationError

from webapp.core.clock import now
from webapp.core.translation import _, _l
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.editing import TokenTerms
from webapp.tokens.forms.fields import ScopesField
from webapp.tokens.forms.restrictions import LimitsForm
from webapp.tokens.token_names import LONGEST
from webapp.web.body import is_json, json_value
from webapp.web.form import stripped


class EditTokenForm(LimitsForm):
    name = StringField(
        _l("Name"), [Optional()], filters=[stripped], render_kw={"maxlength": LONGEST, "autocomplete": "off"}
    )
    scopes = ScopesField(_l("Scopes"))
    expires_on = DateField(
        _l("New expiry date"),
        [Optional()],
        description=_l("The token works until the end of that day (UTC). Leave empty to keep the current expiry."),
    )

    @classmethod
    def of(cls, terms: TokenTerms, **world: Any) -> Self:
        """The form, filled in with the current terms of the token; submitted fields replace them."""
        grant = terms.grant
        lists = {
            "scopes": sorted(grant.scopes),
            "resources": sorted(grant.resources),
            "methods": sorted(grant.methods),
            "networks": list(grant.networks),
        }
        form = cls(data={"name": terms.name, "note": terms.note, "per_minute": grant.per_minute} | lists, **world)
        form.terms = terms
        if form.is_submitted() and is_json():
            # An empty list removes a restriction; a missing list, or null, leaves it unchanged.
            for name in lists:
                form[name].data = lists[name] if json_value(name) is None else form[name].data
        return form

    terms: TokenTerms

    @property
    def former(self) -> TokenGrant:
        return self.terms.grant

    @property
    def edited_terms(self) -> TokenTerms:
        former = self.terms.grant
        return TokenTerms(
            name=self.name.data or self.terms.name,
            note=self.note.data or None,
            # The bound key and the rate limit count are not part of the form.
            grant=msgspec.structs.replace(self.grant, jkt=former.jkt, counted_as=former.counted_as),
            expires_at=self.expires_at,
        )

    @property
    def expires_at(self) -> datetime:
        day = self.expires_on.data
        if day is None or day == self.terms.expires_at.date():
            return self.terms.expires_at
        return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1)

    def validate_scopes(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError(_("Keep at least one permission, or revoke the token."))

    def validate_expires_on(self, field: DateField) -> None:
        if field.data is not None and field.data > self.terms.expires_at.date():
            raise ValidationError(_("The expiry date can't be changed to a later one. Rotate the token instead."))
        if self.expires_at <= now():
            raise ValidationError(_("This date is in the past. To stop the token now, revoke it."))
