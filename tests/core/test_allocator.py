"""Free memory is returned to the operating system."""

import subprocess
import sys
from pathlib import Path

import pytest

ALLOWED = 10 * 1024
"""KiB; each of four threads that has hashed would keep 19 MiB."""
HASH_IN_THREADS = """
import re, threading
from pathlib import Path
from webapp.core import allocator
from webapp.accounts.password_hasher import HASHER

def used():
    return int(re.search(r"Private_Dirty:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1])

if {}:
    allocator.return_regularly()
HASHER.hash("x")
before, all_here = used(), threading.Barrier(4)
def hash_some():
    for _ in range(3):
        all_here.wait()
        HASHER.hash("x")
threads = [threading.Thread(target=hash_some) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
allocator.return_free_memory()
print(used() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the system does not say what a process uses")
@pytest.mark.parametrize("regularly", [True, False])
def test_the_memory_of_hashes_is_returned_only_from_the_arena_that_all_threads_share(regularly):
    code = HASH_IN_THREADS.format(regularly)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (int(done.stdout) < ALLOWED) is regularly
