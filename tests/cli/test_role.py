"""role: the rules, refusals and audit events of the admin pages, on the command line."""

import json
import shutil

import pytest

from tests import factories
from tests.instance_copies import copied
from webapp.app import close
from webapp.testing import as_user, build

MADE = [
    ("editor", "Writes.", ["user"]),
    ("printer", "Prints.", ["editor"]),
    ("idle", "Does nothing.", []),
    ("held", "Somebody has it.", ["user"]),
    ("invited", "Somebody is invited to it.", ["user"]),
    ("owner", "Another name.", ["super_admin"]),
]


class ByCommand:
    """The status of each is that of the page, by what the command says."""

    def __init__(self, run):
        self.run = run

    def create(self, name, description, includes):
        return self.run("role create", name, "--description", description, *self.including(includes))

    def edit(self, name, description, includes):
        which = self.including(includes) or ["--includes-nothing"]
        return self.run("role edit", name, "--description", description, *which)

    def remove(self, name):
        return self.run("role remove", name)

    @staticmethod
    def including(includes):
        return [word for name in includes for word in ("--includes", name)]


class ByPage:
    def __init__(self, client):
        self.client = client

    def create(self, name, description, includes):
        sent = {"name": name, "description": description, "includes": includes}
        return self.client.post("/admin/roles", json=sent, headers={"Accept": "*/*"})

    def edit(self, name, description, includes):
        sent = {"description": description, "includes": includes}
        return self.client.post(f"/admin/roles/{name}/edit", json=sent, headers={"Accept": "*/*"})

    def remove(self, name):
        return self.client.post(f"/admin/roles/{name}/remove", json={}, headers={"Accept": "*/*"})


def is_done(answer):
    code = getattr(answer, "status_code", None)
    return answer.exit_code == 0 if code is None else code < 400


@pytest.fixture(scope="module")
def in_use(migrated):
    """The instance of a site where roles are in use, to be copied."""
    with copied(migrated) as instance:
        app = build(instance)
        page = ByPage(as_user(app, "chief", role="super_admin"))
        for name, description, includes in MADE:
            assert is_done(page.create(name, description, includes))
        factories.user(app, "paul", role="held")
        assert page.client.post("/admin/invitations/new", json={"role": "invited"}).status_code == 201
        close(app)
        yield instance


@pytest.fixture
def site(in_use, instance):
    return shutil.copytree(in_use, instance, dirs_exist_ok=True)


@pytest.fixture
def page(site):
    app = build(site)
    yield ByPage(as_user(app, "chief"))
    close(app)


@pytest.fixture
def command(site, run):
    return ByCommand(run)


RULES = {
    "a new role": ("create", ("writer", "Writes.", ["user"]), True, "was created"),
    "a new role that includes nothing": ("create", ("writer", "Writes.", []), True, "was created"),
    "a role that there is": ("create", ("editor", "Writes.", []), False, "A role editor already exists."),
    "a built-in name": ("create", ("admin", "x", []), False, "A role admin already exists."),
    "a name with a capital": ("create", ("Writer", "x", []), False, "Use 2 to 20 lower-case letters"),
    "a name that is too long": ("create", ("w" * 21, "x", []), False, "Use 2 to 20 lower-case letters"),
    "an unknown role included": ("create", ("writer", "x", ["king"]), False, "Unknown role: king."),
    "a role that includes itself": ("create", ("writer", "x", ["writer"]), False, "A role cannot include itself"),
    "no description": ("create", ("writer", "", []), False, "Enter a description."),
    "a blank description": ("create", ("writer", "  ", []), False, "Enter a description."),
    "a long description": ("create", ("writer", "x" * 201, []), False, "At most 200 characters."),
    "a description of two lines": ("create", ("writer", "a\nb", []), False, "Enter one line of printable text."),
    "a description with colours": ("create", ("writer", "\x1b[31ma", []), False, "Enter one line of printable text."),
    "a description of accents": (
        "create",
        ("writer", "a\u0300\u0301\u0302\u0303", []),
        False,
        "accents",
    ),
    "another description": ("edit", ("editor", "Edits.", ["user"]), True, "was changed"),
    "more included": ("edit", ("editor", "Writes.", ["user", "idle"]), True, "was changed"),
    "nothing included": ("edit", ("editor", "Writes.", []), True, "was changed"),
    "a cycle": ("edit", ("editor", "Writes.", ["printer"]), False, "editor includes printer includes editor."),
    "itself": ("edit", ("editor", "Writes.", ["editor"]), False, "A role cannot include itself"),
    "an unknown role": ("edit", ("editor", "Writes.", ["king"]), False, "Unknown role: king."),
    "a role that there is not": ("edit", ("king", "x", []), False, "There is no role king."),
    "admin without user": ("edit", ("admin", "x", []), False, "admin always includes user."),
    "super_admin without admin": ("edit", ("super_admin", "x", ["user"]), False, "super_admin always includes admin."),
    "admin with more": ("edit", ("admin", "x", ["user", "editor"]), True, "was changed"),
    "one that is not used": ("remove", ("idle",), True, "was removed"),
    "one that another includes": ("remove", ("editor",), False, "printer includes it."),
    "one that somebody has": ("remove", ("held",), False, "1 user has it."),
    "one that somebody is invited to": ("remove", ("invited",), False, "Somebody is invited to it."),
    "user": ("remove", ("user",), False, "It is a built-in role."),
    "admin": ("remove", ("admin",), False, "It is a built-in role."),
    "super_admin": ("remove", ("super_admin",), False, "It is a built-in role."),
    "one that there is not": ("remove", ("king",), False, "There is no role king."),
}

# Not found, taken, in use or a cycle; the other refusals are of malformed values.
NOT_ALLOWED = ("A role ", "There is no ", "It is ", "printer ", "1 user ", "Somebody ", "editor includes ")


@pytest.mark.parametrize(("verb", "given", "is_allowed", "said"), RULES.values(), ids=RULES)
def test_a_command_is_done_or_refused_with_the_reason(command, run, verb, given, is_allowed, said):
    before = run("role list --json").stdout
    by_command = getattr(command, verb)(*given)
    assert said in by_command.stderr
    assert by_command.exit_code == (0 if is_allowed else 1 if said.startswith(NOT_ALLOWED) else 2)
    if is_allowed:
        (line,) = run(f"audit list --json -n 1 --event role.{PAST[verb]}").stdout.splitlines()
        event = json.loads(line)
        assert (event["details"]["role"], event["details"]["origin"]) == (given[0], "cli")
        assert run("role list --json").stdout != before
    else:
        assert run("role list --json").stdout == before


PAST = {"create": "made", "edit": "edited", "remove": "removed"}


@pytest.mark.parametrize(("verb", "given", "is_allowed", "said"), RULES.values(), ids=RULES)
def test_the_page_allows_and_refuses_what_the_command_does(page, verb, given, is_allowed, said):
    assert is_done(getattr(page, verb)(*given)) == is_allowed


def test_the_last_super_admin_role_is_kept(run, add):
    assert run("role create owner --description x --includes super_admin").exit_code == 0
    add("ada", "owner")
    done = run("role edit owner --includes user")
    assert (done.exit_code, "Nobody would be super_admin any more." in done.stderr) == (1, True)


def test_omitted_options_are_not_changed(run):
    run("role create editor --description Writes. --includes user")
    run("role edit editor --description Edits.")
    found = json.loads(run("role show editor --json").stdout)
    assert (found["description"], found["includes"]) == ("Edits.", ["user"])
    run("role edit editor --includes admin --includes user")
    found = json.loads(run("role show editor --json").stdout)
    assert (found["description"], found["includes"]) == ("Edits.", ["admin", "user"])
    run("role edit editor --includes-nothing")
    assert json.loads(run("role show editor --json").stdout)["closure"] == ["editor"]


@pytest.mark.parametrize(
    "command", ["role edit user", "role edit user --includes-nothing --includes x", "role create x"]
)
def test_wrong_usage_exits_with_2(run, command):
    assert run(command).exit_code == 2


def test_the_list_shows_included_roles_and_numbers_of_users(run, add):
    add("ada", "super_admin")
    lines = [line.split() for line in run("role list").stdout.splitlines()]
    assert [line[:3] for line in lines[1:]] == [
        ["user", "-", "0"],
        ["admin", "user", "0"],
        ["super_admin", "admin", "1"],
    ]


def test_show_prints_included_and_including_roles(run):
    lines = run("role show admin").stdout.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("Includes")] == ["user"]
    assert "Included by  super_admin" in lines
    assert "Built-in     yes" in lines
    assert run("role show king").exit_code == 1
