"""The scope picker of token forms: a row per resource with its levels, and the paths that each opens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from webapp.core.translation import _
from webapp.tokens.scopes import READ, WRITE, Catalogue, Scope


@dataclass(frozen=True, slots=True)
class PickerLevel:
    """An option of a row, with the scopes that it stands for, separated by spaces."""

    scopes: str
    words: str
    is_held: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class CoveredScope:
    """A scope with its purpose and the paths that it opens to this user."""

    scope: Scope
    is_held: bool
    paths: list[str]

    @property
    def words(self) -> str:
        if not self.is_held:
            return self.scope.missing_role_sentence()
        return self.scope.sentence or ("" if self.paths else _("No pages yet."))


@dataclass(frozen=True, slots=True)
class PickerRow:
    """A resource with its options."""

    name: str
    title: str
    levels: list[PickerLevel]
    others: list[PickerLevel]
    """Scopes that neither read nor write; each can be chosen on its own."""
    covers: list[CoveredScope]
    is_suggested: bool

    @property
    def is_held(self) -> bool:
        return any(covered.is_held for covered in self.covers)

    @property
    def is_chosen(self) -> bool:
        return any(level.is_chosen and level.scopes for level in (*self.levels, *self.others))


def rows(
    catalogue: Catalogue, roles: Sequence[str], selected: Collection[str], *, is_suggested: bool
) -> list[PickerRow]:
    """The rows of the picker; those with scopes that the user holds come first."""
    visible = [scope for scope in catalogue.scopes.values() if scope.is_held_by(roles) or not scope.is_hidden]
    found = [
        row(list(scopes), roles, set(selected), is_suggested=is_suggested)
        for _name, scopes in groupby(visible, key=lambda scope: scope.resource_name)
    ]
    return sorted(found, key=lambda row: not row.is_held)


def row(scopes: Sequence[Scope], roles: Sequence[str], selected: set[str], *, is_suggested: bool) -> PickerRow:
    by_verb = {scope.verb: scope for scope in scopes}
    ranks = {verb: by_verb.pop(verb) for verb in (READ, WRITE) if verb in by_verb}
    others = [level([scope], scope.label, roles, is_chosen=scope.name in selected) for scope in by_verb.values()]
    return PickerRow(
        name=scopes[0].resource_name,
        title=scopes[0].title,
        levels=levels(ranks, roles, selected),
        others=others,
        covers=[covered(scope, roles) for scope in (*ranks.values(), *by_verb.values())],
        is_suggested=is_suggested and any(scope.name in selected for scope in scopes),
    )


def levels(ranks: dict[str, Scope], roles: Sequence[str], selected: set[str]) -> list[PickerLevel]:
    """The options none, read, read and write; write alone only if exactly that is chosen already."""
    if not ranks:
        return []
    selected_verbs = tuple(verb for verb, scope in ranks.items() if scope.name in selected and scope.is_held_by(roles))
    steps = [(READ,), (READ, WRITE)] if READ in ranks else [(WRITE,)]
    if selected_verbs == (WRITE,) and READ in ranks:
        steps.append((WRITE,))
    words = {
        (READ,): _("read"),
        (READ, WRITE): _("read and write"),
        (WRITE,): _("write only") if READ in ranks else _("write"),
    }
    return [PickerLevel("", _("none"), is_held=True, is_chosen=not selected_verbs)] + [
        level([ranks[verb] for verb in step], words[step], roles, is_chosen=selected_verbs == step)
        for step in steps
        if set(step) <= set(ranks)
    ]


def level(scopes: Sequence[Scope], words: str, roles: Sequence[str], *, is_chosen: bool) -> PickerLevel:
    """An option that stands for ``scopes``."""
    is_held = all(scope.is_held_by(roles) for scope in scopes)
    return PickerLevel(" ".join(scope.name for scope in scopes), words, is_held, is_held and is_chosen)


def covered(scope: Scope, roles: Sequence[str]) -> CoveredScope:
    return CoveredScope(scope, scope.is_held_by(roles), scope.descriptions_for(roles))
