"""Form fields that name an owner of service accounts: a person or a role."""

from sqlalchemy.orm import Session
from wtforms import Field, StringField
from wtforms.validators import Length

from webapp.accounts import roles, user_queries
from webapp.accounts.service_rules import Owner
from webapp.core.translation import _
from webapp.web.form import stripped


def person_field(label: str, description: str) -> StringField:
    return StringField(
        label,
        [Length(max=320)],
        filters=[stripped],
        description=description,
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


def role_field(label: str, description: str) -> StringField:
    return StringField(label, [Length(max=20)], description=description)


def chosen_owner(db: Session, person: Field, role: Field, *, is_required: bool = True) -> Owner | None:
    """The owner that two fields name; None with an error at one of them, or if both may be empty and are."""
    if not person.data and not role.data and not is_required:
        return None
    if bool(person.data) == bool(role.data):
        person.errors = [_("Name one owner: a person or a role.")]
        return None
    if role.data:
        if roles.find(db, role.data) is None:
            role.errors = [_("This role does not exist.")]
            return None
        return Owner(role=role.data)
    user = user_queries.by_name_or_email(db, person.data)
    if user is None:
        person.errors = [_("No user has this name or e-mail address.")]
        return None
    return Owner(user)
