"""doctor proxy: what it says of an app that is set up as printed, and of one where something is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.forward_auth.proxied_site import Lab, setup
from tests.forward_auth.proxy_servers import KINDS, NGINX, serving_nginx
from tests.forward_auth.small_apps import small_app
from tests.ports import free_port
from webapp.cli.program import program
from webapp.forward_auth.proxy_configs import config_of

pytestmark = pytest.mark.xdist_group("forward-auth")


def run(lab: Lab, *arguments: str) -> Result:
    return CliRunner(env=lab.site.environ).invoke(program, ["doctor", "proxy", *arguments])


def levels(result: Result) -> dict[str, str]:
    return {finding["about"]: finding["level"] for finding in json.loads(result.stdout)}


@pytest.mark.parametrize("kind", KINDS)
def test_an_app_that_is_set_up_as_printed_is_green(labs: dict[str, Lab], kind: str) -> None:
    lab = labs[kind]
    port = lab.app_ports["spare"]
    arguments = [f"http://{lab.host('spare')}/", "--token", lab.tokens["spare"], "--echo", f"127.0.0.1:{port}"]
    result = run(lab, *arguments, "--direct", f"http://127.0.0.1:{free_port()}/", "--json")
    assert result.exit_code == 0, result.output
    found = levels(result)
    assert set(found.values()) == {"ok"}, result.output
    assert {"people", "scripts", "forms", "login", "forged", "identity", "cookie", "token"} < found.keys()
    assert {"IP address", "WebSocket", "upload", "direct"} < found.keys()


def test_without_an_echo_it_says_what_it_did_not_test(labs: dict[str, Lab]) -> None:
    lab = labs[NGINX]
    result = run(lab, f"http://{lab.host('wiki')}/page")
    assert result.exit_code == 0
    assert "What reaches the app was not tested. Stop it, and give --echo" in result.stdout
    assert "Give --direct" in result.stdout


WRONG = {
    "auth_request /.latchkey/check;": {"people", "scripts", "forms", "forged"},
    "location /.latchkey/ {": {"login"},
    "client_max_body_size 0;": {"upload"},
    "proxy_set_header Remote-Name $latchkey_name;": {"identity"},
    "proxy_set_header Cookie $latchkey_spare_cookies;": {"cookie"},
    "proxy_set_header Upgrade $http_upgrade;": {"WebSocket"},
}


@pytest.fixture
def broken(labs: dict[str, Lab], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """nginx whose configuration lacks a line."""
    lab, line = labs["broken"], request.param
    printed = config_of(setup(lab, "spare"), "nginx")
    assert line in printed
    kept = printed.replace(line, "location /elsewhere/ {" if line.endswith("{") else "")
    with serving_nginx(tmp_path, {"spare": kept}, lab.port):
        yield lab


@pytest.mark.parametrize(("broken", "bad"), WRONG.items(), indirect=["broken"])
def test_a_missing_line_is_found(broken: Lab, bad: set[str]) -> None:
    port = broken.app_ports["spare"]
    url = f"http://{broken.host('spare')}/"
    result = run(broken, url, "--token", broken.tokens["spare"], "--echo", f"127.0.0.1:{port}", "--json")
    found = {about for about, level in levels(result).items() if level == "bad"}
    assert result.exit_code == 1
    assert bad <= found, result.stdout


def test_an_app_that_answers_past_the_proxy_is_bad(labs: dict[str, Lab]) -> None:
    lab = labs[NGINX]
    result = run(lab, f"http://{lab.host('wiki')}/", "--direct", f"http://127.0.0.1:{lab.app_ports['wiki']}/")
    assert result.exit_code == 1
    assert "answers 200 without the proxy" in result.stdout


def test_a_proxy_that_does_not_answer_is_bad(labs: dict[str, Lab]) -> None:
    result = run(labs[NGINX], f"http://127.0.0.1:{free_port()}/")
    assert result.exit_code == 1
    assert "does not answer" in result.stdout


@pytest.mark.parametrize("arguments", [("wiki",), ("ftp://wiki/",), ("http://wiki/", "--echo", "x")])
def test_wrong_arguments_are_refused(labs: dict[str, Lab], arguments: tuple[str, ...]) -> None:
    assert run(labs[NGINX], *arguments).exit_code == 2


def test_an_app_that_still_runs_is_not_replaced(labs: dict[str, Lab]) -> None:
    port = free_port()
    with small_app(port):
        result = run(labs[NGINX], f"http://{labs[NGINX].host('wiki')}/", "--echo", f"127.0.0.1:{port}")
    assert "Stop the app first" in result.output
