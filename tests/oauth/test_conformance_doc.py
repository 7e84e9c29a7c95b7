"""docs/openid-conformance.md: each module of the suite has a row, and each test that a row names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "Basic": """
        server response-type-missing idtoken-signature idtoken-unsigned userinfo-get userinfo-post-header
        userinfo-post-body ensure-request-without-nonce-succeeds-for-code-flow scope-profile scope-email
        scope-address scope-phone scope-all ensure-other-scope-order-succeeds alternate-happy-flow display-page
        display-popup prompt-login prompt-none-not-logged-in prompt-none-logged-in max-age-1 max-age-10000
        ensure-request-with-unknown-parameter-succeeds id-token-hint login-hint ui-locales claims-locales
        ensure-request-with-acr-values-succeeds codereuse codereuse-30seconds ensure-registered-redirect-uri
        ensure-post-request-succeeds server-client-secret-post
        request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
        unsigned-request-object-supported-correctly-or-rejected-as-unsupported claims-essential
        ensure-request-object-with-redirect-uri refresh-token ensure-request-with-valid-pkce-succeeds
    """,
    "Config": """
        discovery-endpoint-verification
    """,
    "RP-initiated logout": """
        rp-initiated-logout-discovery-endpoint-verification rp-initiated-logout
        rp-initiated-logout-bad-post-logout-redirect-uri rp-initiated-logout-modified-id-token-hint
        rp-initiated-logout-bad-id-token-hint rp-initiated-logout-no-id-token-hint rp-initiated-logout-no-params
        rp-initiated-logout-no-post-logout-redirect-uri rp-initiated-logout-no-state
        rp-initiated-logout-only-state rp-initiated-logout-query-added-to-post-logout-redirect-uri
    """,
    "Back-channel logout": """
        backchannel-logout-discovery-endpoint-verification backchannel-rp-initiated-logout
    """,
    "Dynamic": """
        server discovery-endpoint-verification idtoken-rs256 idtoken-unsigned userinfo-rs256
        ensure-redirect-uri-in-authorization-request redirect-uri-query-OK redirect-uri-query-mismatch
        redirect-uri-query-added redirect-uri-regfrag registration-logo-uri registration-policy-uri
        registration-tos-uri registration-jwks-uri registration-sector-uri registration-sector-bad
        server-rotate-keys refresh-token-rp-key-rotation request-uri-unsigned request-uri-signed-rs256
        ensure-request-object-with-redirect-uri refresh-token ensure-client-assertion-with-iss-aud-succeeds
    """,
}
"""The modules of the test plans for providers, without the prefix that all have."""
ROW = re.compile(r"^\| `oidcc-([\w-]+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
SECTIONS = dict(
    re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "docs/openid-conformance.md").read_text(), re.M | re.S)
)


@pytest.mark.parametrize("profile", MODULES)
def test_every_module_has_one_row(profile):
    rows = ROW.findall(SECTIONS[profile])
    assert sorted(module for module, _tests in rows) == sorted(MODULES[profile].split())
    assert len(rows) == SECTIONS[profile].count("\n| `")


def test_there_are_no_other_profiles():
    assert SECTIONS.keys() == MODULES.keys()


def test_every_test_that_a_row_names_is_there():
    cells = [tests for section in SECTIONS.values() for _module, tests in ROW.findall(section)]
    named = {test for cell in cells for test in cell.split(", ")}
    for test in named:
        file, _colons, name = test.strip("`").partition("::")
        assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(), re.MULTILINE), test
