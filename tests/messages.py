"""Translation catalogues: extract all texts, bring the catalogues up to date, compile them; ``make messages``."""

import io
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from webapp.core.translation import DEFAULT
from webapp.web.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "webapp" / "translations"
SCRIPTS = ROOT / "static" / "js"
TRANSLATED = sorted(LANGUAGES.keys() - {DEFAULT})
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "gettext": None,
    "ngettext": (1, 2),
}
WIDTH = 110


def extracted(root: Path = ROOT) -> Catalog:
    """All texts of Python, templates and scripts that are marked for translation, with the files they stand in."""
    mappings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {mapping["pattern"]: mapping for mapping in mappings}
    catalog = Catalog(charset="utf-8")
    for folder in ("webapp", "templates", "static/js"):
        found = extract_from_dir(
            root / folder,
            [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods],
            {pattern.removeprefix(f"{folder}/"): option for pattern, option in options.items()},
            KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
            # Babel leaves out folders whose name begins with "_", such as layouts and macros.
            directory_filter=lambda _folder: True,
        )
        for name, _line, message, comments, context in found:
            catalog.add(message, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str, kind: str = "po") -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"messages.{kind}"


def read(language: str) -> Catalog:
    """The catalogue of a language; empty for one that is new."""
    path = path_of(language)
    catalog = read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=language)
    # Dates would make every compiled catalogue another one.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return catalog


def updated(language: str, texts: Catalog) -> Catalog:
    """The catalogue of a language with exactly these texts: what is new is untranslated, what is gone is dropped."""
    catalog = read(language)
    catalog.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    written = io.BytesIO()
    write_po(written, catalog, width=WIDTH, sort_output=True, omit_header=True, include_lineno=False)
    return written.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def is_translated(message: Message) -> bool:
    said = [message.string] if isinstance(message.string, str) else message.string
    return bool(message.id and said) and not message.fuzzy and all(said)


def script_texts(catalog: Catalog) -> str:
    """The texts of ``static/js`` as a module: English to translated."""
    texts = {
        message.id: message.string
        for message in catalog
        if is_translated(message) and any(name.startswith("static/js/") for name, _line in message.locations)
    }
    return f"export default {json.dumps(dict(sorted(texts.items())), ensure_ascii=False, indent=2)}\n"


def write(language: str, catalog: Catalog) -> None:
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    path_of(language).write_bytes(po_bytes(catalog))
    path_of(language, "mo").write_bytes(mo_bytes(catalog))
    (SCRIPTS / f"texts-{language}.js").write_text(script_texts(catalog))


def main() -> None:
    texts = extracted()
    for language in TRANSLATED:
        catalog = updated(language, texts)
        write(language, catalog)
        done = sum(is_translated(message) for message in catalog)
        print(f"{language}: {len(catalog)} texts, {len(catalog) - done} of them not translated")


if __name__ == "__main__":
    main()
