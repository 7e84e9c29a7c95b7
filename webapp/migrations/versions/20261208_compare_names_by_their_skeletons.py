"""Add the skeleton of each user name, which it shares with names that look alike (UTS #39 §4)."""

import hashlib
import json
import unicodedata
from collections import defaultdict
from functools import cache
from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "20261208_skeletons"
down_revision = "20261207_networks"
branch_labels = None
depends_on = None

AT_ONCE = 1000
# The library's data still contains the direction marks around right-to-left letters in confusables.txt.
DIRECTION_MARK = "\u200e"


@cache
def prototypes() -> dict[str, str]:
    """What each confusable character is replaced with.

    ``confusable_homoglyphs`` keeps the pairs of Unicode's ``confusables.txt`` in both directions. Whatever is connected
    is one class, of which one member stands for all: a sequence, such as "rn" for "m", where there is one.
    """
    pairs = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
    alike: dict[str, set[str]] = defaultdict(set)
    for text, others in pairs.items():
        for other in others:
            one, two = text.replace(DIRECTION_MARK, ""), other["c"].replace(DIRECTION_MARK, "")
            alike[one].add(two)
            alike[two].add(one)
    found: dict[str, str] = {}
    for text in sorted(alike):
        if text not in found:
            members = connected(alike, text)
            # ASCII first among single characters, so that a skeleton can be read.
            prototype = min(members, key=lambda member: (-len(member), member))
            found |= dict.fromkeys(members, prototype)
    return found


def connected(alike: dict[str, set[str]], text: str) -> set[str]:
    members, waiting = {text}, [text]
    while waiting:
        new = alike[waiting.pop()] - members
        members |= new
        waiting += new
    return members


def skeleton_of(name: str) -> str:
    """The skeleton of a name, case-folded."""
    replaced = unicodedata.normalize("NFD", name)
    # Twice, because the characters of a replaced sequence may be confusable themselves.
    for _ in range(2):
        replaced = "".join(prototypes().get(character, character) for character in replaced)
    return unicodedata.normalize("NFD", replaced.casefold())


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("username_skeleton", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_user_username_skeleton", ["username_skeleton"])
    user = sa.table("user", sa.column("id", sa.Uuid), sa.column("username"), sa.column("username_skeleton"))
    change = sa.update(user).where(user.c.id == sa.bindparam("of")).values(username_skeleton=sa.bindparam("skeleton"))
    found = op.get_bind().execute(sa.select(user.c.id, user.c.username)).all()
    for first in range(0, len(found), AT_ONCE):
        rows = [
            {"of": of, "skeleton": hashlib.sha256(skeleton_of(name).encode()).hexdigest()}
            for of, name in found[first : first + AT_ONCE]
        ]
        op.get_bind().execute(change, rows)


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index("ix_user_username_skeleton")
        batch_op.drop_column("username_skeleton")
