"""The built documentation, served to a browser from this machine."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.surface import ROOT
from tests.reporting.conftest import axe_script as axe_script
from tests.reporting.conftest import browser as browser


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the site: what NEUROSCI_SITE names, or what ``make docs`` built from these sources."""
    named = os.environ.get("NEUROSCI_SITE")
    folder = Path(named) if named else ROOT / "docs/_build/html"
    if named:
        assert (folder / "index.html").is_file(), f"NEUROSCI_SITE must be a built site, got {named}"
    elif not (folder / "index.html").is_file():
        pytest.skip("the documentation is not built: run make docs, then these tests (.ci/run does both)")
    else:
        built = (folder / "index.html").stat().st_mtime
        sources = [
            p for p in (ROOT / "docs").rglob("*") if p.suffix in {".rst", ".css"} or p.name == "conf.py"
        ]
        written = [p for p in sources if not {"_build", "gallery", "generated"} & set(p.parts)]
        if max(path.stat().st_mtime for path in written) > built:
            pytest.skip("the built documentation is older than its sources: run make docs")
    return folder.resolve()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
