"""docs/forward-auth.md is done as it says: three apps from nothing, and the cache with its price."""

import base64
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from secrets import token_urlsafe

import pytest
from click.testing import CliRunner, Result

from tests import factories
from tests.forward_auth.proxied_site import PAGE, Lab
from tests.forward_auth.proxy_servers import CACHING, DOCUMENT, serving_nginx
from tests.forward_auth.raw_http import exchange
from tests.forward_auth.small_apps import small_app
from tests.journeys.server import ONE_WORKER, ServedSite, served
from tests.ports import free_port
from webapp.accounts.lifecycle import disable_account
from webapp.app import close, create_app
from webapp.cli.program import program
from webapp.forward_auth.app_settings import RuleSettings
from webapp.settings import Settings
from webapp.testing import user_named

pytestmark = pytest.mark.xdist_group("forward-auth")

TEXT = DOCUMENT.read_text()
COMMANDS = re.findall(r"latchkey proxied-app config (\w+) +nginx --upstream 127\.0\.0\.1:(\d+) \|", TEXT)


@dataclass
class Tutorial:
    """The three apps of the document behind nginx, at ports that are free."""

    site: ServedSite
    ports: dict[str, int]
    """By those of the document."""

    def ask(self, slug: str, target: str = "/", headers: list[tuple[str, str]] | None = None) -> int:
        port = self.ports["8080"]
        return exchange(port, f"{slug}.localhost:{port}", target, headers=headers or []).status


def printed(site: ServedSite, *arguments: str) -> Result:
    return CliRunner(env=site.environ).invoke(program, ["proxied-app", "config", *arguments])


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutorial]:
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "instance").mkdir()
    declared = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert declared
    ports = {port: free_port() for port in ["8080", *(port for _slug, port in COMMANDS)]}
    apps = declared[1].replace(":8080", f":{ports['8080']}")
    (folder / "instance" / "apps.toml").write_text(apps)
    with ExitStack() as stack:
        site = stack.enter_context(served(folder, WEBAPP_TRUSTED_PROXIES="127.0.0.1", **ONE_WORKER))
        configs = {}
        for slug, port in COMMANDS:
            stack.enter_context(small_app(ports[port]))
            configs[slug] = printed(site, slug, "nginx", "--upstream", f"127.0.0.1:{ports[port]}").stdout
        (folder / "nginx").mkdir()
        stack.enter_context(serving_nginx(folder / "nginx", configs, ports["8080"]))
        yield Tutorial(site, ports)


def test_three_apps_ask_for_a_login(tutorial: Tutorial) -> None:
    assert [slug for slug, _port in COMMANDS] == ["wiki", "notes", "files"]
    for slug, _port in COMMANDS:
        assert tutorial.ask(slug, headers=PAGE) == 302
        assert tutorial.ask(slug) == 401


def test_a_script_comes_in_by_bearer_and_basic(tutorial: Tutorial) -> None:
    tutorial.site.add_user("eve")
    token = tutorial.site.api_token("eve", "app:files")
    curl = [line for line in TEXT.splitlines() if line.startswith("curl ")]
    assert len(curl) == 2
    for line in curl:
        assert run(line, tutorial, token) == 200


def run(line: str, tutorial: Tutorial, token: str) -> int:
    """The status of a line with curl, at the port of the test."""
    basic = "Basic " + base64.b64encode(f"anything:{token}".encode()).decode()
    return tutorial.ask("files", headers=[("Authorization", basic if "-u " in line else f"Bearer {token}")])


def test_a_rule_of_the_document_asks_for_a_role(tutorial: Tutorial) -> None:
    tutorial.site.add_user("bob")
    shown = [("Authorization", f"Bearer {tutorial.site.api_token('bob', 'app:notes')}")]
    assert (tutorial.ask("notes", headers=shown), tutorial.ask("notes", "/admin/x", shown)) == (200, 403)


def test_every_key_of_a_rule_is_explained() -> None:
    table = TEXT[TEXT.index("## Rules") : TEXT.index("## Caddy")]
    assert {
        name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    } == {field.name for field in fields(RuleSettings)}


def test_every_setting_of_the_document_exists() -> None:
    named = set(re.findall(r"WEBAPP_[A-Z_]+", TEXT))
    assert named <= {row.variable for row in Settings.from_env({"WEBAPP_SECRET_KEY": token_urlsafe(32)}).describe({})}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("unknown", "nginx"), "There is no app unknown."),
        (("wiki", "apache"), "'apache' is not one of"),
        (("wiki", "nginx", "--upstream", "x"), "x is not a host with a port"),
        (("wiki", "nginx", "--site", "a:1;"), "a:1; is not a host with a port"),
    ],
)
def test_what_cannot_be_printed_is_said(tutorial: Tutorial, arguments: tuple[str, ...], says: str) -> None:
    result = printed(tutorial.site, *arguments)
    assert result.exit_code != 0
    assert says in result.output


def test_the_command_says_what_it_assumed(tutorial: Tutorial) -> None:
    result = printed(tutorial.site, "wiki", "caddy")
    assert "reverse_proxy 127.0.0.1:3000" in result.stdout
    assert "give --upstream" in result.stderr


def test_the_cache_opens_what_was_ended_for_two_seconds_at_most(labs: dict[str, Lab]) -> None:
    lab = labs[CACHING]
    app = create_app(lab.site.settings)
    try:
        owner = user_named(app, "eve")
        issued = factories.api_token(app, owner, "app:wiki")
        shown = [("Authorization", f"Bearer {issued.token}")]
        assert lab.ask("wiki", "/cached", headers=shown).status == 200
        with factories.database_of(app).write() as db:
            disable_account(db, owner.id)
        was_open = lab.ask("wiki", "/cached", headers=shown).status
        time.sleep(2.2)
        assert (was_open, lab.ask("wiki", "/cached", headers=shown).status) == (200, 401)
    finally:
        close(app)


@pytest.mark.parametrize(
    "change",
    [
        ("Authorization", "Bearer x"),
        ("X-Rewrite-Url", "/admin"),
        ("X-Original-Url", "/admin"),
        ("X-Original-Uri", "/admin"),
        ("X-Original-Method", "DELETE"),
    ],
)
def test_the_cache_does_not_answer_for_another_request(labs: dict[str, Lab], change: tuple[str, str]) -> None:
    lab = labs[CACHING]
    assert lab.ask("wiki", "/once", headers=[lab.bearer()]).status == 200
    others = [lab.bearer()] if change[0] != "Authorization" else []
    assert lab.ask("wiki", "/once", headers=[*others, change]).status in (401, 403)
