"""The benchmarks measure fairly, judge ratios, and say where they were made."""

from __future__ import annotations

import json
import math
import sys
import time

import pytest

from benchmarks import __main__ as command
from benchmarks import machine
from benchmarks.pairs import Pair, Target, measure, table
from benchmarks.peers import Apart, environment

PEER = """
import time

def slow(data):
    print("noise that must not be taken for an answer")
    time.sleep(0.003 * data["size"])
    return sum(data["numbers"])

def wrong(data):
    raise ValueError("no peer today")
"""


def spin(data):
    """Use the processor for a millisecond per size, as `slow` uses time."""
    end = time.process_time() + 0.001 * data["size"]
    while time.process_time() < end:
        pass
    return sum(data["numbers"])


def spin_three_times(data):
    spin(data)
    spin(data)
    return spin(data)


def prepare(size):
    return {"size": size, "numbers": [size, 1]}


def pair(**changes):
    settings = {
        "name": "trivial",
        "ours_words": "one",
        "peer_words": "another",
        "ours": spin,
        "peer": spin_three_times,
        "prepare": prepare,
        "sizes": (1, 4),
        "unit": "numbers",
        "n_rounds": 3,
        "min_speedup": 0.01,  # a busy machine must not fail these tests
        "disagreement": lambda ours, peer: abs(ours - peer),
        "disagreement_words": "difference",
    }
    return Pair(**settings | changes)


def test_a_pair_is_measured_at_all_sizes_and_judged():
    result = measure(pair())
    assert [row["size"] for row in result["sizes"]] == [1, 4]
    for row in result["sizes"]:
        assert row["n_rounds"] == 3
        assert row["ratio"]["cpu"]["low"] <= row["ratio"]["cpu"]["median"] <= row["ratio"]["cpu"]["high"]
        # a peer that does everything three times
        assert row["ratio"]["cpu"]["median"] == pytest.approx(3, rel=0.3)
        assert all(len(row["seconds"][side]["wall"]) == 3 for side in ("ours", "peer"))
        assert row["disagreement"] == 0
    assert 0.5 < result["cost_exponent"]["ours"] < 1.5
    assert result["passed"] is True
    text = table(result)
    assert text.count("pass") == 2
    assert "size^" in text


def test_ours_and_the_peer_take_turns():
    order = []
    long = 0.021  # longer than what is repeated within one measurement

    def call(name):
        def function(_):
            order.append(name)
            time.sleep(long)

        return function

    measure(
        pair(
            ours=call("ours"), peer=call("peer"), sizes=(1,), n_rounds=4, disagreement=None, min_speedup=None
        )
    )
    assert order[-8:] == ["ours", "peer"] * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"min_speedup": 100},
        {"disagreement": lambda ours, peer: 0.2, "max_disagreement": 0.1},
        {"disagreement": lambda ours, peer: math.nan, "max_disagreement": 0.1},
    ],
)
def test_a_gate_that_is_missed_fails_the_run(changes):
    result = measure(pair(sizes=(1,), **changes))
    assert result["passed"] is False
    assert "FAIL" in table(result)


def test_a_target_that_is_missed_is_only_told():
    result = measure(pair(sizes=(1,), targets=(Target(words="a wish", limit=1, value=lambda rows: 2.0),)))
    assert result["passed"] is True
    assert "a wish: 2 s, at most 1 s: missed" in table(result)


def test_a_peer_in_an_environment_of_its_own(tmp_path):
    """A process of another Python, which is started once, sees nothing of ours and may print."""
    (tmp_path / "peer_of_ours.py").write_text(PEER)
    apart = pair(peer="peer_of_ours:slow", requirements=(), min_speedup=None)
    python = environment("trivial", (), tmp_path / "environments")
    assert python.is_file()
    with apart.connect(tmp_path / "environments", tmp_path) as peer:
        peer.give(3)
        assert peer.process.args[0] == str(python)
    result = measure(apart, apart.connect(tmp_path / "environments", tmp_path))
    assert [row["disagreement"] for row in result["sizes"]] == [0, 0]
    for row in result["sizes"]:
        assert row["peer"]["wall"] >= 0.003 * row["size"]
        assert row["peer"]["cpu"] < row["peer"]["wall"]
    made = python.parent.parent / "requirements.txt"
    when = made.stat().st_mtime_ns
    environment("trivial", (), tmp_path / "environments")
    assert made.stat().st_mtime_ns == when


def test_a_peer_that_fails_says_so(tmp_path, capfd):
    (tmp_path / "peer_of_ours.py").write_text(PEER)
    with (
        pytest.raises(RuntimeError, match="ended with code 1"),
        Apart("peer_of_ours:wrong", sys.executable, tmp_path) as peer,
    ):
        peer.give(prepare(1))
        peer.call(1)
    assert "no peer today" in capfd.readouterr().err


def test_the_command_writes_what_was_measured_and_where(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "available", lambda: {"trivial": pair(sizes=(1,))})
    assert command.main(["trivial"], tmp_path) == 0
    written = json.loads((tmp_path / "trivial.json").read_text())
    assert {"commit", "machine", "versions", "sizes", "gates", "targets", "passed"} <= set(written)
    assert set(written["machine"]) == {"system", "architecture", "processor", "cores", "memory_gib"}
    assert "trivial: one (ours), another (peer)" in capsys.readouterr().out
    monkeypatch.setattr(command, "available", lambda: {"trivial": pair(sizes=(1,), min_speedup=100)})
    assert command.main([], tmp_path) == 1
    with pytest.raises(SystemExit):
        command.main(["trivail"], tmp_path)


def test_the_machine_has_no_name(monkeypatch):
    import getpass
    import socket

    words = json.dumps(machine.describe()).lower().replace('"', " ").split()
    assert socket.gethostname().lower() not in words
    assert getpass.getuser() not in words


def test_every_pair_can_be_found_and_has_a_gate():
    pairs = command.available()
    assert {"psychometric_fits", "import", "help"} <= set(pairs)
    assert pairs["psychometric_fits"].min_speedup == 50
    assert pairs["psychometric_fits"].max_disagreement == 0.1
    for name, found in pairs.items():
        assert found.min_speedup is not None or found.disagreement is not None, name
        assert list(found.sizes) == sorted(found.sizes), name
