"""declare_event(): an event of a plug-in, with its sentences."""

import re
from collections.abc import Mapping

from webapp.audit.log import FORMER_NAMES, AppEvent, Event
from webapp.audit.sentences.wording import FORMATTERS, Sentence
from webapp.core.translation import DEFAULT, by_language

DECLARED: dict[str, Sentence] = {}
NAME = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
MAX_NAME = 50
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
# Placeholders that stand for names of users, or are worded for events of this site.
RESERVED = frozenset(FORMATTERS)


def declare_event(name: str, *, you: str | Mapping[str, str], they: str | Mapping[str, str]) -> None:
    """Declare an event of a plug-in, which ``record_event`` may then write to the audit log.

    A sentence is a text in English, or texts by language: ``{"en": "…", "de": "…"}``. ``%(title)s`` stands for the
    detail ``title`` of the event.

    Args:
        name: noun and participle, such as ``report.opened``.
        you: the sentence for the user whom the event concerns.
        they: the sentence for admins, in which ``%(user)s`` stands for that user.

    Raises:
        ValueError: the name is no such name or is taken, or a sentence has a wrong placeholder or no English text.
    """
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(f"the event {name!r} must be named like report.opened, in at most {MAX_NAME} characters")
    if name in {*Event, *FORMER_NAMES}:
        raise ValueError(f"the event {name} is one of this site's own")
    found = Sentence(text(name, you, RESERVED | {"user", "actor"}), text(name, they, RESERVED | {"actor"}))
    if DECLARED.setdefault(name, found) != found:
        raise ValueError(f"the event {name} was declared with other sentences")


def text(name: str, sentences: str | Mapping[str, str], reserved: frozenset[str]) -> str:
    texts = {DEFAULT: sentences} if isinstance(sentences, str) else dict(sentences)
    if DEFAULT not in texts:
        raise ValueError(f"the event {name} has no English sentence ({DEFAULT})")
    for sentence in texts.values():
        if "%" in PLACEHOLDER.sub("", sentence):
            raise ValueError(f"the event {name} has a sentence with a % that is neither %(name)s nor %%: {sentence}")
        if reserved_names := reserved.intersection(PLACEHOLDER.findall(sentence)):
            raise ValueError(f"the event {name} must name the detail {min(reserved_names)} differently: {sentence}")
    return by_language(texts)


def declared_event(name: str) -> AppEvent:
    """The event that a plug-in has declared under this name.

    Raises:
        LookupError: it was not declared.
    """
    if name not in DECLARED:
        raise LookupError(f"the event {name} is not declared: call declare_event({name!r}, you=…, they=…) first")
    return AppEvent(name)
