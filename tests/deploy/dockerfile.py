"""Runs the steps of a Dockerfile in folders, where there is no container engine: FROM, COPY, RUN and ENV, as root."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# As in Debian's image: packages are installed without manuals.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
"""
SECURITY = "deb http://deb.debian.org/debian-security {suite}-security main\n"


@dataclass
class Stage:
    """The file system of one FROM, and what it says of running it."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """The last USER, ENTRYPOINT, CMD, HEALTHCHECK and so on."""


def instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\n", "", re.sub(r"(?m)^#.*\n", "", text))
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, argument = line.partition(" ")
        yield name, argument.strip()


class FolderBuild:
    """Builds into ``folder``, with the files of ``context``."""

    def __init__(self, context: Path, folder: Path) -> None:
        self._context, self._folder = context, folder
        self._stages: dict[str, Stage] = {}
        self._stage = Stage(folder)

    def build(self, dockerfile: str) -> Stage:
        for name, argument in instructions(dockerfile):
            step = getattr(self, f"_{name.lower()}", None)
            if step is None:
                self._stage.settings[name] = argument
            else:
                step(argument)
        return self._stage

    def _from(self, argument: str) -> None:
        base, _, name = argument.partition(" AS ")
        root = self._folder / (name or "image")
        if base == "scratch":
            root.mkdir()
        else:
            source = self._stages[base].root if base in self._stages else self._debian(base)
            subprocess.run(["cp", "-a", "--reflink=auto", source, root], check=True)
        self._stage = self._stages[name] = Stage(root)

    def _debian(self, image: str) -> Path:
        """Debian's smallest system, such as of ``debian:bookworm-slim``, which is kept for the next time."""
        suite = re.fullmatch(r"debian:(\w+)-slim", image)[1]  # type: ignore[index] # Others cannot be made here.
        root = self._folder / suite
        if not root.exists():
            subprocess.run(["debootstrap", "--variant=minbase", suite, root], check=True)
            (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
            with (root / "etc/apt/sources.list").open("a") as sources:
                sources.write(SECURITY.format(suite=suite))
        return root

    def _env(self, argument: str) -> None:
        self._stage.environ |= dict(pair.split("=", 1) for pair in argument.split())

    def _copy(self, argument: str) -> None:
        *sources, target = argument.split()
        origin = self._context
        if sources[0].startswith("--from="):
            origin = self._stages[sources.pop(0).removeprefix("--from=")].root
        for source in (origin / name.lstrip("/") for name in sources):
            into = self._stage.root / target.lstrip("/")
            into = into / source.name if target.endswith("/") and source.is_file() else into
            into.parent.mkdir(parents=True, exist_ok=True)
            # Of a folder what is in it.
            subprocess.run(["cp", "-a", f"{source}/." if source.is_dir() else source, into], check=True)
            if origin == self._context:
                self._as_in_the_context(into)

    def _as_in_the_context(self, path: Path) -> None:
        """As if root had copied it, without what .dockerignore leaves out."""
        subprocess.run(["chown", "-R", "0:0", path], check=True)
        for cache in [*path.rglob("__pycache__")]:
            shutil.rmtree(cache)

    def _run(self, argument: str) -> None:
        command = ["chroot", self._stage.root, "/bin/sh", "-c", argument]
        with networked(self._stage.root) as environ:
            subprocess.run(command, env=environ | self._stage.environ, check=True)


@contextmanager
def networked(root: Path) -> Iterator[dict[str, str]]:
    """The environment of a RUN, which resolves names and trusts certificates as this machine does."""
    environ = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    lent = {"etc/resolv.conf": Path("/etc/resolv.conf")}
    if "PIP_CERT" in os.environ:
        lent["tmp/certificates.pem"] = Path(os.environ["PIP_CERT"])
        environ["PIP_CERT"] = "/tmp/certificates.pem"
    for name, source in lent.items():
        (root / name).write_bytes(source.read_bytes())
    yield environ
    for name in lent:
        (root / name).unlink()
