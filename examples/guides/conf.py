"""Settings of the documentation: `python -m sphinx -W examples/guides build/docs` makes it.

`python -m sphinx -b linkcheck examples/guides build/links` asks the few addresses outside whether they are there.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from instatus_async import __version__

project = "instatus_async"
author = "The instatus_async authors"
copyright = "the instatus_async authors"  # noqa: A001 - Sphinx's name for it
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "docstrings"]
exclude_patterns = ["_*"]
default_role = "code"
nitpicky = True
smartquotes = False  # "" is an empty text
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
maximum_signature_line_length = 88
python_display_short_literal_types = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"instatus_async {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
