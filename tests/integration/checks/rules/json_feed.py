"""JSON Feed documents."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import JSON

EXAMPLES = (
    Broken("json-not-well-formed", JSON, lambda _: "", what="empty"),
    Broken("json-not-well-formed", JSON, swap('"items": [', '"items": [,')),
    Broken("json-duplicate-key", JSON, swap('"title": "Fish', '"title": "Other",\n  "title": "Fish')),
    Broken("json-duplicate-key", JSON, swap('"id": "https://a', '"id": "https://b.example/",\n      "id": "https://a'),
           what="item"),
    Broken("json-missing-key", JSON, sub(r'"content_html": "(?:[^"\\]|\\.)*",', ""), also=("picture-differs",)),
    Broken("json-missing-key", JSON, swap('"title": "Fish & Wire",', ""), what="title"),
    Broken("json-unknown-key", JSON, swap('"title": "Fish', '"colour": "red",\n  "title": "Fish')),
    Broken("json-wrong-value", JSON, swap("https://jsonfeed.org/version/1.1", "https://jsonfeed.org/version/9")),
    Broken("json-wrong-value", JSON, swap('"size_in_bytes": 2048', '"size_in_bytes": "2048"'), what="number"),
    Broken("json-wrong-value", JSON, swap('"title": "Elsewhere"', '"title": ""'), what="empty"),
)  # fmt: skip
