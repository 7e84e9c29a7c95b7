"""What those who look after the house fill in; nothing is done to anybody without a reason."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.web.form import Form, one_line, stripped

LONGEST = 200


def reason() -> StringField:
    return StringField(
        "Reason",
        [DataRequired("Say why; it is written down, and told to whom it concerns."), Length(max=LONGEST), one_line],
        filters=[stripped],
        description="It stands in the log, and in the mail to whom it concerns.",
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )


class ReasonForm(Form):
    reason = reason()


class ChangeRoleForm(Form):
    role = StringField("Role", [InputRequired("Choose a role."), Length(max=20)])
    reason = reason()


class DeleteUserForm(Form):
    username = StringField(
        "Their name",
        [InputRequired("Type their name, to be sure that it is them.")],
        description="Typed in full, because this cannot be undone.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    reason = reason()


class DisableUsersForm(Form):
    ids = SelectMultipleField(
        "People",
        [InputRequired("Choose somebody.")],
        validate_choice=False,
        description="The ids of at most 100 users.",
    )
    reason = reason()


class RoleForm(Form):
    description = StringField(
        "Description",
        [DataRequired("Say what it is for."), Length(max=LONGEST), one_line],
        filters=[stripped],
        description="Those who give it read this.",
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )
    includes = SelectMultipleField(
        "Includes", validate_choice=False, description="Whoever has it may do all that these may."
    )


class NewRoleForm(RoleForm):
    name = StringField(
        "Name",
        [DataRequired("A role needs a name.")],
        filters=[stripped],
        description="As code writes it: small letters, digits and underscores. It stays.",
        render_kw={"maxlength": 20, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
