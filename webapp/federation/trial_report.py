"""What a trial login shows: each check with its result, and what to do about the one that failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.core.translation import _, _l
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.provider_errors import SENTENCES, kind_of

LABELS: Mapping[Check, str] = {
    Check.METADATA: _l("The configuration of the provider can be read"),
    Check.REQUEST_TOKEN: _l("The provider accepts this site and issues a request token"),
    Check.STATE: _l("The browser comes back with the login that it began"),
    Check.RESPONSE_ISSUER: _l("The response is from this provider"),
    Check.RESPONSE: _l("The provider has logged the user in"),
    Check.TOKEN_RESPONSE: _l("The provider accepts the client secret and issues tokens"),
    Check.ID_TOKEN: _l("There is an ID token in a known form"),
    Check.SIGNATURE: _l("Its signature is valid"),
    Check.ISSUER: _l("It names the issuer entered here"),
    Check.AUDIENCE: _l("It is for this site"),
    Check.TIME: _l("It was issued now, and has not expired"),
    Check.NONCE: _l("It belongs to this login"),
    Check.ACCESS_TOKEN_HASH: _l("It belongs to the access token"),
    Check.SUBJECT: _l("The provider says who the user is"),
    Check.AUTHENTICATION_TIME: _l("The time of the login there is plausible"),
    Check.USERINFO: _l("The details of the user can be fetched"),
}
WITHOUT_OPENID = Check.RESPONSE, Check.TOKEN_RESPONSE, Check.USERINFO, Check.SUBJECT
CHECKS: Mapping[str, Sequence[Check]] = {
    "oidc": [check for check in Check if check is not Check.REQUEST_TOKEN],
    "oauth2": [Check.METADATA, Check.STATE, Check.RESPONSE_ISSUER, *WITHOUT_OPENID],
    "oauth1": [Check.METADATA, Check.REQUEST_TOKEN, Check.STATE, *WITHOUT_OPENID],
}
"""By kind of provider, in the order in which they are made."""
OTHER_ISSUER = "the issuer there is '"


class CheckResult(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_MADE = "not_made"


@dataclass(frozen=True, slots=True)
class CheckLine:
    check: str
    sentence: str
    result: CheckResult


def check_lines(kind: str, error: LoginFailed | None) -> list[CheckLine]:
    """The checks of a test login with their results: passed, failed, or not made after the one that failed.

    Args:
        kind: of the provider.
        error: None if every check passed.
    """
    lines, result = [], CheckResult.PASSED
    checks = list(CHECKS[kind])
    if error is not None and error.check not in checks:
        checks.append(error.check)
    for check in checks:
        if error is not None and check is error.check:
            lines.append(CheckLine(check.value, str(LABELS[check]), CheckResult.FAILED))
            result = CheckResult.NOT_MADE
        else:
            lines.append(CheckLine(check.value, str(LABELS[check]), result))
    return lines


def advice(error: LoginFailed, redirect_uri: str) -> str:
    """What to do about an error, for the administrator."""
    issuer = other_issuer(error)
    if issuer:
        return _("The provider names itself %(issuer)s. Enter exactly that as the issuer.", issuer=issuer)
    kind = kind_of(error)
    if kind == "redirect_uri":
        return _("The redirect URI registered there is different: enter %(uri)s.", uri=redirect_uri)
    if kind is None:
        return _("The login was cancelled at the provider, or it does not let this user in. Try it again.")
    return str(SENTENCES[kind])


def other_issuer(error: LoginFailed) -> str | None:
    """The issuer that the metadata name instead of the one entered here."""
    _before, found, rest = error.detail.partition(OTHER_ISSUER)
    return rest.partition("'")[0] if found and error.check is Check.METADATA else None
