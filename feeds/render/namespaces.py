"""The XML namespaces of published documents."""

from __future__ import annotations

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
#: RFC 5005.
HISTORY = "http://purl.org/syndication/history/1.0"
#: Media RSS 1.5.
MEDIA = "http://search.yahoo.com/mrss/"
XML = "http://www.w3.org/XML/1998/namespace"
