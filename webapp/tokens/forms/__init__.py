"""What is asked about a token, a form a file."""

from webapp.tokens.forms.editing import EditTokenForm
from webapp.tokens.forms.inspecting import InspectForm
from webapp.tokens.forms.minting import NewTokenForm

__all__ = ["EditTokenForm", "InspectForm", "NewTokenForm"]
