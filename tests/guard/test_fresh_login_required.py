"""Routes that give or take access require recent authentication; each exception is listed here with its reason."""

from webapp.guard.require import requirement_of

ENDS = "it only takes away"
OWN_PROOF = "the proof is in what is sent"
HARMLESS = "nothing can be done with it"

WITHOUT = {
    "account.cancel_email_change": ENDS,
    "account.change": "another name is mailed, and taken back from there",
    "account.choose_mails": "what concerns safety is mailed in any case",
    "account.reopen": "the login was a moment ago",
    "account.revoke_service_token": ENDS,
    "admin_invitations.revoke": ENDS,
    "admin_clients.retry_logout": "it goes to the app for which it was",
    "admin_mail.retry": "it goes to whom it was for",
    "admin_mail.test": "it goes to whoever asks",
    "api_auth.introspect": HARMLESS,
    "factors.stop_reset": "it keeps what is there",
    "federation.keep_and_confirm": "it leads to the proof",
    "forward_auth.send_request": "somebody else decides, by a fresh login",
    "forward_auth.decline_access": "it gives nothing",
    "forward_auth.end_access": ENDS,
    "forward_auth.end_app_login": ENDS,
    "forward_auth.end_own_access": ENDS,
    "forward_auth.revoke_guest_link": ENDS,
    "login.change_password": OWN_PROOF,
    "login.confirm": OWN_PROOF,
    "login.end": ENDS,
    "oauth.confirm_end": ENDS,
    "oauth.consent": "only apps that an administrator has registered",
    "oauth.withdraw": ENDS,
    "sessions.distrust": ENDS,
    "sessions.end": ENDS,
    "sessions.end_others": ENDS,
    "sessions.stay": "the absolute end stays",
    "tokens.drop": ENDS,
    "tokens.end_script_login": ENDS,
    "tokens.inspect": HARMLESS,
    "tokens.preview": HARMLESS,
    "tokens.preview_edit": HARMLESS,
    "tokens.revoke": ENDS,
    "tokens.revoke_all": ENDS,
    "tokens.rotate_self": "a token does it, within its own end",
    "tokens.update": "only what widens the token asks, in the view",
}


def test_every_change_requires_a_fresh_login_or_is_listed_with_a_reason(app):
    found = set()
    for rule in app.url_map.iter_rules():
        requirement = requirement_of(app, rule.endpoint)
        if requirement is None or requirement.is_public or not rule.methods - {"GET", "HEAD", "OPTIONS"}:
            continue
        if requirement.fresh_within is None:
            found.add(rule.endpoint)
    assert found == WITHOUT.keys()
