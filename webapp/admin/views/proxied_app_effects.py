"""effects_sentence(): what a change does to the requests of the last day, in words."""

from webapp.core.translation import _, _n
from webapp.forward_auth.replay import ChangeEffects


def effects_sentence(effects: ChangeEffects) -> str:
    """The effects in whole sentences; also if nothing changes, or if there was no request."""
    if not effects.replayed:
        return _("There was no request in the last day.")
    found = []
    if effects.refused:
        found.append(
            _n(
                "%(num)s request of the last day would now be refused.",
                "%(num)s requests of the last day would now be refused.",
                effects.refused,
            )
        )
    if effects.allowed:
        found.append(
            _n(
                "%(num)s request of the last day would now be allowed.",
                "%(num)s requests of the last day would now be allowed.",
                effects.allowed,
            )
        )
    if effects.network:
        found.append(
            _n(
                "%(num)s request of the last day would now be refused unless it came from these networks.",
                "%(num)s requests of the last day would now be refused unless they came from these networks.",
                effects.network,
            )
        )
    return " ".join(found) or _("The change would affect no request of the last day.")


def with_effects(message: str, effects: ChangeEffects) -> str:
    """The message about a change, with what it does if it does anything."""
    has_any = effects.refused or effects.allowed or effects.network
    return f"{message} {effects_sentence(effects)}" if has_any else message
