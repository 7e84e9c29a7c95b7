"""Log in to a Latchkey site from a device without a browser (RFC 8628), and print the access token.

python device_login.py https://login.example.org CLIENT_ID openid reports:read

With segno (pip install segno) it also shows a QR code of the page, with the code filled in.
"""

import json
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

try:
    import segno
except ImportError:
    segno = None

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


def call(url, **fields):
    request = Request(url, urlencode(fields).encode() if fields else None, {"Accept": "application/json"})
    try:
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except HTTPError as refused:
        return json.load(refused)


def show(device):
    # To stderr, so that stdout has nothing but the token.
    if segno is not None:
        segno.make(device["verification_uri_complete"], error="l").terminal(out=sys.stderr, compact=True)
    print(f"Open {device['verification_uri']} and enter {device['user_code']}", file=sys.stderr, flush=True)


def log_in(site, client_id, scope):
    metadata = call(f"{site.rstrip('/')}/.well-known/oauth-authorization-server")
    device = call(metadata["device_authorization_endpoint"], client_id=client_id, scope=scope)
    if "error" in device:
        return device
    show(device)
    sent, interval = {"grant_type": GRANT_TYPE, "client_id": client_id, "device_code": device["device_code"]}, 5
    while True:
        time.sleep(interval)
        answer = call(metadata["token_endpoint"], **sent)
        if answer.get("error") == "slow_down":
            interval += 5
        elif answer.get("error") != "authorization_pending":
            return answer


if __name__ == "__main__":
    tokens = log_in(sys.argv[1], sys.argv[2], " ".join(sys.argv[3:]) or "openid")
    if "error" in tokens:
        raise SystemExit(tokens["error_description"])
    print(tokens["access_token"])
