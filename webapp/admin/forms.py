"""Forms of the admin pages; each action on an account needs a reason."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.core.translation import _l
from webapp.web.form import Form, one_line, stripped

LONGEST = 200


def reason() -> StringField:
    return StringField(
        _l("Reason"),
        [DataRequired(_l("Enter a reason.")), Length(max=LONGEST), one_line],
        filters=[stripped],
        description=_l("Recorded in the audit log and included in the mail to the user."),
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )


class ReasonForm(Form):
    reason = reason()


class ChangeRoleForm(Form):
    role = StringField(_l("Role"), [InputRequired(_l("Choose a role.")), Length(max=20)])
    reason = reason()


class DeleteUserForm(Form):
    username = StringField(
        _l("User name"),
        [InputRequired(_l("Type the user name to confirm."))],
        description=_l("Type the full name to confirm. This can't be undone."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    reason = reason()


class DisableUsersForm(Form):
    ids = SelectMultipleField(
        _l("Users"),
        [InputRequired(_l("Select at least one user."))],
        validate_choice=False,
        description=_l("IDs of up to 100 users."),
    )
    reason = reason()


class RoleForm(Form):
    description = StringField(
        _l("Description"),
        [DataRequired(_l("Enter a description.")), Length(max=LONGEST), one_line],
        filters=[stripped],
        description=_l("Shown when the role is assigned."),
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )
    includes = SelectMultipleField(
        _l("Includes"),
        validate_choice=False,
        description=_l("Users with this role get everything that the selected roles allow."),
    )


class NewRoleForm(RoleForm):
    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name."))],
        filters=[stripped],
        description=_l("The name used in code: lower-case letters, digits and underscores. It can't be changed later."),
        render_kw={"maxlength": 20, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
