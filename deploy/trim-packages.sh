#!/bin/sh
# Remove from a virtual environment what the program never reads: pip, tests and C sources of packages, symbols of
# libraries, and other languages' calendars.
# Usage: trim-packages.sh /opt/latchkey
set -eu
cd "$1"
packages=$(echo lib/python3*/site-packages)
bin/python -m pip uninstall --quiet --yes pip setuptools 2>/dev/null || true
find "$packages" -type d \( -name tests -o -name test -o -name testing \) -prune -exec rm -rf {} +
# Babel: the languages of this site, and what they are derived from.
find "$packages/babel/locale-data" -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' ! -name 'de*.dat' -delete
find "$packages" -type f \( -name '*.pyi' -o -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' \) -delete
# Not those that psycopg brings: their entries were changed after the link, and strip would damage them.
if command -v strip >/dev/null; then
  find "$packages" -name '*.so' ! -path '*.libs/*' -exec strip --strip-unneeded {} +
fi
find . -type d -name __pycache__ -prune -exec rm -rf {} +
bin/python -m compileall -q "$packages" || true
