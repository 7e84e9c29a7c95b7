"""What the rules of looking after say, as the caller hears it."""

from collections.abc import Iterator
from contextlib import contextmanager

from webapp.accounts.admin_actions import IsDisabled, NotYoursToGrant, OwnAccount, TargetOutranksActor
from webapp.accounts.lifecycle import LastSuperAdmin, PasswordElsewhere
from webapp.accounts.roles import NobodyLeft, RoleGone
from webapp.core.humanize import in_words
from webapp.mfa.resets import AlreadyBegun
from webapp.web.problems import Problem


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except TargetOutranksActor as error:
        raise above(str(error)) from error
    except OwnAccount as error:
        detail = "Log in with a browser to do this. Nothing was changed."
        raise Problem(403, "A token can't change its owner's account", detail) from error
    except NotYoursToGrant as error:
        detail = "Only a super admin can assign admin roles or roles that you don't have. Nothing was changed."
        raise Problem(403, f"You can't assign the role {in_words(error)}", detail) from error
    except PasswordElsewhere as error:
        detail = "It is managed by the identity provider and can only be reset there. Nothing was changed."
        raise Problem(409, f"The password of {error} is managed elsewhere", detail) from error
    except IsDisabled as error:
        raise Problem(409, f"{error} is disabled", "Enable them first. Nothing was changed.") from error
    except AlreadyBegun as error:
        raise Problem(409, "A reset has already started", "The user was notified and can stop it.") from error
    except RoleGone as error:
        raise Problem(404, f"The role {in_words(error)} no longer exists", "Somebody has removed it.") from error
    except (LastSuperAdmin, NobodyLeft) as error:
        detail = "Make another user super admin first. Nothing was changed."
        raise Problem(409, "This is the last super admin", detail) from error


def above(name: str) -> Problem:
    return Problem(403, f"{name} has more permissions than you", "Ask a super admin. Nothing was changed.")


def no_such_user() -> Problem:
    return Problem(404, "User not found", "This user does not exist or was deleted.")
