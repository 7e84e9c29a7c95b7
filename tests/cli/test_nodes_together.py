"""What two nodes do together: end tokens, count limits, send mails, run jobs, check apps, and lose one of them."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tests.browser import form_with, values_of
from tests.cli.serving import serving
from tests.cli.two_nodes import (
    HOST,
    balancing,
    client,
    joined,
    kill,
    log_in,
    seconds_until,
    status,
    third,
    token_at,
    tokens_at,
)
from tests.cli.two_nodes_limits import Names, ten_wrong_passwords_at_once_over_both
from tests.forward_auth.proxy import PAGE, forwarded
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.jobs.models import JobRun
from webapp.mail.models import OutgoingMail

pytestmark = pytest.mark.xdist_group("two_nodes")
WIKI = "https://wiki.example.org/page"
PATIENCE = 120


def refresh(url, token):
    with client(url) as script:
        return script.post("/api/auth/refresh", json={"refresh_token": token})


def test_a_refresh_token_is_renewed_at_one_after_the_other(nodes, add):
    a, b = nodes.a.url, nodes.b.url
    add("fay", **nodes.settings)
    pair = tokens_at(a, "fay").json()
    for url in (b, a, b, a):
        answer = refresh(url, pair["refresh_token"])
        assert answer.status_code == 200, answer.text
        pair = answer.json()
    assert [status(url, Authorization=f"Bearer {pair['access_token']}") for url in (a, b)] == [200, 200]


def test_what_ends_at_one_is_refused_at_the_other_in_the_next_request(nodes, add):
    a, b = nodes.a.url, nodes.b.url
    add("gil", **nodes.settings)
    for here, there in ((a, b), (b, a)) * 3:
        token = token_at(here, "gil")
        bearer = {"Authorization": f"Bearer {token}"}
        # Its signature is remembered there.
        assert status(there, **bearer) == 200
        with client(here) as script:
            assert script.post("/api/auth/revoke", json={"token": token}).status_code == 200
        assert status(there, **bearer) == 401
        cookie = {"Cookie": log_in(here, "gil")}
        assert status(there, **cookie) == 200
        with client(here, **cookie) as browser:
            form = form_with(browser.get("/dashboard", headers={"Accept": "text/html"}).text, "Log out")
            ended = browser.post("/logout", data=values_of(form), headers={"Accept": "text/html"})
        assert ended.status_code == 303, ended.text
        assert status(there, **cookie) == 401


def test_a_limit_is_exact_over_both(nodes, run, add):
    ten_wrong_passwords_at_once_over_both(nodes, Names("hal", nodes, run, add), is_gone=False)


def test_each_mail_is_sent_once(nodes, add):
    names = [f"ivy{number}" for number in range(4)]
    for name in names:
        add(name, **nodes.settings)
    with client(nodes.url, Accept="text/html") as browser:
        for name in names:
            token = browser.get("/forgot", headers={"Accept": "application/json"}).json()["csrf_token"]
            fields = {"username": name, "csrf_token": token}
            assert browser.post("/forgot", data=fields).status_code == 303
    # They are written after the response.
    seconds_until(lambda: received(nodes, "ivy").total() >= len(names) and not waiting(nodes, "ivy"), PATIENCE)
    assert received(nodes, "ivy") == {f"{name}@example.org": 1 for name in names}


def waiting(nodes, prefix):
    with closing(Database(nodes.settings["WEBAPP_DATABASE_URL"])) as database, database.read() as db:
        unsent = (
            select(func.count())
            .select_from(OutgoingMail)
            .where(OutgoingMail.sent_at.is_(None), OutgoingMail.to.startswith(prefix))
        )
        return db.scalar(unsent)


def received(nodes, prefix):
    return Counter(mail["To"] for mail in nodes.mail_server.mails if mail["To"].startswith(prefix))


def test_a_job_that_is_due_is_run_once(nodes, run, add, tmp_path):
    user_id = UUID(add("jim", **nodes.settings))
    done = run("token mint jim --name soon --scope protected:read --expires 30d", **nodes.settings)
    assert done.exit_code == 0, done.stderr
    database = Database(nodes.settings["WEBAPP_DATABASE_URL"])
    this, owned = JobRun.name == "warn about expiring tokens", Credential.user_id == user_id

    def ran():
        with database.read() as db:
            return db.scalar(select(JobRun.due_at).where(this)) > now() + timedelta(hours=1)

    seconds_until(ran, PATIENCE)
    with database.write() as db:
        db.execute(
            update(Credential)
            .where(owned)
            .values(created_at=now() - timedelta(days=28), expires_at=now() + timedelta(days=2))
        )
        db.execute(update(JobRun).where(this).values(due_at=now() - timedelta(minutes=1)))
    # All three look for what is due: the third at its start, the others every 30 seconds.
    with serving(third(tmp_path, nodes)):
        seconds_until(ran, PATIENCE)
        seconds_until(lambda: not waiting(nodes, "jim"), PATIENCE)
    database.close()
    assert received(nodes, "jim") == {"jim@example.org": 1}


def at_host(url, asked, path=None, **headers):
    """The answer of a machine to a request of a browser that the proxy of an app passes on, or asks about."""
    host, found = urlsplit(asked).netloc, asked.split("/", 3)[3]
    with client(url, **forwarded("GET", asked) | PAGE | {"Host": host} | headers) as proxy:
        return proxy.get(path or f"/{found}")


def test_an_app_that_was_opened_at_one_is_known_at_the_other(nodes, run, add):
    a, b = nodes.a.url, nodes.b.url
    add("kim", **nodes.settings)
    done = run("proxied-app add Wiki --host https://wiki.example.org", **nodes.settings)
    assert done.exit_code == 0, done.output
    # Each step of the login at the other machine than the one before.
    begin = at_host(b, at_host(a, WIKI, "/forward-auth").headers["Location"])
    with client(a, **PAGE, Cookie=log_in(b, "kim")) as browser:
        left = browser.get(begin.headers["Location"].removeprefix(f"http://{HOST}"))
    arrive = re.search(r"https://wiki\.example\.org/\.latchkey/arrive\?ticket=[\w.~-]+", str(left.headers) + left.text)
    assert arrive, left.text
    arrived = at_host(b, arrive[0], Cookie=joined(begin.cookies))
    assert arrived.status_code == 303, arrived.text
    for url in (a, b):
        allowed = at_host(url, WIKI, "/forward-auth", Cookie=joined(arrived.cookies))
        assert (allowed.status_code, allowed.headers["Remote-User"]) == (200, "kim")


@dataclass
class Refreshing:
    """A client that renews its refresh token again and again, and repeats what failed."""

    token: str
    acknowledged: int = 0
    failures: set = field(default_factory=set)

    def until(self, stopped, url):
        with client(url) as script:
            while not stopped.is_set():
                answer = script.post("/api/auth/refresh", json={"refresh_token": self.token})
                if answer.status_code == 200:
                    self.token, self.acknowledged = answer.json()["refresh_token"], self.acknowledged + 1
                else:
                    self.failures.add(answer.status_code)
                    # Anything else would go on for ever.
                    assert answer.status_code in (502, 503, 504), answer.text
                    time.sleep(0.1)


def test_a_machine_that_is_killed_under_load_loses_nothing_acknowledged(nodes, run, add, tmp_path):
    add("lea", **nodes.settings)
    clients = [Refreshing(tokens_at(nodes.url, "lea").json()["refresh_token"]) for _ in range(3)]
    dying, stopped = third(tmp_path, nodes), Event()
    with serving(dying), balancing(tmp_path, [nodes.b, dying]) as url, ThreadPoolExecutor() as pool:
        running = [pool.submit(one.until, stopped, url) for one in clients]

        def have(each):
            return all(one.acknowledged >= each for one in clients) or any(future.done() for future in running)

        try:
            seconds_until(lambda: have(8), PATIENCE)
            kill(dying)
            seconds_until(lambda: have(20), PATIENCE)
        finally:
            stopped.set()
        for future in running:
            future.result()
    assert all(one.acknowledged >= 20 for one in clients)
    # What was acknowledged last is known to the other machine.
    assert [refresh(nodes.b.url, one.token).status_code for one in clients] == [200] * 3
    done = run("audit verify", **nodes.settings)
    assert done.exit_code == 0, done.output
