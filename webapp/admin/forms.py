"""Forms of the admin pages; each action on an account needs a reason."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.accounts.owner_fields import person_field, role_field
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


class OwnerForm(Form):
    """The owner of a service account: a person or a role."""

    either = ("owner", "owner_role")

    owner = person_field(_l("Owner"), _l("User name or e-mail address of the person who owns it."))
    owner_role = role_field(
        _l("Or owned by a role"), _l("Everybody with this role owns it together, instead of one person.")
    )


class NewServiceForm(OwnerForm):
    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name.")),
            Length(max=50, message=_l("A user name can have at most 50 characters.")),
            one_line,
        ],
        filters=[stripped],
        description=_l("Shown in lists and in the audit log. It is different from all user names."),
        render_kw={"maxlength": 50, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    purpose = StringField(
        _l("Purpose"),
        [DataRequired(_l("Enter a purpose.")), Length(3, LONGEST), one_line],
        filters=[stripped],
        description=_l("What it is for, such as the job that uses it."),
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )
    role = StringField(
        _l("Role"),
        [InputRequired(_l("Choose a role.")), Length(max=20)],
        description=_l("Its tokens get at most what this role allows. The owner must have the role."),
    )


class HandOverForm(OwnerForm):
    reason = reason()


class NewOwnerFields(Form):
    """New owner of the service accounts of users who are disabled or deleted; without one, these stop too."""

    services_to = person_field(
        _l("Hand over to a person"),
        _l("User name or e-mail address. Leave it empty to disable the service accounts too."),
    )
    services_to_role = role_field(_l("Or hand over to a role"), _l("Everybody with this role owns them together."))


class DisableUserForm(NewOwnerFields):
    reason = reason()


class DeleteUserForm(NewOwnerFields):
    username = StringField(
        _l("User name"),
        [InputRequired(_l("Type the user name to confirm."))],
        description=_l("Type the full name to confirm. This can't be undone."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    reason = reason()


class DisableUsersForm(NewOwnerFields):
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
