"""The two sides of a pair: a function of this process, or a peer in an environment of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from benchmarks import serve

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "build" / "bench"


class Here:
    """A side that runs in this process.

    Parameters
    ----------
    function : callable
        Function of the prepared data.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.data: Any = None

    def give(self, data: Any) -> None:
        """Keep the argument of the calls to come."""
        self.data = data

    def call(self, n_calls: int) -> dict[str, Any]:
        """Time `n_calls` calls."""
        return serve.timed(self.function, self.data, n_calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing."""


class Apart:
    """A side that runs in a process of its own, under another Python.

    Parameters
    ----------
    target : str
        ``module:function``; the module imports nothing but the standard library and its requirements.
    python : Path
        Interpreter of the environment.
    root : Path
        Folder from which the module is imported.
    """

    def __init__(self, target: str, python: Path, root: Path = ROOT) -> None:
        self.target = target
        command = [str(python), serve.__file__, str(root), target]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.questions: IO[str] = self.process.stdin  # type: ignore[assignment]
        self.answers: IO[str] = self.process.stdout  # type: ignore[assignment]

    def give(self, data: Any) -> None:
        """Send the argument of the calls to come; arrays arrive as lists."""
        self._ask({"data": data})

    def call(self, n_calls: int) -> dict[str, Any]:
        """Time `n_calls` calls, there."""
        return self._ask({"n_calls": n_calls})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self.questions.write(json.dumps(request, default=serve.plain) + "\n")
            self.questions.flush()
            line = self.answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(
                f"the peer {self.target} ended with code {self.process.wait()}: see its message above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if kind is not None:
            self.process.kill()
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.questions.close()
        self.process.wait()
        self.answers.close()


def environment(name: str, requirements: tuple[str, ...], folder: Path = ENVIRONMENTS) -> Path:
    """Return the interpreter of a pair's own environment; made once, again when its requirements change."""
    home = folder / name
    python, stamp = home / "bin" / "python", home / "requirements.txt"
    wanted = "".join(f"{line}\n" for line in requirements)
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(home, clear=True, with_pip=False)
        if requirements:
            installer = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
            subprocess.run([*installer, *requirements], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python
