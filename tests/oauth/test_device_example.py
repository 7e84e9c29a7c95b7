"""docs/examples/device_login.py: a command that logs its user in with a code on another device."""

import io
import runpy
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
import time_machine

from tests.oauth.app import status
from tests.oauth.device import Device, tool
from tests.script import Script
from webapp.core.clock import now

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "device_login.py"


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_the_example_prints_a_token_after_its_user_has_entered_the_code(app, person, monkeypatch, capsys, decision):
    command, waited = tool(app, scopes=["protected:read"]), []
    with time_machine.travel(now(), tick=False) as clock:

        def answer(request, timeout):
            path, data = urlsplit(request.full_url).path, request.data
            form = {"data": data, "content_type": "application/x-www-form-urlencoded"} if data else {}
            got = Script(app).call(request.get_method(), path, **form)
            if got.status_code >= 400:
                raise HTTPError(request.full_url, got.status_code, "", {}, io.BytesIO(got.data))
            return io.BytesIO(got.data)

        def sleep(seconds):
            waited.append(seconds)
            # The first time it comes too early, as if the clock of the device were wrong.
            clock.shift(1 if len(waited) == 2 else seconds)
            if len(waited) == 3:
                code = shown["err"].rpartition(" ")[2].strip()
                device = Device(command, "", code)
                device.shown_to(person)
                person.press("Allow" if decision == "allow" else "Deny", decision=decision)
            shown["err"] = shown.get("err") or capsys.readouterr().err

        shown = {}
        monkeypatch.setattr(urllib.request, "urlopen", answer)
        monkeypatch.setattr(time, "sleep", sleep)
        monkeypatch.setattr(sys, "argv", ["", app.config["BASE_URL"], command.client_id, "openid", "protected:read"])
        if decision == "deny":
            with pytest.raises(SystemExit, match="the user did not allow it"):
                runpy.run_path(str(EXAMPLE), run_name="__main__")
        else:
            runpy.run_path(str(EXAMPLE), run_name="__main__")
            assert status(app, capsys.readouterr().out.strip()) == 200
    assert waited == [5, 5, 10]
    assert f"Open {app.config['BASE_URL']}/device and enter " in shown["err"]
    assert "█" in shown["err"], "the QR code"
