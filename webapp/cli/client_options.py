"""Options of ``client add`` and ``client edit``: one for each field of ``ClientSettings``, with its name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from webapp.cli.durations import DURATION
from webapp.oauth.client_settings import NAMES, ClientSettings

Command = Callable[..., Any]


def contents(_context: click.Context, _option: click.Parameter, path: str | None) -> str | None:
    """The text of the file that an option names; an empty name stands for an empty text."""
    if not path:
        return path
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} cannot be read") from error


OPTIONS = (
    click.option(
        "--redirect-uri", "redirect_uris", multiple=True, metavar="URI", help="Where users return after login."
    ),
    click.option(
        "--post-logout-redirect-uri",
        "post_logout_redirect_uris",
        multiple=True,
        metavar="URI",
        help="Where its users go after they logged out of the app.",
    ),
    click.option(
        "--backchannel-logout-uri",
        "backchannel_logout_uri",
        metavar="URL",
        help="Where the app learns that a login has ended (OpenID Connect Back-Channel Logout).",
    ),
    click.option(
        "--rs256/--no-rs256",
        "wants_rs256",
        default=None,
        help="Whether ID tokens for it are signed with RS256: for apps that support no other algorithm.",
    ),
    click.option(
        "--signed-userinfo/--plain-userinfo",
        "signs_userinfo",
        default=None,
        help="Whether userinfo is a signed JWT for it instead of JSON.",
    ),
    click.option(
        "--pairwise-subjects/--public-subjects",
        "has_pairwise_subjects",
        default=None,
        help="Whether the app gets user identifiers that no other app gets, so that apps cannot compare their users.",
    ),
    click.option(
        "--own/--not-own",
        "is_first_party",
        default=None,
        help="Whether it is an app of yours: users are not asked for consent.",
    ),
    click.option(
        "--operator", metavar="NAME", help="Who runs it, such as a company: users see it before they allow the app."
    ),
    click.option("--scope", "scopes", multiple=True, help="A scope of this site's API that it may request."),
    click.option(
        "--resource",
        "resources",
        multiple=True,
        metavar="URI",
        help="Another service for which it may get access tokens (RFC 8707).",
    ),
    click.option(
        "--device/--no-device",
        "is_for_devices",
        default=None,
        help="Whether it runs on devices without a browser: users enter a code that it shows (RFC 8628).",
    ),
    click.option("--role", "roles", multiple=True, help="Only users with one of these roles may log in to it."),
    click.option(
        "--level",
        "demanded_level",
        metavar="ACR",
        help="How users must have logged in: aal2 or phr (a passkey).",
    ),
    click.option(
        "--access-lifetime", type=DURATION, help="How long its access tokens work; 0s uses the value of this site."
    ),
    click.option(
        "--login-lifetime", type=DURATION, help="After which its users log in again; 0s uses the value of this site."
    ),
    click.option("--no-groups/--groups", "hides_groups", default=None, help="Whether it never learns roles of users."),
    click.option(
        "--group-role", "group_roles", multiple=True, metavar="ROLE", help="A role that it may learn, not all."
    ),
    click.option("--person", "people", multiple=True, metavar="NAME", help="A user who may log in to it besides."),
    click.option(
        "--jwks",
        metavar="FILE",
        callback=contents,
        help="Its public keys (RFC 7517): it proves itself with a private key instead of a secret. Empty removes them.",
    ),
    click.option("--jwks-uri", metavar="URL", help="Where it publishes its public keys, instead of --jwks."),
    click.option(
        "--require-pushed-requests/--allow-unpushed-requests",
        "require_pushed_authorization_requests",
        default=None,
        help="Whether the app must push each authorization request first (RFC 9126).",
    ),
)


def settings_options(command: Command) -> Command:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that options name; an empty text stands for an empty list."""
    values_by_name = {name: options[name] for name in NAMES if options.get(name) not in (None, ())}
    return {
        name: [entry for entry in value if entry] if isinstance(value, tuple) else value
        for name, value in values_by_name.items()
    }


def changed(former: ClientSettings, options: dict[str, Any]) -> ClientSettings:
    return replace(former, **chosen(options))
