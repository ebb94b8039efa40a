"""Formulas."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.math import write_formulas
from tests.support.bodies import transform

TEX = '<annotation encoding="application/x-tex">\\frac{a}{b} &lt; 7</annotation>'
MATHML = f"<math><semantics><mrow><mi>a</mi></mrow>{TEX}</semantics></math>"
COPY = '<span class="katex-html" aria-hidden="true"><span>b</span><span>a</span></span>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (MATHML, "\\(\\frac{a}{b} &lt; 7\\)"),
        (MATHML.replace("<math>", '<math display="block">'), "\\[\\frac{a}{b} &lt; 7\\]"),
        (f'<span class="katex"><span class="katex-mathml">{MATHML}</span>{COPY}</span>', "\\(\\frac{a}{b} &lt; 7\\)"),
        (
            f'<span class="katex-display"><span class="katex">{MATHML}{COPY}</span></span>',
            '<span class="katex-display">\\[\\frac{a}{b} &lt; 7\\]</span>',
        ),
        ('<math alttext="x^{2}"><msup><mi>x</mi><mn>2</mn></msup></math>', "\\(x^{2}\\)"),
        ('<script type="math/tex">a \\lt b</script>', "\\(a \\lt b\\)"),
        ('<script type="math/tex; mode=display">a</script>', "\\[a\\]"),
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "1/2"),
        ("<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>", "(a+b)/c"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><msub><mi>y</mi><mn>1</mn></msub></math>", "x^2=y_1"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>", "x_1^2"),
        ("<math><msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt></math>", "√(a+b)"),
        ("<math><mtext>if </mtext><mi>x</mi></math>", "ifx"),
    ],
)
def test_a_formula_is_written_once_and_in_order(html: str, expected: str) -> None:
    assert transform(f"<p>Half of {html} holds.</p>", write_formulas) == (
        f"<p>Half of {expected} holds.</p>",
        ["formula-replaced"],
    )


def test_other_scripts_are_left_to_the_sanitizer() -> None:
    html = '<script type="text/x">a</script>'
    assert transform(html, write_formulas) == (html, [])
