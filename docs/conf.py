"""Configuration of the documentation. It builds offline, and a warning is an error."""

import os
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import neurosci

sys.path.insert(0, str(Path(__file__).parent / "how_to"))

project = "neurosci"
author = "neurosci developers"
project_copyright = "2026, neurosci developers"
version = release = neurosci.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "tutorials", "how_to/toy_analysis"]
nitpicky = True

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"neurosci {release}"
html_static_path = ["_static"]
html_show_sourcelink = False

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_inherited_class_members = False
copybutton_exclude = ".linenos, .gp, .go"

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

# Inventories of other projects are fetched only on request, since a build must not need the network.
if os.environ.get("NEUROSCI_DOCS_INTERSPHINX") == "1":
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_timeout = 10
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }

# Without those inventories, names of other projects stay plain text.
nitpick_ignore_regex = [
    # listed among the methods of a class, and shown with it
    ("py:obj", r".*\.__call__"),
    (
        "py:.*",
        r"(numpy|np|scipy|pandas|pd|matplotlib|sklearn|statsmodels|joblib|nilearn|torch|collections|pathlib|typing|dataclasses)\..*",
    ),
]

sphinx_gallery_conf = {
    "examples_dirs": ["tutorials"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/plot_",
    "doc_module": ("neurosci",),
    "backreferences_dir": "api/generated/backreferences",
    "reference_url": {"neurosci": None},
    "abort_on_example_error": True,
    "run_stale_examples": True,  # a tutorial shows what the package does now
    "min_reported_time": 1,
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "matplotlib_animations": False,
    "reset_modules": ("matplotlib",),
}


def _inline_math(translator, node):
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block_math(translator, node):
    translator.body.append(f'<div class="displaymath">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Write mathematics as MathML, which browsers draw without a script from another host."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline_math, None), block_renderers=(_block_math, None)
    )
