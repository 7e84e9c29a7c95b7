"""The types of settings: how a value is parsed and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

Network = IPv4Network | IPv6Network
SigningAlgorithm = Literal["ES256", "EdDSA", "RS256", "HS256"]
Registration = Literal["open", "invite", "closed"]
PasswordLoginMode = Literal["on", "admins", "off"]
LogLevel = Literal["debug", "info", "warning", "error"]

UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
TRUTH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
CENTURY = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class SettingType:
    word: str
    parse: Callable[[str], object]
    """Raises ``ValueError`` with a message such as "must be a whole number"."""
    write: Callable[[Any], str] = str


def kind_of(type_: Any) -> SettingType:
    return one_of(get_args(type_)) if get_origin(type_) is Literal else KINDS[type_]


def one_of(words: tuple[str, ...]) -> SettingType:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return SettingType(" or ".join(words), parse)


def path(text: str) -> Path:
    # An empty path would mean the current folder, which is never intended.
    if not text:
        raise ValueError("must name a folder")
    return Path(text)


def whole_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError("must be a whole number")
    return int(text)


def yes_or_no(text: str) -> bool:
    if text.lower() not in TRUTH:
        raise ValueError("must be true or false")
    return TRUTH[text.lower()]


def duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,10}) ?([smhd])", text)
    if not match:
        # 12 may be meant as seconds, minutes or hours.
        raise ValueError("must be a duration with its unit, such as 90s, 10m, 12h or 7d")
    length = int(match[1]) * UNITS[match[2]].total_seconds()
    # Adding a longer duration to a date may exceed the largest date.
    if length > CENTURY.total_seconds():
        raise ValueError("must be shorter than a century")
    return timedelta(seconds=length)


def write_duration(value: timedelta) -> str:
    unit = next((unit for unit in UNITS if not value % UNITS[unit]), "s")
    return f"{value // UNITS[unit]}{unit}"


def words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


def networks(text: str) -> tuple[Network, ...]:
    return tuple(network(word) for word in words(text))


def network(word: str) -> Network:
    try:
        return ip_network(word)
    except ValueError as error:
        raise ValueError(f"must name networks such as 10.0.0.0/8 or 127.0.0.1, not {word!r}") from error


def write_list(values: tuple[object, ...]) -> str:
    return ",".join(str(value) for value in values)


KINDS: dict[Any, SettingType] = {
    str: SettingType("text", str),
    int: SettingType("whole number", whole_number),
    bool: SettingType("true or false", yes_or_no, lambda value: str(value).lower()),
    timedelta: SettingType("duration", duration, write_duration),
    Path: SettingType("path", path),
    tuple[str, ...]: SettingType("list of texts", words, write_list),
    tuple[Network, ...]: SettingType("list of networks", networks, write_list),
}
