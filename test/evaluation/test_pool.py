# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes beside each other, as the system sees them."""

from pathlib import Path
import subprocess
import sys

import pytest

# In an interpreter of its own, where no process was started before.
PROGRAM = """
from pathlib import Path
from siam_tracker_ros.evaluation.pool import Worker

def blocked(pid):
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith('SigBlk')), 16)

if __name__ == '__main__':
    workers = [Worker(0) for _ in range(2)]
    print(*(blocked(worker._process.pid) >> 1 & 1 for worker in workers), blocked('self') >> 1 & 1)
    for worker in workers:
        worker.stop()
"""


@pytest.mark.skipif(not Path('/proc/self/status').is_file(), reason='no /proc here')
def test_every_process_is_deaf_to_ctrl_c_from_the_first_on(tmp_path):
    script = tmp_path / 'program.py'
    script.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=True
    )
    # SIGINT is signal 2; who started them still hears it.
    assert done.stdout.split() == ['1', '1', '0']
