"""Values written into the configurations of web servers, so that none of them is taken for more than a value.

Nothing here is written with a control character in it: `render_hosting` refuses those.
"""

from __future__ import annotations

import json
import re

from feeds.errors import HostingError, quoted

#: What has a meaning in a regular expression, whoever reads it (PCRE, RE2).
_MEANS_SOMETHING = re.compile(r"[^\w/-]", re.ASCII)

_PLAIN = re.compile(r"[\w/.~-]+")


def pattern(text: str) -> str:
    """The regular expression that matches the text and nothing else, read byte by byte or letter by letter."""
    return _MEANS_SOMETHING.sub(_literal, text)


def is_plain(text: str) -> bool:
    """Whether a path means only itself to every server."""
    return bool(_PLAIN.fullmatch(text))


def nginx(text: str, *, expands: bool = True) -> str:
    """A parameter of nginx; where it `expands` variables, `$` is one, which the configuration then defines."""
    quoted = _backslashed(text, r"""["'\\trn]|$""").replace('"', r"\"")
    return f'"{quoted.replace("$", "${feeds_dollar}") if expands else quoted}"'


def caddy(text: str) -> str:
    """A token of a Caddyfile; raises HostingError where Caddy would expand it."""
    if "{" in text or "}" in text:
        raise HostingError(f"{quoted(text)} holds a brace, which means a placeholder to Caddy; expected none")
    if "`" not in text:
        return f"`{text}`" if '"' in text or "\\" in text else f'"{text}"'
    if text.endswith("\\"):
        raise HostingError(f"{quoted(text)} cannot be written for Caddy; expected no backslash at the end")
    return '"' + text.replace('"', r"\"") + '"'


def caddy_folder(text: str) -> str:
    """A folder in a Caddyfile; raises HostingError where Caddy would look for others too."""
    if re.search(r"[*?\[\\]", text):
        raise HostingError(f"{quoted(text)} holds one of *?[\\, which mean several files to Caddy; expected none")
    return caddy(text)


def caddy_output(text: str, variable: str = "") -> str:
    """What a regular expression of `map` is mapped to, with a `variable` behind."""
    quoted = caddy(text.replace("$", "$$"))
    return f"{quoted[:-1]}{variable}{quoted[-1]}"


def caddy_pattern(expression: str) -> str:
    """A token of a Caddyfile that is a regular expression, made with `pattern`."""
    return f"`{expression}`"


def apache(text: str) -> str:
    """A parameter of Apache; raises HostingError where Apache would expand it."""
    if "${" in text:
        raise HostingError(f"{quoted(text)} holds ${{, which means a variable to Apache; expected none")
    return '"' + _backslashed(text, r'["\\]|$').replace('"', r"\"") + '"'


def apache_substitution(text: str, *, variable: str = "") -> str:
    """What mod_rewrite is to put there or to look for, with a `variable` of its own behind.

    Backslashes are before what refers to something that matched, and before quotes they would remain. Raises
    HostingError where there is a quote, or what Apache would expand.
    """
    if '"' in text:
        raise HostingError(f"{quoted(text)} holds a quotation mark, which mod_rewrite cannot take; expected none")
    apache(text)
    escaped = re.sub(r"[$%\\]", r"\\\g<0>", text)
    return f'"{escaped}{variable}"'


def apache_header(text: str) -> str:
    """The value of a header, in which `%` begins a variable."""
    return text.replace("%", "%%")


def toml(text: str) -> str:
    """A string of TOML or YAML, which both read what JSON writes (but for surrogates, which no text of ours has)."""
    return json.dumps(text, ensure_ascii=False)


def _literal(match: re.Match[str]) -> str:
    character = match[0]
    if not character.isascii():
        return character
    return f"\\{character}" if character in ".+" else f"\\x{ord(character):02x}"


def _backslashed(text: str, before: str) -> str:
    """The text with those backslashes doubled that would mean something, because of what follows."""
    return re.sub(rf"\\(?={before})", r"\\\\", text)
