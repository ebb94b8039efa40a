"""The entry and the feed that the tests of renderers begin with, each with what its format is about."""

from __future__ import annotations

import datetime as dt

from feeds.models import Category, Entry, Feed, Person, Provider

ENTRY = Entry(
    id="https://story.example/a",
    link="https://www.story.example/a?x=1&y=2",
    title="A title",
    published=dt.datetime(2020, 6, 10, 23, 9, tzinfo=dt.UTC),
    updated=dt.datetime(2020, 6, 11, 1, 2, 3, tzinfo=dt.UTC),
    summary="A summary",
    body="<p>A body</p>",
    provider=Provider(domain="story.example", name="The Story"),
    authors=(Person(name="Ada"), Person(name="The Story", uri="https://story.example/")),
    categories=(
        Category(term="ai", scheme="https://feeds.example.com/topics/", label="AI"),
        Category(term="c-plus-plus", scheme="https://feeds.example.com/topics/", label="C++"),
    ),
    path="a.md",
    is_article=True,
)
FEED = Feed(
    path="topics/ai",
    kind="topic",
    name="A name",
    title="A feed",
    site_title="A site",
    description="A description",
    base_url="https://feeds.example.com/",
    language="en-GB",
    entries=(ENTRY,),
)
#: A title in which readers might see HTML.
MARKUP = 'A <b>bold</b> & "quoted" &amp; title'

#: A site whose only feeds are that of everything, with the newest entry, and those of topics; and an archive a month.
MONTHLY = """\
site: {title: Test Wire, url: https://feeds.example.com/, ttl: 5}
source: {articles: [../articles]}
archives: month
feeds: {all: {limit: 1}, providers: off}
"""
