"""What ends when: each way in beside each event. docs/what-ends-when.md is written from it, and every cell is tried."""

from dataclasses import dataclass

EVENTS = {
    "log out": "`POST /logout` in the browser concerned; for a token in a cookie `POST /api/auth/logout`",
    "end others": "`POST /account/sessions/end-others` from another browser",
    "end everything": "`POST /account/security/end-everything` from another browser",
    "password change": "`POST /account/password` from another browser, without `revoke_tokens`",
    "password reset": "`POST /reset` by a mailed link, without `keep_tokens`",
    "e-mail change": "`POST /account/email/confirm` by a mailed link",
    "disable": "`POST /admin/users/<id>/disable`",
    "close": "`POST /account/close`; the owner may come back for 14 days",
    "delete": "`POST /admin/users/<id>/delete`",
    "factor reset": "`POST /admin/users/<id>/reset-factors`, once its waiting time is over",
    "emergency": "`python -m webapp keys emergency`",
    "restore": "`python -m webapp db restore FILE`, where the backup holds it",
}


@dataclass(frozen=True)
class Cell:
    word: str
    """``ends``, ``stays`` or ``never``."""
    reason: str = ""


def stays(reason: str) -> Cell:
    return Cell("stays", reason)


def never(reason: str) -> Cell:
    """The event cannot come to such an account."""
    return Cell("never", reason)


E = Cell("ends")

ONE_DEVICE = stays("Logging out ends this one browser session and nothing else.")
TRUST = stays("It lets nobody in; it spares the second factor at the next login. Sessions lists it, with a button.")
SCRIPTS = stays("Ending other sessions logs browsers out. Script logins and API tokens have buttons of their own.")
ADDRESS = stays("A new e-mail address needs a fresh proof, and the old one is sent a link that undoes it and ends all.")
ASKED = stays("API tokens that people made are counted, shown and asked about: `revoke_tokens` revokes them.")
MADE = stays("API tokens prove no second factor when they are used; `End all access` revokes them.")
CHALLENGE = stays("It opens nothing by itself: the passkey still has to sign it, once, within 5 minutes.")
MAILED = stays("Only sessions end. `End all access` and a new password make mailed links void.")
FACTORS = stays("A factor reset concerns second factors; mailed links go to the e-mail address.")
UNDOES = stays("It lets nobody in: it takes back what somebody else may have done.")
NO_ACCOUNT = stays("It belongs to no account; it ends once somebody is an admin, or after 30 minutes.")
OTHERS = stays(
    "It lets somebody else in, and is listed under Admin, Invitations. “This wasn't me” revokes those made since."
)
FORM = stays("It opens only for its owner, in the same browser, after a new login.")
MARK = stays("It lets nobody in: wrong passwords from there are counted apart.")
WAITS = stays("Half a login belongs to one browser; it ends by itself within 5 minutes.")
UNVERIFIED = never("Nobody can log in before the e-mail address is verified.")
NO_FACTORS = stays("Such an account has no second factors yet.")

SCRIPT_LOGIN = [ONE_DEVICE, SCRIPTS, E, E, E, ADDRESS, E, E, E, E, E, E]
API_TOKEN = [ONE_DEVICE, SCRIPTS, E, ASKED, E, ADDRESS, E, E, E, MADE, E, E]
LETS_IN = [ONE_DEVICE, MAILED, E, E, E, E, E, E, E, FACTORS, E, E]
TAKES_BACK = [ONE_DEVICE, UNDOES, UNDOES, UNDOES, UNDOES, UNDOES, E, UNDOES, E, UNDOES, UNDOES, E]

WAYS = {
    "session": [E, E, E, E, E, ADDRESS, E, E, E, E, E, E],
    "trusted browser": [TRUST, E, E, E, E, ADDRESS, E, E, E, E, E, E],
    "half login": [E, E, E, E, E, WAITS, E, E, E, E, E, E],
    "access token": SCRIPT_LOGIN,
    "refresh token": SCRIPT_LOGIN,
    "DPoP-bound token": SCRIPT_LOGIN,
    "token in a cookie": [E, *SCRIPT_LOGIN[1:]],
    "API token": API_TOKEN,
    "exchanged token": API_TOKEN,
    "passkey challenge": [CHALLENGE] * 6 + [E, CHALLENGE, E, E, E, CHALLENGE],
    "reset link": LETS_IN,
    "verification link": [UNVERIFIED] * 4 + [E, UNVERIFIED, E, UNVERIFIED, E, NO_FACTORS, E, E],
    "e-mail change link": LETS_IN,
    "e-mail undo link": TAKES_BACK,
    "not-me link": TAKES_BACK,
    "setup link": [NO_ACCOUNT] * 10 + [E, E],
    "invitation": [OTHERS] * 6 + [E, E, E, OTHERS, E, E],
    "kept form": [E, *[FORM] * 5, E, FORM, E, FORM, E, FORM],
    "known network": [MARK, MARK, MARK, E, E, MARK, E, MARK, E, MARK, MARK, MARK],
    "known-browser mark": [MARK, MARK, MARK, E, E, MARK, E, MARK, E, MARK, E, MARK],
}

CELLS = {(way, event): cell for way, cells in WAYS.items() for event, cell in zip(EVENTS, cells, strict=True)}


def as_markdown() -> str:
    """The table as readers see it, with each reason as a note below."""
    notes = list(dict.fromkeys(cell.reason for cell in CELLS.values() if cell.reason))
    lines = ["| | " + " | ".join(EVENTS) + " |", "| --- |" + " --- |" * len(EVENTS)]
    for way in WAYS:
        words = [said(CELLS[way, event], notes) for event in EVENTS]
        lines.append(f"| **{way}** | " + " | ".join(words) + " |")
    events = [f"- **{event}**: {how}." for event, how in EVENTS.items()]
    reasons = [f"{number}. {reason}" for number, reason in enumerate(notes, start=1)]
    return "\n".join([*lines, "", "Why some stay:", "", *reasons, "", "The events:", "", *events]) + "\n"


def said(cell: Cell, notes: list[str]) -> str:
    words = {"ends": "ends", "stays": "stays", "never": "–"}
    return words[cell.word] + (f" ({notes.index(cell.reason) + 1})" if cell.reason else "")
