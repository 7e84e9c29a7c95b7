"""Routes of the site itself: /, /docs, /openapi.json, /healthz, /readyz, /.well-known/jwks.json, /problems."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _, in_english
from webapp.guard import public
from webapp.guard.own_authenticators import own_authenticators
from webapp.guard.require import public_to_scripts
from webapp.guard.routes import routes
from webapp.site.api_reference import reference
from webapp.site.openapi_document import describe
from webapp.site.readiness import FRESH, Readiness
from webapp.site.readiness import WORDS as NOT_READY
from webapp.tokens import snippets
from webapp.web import token_cookie
from webapp.web.api_schema import responds
from webapp.web.i18n import language
from webapp.web.negotiation import as_json, publicly_cacheable, show, wants_page
from webapp.web.problem_kinds import KINDS, WORDS, ProblemKind
from webapp.web.problems import Problem
from webapp.web.registry import service, services_of
from webapp.web.unproxied import unproxied

bp = Blueprint("site", __name__)

# How long clients may cache the keys. Short, so that a key of `keys rotate --signs-after 0s` or `keys emergency`
# reaches other services within a minute; a retired key is published for its whole overlap.
KEYS_KEPT = 60
# How long clients may cache the document, which changes only with a release.
DESCRIPTION_KEPT = 300


@dataclass(frozen=True, slots=True)
class Description:
    """The OpenAPI document, ready to send."""

    document: bytes
    pages: dict[str, str] = field(default_factory=dict)
    """The reference page, by language."""


class Health(msgspec.Struct, frozen=True):
    status: str


class Warned(msgspec.Struct, frozen=True):
    part: str
    reason: str


class Ready(Health, frozen=True, omit_defaults=True):
    warnings: list[Warned] = []
    """What fails although all requests are answered: `limits`, Valkey does not answer."""


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Redirect to the dashboard or the login page."""
    return redirect(url_for("dashboard.show" if current_user.is_authenticated else "login.new"), 303)


@bp.get("/healthz")
@public_to_scripts
@responds(Health)
def healthz() -> ResponseReturnValue:
    """Liveness check."""
    return publicly_cacheable(as_json(Health("ok")))


@bp.get("/readyz")
@public_to_scripts
@responds(Ready, refuses=(503,))
def readyz() -> ResponseReturnValue:
    """Readiness check: 503 with `part` and `reason` if the database cannot be read and written."""
    found = service(Readiness).result()
    if found.failure is not None:
        title, _detail = WORDS[503]
        headers = {"Retry-After": str(FRESH.seconds)}
        raise Problem(503, title, NOT_READY[found.failure], extra=found.failure._asdict(), headers=headers)
    return publicly_cacheable(as_json(Ready("ok", [Warned(*warning) for warning in found.warnings])))


class Jwks(msgspec.Struct, frozen=True):
    """JSON Web Key Set (RFC 7517 §5)."""

    keys: list[dict[str, str]]


@bp.get("/.well-known/jwks.json")
@public_to_scripts
@responds(Jwks, kind="application/jwk-set+json")
def jwks() -> ResponseReturnValue:
    """Public keys to verify tokens of this site (RFC 7517)."""
    keys: list[dict[str, Any]] = service(IdTokenKeys).jwks()["keys"]
    response = as_json(Jwks(keys), kind="application/jwk-set+json")
    response.headers["Cache-Control"] = f"public, max-age={KEYS_KEPT}"
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/problems/<slug>")
@public
@responds(ProblemKind)
def problem(slug: str) -> ResponseReturnValue:
    """Explain a problem type and how to fix it."""
    if slug not in KINDS:
        raise Problem(404, _("Problem type not found"))
    kind = KINDS[slug].translated()
    return show(kind, "errors/problem_kind.html", kind=kind)


@bp.get("/openapi.json")
@public_to_scripts
def openapi() -> Response:
    """The API as an OpenAPI 3.1 document."""
    response = Response(api_description().document, content_type="application/json")
    response.headers["Cache-Control"] = f"public, max-age={DESCRIPTION_KEPT}"
    return revalidated(response)


@bp.get("/docs")
@public
def docs() -> ResponseReturnValue:
    """The API reference as a page; scripts are redirected to the document."""
    if not wants_page():
        return redirect(url_for("site.openapi"), 303)
    response = Response(render_template("docs/docs.html", reference=reference_page()))
    if current_user.is_authenticated:
        return response
    # Browsers may cache the page, but must revalidate it.
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Language")
    return revalidated(response)


def revalidated(response: Response) -> Response:
    """Add an ETag, and respond with 304 if the client has the same version (RFC 9110 §13)."""
    response.add_etag()
    response.make_conditional(request)
    return response


def api_description() -> Description:
    """The OpenAPI document and its page.

    Built once, because routes do not change while the process runs, and building it takes 100 ms.
    """
    services = services_of(unproxied(current_app))
    found = services.find(Description)
    if found is None:
        config = current_app.config
        # One document for readers of all languages.
        with in_english():
            document = describe(
                config["SITE_NAME"],
                config["BASE_URL"],
                cookie=config["SESSION_COOKIE_NAME"],
                token_cookie=token_cookie.cookie_name() if "cookie" in config["TOKEN_LOCATIONS"] else None,
                routes=routes(current_app),
                views=current_app.view_functions,
                own=config["OWN_BLUEPRINTS"],
                authenticators={own.name: own.security_scheme for own in own_authenticators(current_app)},
            )
        found = Description(msgspec.json.encode(document))
        services.replace(Description)(found)
    return found


def reference_page() -> str:
    """The reference in the language of the request, rendered once for each language."""
    found = api_description()
    if language() not in found.pages:
        api = reference(msgspec.json.decode(found.document))
        found.pages[language()] = render_template("docs/_reference.html", api=api, dpop_client=snippets.HOLDING_A_KEY)
    return found.pages[language()]
