"""Colours of the page: every text can be read on what it stands on, in the light scheme, the dark one and on paper.

Contrast is (L1 + 0.05) / (L2 + 0.05) of relative luminances, and 4.5 the least for small text (WCAG 2.1, success
criterion 1.4.3).
"""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from pyneuro.report.board import FULL, LEAST, opacity

ENOUGH = 4.5
Colour = tuple[float, float, float]
STYLE = files("pyneuro.report").joinpath("page.css").read_text(encoding="utf-8")
SCHEMES = dict(zip(("light", "dark", "paper"), re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL), strict=True))


def colours(scheme: str) -> dict[str, Colour]:
    """The colours of a scheme by name; what one does not say is that of the light one."""
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", SCHEMES["light"] + SCHEMES[scheme])
    return {name: _channels(text[1:]) for name, text in found}


def _channels(text: str) -> Colour:
    wide = text if len(text) == 6 else "".join(2 * digit for digit in text)
    red, green, blue = (int(wide[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, two: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def shaded(ground: Colour, shade: Colour, share: float) -> Colour:
    """A hexagon of which a `share` is in use, on the ground."""
    over = opacity(share)
    red, green, blue = (below + (above - below) * over for below, above in zip(ground, shade, strict=True))
    return red, green, blue


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_on_any_shade_can_be_read(scheme: str) -> None:
    found = colours(scheme)
    assert opacity(0.0) == LEAST
    for share in (number / 1000 for number in range(1001)):
        on = shaded(found["ground"], found["shade"], share)
        text = found["on-shade" if share > FULL else "on-ground"]
        assert contrast(text, on) >= ENOUGH, f"{contrast(text, on):.2f} at {share:.1%}"
    assert contrast(found["on-ground"], found["idle"]) >= ENOUGH


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", ["text", "faint", "link", "good", "note", "bad", "reference", "emulated", "marked"])
def test_text_on_the_ground_can_be_read(scheme: str, text: str) -> None:
    found = colours(scheme)
    for on in ("ground", "card"):
        assert contrast(found[text], found[on]) >= ENOUGH, f"{contrast(found[text], found[on]):.2f} on the {on}"
