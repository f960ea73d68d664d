"""The guards of the suite guard."""

import shutil
import socket
import subprocess
import sys
from xml.etree import ElementTree

import pytest


def test_only_this_machine_can_be_reached():
    with pytest.raises(OSError, match="must stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(OSError, match="must stay on this machine"):
        socket.getaddrinfo("example.org", 443)


def test_loopback_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


# What each test does, and the words with which the guard must fail it; one that does nothing must pass.
CASES = {
    "folder": ("os.chdir(tmp_path)", "working folder"),
    "variable": ("os.environ['LEFT_BEHIND'] = '1'", "environment"),
    "figure": ("from matplotlib import pyplot; pyplot.figure()", "open figures"),
    "setting": ("matplotlib.rcParams['font.size'] = 3", "rcParams"),
    "level": ("logging.getLogger('neurosci').setLevel(1)", "logging"),
    "handler": ("logging.getLogger().addHandler(logging.NullHandler())", "logging"),
    "disabled_logging": ("logging.disable(logging.ERROR)", "logging"),
    "threads": ("threadpoolctl.threadpool_limits(3)", "thread counts"),
    "torch_threads": ("torch.set_num_threads(torch.get_num_threads() + 1)", "torch thread count"),
    "filter": ("warnings.simplefilter('ignore')", "warnings filters"),
    "signal": ("signal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signal handlers"),
    "errors": ("numpy.seterr(all='raise')", "NumPy error handling"),
    "python_draw": ("random.random()", "global random generator of Python"),
    "numpy_draw": ("numpy.random.random()", "global random generator of NumPy"),
    "torch_draw": ("torch.rand(1)", "global random generator of torch"),
    "nothing": ("pass", ""),
    "restored": (
        "with threadpoolctl.threadpool_limits(1), warnings.catch_warnings(): warnings.simplefilter('ignore')",
        "",
    ),
}
IMPORTS = "import logging, os, random, signal, warnings\nimport matplotlib, numpy, threadpoolctl, torch\n"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, pytestconfig):
    """Message with which each case failed, "" for one that passed; all run once, in a suite of their own."""
    folder = tmp_path_factory.mktemp("suite")
    shutil.copy(pytestconfig.rootpath / "conftest.py", folder)
    bodies = "".join(f"def test_{name}(tmp_path):\n    {body}\n" for name, (body, _) in CASES.items())
    (folder / "test_body.py").write_text(IMPORTS + bodies)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--rootdir",
        folder,
    ]
    done = subprocess.run(
        [*command, "--junit-xml=out.xml", folder], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = dict.fromkeys(CASES, "")
    for case in ElementTree.parse(folder / "out.xml").iter("testcase"):  # noqa: S314
        problems = [child.get("message", "") for child in case if child.tag in ("failure", "error")]
        found[case.get("name").removeprefix("test_")] += " ".join(problems)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_test_that_leaves_traces_fails(outcomes, case):
    expected = CASES[case][1]
    assert expected in outcomes[case]
    assert bool(expected) == bool(outcomes[case])
