"""python -m webapp: the command-line interface."""

import os
import sys
from importlib import import_module

from webapp import requirements
from webapp.core.tracebacks import print_uncaught


def main(name: str = "latchkey") -> None:
    """Run the program; also the command ``latchkey`` of an installed package."""
    # Files that are created here, such as the database, are readable by this user only.
    os.umask(0o077)
    print_uncaught()
    try:
        import_module("webapp.cli.program").program(prog_name=name)
    except ImportError:
        if not (missing := requirements.sentence()):
            raise
        sys.stderr.write(f"{missing}\n")
        sys.exit(2)


# Also run by every worker, which must not start the program again.
if __name__ == "__main__":
    main("python -m webapp")
