"""Topics and providers: names of the same topic, titles, slugs and paths."""

from __future__ import annotations

import datetime as dt
import itertools
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from feeds.config.schema import Config, ProviderSettings, SiteSettings, SourceSettings, Topic
from feeds.models import Category
from feeds.selection.taxonomy import build_taxonomy
from feeds.text.slugs import slug_of, topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.selection.taxonomy import Taxonomy

LONGEST = 100

#: Any names, and names that often collide.
NAMES = st.text(max_size=40) | st.text(alphabet="aA bßK+#&./-_\u200d\u0301é漢\0", max_size=4)


def taxonomy_of(
    names: Iterable[str] = (),
    *,
    first_used: dict[str, int] | None = None,
    topics: dict[str, Topic] | None = None,
    stories: Iterable[tuple[str, str]] = (),
    providers: dict[str, ProviderSettings] | None = None,
) -> Taxonomy:
    """The taxonomy of topic names and of stories' (domain, name) pairs under a configuration.

    `first_used` gives the year of the first entry with a name, by default 2020.
    """
    config = Config(
        site=SiteSettings(title="Test Wire", url="https://feeds.example.com"),
        source=SourceSettings(articles=("articles",)),
        topics=topics or {},
        providers=providers or {},
        path=Path("/site/config/feeds.yaml"),
        articles=(),
    )
    years = first_used or {}
    dated = ((name, dt.datetime(years.get(name, 2020), 1, 1, tzinfo=dt.UTC)) for name in names)
    return build_taxonomy(config, dated, ((domain, name, 1) for domain, name in stories))


def slugs(taxonomy: Taxonomy) -> dict[str, str]:
    return {node.title: node.slug for node in taxonomy.topics.values()}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        pytest.param("Computer Vision", "computer-vision", id="words"),
        pytest.param("C", "c", id="C"),
        pytest.param("C++", "c-plus-plus", id="C++"),
        pytest.param("C#", "c-sharp", id="C#"),
        pytest.param("F#", "f-sharp", id="F#"),
        pytest.param(".NET", "dot-net", id=".NET"),
        pytest.param("Node.js", "node-js", id="inner dot"),
        pytest.param("R&D", "r-and-d", id="ampersand"),
        pytest.param("#AI", "ai", id="hash sign in front"),
        pytest.param("snake_case", "snake_case", id="underscore"),
        pytest.param("O'Reilly", "o-reilly", id="apostrophe"),
        pytest.param("Künstliche Intelligenz", "künstliche-intelligenz", id="German"),
        pytest.param("Ku\u0308nstliche", "künstliche", id="German, decomposed"),
        pytest.param("हिन्दी समाचार", "हिन्दी-समाचार", id="Hindi"),
        pytest.param("ข่าวเทคโนโลยี", "ข่าวเทคโนโลยี", id="Thai"),
        pytest.param("人工智能", "人工智能", id="Chinese"),
        pytest.param("العربية", "العربية", id="Arabic"),
        pytest.param("Việt Nam", "việt-nam", id="Vietnamese"),
        pytest.param("../../etc/passwd", "etc-passwd", id="path"),
        pytest.param("a\x00b\nc", "a-b-c", id="control characters"),
        pytest.param("🤖", "", id="emoji"),
        pytest.param("…", "", id="punctuation"),
        pytest.param("\u200d", "", id="joiner alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_slug_of_a_name_is_readable(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_c_and_its_relatives_are_kept_apart() -> None:
    assert slugs(taxonomy_of(["C", "C++", "C#"])) == {"C": "c", "C++": "c-plus-plus", "C#": "c-sharp"}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("Machine Learning", "machine learning", id="case"),
        pytest.param("Machine Learning", " Machine\u00a0 \tLearning\n", id="white space"),
        pytest.param("Straße", "STRASSE", id="sharp s"),
        pytest.param("ταΐζω", "ΤΑΪ́ΖΩ", id="Greek accents"),
        pytest.param("C++", "C＋＋", id="full width"),
        pytest.param("café", "cafe\u0301", id="decomposed"),
        pytest.param("ﬁntech", "fintech", id="ligature"),
    ],
)
class TestSpellings:
    def test_are_one_topic(self, name: str, other: str) -> None:
        assert list(taxonomy_of([name, other]).topics) == [topic_key(name)]

    def test_never_move_the_topic(self, name: str, other: str) -> None:
        key = topic_key(name)
        found = {taxonomy_of(names).topics[key].slug for names in ([name], [other], [name, other], [other, name])}
        assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("C", "C++", id="signs"),
        pytest.param("AI", "A I", id="inner white space"),
        pytest.param("resume", "résumé", id="accents"),
    ],
)
def test_different_names_are_different_topics(name: str, other: str) -> None:
    assert topic_key(name) != topic_key(other)


def test_the_title_is_the_spelling_with_the_most_capitals() -> None:
    assert taxonomy_of(["ai", "AI", "Ai"]).topics["ai"].title == "AI"


def test_a_configured_topic_has_its_configured_spelling() -> None:
    assert taxonomy_of(["AI"], topics={"aI": Topic()}).topics["ai"].title == "aI"


def test_a_configured_title_wins() -> None:
    assert (
        taxonomy_of(["AI"], topics={"AI": Topic(title="Thinking machines")}).topics["ai"].title == "Thinking machines"
    )


def test_a_configured_title_does_not_change_the_slug() -> None:
    assert taxonomy_of(["AI"], topics={"AI": Topic(title="Thinking machines")}).topics["ai"].slug == "ai"


def test_a_configured_slug_wins() -> None:
    taxonomy = taxonomy_of(["Computer Vision"], topics={"Computer Vision": Topic(slug="vision")})
    assert taxonomy.topics["computer vision"].path == "topics/vision"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        pytest.param("🤖", "topic-b0d12518", id="no letter"),
        pytest.param("a" * 100, "a" * 100, id="as long as can be"),
        pytest.param("a" * 200, "a" * 91 + "-c2a908d9", id="too long"),
        pytest.param("NUL", "nul-99e62427", id="a device of Windows"),
        pytest.param("人" * 60, "人" * 30 + "-8c63812c", id="too long in bytes"),
    ],
)
def test_a_slug_that_would_be_empty_or_too_long_has_a_digest(name: str, slug: str) -> None:
    taxonomy = taxonomy_of([name])
    assert [node.slug for node in taxonomy.topics.values()] == [slug]
    assert taxonomy.collisions == ()


def test_long_names_with_the_same_beginning_are_kept_apart() -> None:
    nodes = taxonomy_of(["a" * 150, "a" * 151]).topics.values()
    assert len({node.slug for node in nodes}) == 2


@pytest.mark.parametrize("names", list(itertools.permutations(["R&D", "R and D", "r AND & d"])), ids="/".join)
def test_a_collision_is_resolved_the_same_way_in_any_order(names: tuple[str, ...]) -> None:
    assert slugs(taxonomy_of(names)) == {
        "R and D": "r-and-d",
        "R&D": "r-and-d-dacc7c16",
        "r AND & d": "r-and-and-d",
    }


@pytest.mark.parametrize("newcomer", ["R and D", "R&D"])
def test_a_newer_topic_does_not_take_a_slug(newcomer: str) -> None:
    (other,) = {"R and D", "R&D"} - {newcomer}
    assert slugs(taxonomy_of([newcomer, other], first_used={newcomer: 2021}))[other] == "r-and-d"


def test_an_older_entry_of_a_topic_decides_and_not_its_newest() -> None:
    config = taxonomy_of(["R&D", "R and D", "R&D"], first_used={"R&D": 2019, "R and D": 2020})
    assert slugs(config)["R&D"] == "r-and-d"


def test_a_collision_is_reported() -> None:
    assert taxonomy_of(["R&D", "R and D"]).collisions == (
        (
            "topic 'R&D' should be at topics/r-and-d, but topic 'R and D' is; it is published at "
            "topics/r-and-d-dacc7c16; give it a slug of its own, or make it an alias, under topics:"
        ),
    )


def test_without_a_collision_nothing_is_reported() -> None:
    assert taxonomy_of(["C", "C++", "c", "AI"], topics={"AI": Topic(slug="vision")}).collisions == ()


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        pytest.param(
            {"R&D": Topic()}, {"R&D": "r-and-d", "R and D": "r-and-d-58cd72f3"}, id="a configured topic before others"
        ),
        pytest.param(
            {"Lab": Topic(slug="r-and-d"), "R&D": Topic()},
            {"Lab": "r-and-d", "R&D": "r-and-d-dacc7c16", "R and D": "r-and-d-58cd72f3"},
            id="a configured slug before configured topics",
        ),
        pytest.param(
            {"R&D": Topic(slug="R-and-D")},
            {"R&D": "R-and-D", "R and D": "r-and-d-58cd72f3"},
            id="a configured slug in another case",
        ),
    ],
)
def test_configured_topics_take_precedence_in_a_collision(topics: dict[str, Topic], expected: dict[str, str]) -> None:
    assert slugs(taxonomy_of(["R&D", "R and D"], topics=topics)) == expected


def test_another_collision_does_not_change_a_slug_with_a_digest() -> None:
    before, after = (
        slugs(taxonomy_of(names)) for names in (["R and D", "R&D"], ["R and D", "R&D", "R + & D", "R-and-D"])
    )
    assert before["R&D"] == after["R&D"] == "r-and-d-dacc7c16"


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["foo", "foo c0e0aaae", "foo!"], id="the digest of a collision is taken"),
        pytest.param(["a" * 100 + "36178", "a" * 100 + "82442"], id="two long names have one digest"),
        pytest.param(["topic b0d12518", "🤖"], id="the digest of an empty slug is taken"),
    ],
)
def test_a_digest_that_another_topic_has_is_not_given_again(names: list[str]) -> None:
    taxonomy = taxonomy_of(names)
    assert len({node.slug for node in taxonomy.topics.values()}) == len(names)
    assert len(taxonomy.collisions) > 0


def test_a_configured_slug_that_looks_like_a_digest_is_not_given_again() -> None:
    taxonomy = taxonomy_of(["R and D", "R&D"], topics={"Lab": Topic(slug="r-and-d-dacc7c16")})
    assert len(set(slugs(taxonomy).values())) == 3


@settings(deadline=None)
@given(st.lists(NAMES, max_size=6))
@example(["\0", "/", "."])
@example(["a" * 101, "漢" * 40, "ß" * 101])
def test_slugs_hold_nothing_that_a_path_could_misread(names: list[str]) -> None:
    for node in taxonomy_of(names).topics.values():
        assert node.slug
        assert not {"/", "\\", "."} & set(node.slug)
        assert not any(unicodedata.category(character) in {"Cc", "Zs", "Zl", "Zp"} for character in node.slug)
        assert len(node.slug.encode()) <= LONGEST


@settings(deadline=None)
@given(st.lists(NAMES, max_size=8))
@example(["foo", "foo c0e0aaae", "foo!"])
def test_no_two_topics_have_the_same_slug(names: list[str]) -> None:
    taxonomy = taxonomy_of(names)
    assert len({node.slug.casefold() for node in taxonomy.topics.values()}) == len(taxonomy.topics)


@settings(deadline=None)
@given(st.lists(NAMES, max_size=6).flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
def test_the_order_of_names_changes_nothing(orders: tuple[list[str], list[str]]) -> None:
    first, second = map(taxonomy_of, orders)
    assert (first.topics, first.collisions) == (second.topics, second.collisions)


@settings(deadline=None)
@given(NAMES)
@example("ß\u0301")
def test_a_topic_key_is_its_own_key(name: str) -> None:
    assert topic_key(topic_key(name)) == topic_key(name)


@settings(deadline=None)
@given(NAMES)
@example("straße")
def test_the_spelling_of_a_name_never_moves_its_topic(name: str) -> None:
    other = name.upper()
    assume(topic_key(other) == topic_key(name))
    key = topic_key(name)
    assert taxonomy_of([name]).topics[key].slug == taxonomy_of([name, other]).topics[key].slug


VISION = {
    "Computer Vision": Topic(slug="vision", title="Vision", parent="AI", aliases=("CV", "Machine Vision")),
    "AI": Topic(parent="Science", aliases=("KI",)),
}


@pytest.mark.parametrize("name", ["Computer Vision", "computer  vision", "CV", "cv", "MACHINE VISION"])
def test_aliases_have_the_key_of_their_topic(name: str) -> None:
    assert taxonomy_of(topics=VISION).tree.key(name) == "computer vision"


def test_an_alias_is_not_a_topic_of_its_own() -> None:
    assert list(taxonomy_of(["CV", "KI"], topics=VISION).topics) == ["ai", "computer vision", "science"]


def test_the_keys_of_names_have_no_repeats_and_keep_their_order() -> None:
    taxonomy = taxonomy_of(["Robots"], topics=VISION)
    assert taxonomy.tree.keys(["Robots", "CV", "computer vision", "robots", "KI"]) == (
        "robots",
        "computer vision",
        "ai",
    )


def test_ancestors_are_listed_nearest_first() -> None:
    assert taxonomy_of(topics=VISION).tree.ancestors["computer vision"] == ("ai", "science")


def test_a_parent_that_no_article_names_is_a_topic() -> None:
    assert taxonomy_of(topics=VISION).topics["science"].title == "Science"


def test_a_parent_may_be_named_by_an_alias() -> None:
    taxonomy = taxonomy_of(topics={"Robotics": Topic(parent="ki"), "AI": Topic(aliases=("KI",))})
    assert taxonomy.tree.ancestors["robotics"] == ("ai",)


def test_a_topic_comes_with_its_ancestors() -> None:
    taxonomy = taxonomy_of(["Robots"], topics=VISION)
    assert taxonomy.tree.with_ancestors(["computer vision", "robots"]) == {"computer vision", "ai", "science", "robots"}


def test_categories_are_a_slug_in_our_scheme_with_a_title() -> None:
    scheme = "https://feeds.example.com/topics/"
    assert taxonomy_of(["Robots"], topics=VISION).categories(["CV", "Robots", "Computer Vision"]) == (
        Category(term="vision", scheme=scheme, label="Vision"),
        Category(term="robots", scheme=scheme, label="Robots"),
    )


def test_topics_are_ordered_by_key() -> None:
    assert list(taxonomy_of(["b", "C", "A"]).topics) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("names", "title"),
    [
        pytest.param(["TechCrunch"], "TechCrunch", id="one name"),
        pytest.param(["TechCrunch", "TC", "TechCrunch"], "TechCrunch", id="most stories agree"),
        pytest.param(["TC", "TechCrunch", "TechCrunch"], "TechCrunch", id="most stories agree, others first"),
        pytest.param(["TC", "TechCrunch"], "techcrunch.com", id="half and half"),
        pytest.param(["TC", "TechCrunch", "Tech Crunch"], "techcrunch.com", id="no majority"),
        pytest.param(["TC", "TC", "TechCrunch", "Tech Crunch"], "techcrunch.com", id="half is no majority"),
    ],
)
def test_a_provider_has_the_name_that_most_stories_give(names: list[str], title: str) -> None:
    taxonomy = taxonomy_of(stories=[("techcrunch.com", name) for name in names])
    assert taxonomy.providers["techcrunch.com"].title == title


def test_a_configured_provider_without_stories_has_its_domain_for_a_title() -> None:
    taxonomy = taxonomy_of(providers={"techcrunch.com": ProviderSettings()})
    assert taxonomy.providers["techcrunch.com"].title == "techcrunch.com"


def test_a_configured_provider_title_wins() -> None:
    known = ProviderSettings(title="TechCrunch")
    taxonomy = taxonomy_of(stories=[("techcrunch.com", "TC")] * 2, providers={"techcrunch.com": known})
    assert taxonomy.providers["techcrunch.com"].title == "TechCrunch"


@pytest.mark.parametrize("written", ["techcrunch.com", "TechCrunch.com", "www.techcrunch.com"])
def test_a_provider_may_be_configured_by_any_form_of_its_domain(written: str) -> None:
    known = ProviderSettings(feed="https://techcrunch.com/feed/")
    taxonomy = taxonomy_of(stories=[("techcrunch.com", "TC")], providers={written: known})
    assert [(node.domain, node.settings) for node in taxonomy.providers.values()] == [("techcrunch.com", known)]


def test_for_rendering_only_configured_providers_are_kept() -> None:
    stories = [(f"{number}.example", str(number)) for number in range(50)]
    known = {"7.example": ProviderSettings(feed="https://7.example/feed"), "8.example": ProviderSettings()}
    taxonomy = taxonomy_of(stories=stories, providers=known)
    assert taxonomy.for_rendering.providers == {"7.example": taxonomy.providers["7.example"]}
    assert taxonomy.for_rendering.topics == taxonomy.topics


def test_providers_are_ordered_by_domain() -> None:
    taxonomy = taxonomy_of(
        stories=[("c.example", "C"), ("a.example", "A")], providers={"b.example": ProviderSettings()}
    )
    assert list(taxonomy.providers) == ["a.example", "b.example", "c.example"]


@pytest.mark.parametrize(
    ("domain", "path"),
    [
        pytest.param("techcrunch.com", "providers/techcrunch.com", id="domain"),
        pytest.param("xn--bcher-kva.de", "providers/xn--bcher-kva.de", id="international domain"),
        pytest.param("[::1]", "providers/---1-", id="IPv6"),
        pytest.param("a" * 200 + ".com", "providers/" + "a" * 91 + "-44b30785", id="longer than a file name"),
        pytest.param("aux.tv", "providers/aux-.tv", id="a device of Windows"),
        pytest.param("con", "providers/con-", id="a device without a dot"),
    ],
)
def test_a_provider_is_published_under_its_domain(domain: str, path: str) -> None:
    assert taxonomy_of(stories=[(domain, "A")]).providers[domain].path == path


@settings(deadline=None)
@given(st.text(max_size=30) | st.from_regex(r"[a-zA-Z0-9._-]{1,300}", fullmatch=True))
@example("..")
@example("a." * 120 + "com")
def test_the_path_of_a_provider_is_one_file_name(text: str) -> None:
    domain = valid_domain(text)
    assume(domain)
    path = taxonomy_of(stories=[(domain or "", "A")]).providers[domain or ""].path
    name = path.removeprefix("providers/")
    assert name == Path(name).name
    assert len(name.encode()) <= 150
