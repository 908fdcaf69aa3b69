"""How the site is made of `docs`: `python -m sphinx -W --keep-going -c docs/site . build/site`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rulekit.model.version import VERSION

project = "Rulekit"
author = "the Rulekit contributors"
release = version = VERSION

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "docs/index"
include_patterns = ["docs/**.md", "plugins/*/README.md", "README.md", "CHANGELOG.md"]
exclude_patterns = ["build", "**/.*", "rulekit", "tests", "editors"]
nitpicky = True
myst_heading_anchors = 4
highlight_language = "text"
suppress_warnings = ["misc.highlighting_failure"]  # an example may leave something out with `…`

html_theme = "pydata_sphinx_theme"
html_title = f"Rulekit {VERSION}"
html_show_sphinx = html_show_copyright = html_copy_source = False
html_static_path = ["static"]
html_css_files = ["rulekit.css"]
templates_path = ["templates"]
html_sidebars = {"**": ["pages.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_persistent": [],
    "navbar_end": ["search-button-field", "theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

SECTION = re.compile(r"^## (?P<title>.+)\n\n(?P<links>(?:- \[.*\n)+)", re.MULTILINE)
LINK = re.compile(r"^- \[(?P<title>[^]]+)\]\((?P<target>[^)]+)\.md\)", re.MULTILINE)
WITH_ALL_BESIDE = ("docs/decisions/README", "docs/lints/README")
"""Pages below which every other page of their folder stands."""


def with_navigation(app: Any, name: str, source: list[str]) -> None:
    """Make the navigation of the lists of links on the first page, so that it is written once."""
    if name == root_doc:
        source[0] = SECTION.sub(lambda hit: hit[0] + toctree(hit["title"], LINK.findall(hit["links"])), source[0])
    elif name in WITH_ALL_BESIDE:
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"


def toctree(caption: str, links: list[tuple[str, str]]) -> str:
    """Return what Sphinx reads as a section of the navigation."""
    entries = "".join(f"{title} <{target}>\n" for title, target in links)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}```\n"


def with_a_way_in(app: Any, trouble: Exception | None) -> None:
    """Put an index.html at the top that leads to the first page."""
    if trouble is None and app.builder.format == "html":
        page = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=docs/index.html">'
        (Path(app.outdir) / "index.html").write_text(page + "\n", encoding="utf-8")


def setup(app: Any) -> None:
    """Take part in the build."""
    app.connect("source-read", with_navigation)
    app.connect("build-finished", with_a_way_in)
