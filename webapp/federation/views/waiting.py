"""/login/with/<provider>/account: the first login of an identity: a new account, or one that exists."""

from functools import partial
from typing import Any, NamedTuple

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.accounts import invitations
from webapp.accounts.models import User
from webapp.accounts.names import InvalidUserName
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.registration import EmailTaken, UserNameTaken
from webapp.accounts.views import link_secret
from webapp.accounts.views.registration import INVITATION
from webapp.accounts.views.request_info import REQUESTED, current_circumstances, enforce_limit, mailer
from webapp.core.translation import _
from webapp.federation import linking, new_accounts, providers, role_rules, waiting_identities
from webapp.federation.forms import ProviderAccountForm
from webapp.federation.linking import LinkedElsewhere
from webapp.federation.models import LoginProvider, WaitingIdentity
from webapp.federation.new_accounts import NoAccount
from webapp.federation.provider_assurance import amr_of
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.providers import ProviderEncryptor
from webapp.federation.views.blueprint import bp
from webapp.federation.views.failures import back
from webapp.federation.views.new_session import complete, keep_provider_session
from webapp.guard import public
from webapp.login.views.login_page import stay
from webapp.web.cookies import cookie_attributes, prefixed
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import refuse_form
from webapp.web.transaction import database


class UndecidedIdentity(NamedTuple):
    """An identity that waits for its user's decision."""

    row: WaitingIdentity
    provider: LoginProvider
    identity: ProviderIdentity


def wait_for_decision(
    db: Session,
    row: LoginProvider,
    identity: ProviderIdentity,
    target: str,
    *,
    page: str = "federation.choose_account",
    user: str = "",
) -> ResponseReturnValue:
    """Keep an identity without an account, and lead to the page where its user decides.

    Args:
        user: see ``waiting_identities.store``.
    """
    secret = waiting_identities.store(db, row, identity, target, service(ProviderEncryptor), user=user)
    response = current_app.make_response(redirect(url_for(page, slug=row.slug), 303))
    lifetime = int(waiting_identities.LIFETIME.total_seconds())
    response.set_cookie(cookie_name(), secret, max_age=lifetime, httponly=True, samesite="Lax", **cookie_attributes())
    return response


def cookie_name() -> str:
    return prefixed("identity")


def waiting(db: Session, slug: str, *, user: str = "") -> UndecidedIdentity:
    """The identity with which this browser came from a provider.

    Args:
        user: see ``waiting_identities.find``.

    Raises:
        Problem: 404 if there is none, or it came too long ago.
    """
    row = waiting_identities.find(db, request.cookies.get(cookie_name(), ""), user=user)
    provider = providers.by_id(db, row.provider_id) if row is not None else None
    if row is None or provider is None or provider.slug != slug or provider.disabled_at is not None:
        raise log_in_again()
    identity = waiting_identities.identity_in(row, service(ProviderEncryptor))
    if identity.issuer != provider.issuer:
        raise log_in_again()
    return UndecidedIdentity(row, provider, identity)


def log_in_again() -> Problem:
    return Problem(
        404,
        _("This login cannot be continued"),
        _("You logged in there more than 10 minutes ago, or in another browser, or it is finished. Log in again."),
        actions=(back(),),
    )


@bp.get("/login/with/<slug>/account")
@public
def choose_account(slug: str) -> ResponseReturnValue:
    """The first login with a provider: what is copied to the account, and the choice of a user name."""
    with database().read() as reading:
        found = waiting(reading, slug)
    form = ProviderAccountForm(formdata=None, data={"username": new_accounts.suggested_name(found.identity)})
    return account_page(form, found)


def account_page(form: ProviderAccountForm, found: UndecidedIdentity) -> str:
    with database().read() as reading:
        context = account_context(reading, found)
    return render_template("federation/account.html", form=form, **context)


def account_context(db: Session, found: UndecidedIdentity) -> dict[str, Any]:
    provider, identity, secret = found.provider, found.identity, link_secret.opened(INVITATION)
    invited = invitations.find(db, secret) if secret else None
    return {
        "provider": provider,
        "identity": identity,
        "account_email": new_accounts.account_email_of(db, provider, identity, invited),
        "may_register": new_accounts.may_have_account(provider, identity, is_invited=bool(secret)),
        "policy": provider.account_policy,
        "link_url": url_for("login.new", next=url_for("federation.link_form", slug=provider.slug), stay=stay()),
    }


@bp.post("/login/with/<slug>/account")
@public
@reads(form=ProviderAccountForm)
def create_account(slug: str) -> ResponseReturnValue:
    """Create the account, link it and log in."""
    with database().read() as reading:
        found = waiting(reading, slug)
    form = ProviderAccountForm()
    if is_valid := form.validate_on_submit():
        # Each shows whether a user name is taken.
        enforce_limit(REQUESTED)
    user = created(found, form) if is_valid else None
    if user is None:
        return refuse_form(form, partial(account_page, form, found))
    link_secret.drop(INVITATION)
    amr = amr_of(found.provider, found.identity)
    return without_cookie(complete(user, amr, found.identity.auth_time, found.row.next))


def created(found: UndecidedIdentity, form: ProviderAccountForm) -> User | None:
    """The new account; None if the form has errors now."""
    identity, invitation = found.identity, link_secret.opened(INVITATION)
    name = form.username.data or ""
    try:
        with database().write() as writing:
            provider = spend_waiting(writing, found)
            circumstances = current_circumstances()
            created_account = new_accounts.create(
                writing, mailer(), provider, identity, username=name, invitation=invitation, circumstances=circumstances
            )
            linking.note_login(created_account.link, identity)
            role_rules.apply(writing, provider, identity, created_account.user, created_account.link)
            keep_provider_session(writing, provider, identity, created_account.user.id)
            return created_account.user
    except InvalidUserName as error:
        form.username.errors = [str(error)]
    except UserNameTaken:
        form.username.errors = [_("This user name is taken. Choose another one.")]
    except EmailTaken:
        form.form_errors.append(
            _(
                "An account here already uses your e-mail address. Log in to that account, then link "
                "%(provider)s under Account, Security.",
                provider=found.provider.name,
            )
        )
    except NoAccount as error:
        raise no_account(found.provider) from error
    except (LinkDead, LinkedElsewhere) as error:
        raise log_in_again() from error
    return None


def spend_waiting(db: Session, found: UndecidedIdentity) -> LoginProvider:
    """Use up a waiting identity. Returns its provider, read within this transaction."""
    if not waiting_identities.spend(db, found.row):
        raise log_in_again()
    return db.get_one(LoginProvider, found.provider.id)


def no_account(provider: LoginProvider) -> Problem:
    return Problem(
        403,
        _("There is no account for you here"),
        _("Logins with %(provider)s get no new account. Ask your administrator.", provider=provider.name),
        actions=(back(),),
    )


def without_cookie(response: ResponseReturnValue) -> Response:
    """Delete the cookie of the identity."""
    flask_response = current_app.make_response(response)
    flask_response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", **cookie_attributes())
    return flask_response
