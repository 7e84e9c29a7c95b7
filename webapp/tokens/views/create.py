"""/tokens/new: create an API token, which is shown once."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard import Principal, require
from webapp.guard.preferences import zone
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import issuing, lifecycle, snippets
from webapp.tokens.editing import terms_of
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.forms.create import SEVERAL, SINGLE, filled_by_link
from webapp.tokens.issuing import IssuedToken, TokenRequest, TooManyTokens
from webapp.tokens.summary import permits, summary
from webapp.tokens.token_list import Token
from webapp.tokens.views import form_pages
from webapp.tokens.views.blueprint import (
    FRESH,
    bp,
    catalogue,
    issuer,
    policy,
    refuse_unless_strong,
    tell_owner,
    token_by_id,
)
from webapp.tokens.views.prefill import fields_like, fill_in, free_name
from webapp.tokens.views.token_pages import TokenPages, own_pages
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show, wants_page
from webapp.web.problems import Problem, problem_response
from webapp.web.responses import refuse_form
from webapp.web.transaction import db


class NewToken(msgspec.Struct, frozen=True):
    """The only response that contains the token."""

    id: UUID
    name: str
    access_token: str
    token_type: str
    expires_at: datetime
    """In the year 9999 if it never expires."""
    expires_in: int
    """In seconds."""
    scope: str
    summary: list[str]
    """What it can and cannot do, as sentences."""


@bp.get("/tokens/new")
@require(session=True, fresh_within=FRESH)
@reads("from", "page", "preset", "expires_on", *SINGLE, lists=("scope", *SEVERAL))
def new(principal: Principal) -> ResponseReturnValue:
    return new_form(own_pages(principal))


def new_form(pages: TokenPages) -> str:
    """The form for a new token, filled in by the query of the URL."""
    model = fields_like(pages.user_id)
    filled = model | filled_by_link()
    if "name" in filled:
        filled["name"] = free_name(pages.user_id, filled["name"])
    form = NewTokenForm.suggested_by(filled, catalogue=catalogue(pages.user_id), roles=pages.roles, **policy())
    preset_key = request.args.get("preset", form_pages.OWN_CHOICE)
    if not filled:
        fill_in(form, pages.user_id, preset_key)
    return form_pages.new_page(form, pages, preset_key=preset_key, copied_name=model.get("name"))


@bp.post("/tokens/new")
@require(session=True, fresh_within=FRESH)
@responds(NewToken, form=NewTokenForm, status=201, refuses=(409, 422))
def create(principal: Principal) -> ResponseReturnValue:
    """Create an API token. It is shown only in this response."""
    return create_token(principal, own_pages(principal))


def create_token(principal: Principal, pages: TokenPages) -> ResponseReturnValue:
    """Issue the token of the submitted form.

    Args:
        principal: who creates it, and may do so.
    """
    form = NewTokenForm(catalogue=catalogue(pages.user_id), roles=pages.roles, **policy())
    if not form.validate_on_submit():
        return form_again(form, pages)
    requested = token_request(form, actor_id=principal.user_id if pages.service else None)
    if (step_up := refuse_unless_strong(principal, requested.grant.scopes)) is not None:
        return step_up
    try:
        issued = issuer().issue(db(), pages.user_id, requested, AuthenticationProof(principal.auth_time, principal.amr))
    except issuing.AlreadyIssued as error:
        return already_issued(pages, error.token_id)
    except issuing.TokenNameTaken:
        form.name.errors = [name_taken(form.name.data or "", pages)]
        return form_again(form, pages)
    except TooManyTokens as error:
        form.form_errors.append(str(error))
        return form_again(form, pages)
    tell_owner("token_minted", lifecycle.TokenRow(issued.entry, issued.credential))
    return reveal(issued, pages)


def name_taken(name: str, pages: TokenPages) -> str:
    if pages.service:
        return _(
            "%(username)s already has a token called %(name)s. Choose another name, or revoke that one.",
            username=pages.service,
            name=name,
        )
    return _("You already have a token called %(name)s. Choose another name, or revoke that one.", name=name)


def token_request(form: NewTokenForm, *, actor_id: UUID | None) -> TokenRequest:
    return TokenRequest(
        name=form.name.data or "",
        note=form.note.data or None,
        grant=form.grant,
        lifetime=form.lifetime,
        reason=form.reason.data if form.is_endless else None,
        origin="page",
        once=form.once.data or None,
        actor_id=actor_id,
    )


def form_again(form: NewTokenForm, pages: TokenPages) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_pages.new_page(form, pages))


def answer_of(issued: IssuedToken) -> NewToken:
    terms = terms_of(lifecycle.TokenRow(issued.entry, issued.credential))
    return NewToken(
        id=issued.entry.id,
        name=terms.name,
        access_token=issued.token,
        token_type="DPoP" if terms.grant.jkt else "Bearer",
        expires_at=terms.expires_at,
        expires_in=int((terms.expires_at - now()).total_seconds()),
        scope=" ".join(sorted(terms.grant.scopes)),
        summary=summary(terms.grant, terms.expires_at, catalogue(), zone=zone()),
    )


def reveal(issued: IssuedToken, pages: TokenPages, former: Token | None = None) -> Response:
    """The page with the token. No redirect, because the token is shown only in this response."""
    answer, is_bound = answer_of(issued), bool(issued.credential.grant and issued.credential.grant.jkt)
    url = resource_url(issued.credential.grant or TokenGrant())
    response = show(
        answer,
        "tokens/issued.html",
        status=201,
        token=token_by_id(issued.entry.user_id, issued.entry.id),
        former=former,
        secret=issued.token,
        snippets=snippets.for_resource(url, is_bound=is_bound),
        is_bound=is_bound,
        summary=answer.summary,
        reason=issued.entry.reason,
        pages=pages,
    )
    return as_secret(response, pages.show_href(issued.entry.id))


def as_secret(response: Response, location: str) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept, Accept-Language, Authorization, Cookie"
    response.headers["Location"] = location
    return response


def already_issued(pages: TokenPages, token_id: UUID) -> ResponseReturnValue:
    if not wants_page():
        raise Problem(409, _("Already created"), _("This form has already created its token. It can't be shown again."))
    token = token_by_id(pages.user_id, token_id)
    return render_template("tokens/already_created.html", token=token, pages=pages), 409


def too_many(error: TooManyTokens) -> Response:
    """Problem 409 for script logins, which have no form."""
    return problem_response(Problem(409, _("Too many tokens"), str(error)))


def resource_url(grant: TokenGrant) -> str:
    """A URL that the token gives access to, for code examples."""
    base, user_catalogue = current_app.config["BASE_URL"], catalogue()
    routes = [found for found in user_catalogue.routes_of(sorted(grant.scopes)) if permits(found, grant)]
    reads = [found.rule for found in routes if found.method == "GET" and "<" not in found.rule]
    if reads and not reads[0].startswith("/"):
        # The rule of an app is its scope.
        scheme, opened = urlsplit(base).scheme, user_catalogue.scopes[reads[0]]
        return f"{scheme}://{opened.descriptions_for(())[0]}/"
    return f"{base}{reads[0]}" if reads else base + url_for("examples.protected").removeprefix(request.script_root)
