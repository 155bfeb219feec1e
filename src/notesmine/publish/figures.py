"""``figures/*.svg`` and ``*.png``: 16 cm wide, 300 dpi, readable in print and without colours.

matplotlib is imported here, so import this module only when figures are written. The drawings
themselves are in `drawings`; this module decides what is drawn and saves it, byte for byte the same
each time: no date, fixed ids, matplotlib's own font.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from msgspec import Struct

from notesmine.publish import drawings
from notesmine.publish.bundle import Bundle

DPI = 300
FOLDER = "figures"
RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.edgecolor": "#8795a1",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "xtick.color": "#33424e",
    "ytick.color": "#33424e",
    "text.color": "#1c2b36",
    "axes.labelcolor": "#33424e",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "notesmine",
    "svg.fonttype": "path",
    "text.usetex": False,
    "text.parse_math": False,
}


class Picture(Struct, frozen=True, kw_only=True):
    """A figure in two formats, with a caption and the same said in words."""

    name: str
    caption: str
    alt: str
    png: bytes
    svg: bytes


#: Name to the function that draws it; None from one means that there is nothing to draw.
Drawing = Callable[[Bundle], drawings.Drawn | None]
DRAWINGS: Mapping[str, Drawing] = {
    "impediments": drawings.impediments,
    "months": drawings.months,
    "trends": drawings.trends,
    "cooccurrence": drawings.cooccurrence,
    "saturation": drawings.saturation,
}


def render(bundle: Bundle) -> dict[str, Picture]:
    """Draw every figure that the bundle has something for.

    Returns
    -------
    dict of str to Picture
        By name, in order of publication; empty where no impediment is reported.
    """
    found = {}
    # The user's own matplotlibrc must not change a published figure.
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        # Letters that the font lacks become boxes; a warning for each tells nobody anything.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        for name, draw in DRAWINGS.items():
            drawn = draw(bundle)
            if drawn is not None:
                found[name] = Picture(
                    name=name,
                    caption=drawn.caption,
                    alt=drawn.alt,
                    png=_png(drawn.figure),
                    svg=_svg(drawn.figure, drawn.caption),
                )
    return found


def files(pictures: Mapping[str, Picture]) -> dict[str, bytes]:
    """Return the files of figures by name, with forward slashes."""
    return {
        f"{FOLDER}/{name}.{kind}": body
        for name, picture in pictures.items()
        for kind, body in (("png", picture.png), ("svg", picture.svg))
    }


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def _svg(figure: Figure, title: str) -> bytes:
    stream = io.BytesIO()
    metadata = {"Date": None, "Creator": None, "Title": title}
    figure.savefig(stream, format="svg", metadata=metadata)
    return stream.getvalue().replace(b"\r\n", b"\n")
