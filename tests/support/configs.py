"""Configuration files."""

from __future__ import annotations

SITE = "site: {title: Test Wire, url: https://feeds.example.com/}\n"
SOURCE = "source: {articles: [../articles]}\n"
MINIMAL = SITE + SOURCE

#: The configuration that the design shows.
COMPLETE = """\
site:
  title: AI Wire
  url: https://feeds.example.com/      # where output/ is served; every address starts with it
  description: Artificial intelligence, by topic and by provider
  language: en
  author: {name: AI Wire, email: editor@example.com}
source:
  articles: [../articles]              # relative to this file
  unpublished: skip                    # skip | include
  undated: skip                        # skip | file
  link: web                            # web | original | amp | cdn-amp
  base_url: https://www.example.com/   # for relative URLs in articles
entries:
  related: both                        # entries | links | both | off
  content: full                        # full | summary
  images: all                          # all | first | off
feeds:
  all: {limit: 100}
  topics: {limit: 50, min_entries: 1}
  providers: {limit: 50, min_entries: 2}
  custom:
    - path: facial-recognition
      title: Facial recognition
      topics: {any: [Computer Vision], none: [AWS AI]}
      providers: {none: [law360.com]}
      types: [article]
      min_quality: 60
      match: facial|face recognition
      newer_than: 90 days
formats: [rss, atom, json]
topics:
  Computer Vision: {slug: vision, title: Vision, description: How machines see, parent: AI, aliases: [CV]}
providers:
  techcrunch.com: {title: TechCrunch, feed: https://techcrunch.com/feed/, icon: https://techcrunch.com/icon.png}
"""
