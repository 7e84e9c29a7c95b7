"""A blueprint of an app with a fault, to be served."""

from flask import Blueprint

from webapp.guard import public

bp = Blueprint("failing", __name__)


@bp.get("/failing")
@public
def index() -> str:
    raise ZeroDivisionError
