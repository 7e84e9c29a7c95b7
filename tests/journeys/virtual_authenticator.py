"""The authenticator that Chromium keeps, to make passkeys and to log in with them."""

from dataclasses import dataclass

from playwright.sync_api import CDPSession, Page

OPTIONS = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Device:
    """The authenticator of the browser."""

    cdp: CDPSession
    id: str

    def set(self, **what: bool) -> None:
        for name, value in what.items():
            method = {"is_verified": "UserVerified", "is_touched": "AutomaticPresenceSimulation"}[name]
            key = {"is_verified": "isUserVerified", "is_touched": "enabled"}[name]
            self.cdp.send(f"WebAuthn.set{method}", {"authenticatorId": self.id, key: value})

    def credentials(self) -> list[object]:
        found: list[object] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]
        return found


def device(tab: Page) -> Device:
    cdp = tab.context.new_cdp_session(tab)
    cdp.send("WebAuthn.enable", {"enableUI": False})
    return Device(cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})["authenticatorId"])
