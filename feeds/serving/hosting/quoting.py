"""Template filters that quote a value for a web server, so that the server takes it literally.

No value contains a control character: `render_hosting` refuses those.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from feeds.errors import HostingError, quoted

if TYPE_CHECKING:
    from collections.abc import Callable


#: Characters that PCRE or RE2 may interpret in a regular expression.
_REGEX_SPECIAL = re.compile(r"[^\w/-]", re.ASCII)

_PLAIN = re.compile(r"[\w/.~-]+")


def pattern(text: str) -> str:
    """Return a regular expression that matches exactly the text, in engines for bytes and in engines for characters."""
    return _REGEX_SPECIAL.sub(_escape_regex, text)


def _escape_regex(match: re.Match[str]) -> str:
    character = match[0]
    if not character.isascii():
        return character
    return f"\\{character}" if character in ".+" else f"\\x{ord(character):02x}"


def is_plain(text: str) -> bool:
    """Whether every server takes a path literally without quotes."""
    return bool(_PLAIN.fullmatch(text))


def nginx(text: str, *, expands: bool = True) -> str:
    """Return a parameter for nginx; if it `expands` variables, `$` becomes one that the configuration defines."""
    parameter = _double_backslashes(text, r"""["'\\trn]|$""").replace('"', r"\"")
    return f'"{parameter.replace("$", "${feeds_dollar}") if expands else parameter}"'


def caddy(text: str) -> str:
    """Return a token of a Caddyfile; raise HostingError for a placeholder and for a text that no quotes can hold."""
    if "{" in text or "}" in text:
        raise HostingError(f"{quoted(text)} holds a brace, which means a placeholder to Caddy; expected none")
    if "`" not in text:
        return f"`{text}`" if '"' in text or "\\" in text else f'"{text}"'
    if text.endswith("\\"):
        raise HostingError(f"{quoted(text)} cannot be written for Caddy; expected no backslash at the end")
    return '"' + text.replace('"', r"\"") + '"'


def caddy_folder(text: str) -> str:
    """Return the path of a folder as a token of a Caddyfile; raise HostingError for a glob pattern."""
    if re.search(r"[*?\[\\]", text):
        raise HostingError(f"{quoted(text)} holds one of *?[\\, which mean several files to Caddy; expected none")
    return caddy(text)


def caddy_output(text: str, variable: str = "") -> str:
    """Return an output of Caddy's `map` for a regular expression: the text, then a `variable` that is expanded."""
    token = caddy(text.replace("$", "$$"))
    return f"{token[:-1]}{variable}{token[-1]}"


def caddy_pattern(expression: str) -> str:
    """Return a regular expression that `pattern` made as a token of a Caddyfile."""
    return f"`{expression}`"


def apache(text: str) -> str:
    """Return a parameter for Apache; raise HostingError for a variable."""
    if "${" in text:
        raise HostingError(f"{quoted(text)} holds ${{, which means a variable to Apache; expected none")
    return '"' + _double_backslashes(text, r'["\\]|$').replace('"', r"\"") + '"'


def apache_substitution(text: str, *, variable: str = "") -> str:
    """Return a substitution or test string of mod_rewrite: the text, then a `variable` that is expanded.

    A backslash hides `$` and `%` from mod_rewrite, but would remain before a quotation mark. Raise HostingError for a
    quotation mark and for a variable.
    """
    if '"' in text:
        raise HostingError(f"{quoted(text)} holds a quotation mark, which mod_rewrite cannot take; expected none")
    apache(text)
    escaped = re.sub(r"[$%\\]", r"\\\g<0>", text)
    return f'"{escaped}{variable}"'


def apache_header(text: str) -> str:
    """Return a header value for mod_headers, in which `%` starts a format specifier."""
    return text.replace("%", "%%")


def toml(text: str) -> str:
    """Return a string of TOML or YAML. Both read JSON strings, except escaped surrogates, which no value contains."""
    return json.dumps(text, ensure_ascii=False)


def _double_backslashes(text: str, following: str) -> str:
    """Double each backslash that the server would interpret because of the characters `following` it (a pattern)."""
    return re.sub(rf"\\(?={following})", r"\\\\", text)


#: A template names a filter by its function's name.
FILTERS: tuple[Callable[..., str], ...] = (
    pattern,
    nginx,
    caddy,
    caddy_folder,
    caddy_output,
    caddy_pattern,
    apache,
    apache_substitution,
    apache_header,
    toml,
)
