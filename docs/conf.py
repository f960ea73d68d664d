"""Configuration of the documentation. It builds offline, and a warning is an error."""

import logging
import posixpath
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import neurosci

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "how_to")]

project = "neurosci"
author = "neurosci developers"
project_copyright = "2026, neurosci developers"
version = release = neurosci.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
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
html_css_files = ["site.css"]
html_show_sourcelink = False
_serif = (
    '"Iowan Old Style", Charter, "Palatino Linotype", P052, "Source Serif 4", Georgia, "DejaVu Serif", serif'
)
html_theme_options = {
    "light_css_variables": {
        "font-stack--headings": _serif,
        "color-brand-primary": "#0b4f8a",
        "color-brand-content": "#0b4f8a",
        "color-brand-visited": "#5b2379",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8fbdea",
        "color-brand-content": "#8fbdea",
        "color-brand-visited": "#c5a5dd",
    },
}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_inherited_class_members = False
copybutton_exclude = ".linenos, .gp, .go"

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

intersphinx_timeout = 5
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "numpy": ("https://numpy.org/doc/stable", None),
    "scipy": ("https://docs.scipy.org/doc/scipy", None),
    "pandas": ("https://pandas.pydata.org/docs", None),
    "matplotlib": ("https://matplotlib.org/stable", None),
    "sklearn": ("https://scikit-learn.org/stable", None),
}


def _unreachable_is_no_warning(record):
    """Let a build without network pass: names of other projects then stay plain text."""
    if "failed to reach any of the inventories" in str(record.msg):
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


logging.getLogger("sphinx.sphinx.ext.intersphinx").addFilter(_unreachable_is_no_warning)

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


def _draw_pictures(app):
    import pictures

    pictures.draw_all(Path(app.srcdir) / "_build" / "pictures")


def _small_navigation(app, pagename, _template, context, _doctree):
    """Show two levels in the side bar, and work them out once for all generated pages below the same page.

    The theme asks for the whole tree on every page. With hundreds of generated pages in it, that takes most
    of the time of a build and most of the bytes of a page.
    """
    whole = context.get("toctree")
    if whole is None:
        return
    generated = pagename.startswith(("api/generated/", "_modules/"))
    parent = (app.builder.relations.get(pagename) or (None,))[0] if generated else pagename
    key = (posixpath.dirname(pagename), parent)
    seen = app.builder.__dict__.setdefault("small_navigation", {})

    def small(**options):
        if key not in seen:
            seen[key] = whole(**{**options, "maxdepth": 2})
        return seen[key]

    context["toctree"] = small


# What the theme leaves out: names of its two side bars, and a keyboard's way into boxes that scroll.
_ACCESSIBLE = (
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="This page" class="toc-drawer'),
    ('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">'),
    ('<div class="displaymath">', '<div class="displaymath" tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
)
# viewcode takes all objects of a source file to be documented under one public module.
_DOCUMENTED = re.compile(r"(api/generated/([\w.]+)\.html#)([\w.]+)")


def _anchor(match):
    page, name = match[2], match[2].rpartition(".")[2]
    return match[1] + page + match[3].partition(f".{name}")[2]


def _finish_pages(app, error):
    if error is not None or app.builder.name != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        before = after = path.read_text(encoding="utf-8")
        for found, wanted in _ACCESSIBLE:
            after = after.replace(found, wanted)
        if "_modules" in path.parts:
            after = _DOCUMENTED.sub(_anchor, after)
        if after != before:
            path.write_text(after, encoding="utf-8")


def setup(app):
    """Draw pictures, keep the side bar small, and write mathematics as MathML, which needs no script."""
    app.connect("builder-inited", _draw_pictures)
    app.connect("html-page-context", _small_navigation, priority=400)
    app.connect("build-finished", _finish_pages)
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline_math, None), block_renderers=(_block_math, None)
    )
