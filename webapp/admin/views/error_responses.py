"""Refusals of admin actions as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from webapp.accounts.admin_actions import IsDisabled, NotYoursToGrant, OwnAccount, TargetOutranksActor
from webapp.accounts.lifecycle import LastSuperAdmin, PasswordManagedExternally
from webapp.accounts.roles import NoSuperAdminLeft, RoleGone
from webapp.accounts.service_rules import InvalidServiceOwner, ServiceAccountCannotLogIn
from webapp.core.humanize import humanize
from webapp.core.translation import _
from webapp.mfa.resets import AlreadyBegun
from webapp.web.problems import Problem


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except TargetOutranksActor as error:
        raise outranked(str(error)) from error
    except OwnAccount as error:
        detail = _("Log in with a browser to do this. Nothing was changed.")
        raise Problem(403, _("A token can't change its owner's account"), detail) from error
    except NotYoursToGrant as error:
        detail = _("Only a super admin can assign admin roles or roles that you don't have. Nothing was changed.")
        raise Problem(403, _("You can't assign the role %(role)s", role=humanize(error)), detail) from error
    except PasswordManagedExternally as error:
        detail = _("It is managed by the identity provider and can only be reset there. Nothing was changed.")
        raise Problem(409, _("The password of %(username)s is managed elsewhere", username=error), detail) from error
    except ServiceAccountCannotLogIn as error:
        detail = _("It has no password and no other way to log in. Nothing was changed.")
        raise Problem(409, _("%(username)s is a service account", username=error), detail) from error
    except InvalidServiceOwner as error:
        detail = " ".join((str(error), _("Nothing was changed.")))
        raise Problem(409, _("The owner can't have this service account"), detail) from error
    except IsDisabled as error:
        raise Problem(
            409, _("%(username)s is disabled", username=error), _("Enable them first. Nothing was changed.")
        ) from error
    except AlreadyBegun as error:
        raise Problem(409, _("A reset has already started"), _("The user was notified and can stop it.")) from error
    except RoleGone as error:
        title = _("The role %(role)s no longer exists", role=humanize(error))
        raise Problem(404, title, _("Somebody has removed it.")) from error
    except (LastSuperAdmin, NoSuperAdminLeft) as error:
        detail = _("Make another user super admin first. Nothing was changed.")
        raise Problem(409, _("This is the last super admin"), detail) from error


def outranked(name: str) -> Problem:
    title = _("%(username)s has more permissions than you", username=name)
    return Problem(403, title, _("Ask a super admin. Nothing was changed."))


def no_such_user() -> Problem:
    return Problem(404, _("User not found"), _("This user does not exist or was deleted."))
