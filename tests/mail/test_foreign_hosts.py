"""E-mail addresses and hosts with letters outside ASCII, EHLO, reasons, and mails whose link has ended."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.mail.test_smtp import put, row, serving, worker_for
from tests.ports import free_port
from webapp.accounts.names import InvalidEmail, checked_email
from webapp.cli.context import CommandContext
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.transport import Smtp, greeting_of
from webapp.mail.worker import MailWorker
from webapp.settings import SettingsError
from webapp.settings.idn import ascii_email
from webapp.web.registry import services_of


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("ａｄａ@example.org", "ada@example.org", id="a full-width local part"),
        pytest.param("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org", id="all of it full-width"),
        pytest.param("ada@ＥＸＡＭＰＬＥ.org", "ada@example.org", id="a full-width domain"),
        pytest.param("ada@xn--bcher-kva.example", "ada@bücher.example", id="a domain as xn--"),
        pytest.param("ada@bu\u0308cher.example", "ada@bücher.example", id="a domain in parts"),
        pytest.param("jose\u0301@example.org", "josé@example.org", id="an accent in parts"),
        pytest.param("ﬁona@example.org", "fiona@example.org", id="a ligature"),
    ],
)
def test_compatibility_forms_of_an_e_mail_address_are_one_address(make_app, typed, kept):
    app = make_app(WEBAPP_EMAIL_SPECIAL_DOMAINS="example")
    assert checked_email(typed) == kept
    factories.user(app, "ada", email=kept)
    for name in (typed, kept):
        assert Person(app).log_in(name).request.path == "/dashboard"


@pytest.mark.parametrize(
    "typed",
    [
        "ada＠evil.example.net@example.org",
        "ada@evil.net＠example.org",
        "ada\u2025@example.org",
        "a\u2100da@",
        "\uff5c\uff1cada\uff1e@example.org",
        "ada\u2474@example.org",
        "ada@exa\u2100mple.org",
        "ada@example.org\uff20",
        "ada\u3000@example.org",
    ],
)
def test_a_form_that_would_become_another_email_address_is_refused(typed):
    with pytest.raises(InvalidEmail):
        checked_email(typed)


def test_letters_outside_ascii_are_kept():
    assert checked_email("ｶﾞ@example.org") == "ｶﾞ@example.org", "another server may take them for another mailbox"


@pytest.mark.parametrize(
    ("email", "sent"),
    [
        ("ada@bücher.org", "ada@xn--bcher-kva.org"),
        ("Büro <ada@bücher.org>", "=?utf-8?b?QsO8cm8=?= <ada@xn--bcher-kva.org>"),
        ("josé@bücher.org", "josé@bücher.org"),
        ("ada@example.org", "ada@example.org"),
        ("Latchkey <l@example.org>", "Latchkey <l@example.org>"),
        ("nonsense", "nonsense"),
        ("ada@" + "ü" * 70 + ".org", "ada@" + "ü" * 70 + ".org"),
    ],
)
def test_a_domain_is_sent_in_ascii_if_the_local_part_is_ascii(email, sent):
    assert ascii_email(email) == sent


def test_a_server_without_smtputf8_accepts_mails_to_and_from_such_domains(app):
    with serving() as (url, catcher):
        put(app, "ada@bücher.org")
        services = services_of(app)
        smtp = Smtp(url, "Büro <buero@münchen.example>", greeting="sso.example.org")
        MailWorker(services.get(Database), services.get(Mailer).encryptor, smtp).send_due()
    (mail,) = catcher.mails
    assert (mail["To"], mail["From"]) == ("ada@xn--bcher-kva.org", "Büro <buero@xn--mnchen-3ya.example>")
    assert mail["Message-ID"].endswith("@xn--mnchen-3ya.example>")
    assert (catcher.greeting, catcher.envelope) == (
        "sso.example.org",
        ("buero@xn--mnchen-3ya.example", ["ada@xn--bcher-kva.org"]),
    )


@pytest.mark.parametrize(
    ("host", "greeting"),
    [("sso.example.org", "sso.example.org"), ("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")],
)
def test_the_greeting_is_the_host_of_the_site_or_its_ip_address_in_brackets(host, greeting):
    assert greeting_of(host) == greeting


def settings_of(tmp_path, **given):
    return CommandContext({"WEBAPP_INSTANCE": str(tmp_path)} | given).settings


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:8443/", "https://xn--bcher-kva.example:8443"),
        ("https://ｓｓｏ.example.org", "https://sso.example.org"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_base_url_with_such_a_host_is_stored_as_browsers_send_it(tmp_path, base_url, kept):
    settings = settings_of(tmp_path, WEBAPP_BASE_URL=base_url)
    assert settings.base_url == kept
    assert ascii_email(settings.mail_from).isascii()


@pytest.mark.parametrize("base_url", ["https://bü cher.example", "https://ü@evil.example", "https://\u2100.example"])
def test_a_base_url_with_an_invalid_host_is_refused(tmp_path, base_url):
    with pytest.raises(SettingsError, match="WEBAPP_BASE_URL"):
        settings_of(tmp_path, WEBAPP_BASE_URL=base_url)


@pytest.mark.parametrize("sender", ["Latchkey", "@example.org", "latchkey@", "<>"])
def test_an_invalid_sender_stops_the_start(tmp_path, sender):
    with pytest.raises(SettingsError, match="WEBAPP_MAIL_FROM"):
        settings_of(tmp_path, WEBAPP_MAIL_FROM=sender)


def test_a_reason_names_the_server(app):
    port = free_port()
    mail_id = put(app)
    worker_for(app, f"smtp://127.0.0.1:{port}").send_due()
    assert f"127.0.0.1:{port}: ConnectionRefusedError" in (row(app, mail_id).last_error or "")


def test_a_url_that_is_cut_by_a_special_character_hints_at_escaping(tmp_path):
    with pytest.raises(SettingsError, match="percent-encoded") as refused:
        settings_of(tmp_path, WEBAPP_SMTP_URL="smtp://robot:hunter2/#@mail.example.org:587")
    assert "hunter2" not in str(refused.value)


def test_a_mail_whose_link_ended_while_it_waited_is_not_sent(make_app):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "ada")
    with time_machine.travel(now(), tick=False) as clock:
        person = Person(app)
        person.open("/forgot")
        person.press("Send link", username="ada")
        worker_for(app, "smtp://127.0.0.1:9").send_due()
        clock.shift(timedelta(minutes=31))
        with serving() as (url, catcher):
            worker_for(app, url).send_due()
        with services_of(app).get(Database).write() as db:
            (mail,) = outbox.unsent(db)
            assert (mail.state, mail.sealed) == ("failed", None)
            assert mail.last_error.startswith("its link ended before it could be sent")
            assert outbox.retry(db, mail.id) is None
    assert catcher.mails == []


def test_a_mail_whose_link_still_works_is_sent(make_app):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "ada")
    with time_machine.travel(now(), tick=False) as clock:
        person = Person(app)
        person.open("/forgot")
        person.press("Send link", username="ada")
        worker_for(app, "smtp://127.0.0.1:9").send_due()
        clock.shift(timedelta(minutes=29))
        with serving() as (url, catcher):
            worker_for(app, url).send_due()
    assert len(catcher.mails) == 1
