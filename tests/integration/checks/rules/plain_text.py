"""Plain texts that programs take for HTML."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ATOM, RSS

EXAMPLES = (
    Broken("markup-in-plain-text", RSS, swap("&#x3C;b", "&lt;b")),
    Broken("markup-in-plain-text", RSS, sub("<title>Fish &#x26; Wire</title>", "<title>Fish &amp;amp; Wire</title>"),
           also=("channel-image-differs",), what="channel"),
    *(Broken("markup-in-plain-text", ATOM, sub(f"<{name}>", f"<{name}>{said}"), what=f"{what} in {name}")
      for name in ("title", "subtitle", "summary", "rights", "name")
      for what, said in (("tag", "&lt;b&gt;A&lt;/b&gt; "), ("reference", "&amp;nbsp;"))),
    Broken("markup-in-plain-text", ATOM, swap('label="Energy"', 'label="&lt;/b>"'), what="label"),
    Broken("markup-in-plain-text", ATOM, swap('label="Energy"', 'label="&amp;copy 2020"'), what="reference in label"),
    Broken("markup-in-plain-text", ATOM, swap('title="Elsewhere"', 'title="&lt;/b>"'), what="link"),
    Broken("markup-in-plain-text", ATOM, swap('title="Elsewhere"', 'title="&amp;#8217;"'), what="reference in link"),
    Broken("markup-in-plain-text", ATOM, sub("(<source>.*?<title>)", r"\1&lt;/b>"), what="source"),
    *(Broken("markup-in-plain-text", path, swap('<media:title type="plain">', f'<media:title type="plain">{said}'),
             what=f"{what} in media")
      for path in (RSS, ATOM) for what, said in (("tag", "&#x3C;b>A&#x3C;/b>"), ("reference", "&amp;nbsp;"))),
    Broken("markup-in-plain-text", RSS, swap('<media:title type="plain">', '<media:title type="plain">&lt;b> '),
           what="element in media"),
    *(Broken("markup-in-plain-text", RSS, sub(f"<item>(.*?)<{name}([^>]*)>", rf"<item>\1<{name}\2>&#x3C;b>A&#x3C;/b> "),
             what=f"tag in {name}") for name in ("title", "category", "source", "dc:creator")),
    *(Broken("markup-in-plain-text", RSS, sub(f"<{name}>", f"<{name}>&#x3C;b>A&#x3C;/b> "), also=also,
             what=f"tag in {name} of the channel")
      for name, also in (("title", ("channel-image-differs",)), ("copyright", ()))),
    Broken("markup-in-plain-text", RSS, swap("(Ed Itor)", "(Ed &#x3C;/b> Itor)"), what="editor"),
)  # fmt: skip
