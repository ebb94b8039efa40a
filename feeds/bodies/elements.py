"""Names of HTML elements by what parsers, readers and the sanitizer do with them.

Section numbers refer to the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

#: Elements that have no end tag (13.1.2), and the obsolete `param`, which parsers treat as one of them.
VOID_ELEMENTS = frozenset("area base br col embed hr img input link meta param source track wbr".split())
#: Elements that a parser repeats in each block that follows until they are closed (13.2.4.3), without `a`.
FORMATTING = frozenset("b big code em font i nobr s small strike strong tt u".split())
#: Elements of published bodies before and after which words end.
BLOCKS = frozenset(
    "address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
#: The other elements of published bodies.
INLINE = frozenset(
    "a abbr audio b bdi caption cite code col colgroup data del dfn em i img ins kbd mark picture q rp rt ruby s samp "
    "small source span strike strong sub sup time u var video wbr".split()
)
#: Elements that are removed with their content.
DROPPED = frozenset("iframe math noembed noframes noscript script style svg template textarea title".split())
#: Elements whose tags are removed, and whose content stays. Elements that are not listed anywhere are treated likewise.
UNWRAPPED = frozenset(
    "acronym applet big body button center embed font form head html input label map nav object tt".split()
)


def tag_pattern(names: frozenset[str]) -> str:
    """Return a regular expression for the start of a tag with one of the names."""
    return rf"</?(?:{'|'.join(sorted(names))})(?=[\s/>])"
