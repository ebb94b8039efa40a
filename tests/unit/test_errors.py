"""Values as messages show them."""

from __future__ import annotations

import pytest

from feeds.errors import mask_credentials, quoted
from tests.support.clocks import within


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://key:secret@bucket/feeds", "s3://***@bucket/feeds"),
        ("s3://key:se/cr+et=@bucket", "s3://***@bucket"),
        ("s3://key:se?c#r@et@bucket", "s3://***@bucket"),
        ("s3://:secret@bucket", "s3://***@bucket"),
        (
            "no route to https://name:secret@host/x, nor to S3://k:s@b",
            "no route to https://***@host/x, nor to S3://***@b",
        ),
        (
            "-s3://k:s@b 1s3://k:s@b _http://k:s@b -http://arn:s@b",
            "-s3://***@b 1s3://***@b _http://***@b -http://***@b",
        ),
        ("https://k:s@a,https://k:s@b", "https://***@a,https://***@b"),
        ("s3://arn:s3://k:s@b", "s3://arn:s3://***@b"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("s3://arn:aws:s3:eu-west-1:1:accesspoint/x/a@b", "s3://arn:aws:s3:eu-west-1:1:accesspoint/x/a@b"),
        ("abfs://container@account.example/a:b@c", "abfs://container@account.example/a:b@c"),
        ("http://127.0.0.1:9/bucket/a@b.md", "http://127.0.0.1:9/bucket/a@b.md"),
        ("https://medium.example:443/@name", "https://medium.example:443/@name"),
        ("a: b@c", "a: b@c"),
        ("s3://SECRET@bucket/a", "s3://***@bucket/a"),
        ("https://TOKEN@host/a", "https://***@host/a"),
        ("https://host/a?sig=abc&x=1#f", "https://host/a?sig=***&x=1#f"),
        (
            "https://b/k?X-Amz-Signature=ab&X-Amz-Credential=A%2F1&d=2 x",
            "https://b/k?X-Amz-Signature=***&X-Amz-Credential=***&d=2 x",
        ),
        ("https://h/?q=1&access_token=z", "https://h/?q=1&access_token=***"),
        ("https://h/?x-goog-signature=z&API_KEY=k", "https://h/?x-goog-signature=***&API_KEY=***"),
        ("https://h/?monkey=1&design=2&author=a&keyword=b", "https://h/?monkey=1&design=2&author=a&keyword=b"),
        (
            "https://h/?secret_key=z&AWSAccessKeyId=z",
            "https://h/?secret_key=***&AWSAccessKeyId=***",
        ),
        ("https://h/?a=1&amp;token=z;pwd=z", "https://h/?a=1&amp;token=***;pwd=***"),
        ("https://h/?token='z'&idToken=z&token[]=z", "https://h/?token=***'&idToken=***&token[]=***"),
        ("https://h/?Policy=z&Key-Pair-Id=z", "https://h/?Policy=***&Key-Pair-Id=***"),
        ("https://h/#access_token=z", "https://h/#access_token=***"),
        ("/x.jpg?sig=z", "/x.jpg?sig=***"),
        ("https:/u:z@h/ https:u:z@h/", "https:/***@h/ https:***@h/"),
        ("https:\\\\u:z@h/", "https:\\\\***@h/"),
    ],
)
def test_a_url_is_shown_without_its_credentials(text: str, expected: str) -> None:
    assert mask_credentials(text) == expected
    assert quoted(text) == repr(expected)


@pytest.mark.parametrize(
    "part",
    [
        *"a a. 1. @ : a:@ :// a:// a://b: a://b:@ a://arn: http:// http://a: http://: http://::/ http://a:b@".split(),
        *("a ", "a://b: ", "@a://b: "),
    ],
)
def test_credentials_are_found_in_linear_time(part: str) -> None:
    """Quadratic time would be minutes."""
    for start in ("", "s3://", "http://"):
        text = start + part * (1_000_000 // len(part))
        with within(seconds=2):
            assert len(quoted(text + "@")) <= 60
        with within(seconds=2):
            assert "secret" not in mask_credentials(f"{text} s3://key:secret@bucket")
