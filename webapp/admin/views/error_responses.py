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
        detail = "Its owner does this in a browser. Nothing was changed."
        raise Problem(403, "A token changes nothing of its owner's account", detail) from error
    except NotYoursToGrant as error:
        detail = "Only super admin gives what looks after others, or what you do not have. Nothing was changed."
        raise Problem(403, f"The role {in_words(error)} is not yours to give", detail) from error
    except PasswordElsewhere as error:
        detail = "Whoever keeps it gives a new one. Nothing was changed."
        raise Problem(409, f"The password of {error} is not kept here", detail) from error
    except IsDisabled as error:
        raise Problem(409, f"{error} is disabled", "Enable them first. Nothing was changed.") from error
    except AlreadyBegun as error:
        raise Problem(409, "A reset has begun already", "They were told of it, and can stop it.") from error
    except RoleGone as error:
        raise Problem(404, f"There is no role {in_words(error)} any more", "Somebody removed it meanwhile.") from error
    except (LastSuperAdmin, NobodyLeft) as error:
        detail = "Make somebody else super admin first. Nothing was changed."
        raise Problem(409, "Nobody would be left to let others in", detail) from error


def above(name: str) -> Problem:
    return Problem(403, f"{name} may do more than you", "Ask somebody with the role super admin. Nothing was changed.")


def no_such_user() -> Problem:
    return Problem(404, "There is no such user", "They never were, or they were deleted.")
