"""Example views for people and scripts, to copy."""

import msgspec
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webapp.core.translation import _l
from webapp.guard import Principal, current_requirement, public, require, resource
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json, publicly_cacheable, show, wants_page

bp = Blueprint("examples", __name__)
resource("protected", _l("Protected examples"), reads=_l("Open the pages that show how a resource is protected."))


class Hello(msgspec.Struct, frozen=True):
    message: str


class ExampleAnswer(msgspec.Struct, frozen=True):
    """The caller, the credential, and the requirement of the route."""

    username: str
    roles: list[str]
    credential: str
    scopes: list[str]
    requirement: str


@bp.get("/public", endpoint="public")
@public
@responds(Hello)
def public_page() -> ResponseReturnValue:
    """A page for everybody."""
    if wants_page():
        # It shows who is logged in, so no cache may store it.
        return render_template("examples/public.html")
    return publicly_cacheable(as_json(Hello("This page is public.")), vary="Accept")


@bp.get("/protected")
@require(scope="protected:read")
@responds(ExampleAnswer)
def protected(principal: Principal) -> ResponseReturnValue:
    """For every user, and tokens with the default scope."""
    return entered(principal)


@bp.get("/protected/user")
@require(role="user", scope="protected:read")
@responds(ExampleAnswer)
def user(principal: Principal) -> ResponseReturnValue:
    """For the role user."""
    return entered(principal)


@bp.get("/protected/admin")
@require(role="admin", scope="protected:read")
@responds(ExampleAnswer)
def admin(principal: Principal) -> ResponseReturnValue:
    """For the role admin."""
    return entered(principal)


@bp.get("/protected/super-admin")
@require(role="super_admin", scope="protected:read")
@responds(ExampleAnswer)
def super_admin(principal: Principal) -> ResponseReturnValue:
    """For the role super_admin."""
    return entered(principal)


def entered(principal: Principal) -> ResponseReturnValue:
    entry = ExampleAnswer(
        username=principal.username,
        roles=list(principal.roles),
        credential=principal.credential,
        scopes=sorted(principal.scopes),
        requirement=str(current_requirement()),
    )
    return show(entry, "examples/example.html", answer=entry)
