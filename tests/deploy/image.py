"""Builds the container image in a folder, runs it there as compose.yaml does, and measures it.

Run as root on Debian with debootstrap: ``python -m tests.deploy.image FOLDER``. It takes 2 minutes and 2 GB.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import httpx

from tests.deploy.dockerfile import FolderBuild, Stage
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
MOST = 200_000_000
"""Bytes of all files."""
PASSWORD = "umbrella otter lantern"
PARTS = {"Latchkey": "srv", "Python packages": "opt", "Debian with Python": "usr", "all": "."}
# A root that nobody can write, but for /data and /tmp, and no capability.
CONFINED = """set -e
mount --bind {root} {root} && mount -o remount,bind,ro {root} && cd {root}
mount --bind {data} data && mount -t tmpfs none tmp && mount --rbind /dev dev && mount -t proc none proc
exec /usr/sbin/chroot . /opt/latchkey/bin/python -c '{drop}' "$@"
"""
# No setpriv is in the image.
DROP = "import os, sys; os.setgroups([]); os.setgid({gid}); os.setuid({uid}); os.execvp(sys.argv[1], sys.argv[1:])"


class Container:
    """Runs commands in the folder of the image, as its user, with a volume at /data."""

    def __init__(self, image: Stage, data: Path) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        user = dict(zip(("uid", "gid"), image.settings["USER"].split(":"), strict=True))
        self._script = CONFINED.format(root=image.root, data=data, drop=DROP.format(**user))
        self._environ = image.environ | {
            "WEBAPP_BIND": f"127.0.0.1:{self._port}",
            "LATCHKEY_BACKUP_PASSPHRASE": PASSWORD,
        }
        self._settings = image.settings
        data.mkdir()
        subprocess.run(["chown", image.settings["USER"], data], check=True)

    def start(self, *command: str, stderr: int | None = None) -> Popen[str]:
        confined = ["unshare", "--mount", "sh", "-c", self._script, "sh", *command]
        return Popen(confined, env=self._environ, stdin=PIPE, stdout=PIPE, stderr=stderr, text=True)

    def run(self, *command: str, sent: str = "") -> str:
        """As ``docker exec``."""
        process = self.start(*command)
        output, _ = process.communicate(sent, timeout=120)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: {process.returncode}\n{output}")
        return output.strip()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """As ``docker run``, until the HEALTHCHECK succeeds."""
        entry, command = (json.loads(self._settings[name]) for name in ("ENTRYPOINT", "CMD"))
        process = self.start(*entry, *command)
        healthy = json.loads(self._settings["HEALTHCHECK"].partition("CMD ")[2].replace(":8000", f":{self._port}"))
        try:
            wait_until(lambda: self.start(*healthy, stderr=DEVNULL).wait() == 0)
            yield
        finally:
            process.terminate()
            process.wait(20)
        assert process.returncode == 0, process.returncode


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"not healthy after {seconds} seconds")
        time.sleep(1)


def try_out(site: Container) -> None:
    print(site.run("latchkey", "--version"), site.run("sh", "-c", "id && ! touch /srv/x"), sep="\n")
    with site.serving():
        site.run("latchkey", "user", "add", "ada", "--role", "super_admin", "--password-stdin", sent=PASSWORD)
        login = httpx.post(f"{site.url}/api/auth", json={"username": "ada", "password": PASSWORD})
        token = site.run("latchkey", "token", "mint", "ada", "--name", "backup", "--scope", "protected:read")
        for bearer in (login.json()["access_token"], token):
            answer = httpx.get(f"{site.url}/protected", headers={"Authorization": f"Bearer {bearer}"})
            print(f"/protected: {answer.status_code}")
            answer.raise_for_status()
        print(site.run("latchkey", "db", "backup", "/data/backup"))
        print(site.run("latchkey", "doctor"))
    print(site.run("latchkey", "db", "restore", "--check", "/data/backup"))


def size_of(folder: Path) -> int:
    """Bytes of its files, in a folder and below."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    image = FolderBuild(ROOT, folder).build((ROOT / "Dockerfile").read_text())
    found = {part: size_of(image.root / inside) for part, inside in PARTS.items()}
    try_out(Container(image, folder / "data"))
    for part, size in found.items():
        print(f"{part:<20}{size / 1e6:>8.1f} MB")
    return int(found["all"] > MOST)


if __name__ == "__main__":
    sys.exit(main())
