"""Names of authenticators by AAGUID, suggested as names of new passkeys. Informational only."""

from webapp.core.translation import _

# The common ones in the FIDO metadata and in the list of the passkey developer community.
NAMES = {
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
    "2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5 NFC",
    "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
    "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "73bb0cd4-e502-49b8-9c6f-b59445bf720b": "YubiKey 5C NFC",
    "771b48fd-d3d4-4f74-9232-fc157ab0507a": "Edge on Mac",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
    "b93fd961-f2e6-462f-b122-82002247de78": "Android",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "c5ef55ff-ad9a-4b9f-b580-adebafe026d0": "YubiKey 5Ci",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "f3809540-7f14-49c1-a8b3-8f813b225541": "Enpass",
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
}


def suggested(aaguid: str, *, is_synced: bool) -> str:
    """The suggested name of a new passkey.

    Args:
        aaguid: as the authenticator reports it (WebAuthn §6.5.2).
        is_synced: whether it is copied between devices.
    """
    return NAMES.get(aaguid) or (_("Synced passkey") if is_synced else _("Security key"))
