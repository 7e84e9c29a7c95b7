"""Forms to register and change apps that log users in with this site; ``client_fields`` has their fields."""

from collections.abc import Sequence
from typing import Any, ClassVar

from wtforms import BooleanField, Field, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Optional
from wtforms.widgets import TextArea

from webapp.admin.views.client_fields import (
    EXACT,
    LONGEST_URL,
    AccessFields,
    AdvancedFields,
    BasicFields,
    SecurityFields,
)
from webapp.core.translation import _l
from webapp.oauth.client_settings import NAMES, ClientSettings
from webapp.oauth.clients import LONGEST_NAME, NewClient
from webapp.oauth.models import OAuthClient
from webapp.oauth.recipes import APPS, RECIPES, Recipe
from webapp.web.form import Form, WordsField, field_names, one_line, stripped


class ClientForm(AdvancedFields, SecurityFields, AccessFields, BasicFields):
    groups: ClassVar[dict[str, type[Form]]] = {
        "basics": BasicFields,
        "access": AccessFields,
        "security": SecurityFields,
        "advanced": AdvancedFields,
    }

    def group(self, name: str) -> list[Field]:
        """The fields of one group, in the order of their definition."""
        names = field_names(self.groups[name])
        return [field for field in self if field.name in names]

    @property
    def has_more(self) -> bool:
        """Whether something that is folded has a value or an error."""
        return any(field.data or field.errors for field in self.group("advanced"))

    def settings(self) -> ClientSettings:
        return ClientSettings(**self.chosen())

    def chosen(self) -> dict[str, Any]:
        return {name: (self[name].data or "").split() if is_list(self[name]) else self[name].data for name in NAMES}


class NewClientForm(ClientForm):
    recipe = StringField(_l("Recipe"), [Optional(), AnyOf(RECIPES, _l("There is no such preset."))])
    app_url = StringField(
        _l("URL of the app"),
        [Length(max=LONGEST_URL)],
        filters=[stripped],
        description=_l("As its users open it, such as https://cloud.example.org. The redirect URIs follow from it."),
        render_kw=EXACT | {"maxlength": LONGEST_URL, "class": "input--exact", "inputmode": "url"},
    )
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name.")), Length(max=LONGEST_NAME), one_line],
        filters=[stripped],
        description=_l("Shown to users before they log in to the app."),
        render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"},
    )
    is_public = BooleanField(
        _l("It cannot keep a secret"),
        description=_l("A single-page app, or an app on a computer or phone. It gets a client ID only."),
    )

    @property
    def chosen_recipe(self) -> Recipe | None:
        return RECIPES.get(self.recipe.data or "")

    def new_client(self) -> NewClient:
        """What is to be registered; what the form leaves open follows from the recipe.

        Raises:
            InvalidClientSettings
        """
        recipe, chosen = self.chosen_recipe, self.chosen()
        if recipe is not None and not chosen["redirect_uris"]:
            chosen |= recipe.settings_for(self.app_url.data or "")
        is_public = self.is_public.data or (recipe is not None and recipe.is_public)
        return NewClient(name=self.name.data or "", is_public=is_public, recipe=self.recipe.data or None, **chosen)


def suggested(key: str, app_url: str = "", name: str = "") -> NewClientForm:
    """The form for a new app of a recipe."""
    form = NewClientForm(formdata=None, data={"recipe": key, "app_url": app_url})
    if (recipe := form.chosen_recipe) is not None and key in APPS:
        form.name.data = name or recipe.name
    return form


def is_list(field: Field) -> bool:
    return isinstance(field, WordsField)


def filled_in(client: OAuthClient, people: Sequence[str]) -> ClientForm:
    """The form with the settings of a client.

    Args:
        people: user names of those who may use it.
    """
    form = ClientForm(formdata=None, obj=client)
    for field in form:
        if is_list(field):
            one_per_line = isinstance(field.widget, TextArea)
            entries = people if field.name == "people" else getattr(client, field.name)
            field.data = ("\n" if one_per_line else " ").join(entries)
    return form
