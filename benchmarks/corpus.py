"""An archive of any size, made by chance from a seed: the same seed gives the same files.

Its shape is that of a news archive: topics and providers by Zipf's law, about one provider for 30 articles, 45 % of the
articles without related links and the others with 1 to 13, of which one in twelve repeats an earlier one, 92 % with a
picture, and a field of 400 to 900 characters that is never published. An article has about 3.4 kB.

    python -m benchmarks.corpus FOLDER --articles 10000
"""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

_START = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
#: Of two articles: ten years of them are 170,000.
_MINUTES_APART = 31
#: Among so many of the last related links those are that are repeated.
_REPEATED = 5_000
_TOPICS = 150
_ARTICLES_PER_PROVIDER = 30
_RELATED = range(1, 14)
_WORDS = (
    "harbour antenna village signal lift bridge engine river market school garden winter summer council paper station "
    "robot camera glacier island library museum kitchen theatre railway orchard satellite battery compass factory "
    "quiet early second open careful northern public local modern narrow distant heavy gentle ordinary sudden common "
    "finds builds opens measures repairs counts closes follows explains carries returns watches teaches plans shares"
).split()


class Zipf:
    """Picks items, the n-th with a chance of 1 in n to the first one's."""

    def __init__(self, items: Sequence[str]) -> None:
        self._items = items
        self._weights = list(accumulate(1 / rank for rank in range(1, len(items) + 1)))

    def pick(self, chance: random.Random, count: int = 1) -> list[str]:
        return chance.choices(self._items, cum_weights=self._weights, k=count)


class Corpus:
    """The articles of one seed, in the order of their dates."""

    def __init__(self, articles: int, seed: int = 1, *, minutes_apart: int = _MINUTES_APART) -> None:
        self._apart = dt.timedelta(minutes=minutes_apart)
        self._chance = random.Random(seed)
        self._articles = articles
        self._topics = Zipf([f"{self._words(2).title()} {number}" for number in range(_TOPICS)])
        providers = max(articles // _ARTICLES_PER_PROVIDER, 1)
        self._providers = Zipf([f"{self._words(1)}-{number}.example.com" for number in range(providers)])
        self._earlier: deque[str] = deque(maxlen=_REPEATED)

    def write(self, folder: Path) -> None:
        """Write all articles into `folder`, a hundred to a folder of its own."""
        for number in range(self._articles):
            place = folder / f"{number // 100:05}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number:07}.md").write_text(self.article(number), encoding="utf-8")

    def article(self, number: int) -> str:
        """The text of an article. To be called with 0, 1, 2 …"""
        published = _START + self._apart * number
        domain, story = self._story(f"{number}", published, "")
        topics = dict.fromkeys(self._topics.pick(self._chance, self._chance.choice((1, 2, 2, 3))))
        lines = [*story, "topics:", *(f"  - {topic}" for topic in topics)]
        lines += ["publishers:", f"  - {domain}"]  # for peers, which take a taxonomy from a list only
        if self._chance.random() >= 0.45:
            lines += ["related:", *self._related(number, published)]
        secret = self._chance.randbytes(self._chance.randint(200, 450)).hex()
        body = "\n\n".join(self._sentence() for _ in range(self._chance.randint(0, 4)))
        return "\n".join(["---", *lines, f'secured: "{secret}"', "---", body, ""])

    def _related(self, number: int, published: dt.datetime) -> list[str]:
        weights = [1 / count for count in _RELATED]
        lines = []
        for index in range(self._chance.choices(_RELATED, weights)[0]):
            if self._earlier and self._chance.random() < 1 / 12:
                lines.append(self._chance.choice(self._earlier))
                continue
            hours = dt.timedelta(hours=self._chance.randint(-48, 6))
            _, story = self._story(f"{number}-{index}", published + hours, "    ")
            story[0] = "  - " + story[0].lstrip()
            self._earlier.append("\n".join(story))
            lines.append(self._earlier[-1])
        return lines

    def _story(self, name: str, published: dt.datetime, indent: str) -> tuple[str, list[str]]:
        """The domain and the fields that an article and a related link have in common."""
        (domain,) = self._providers.pick(self._chance)
        slug = self._words(4).replace(" ", "-")
        lines = [
            f'title: "{self._words(self._chance.randint(5, 12)).capitalize()}"',
            f'excerpt: "{self._sentence()}"',
            f"publishedDateTime: {published:%Y-%m-%dT%H:%M:%SZ}",
            f'webUrl: "https://www.{domain}/{published:%Y/%m}/{name}-{slug}?utm_source=wire"',
            "type: article",
            f"quality: {self._chance.randint(0, 100)}",
            f"heat: {self._chance.randint(-10, 90)}",
            "provider:",
            f"  name: {domain.partition('.')[0].replace('-', ' ').title()}",
            f"  domain: {domain}",
        ]
        if self._chance.random() < 0.92:
            lines += [
                "images:",
                f'  - url: "https://cdn.{domain}/{published:%Y/%m}/{slug}.jpg?w=1200&#038;q=80"',
                "    width: 1200",
                "    height: 630",
                f'    title: "{self._words(4).capitalize()}"',
            ]
        return domain, [indent + line for line in lines]

    def _words(self, count: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=count))

    def _sentence(self) -> str:
        return self._words(self._chance.randint(12, 40)).capitalize() + "."


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--articles", default=10_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--minutes-apart", default=_MINUTES_APART, show_default=True)
def main(folder: Path, articles: int, seed: int, minutes_apart: int) -> None:
    """Write an archive of ARTICLES articles into FOLDER."""
    Corpus(articles, seed, minutes_apart=minutes_apart).write(folder)


if __name__ == "__main__":
    main()
