"""python -m webapp: the one program."""

import os

from webapp.cli.program import program
from webapp.core.tracebacks import print_uncaught

# Also run by every worker, which must not start the program again.
if __name__ == "__main__":
    # What is made here, the database among it, is for us alone.
    os.umask(0o077)
    print_uncaught()
    program(prog_name="python -m webapp")
