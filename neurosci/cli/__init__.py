"""The ``neurosci`` command: it says the same as `neurosci.run` in Python."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import NoReturn

from neurosci._core.checks import suggest
from neurosci._version import __version__

DONE, FAILED, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
COMMANDS = {
    "list": "list the analyses",
    "run": "run one analysis or all, and write a report",
    "merge": "join the shards of a run",
    "report": "draw the pages of finished runs again",
    "bids": "turn preprocessed scans (BIDS derivatives) into series that an analysis starts from",
    "datasets": "list, fetch and verify data sets",
    "info": "print versions, folders and what is missing",
}


class UsageError(ValueError):
    """The command line is wrong; the message says how."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM)."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Returns
    -------
    argparse.ArgumentParser
        The parser; each command is defined in the module of its name.
    """
    parser = argparse.ArgumentParser(
        prog="neurosci",
        description="Run published analyses of computational neuroscience and judge their claims.",
        epilog="Exit codes: 0 done, 1 an analysis failed, 2 wrong usage, 130 interrupted, 143 terminated.",
    )
    parser.add_argument("--version", action="version", version=f"neurosci {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, words in COMMANDS.items():
        module = importlib.import_module(f"neurosci.cli.{name}")
        sub = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        module.add_arguments(sub)
        sub.set_defaults(call=module.call)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; ``None`` takes those of the process.

    Returns
    -------
    int
        Exit code: 0 done, 1 an analysis failed, 2 wrong usage, 130 interrupted, 143 terminated.
    """
    # The module of the command "list" hides the builtin of this name here, once it is imported.
    arguments = [*(sys.argv[1:] if argv is None else argv)]
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            raise UsageError(f"no command is called {arguments[0]!r} ({suggest(arguments[0], COMMANDS)})")
        options = build_parser().parse_args(arguments)
        with _terminate_cleanly():
            code: int = options.call(options)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            _drop_output()
            complain(f"standard output cannot be written: {error.strerror}")
            return FAILED
    except UsageError as error:
        complain(str(error))
        return USAGE
    except BrokenPipeError:
        # The reader of our output went away; what was asked for is on the disk all the same.
        _drop_output()
        return DONE
    except KeyboardInterrupt as error:
        from neurosci._core.parallel import stop_workers

        stop_workers()
        complain("interrupted; finished units of work are saved, and the same command goes on from there")
        return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    except OSError as error:
        complain(str(error))
        return FAILED
    return code


def say(text: str) -> None:
    """Write one line to standard output; a closed or full output never stops the work.

    Parameters
    ----------
    text : str
        The line.
    """
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        pass
    except OSError as error:
        sys.stdout = _LostOutput(error)


def complain(text: str) -> None:
    """Write one line to standard error.

    Parameters
    ----------
    text : str
        The line.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"neurosci: {text}\n")
        sys.stderr.flush()


class _LostOutput:
    """What follows output that could not be written: silent until it is asked whether all is well."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        raise self.error


def _fill_closed_streams() -> None:
    """Let a closed standard stream lead nowhere, before a file of ours or of a worker gets its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115


def _drop_output() -> None:
    """Give up standard output, so that Python does not try to flush it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123


@contextlib.contextmanager
def _terminate_cleanly() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that the run is recorded as interrupted."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    try:
        before: Callable[..., object] | int | None = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
