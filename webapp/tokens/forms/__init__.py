"""What is asked about a token, a form a file."""

from webapp.tokens.forms.editing import EditTokenForm
from webapp.tokens.forms.inspecting import InspectForm
from webapp.tokens.forms.minting import NewTokenForm
from webapp.tokens.forms.rotating import RotateForm

__all__ = ["EditTokenForm", "InspectForm", "NewTokenForm", "RotateForm"]
