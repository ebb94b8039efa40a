"""The kinds of web servers and hosting services: each has one template in `templates/`.

`nginx.conf.j2` is the template of the kind `nginx`. Its first line sets the path of the file that `feeds hosting --to`
writes: `{% set path = "feeds.conf" %}`. The command line imports this module at every start, so it does
without importlib.resources, which takes four milliseconds to import.
"""

from __future__ import annotations

from pathlib import Path

#: The name of each kind's template, by kind.
KINDS: dict[str, str] = {
    template.name.partition(".")[0]: template.name
    for template in sorted(Path(__file__).with_name("templates").glob("*.j2"))
}
