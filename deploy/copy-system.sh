#!/bin/sh
# Copy from Debian what the program needs of it into a folder, which becomes the root of the container image: Python, its
# libraries, and busybox for a shell. Scanners find these packages in /var/lib/dpkg/status.
# Usage: copy-system.sh /system
set -eu
root=$1
# The names of Debian 12; dpkg-query stops if one is not installed.
packages="base-files base-passwd busybox-static ca-certificates media-types tzdata
  libc6 libgcc-s1 libbz2-1.0 libcrypt1 libexpat1 libffi8 liblzma5 libsqlite3-0 libssl3 libuuid1 zlib1g
  python3-minimal python3.11-minimal libpython3.11-minimal libpython3.11-stdlib"
# What no package owns: links of the merged /usr, and what was written when packages were installed.
others="/bin /lib /lib64 /sbin /etc/passwd /etc/group /etc/nsswitch.conf /etc/ssl/certs/ca-certificates.crt"

# tar follows a link only to a folder that is there.
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/sbin" "$root/var/lib/dpkg"
dpkg-query --status $packages > "$root/var/lib/dpkg/status"
{ dpkg-query --listfiles $packages; printf '%s\n' $others; } | sort -u | while read -r path; do
  # The Debian of containers leaves manuals out. Python has tables of encodings of its own.
  case $path in */gconv | */gconv/*) continue ;; esac
  if [ -e "$path" ] || [ -L "$path" ]; then echo ".$path"; fi
done | tar -C / --no-recursion -cf - -T - | tar -C "$root" -xpf -

# The commands of busybox, but for those that are there.
for command in $(busybox --list); do
  [ -e "$root/usr/bin/$command" ] || ln -s busybox "$root/usr/bin/$command"
done
python3 -m compileall -q -s "$root" "$root"/usr/lib/python3*
