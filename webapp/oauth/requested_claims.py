"""read(): what the parameter ``claims`` of an authorization request asks for (OpenID Connect Core §5.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.guard.assurance import BY_ACR, Level
from webapp.oauth.claims import CLAIMS_BY_SCOPE
from webapp.oauth.request_errors import RequestRefused
from webapp.oauth.scopes import OPENID
from webapp.verify import Invalid, load

LONGEST = 2000
SECTIONS = ("userinfo", "id_token")


@dataclass(frozen=True, slots=True)
class RequestedClaims:
    """Claims that an app asks for by name."""

    scopes: tuple[str, ...] = ()
    """Those that have the claims. An app gets a claim by its scope only, so that users see and allow the same."""
    subjects: tuple[frozenset[str], ...] = ()
    """Sets of ``sub`` values; the user must be in each of them (§5.5.1)."""
    preferred_levels: tuple[Level, ...] = ()
    """Levels of the login in order of preference, as with ``acr_values``."""
    level: Level = Level.ONE
    """Level that the login must reach, because ``acr`` is essential (§5.5.1.1)."""


def read(text: str) -> RequestedClaims:
    """Parse the ``claims`` parameter (OpenID Connect Core §5.5).

    Args:
        text: the value of the parameter; empty if it is missing.

    Raises:
        RequestRefused: it is not valid, or demands a level that this site does not know.
    """
    if not text:
        return RequestedClaims()
    if len(text) > LONGEST:
        raise RequestRefused("invalid_request", f"claims has more than {LONGEST} characters")
    try:
        document = load(text.encode(errors="replace"))
    except Invalid as error:
        raise invalid() from error
    sections = [section_of(document, name) for name in SECTIONS]
    names = {name for section in sections for name in section}
    acr = sections[SECTIONS.index("id_token")].get("acr", {})
    levels, is_essential = levels_of(acr), acr.get("essential") is True
    return RequestedClaims(
        scopes=tuple(scope for scope, claims in CLAIMS_BY_SCOPE.items() if scope != OPENID and names & {*claims}),
        subjects=tuple(frozenset(values_of(one["sub"])) for one in sections if is_limited(one.get("sub", {}))),
        preferred_levels=() if is_essential else levels,
        level=min(levels, default=Level.ONE) if is_essential else Level.ONE,
    )


def section_of(document: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """The claims that one section asks for, each with its conditions; ``null`` has none."""
    section = {} if document.get(name) is None else document[name]
    if not isinstance(section, dict) or not all(one is None or isinstance(one, dict) for one in section.values()):
        raise invalid()
    return {claim: one or {} for claim, one in section.items()}


def is_limited(claim: Mapping[str, Any]) -> bool:
    return "value" in claim or "values" in claim


def values_of(claim: Mapping[str, Any]) -> Iterable[str]:
    """The texts that a claim may be; other values are those of no claim here that can be limited."""
    values = claim.get("values", [])
    if not isinstance(values, list):
        raise invalid()
    return [value for value in (claim.get("value"), *values) if isinstance(value, str)]


def levels_of(acr: Mapping[str, Any]) -> tuple[Level, ...]:
    """The authentication levels among the requested values of ``acr``; unknown values are ignored.

    Raises:
        RequestRefused: ``unmet_authentication_requirements`` (OpenID Connect Core Error Code 1.0), if one is essential
            and none is known.
    """
    known_levels = tuple(BY_ACR[value] for value in values_of(acr) if value in BY_ACR)
    if not known_levels and is_limited(acr) and acr.get("essential") is True:
        raise RequestRefused("unmet_authentication_requirements", "this site knows none of the essential acr values")
    return known_levels


def invalid() -> RequestRefused:
    return RequestRefused("invalid_request", "claims is not what OpenID Connect Core, section 5.5, describes")
