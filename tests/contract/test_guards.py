"""The guards of the suite guard."""

import shutil
import socket
import subprocess
import sys

import pytest


def test_only_this_machine_can_be_reached():
    with pytest.raises(OSError, match="must stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(OSError, match="must stay on this machine"):
        socket.getaddrinfo("example.org", 443)


def test_loopback_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


BODIES = {
    "a changed folder": ("import os\ndef test(tmp_path):\n    os.chdir(tmp_path)\n", "working folder"),
    "a changed variable": ("import os\ndef test():\n    os.environ['LEFT_BEHIND'] = '1'\n", "environment"),
    "an open figure": ("from matplotlib import pyplot\ndef test():\n    pyplot.figure()\n", "open figures"),
    "a changed setting": (
        "import matplotlib\ndef test():\n    matplotlib.rcParams['font.size'] = 3\n",
        "rcParams",
    ),
    "a changed level": (
        "import logging\ndef test():\n    logging.getLogger('neurosci').setLevel(1)\n",
        "logging",
    ),
    "a global draw": (
        "import numpy\ndef test():\n    numpy.random.random()\n",
        "global random generator of NumPy",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_test_that_leaves_traces_fails(tmp_path, pytestconfig, case):
    body, expected = BODIES[case]
    shutil.copy(pytestconfig.rootpath / "conftest.py", tmp_path)
    (tmp_path / "test_body.py").write_text(body)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert expected in done.stdout
