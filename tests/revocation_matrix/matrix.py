"""What ends when: each kind of credential or link by each event; docs/what-ends-when.md is generated from it."""

from dataclasses import dataclass

EVENTS = {
    "log out": "`POST /logout` in the browser concerned; for a token in a cookie `POST /api/auth/logout`",
    "end others": "`POST /account/sessions/end-others` from another browser",
    "end everything": "`POST /account/security/end-everything` from another browser",
    "password change": "`POST /account/password` from another browser, without `revoke_tokens`",
    "password reset": "`POST /reset` by a mailed link, without `keep_tokens`",
    "e-mail change": "`POST /account/email/confirm` by a mailed link",
    "disable": "`POST /admin/users/<id>/disable`",
    "close": "`POST /account/close`; the owner can reopen it for 14 days",
    "delete": "`POST /admin/users/<id>/delete`",
    "factor reset": "`POST /admin/users/<id>/reset-factors`, after its waiting time",
    "emergency": "`python -m webapp keys emergency`",
    "restore": "`python -m webapp db restore FILE`, if the backup contains it",
}


@dataclass(frozen=True)
class Cell:
    word: str
    """``ends``, ``stays`` or ``never``."""
    reason: str = ""


def stays(reason: str) -> Cell:
    return Cell("stays", reason)


def never(reason: str) -> Cell:
    """The event cannot happen to such an account."""
    return Cell("never", reason)


E = Cell("ends")

ONE_DEVICE = stays("Logging out ends only this browser session.")
TRUST = stays(
    "It grants no access; it only skips the second factor at the next login. Sessions lists it, with a button."
)
SCRIPTS = stays("Ending other sessions logs out browsers. Script logins and API tokens have buttons of their own.")
ADDRESS = stays(
    "Changing the e-mail address requires step-up, and the old one gets a link that reverts it and ends all access."
)
ASKED = stays("The page shows how many API tokens there are and offers to revoke them: `revoke_tokens`.")
MADE = stays("API tokens prove no second factor when they are used; `End all access` revokes them.")
CHALLENGE = stays("It grants nothing by itself: the passkey has to sign it, once, within 5 minutes.")
MAILED = stays("Only sessions end. `End all access` and a new password invalidate mailed links.")
FACTORS = stays("A factor reset concerns second factors; mailed links concern the e-mail address.")
REVERTED = stays("It grants no access: it reverts what somebody else may have done.")
NO_ACCOUNT = stays("It belongs to no account; it ends when there is an admin, or after 30 minutes.")
OTHERS = stays(
    "It is for another person, and is listed under Admin, Invitations. “This wasn't me” revokes those created since."
)
FORM = stays("Only its owner can continue it, in the same browser, after a new login.")
MARK = stays("It grants no access: wrong passwords from there are counted separately.")
WAITS = stays("A pending login belongs to one browser and expires within 5 minutes.")
UNVERIFIED = never("Nobody can log in before the e-mail address is verified.")
NO_FACTORS = stays("Such an account has no second factors yet.")

SCRIPT_LOGIN = [ONE_DEVICE, SCRIPTS, E, E, E, ADDRESS, E, E, E, E, E, E]
API_TOKEN = [ONE_DEVICE, SCRIPTS, E, ASKED, E, ADDRESS, E, E, E, MADE, E, E]
GRANTS = [ONE_DEVICE, MAILED, E, E, E, E, E, E, E, FACTORS, E, E]
REVERTS = [ONE_DEVICE, REVERTED, REVERTED, REVERTED, REVERTED, REVERTED, E, REVERTED, E, REVERTED, REVERTED, E]

WAYS = {
    "session": [E, E, E, E, E, ADDRESS, E, E, E, E, E, E],
    "trusted browser": [TRUST, E, E, E, E, ADDRESS, E, E, E, E, E, E],
    "pending login": [E, E, E, E, E, WAITS, E, E, E, E, E, E],
    "access token": SCRIPT_LOGIN,
    "refresh token": SCRIPT_LOGIN,
    "DPoP-bound token": SCRIPT_LOGIN,
    "token in a cookie": [E, *SCRIPT_LOGIN[1:]],
    "API token": API_TOKEN,
    "exchanged token": API_TOKEN,
    "passkey challenge": [CHALLENGE] * 6 + [E, CHALLENGE, E, E, E, CHALLENGE],
    "reset link": GRANTS,
    "verification link": [UNVERIFIED] * 4 + [E, UNVERIFIED, E, UNVERIFIED, E, NO_FACTORS, E, E],
    "e-mail change link": GRANTS,
    "e-mail undo link": REVERTS,
    "not-me link": REVERTS,
    "setup link": [NO_ACCOUNT] * 10 + [E, E],
    "invitation": [OTHERS] * 6 + [E, E, E, OTHERS, E, E],
    "saved form": [E, *[FORM] * 5, E, FORM, E, FORM, E, FORM],
    "known network": [MARK, MARK, MARK, E, E, MARK, E, MARK, E, MARK, MARK, MARK],
    "known-browser mark": [MARK, MARK, MARK, E, E, MARK, E, MARK, E, MARK, E, MARK],
}

CELLS = {(way, event): cell for way, cells in WAYS.items() for event, cell in zip(EVENTS, cells, strict=True)}


def as_markdown() -> str:
    """The table and the reasons below it, as in docs/what-ends-when.md."""
    notes = list(dict.fromkeys(cell.reason for cell in CELLS.values() if cell.reason))
    lines = ["| | " + " | ".join(EVENTS) + " |", "| --- |" + " --- |" * len(EVENTS)]
    for way in WAYS:
        words = [cell_text(CELLS[way, event], notes) for event in EVENTS]
        lines.append(f"| **{way}** | " + " | ".join(words) + " |")
    events = [f"- **{event}**: {how}." for event, how in EVENTS.items()]
    reasons = [f"{number}. {reason}" for number, reason in enumerate(notes, start=1)]
    return "\n".join([*lines, "", "Why some stay:", "", *reasons, "", "The events:", "", *events]) + "\n"


def cell_text(cell: Cell, notes: list[str]) -> str:
    words = {"ends": "ends", "stays": "stays", "never": "–"}
    return words[cell.word] + (f" ({notes.index(cell.reason) + 1})" if cell.reason else "")
