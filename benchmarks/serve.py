"""Time calls in this process, or serve a peer that lives in an environment of its own.

Standard library only: the other environment holds the peer and nothing of ours.
``python serve.py ROOT MODULE:FUNCTION`` reads one request per line and answers each with one line, both JSON:
``{"data": ...}`` gives the argument, ``{"n_calls": n}`` asks for that many timed calls. The process lives for
the whole measurement, so that its start and its imports are never timed.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def timed(function: Callable[..., Any], data: Any, n_calls: int) -> dict[str, Any]:
    """Return seconds per call, wall and CPU with ended child processes, and what the last call returned."""
    cpu, start = _cpu(), time.perf_counter()
    for _ in range(n_calls):
        value = function(data)
    return {
        "wall": (time.perf_counter() - start) / n_calls,
        "cpu": (_cpu() - cpu) / n_calls,
        "value": value,
    }


def _cpu() -> float:
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def plain(value: Any) -> Any:
    """Turn arrays into lists, so that JSON can hold them."""
    return value.tolist() if hasattr(value, "tolist") else value


def main(root: str, target: str) -> None:
    """Answer requests until the input ends."""
    # What a library prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path[0] = root
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    data = None
    for line in sys.stdin:
        request = json.loads(line)
        if "data" in request:
            data, answer = request["data"], {}
        else:
            answer = timed(function, data, request["n_calls"])
        answers.write(json.dumps(answer, default=plain) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
