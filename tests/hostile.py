"""Notes that try to be code, markup, formulas or citations, and have to come out as text."""

from __future__ import annotations

from factory import Notes, bundle
from notesmine.publish import Bundle
from notesmine.records import Problem

HOSTILE = (
    "<script>alert(1)</script> & <img src=x onerror=alert(2)>",
    "javascript:alert(1) is no link, nor is [this](javascript:alert(2))",
    '=HYPERLINK("http://example.org","click")',
    "+1 for @someone, who waits -- still...",
    "-2 people since May",
    "@board decides nothing",
    "right \u202egnp.exe\u202c and \u2066isolated\u2069 and \u200f marks",
    "null \x00 bell \x07 escape \x1b[31m delete \x7f next \x85 line",
    "carriage\rreturn and\ttab",
    "two lines\n- of which\n\n# one is empty\n=== and underlined",
    r"50% of $R&D_{x}^2 ~ \input{/etc/passwd} #1",
    "[@key, p. 4] and @key and [^1] and ![img](x) {{< include x >}} {.class}",
    "1. one\n2) two\n(a) three",
    "| a | b |\n|---|---|",
    "emoji 👩‍💻 and 한국어 and עברית",
    "::: {.quote}\n:::",
    "'\"quoted\"' it's `code` *stars* _lines_ \\ backslash \\\\",
    "&lt;b&gt; &amp;amp; &#x41;",
    "{% raw %}{{ 7 * 7 }}",
    "</blockquote></figure></style></script>",
    "a" * 10_000,
)


def hostile() -> Bundle:
    """Each text as a quote, a title, a speaker, a heading and a problem of a note of its own."""
    notes = Notes()
    for n, text in enumerate(HOSTILE):
        path = notes.note(
            f"n{n}.pdf", f"2025-{1 + n % 12:02d}-{1 + n:02d}", title=f"{text[:60]} {n}",
            meeting=text[:40], organisation=text[:30],
            problems=(Problem(code="odd", message=text[:200], hint=text[:50]),),
        )  # fmt: skip
        notes.say(path, text, ("ownership",), speaker=text[:30], heading=(text[:80],))
    made: Bundle = bundle(notes, prefix="")
    return made
