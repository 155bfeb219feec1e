"""``report.docx``: the report to work on further, with contents, figures and footnotes.

Its look is that of a template (`word_style`); its words are those of the findings, its quotes carry
their ids, so that `verify` can check the file even after somebody has written in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notesmine.numerals import percent, plural
from notesmine.publish.bundle import Bundle
from notesmine.publish.checked import TITLE, checked
from notesmine.publish.excerpts import (
    WITHHELD,
    Citer,
    chosen_first,
    nested,
    ranked,
    read_ones,
    solved,
    source,
)
from notesmine.publish.figures import Picture
from notesmine.publish.references import citation_keys, named
from notesmine.publish.text import day, month, short_trend
from notesmine.publish.word import Writer
from notesmine.records import Document, Evidence, Quote

#: Quotes of a sub-theme, or of what stands beside a theme's impediments, that follow one another.
MOST_BESIDE = 3
TEXT_WIDTH = 16.0  # cm
TABLE_WIDTHS = (0.9, 5.1, 2.7, 2.1, 1.3, 1.9, 2.0)
SOURCE_WIDTHS = (2.3, 5.0, 3.2, 5.5)


def render(bundle: Bundle, pictures: Mapping[str, Picture]) -> bytes:
    """Return the report as a Word file, with the figures drawn by `figures.render`."""
    return _Report(bundle, pictures).write()


class _Report:
    """The report being written, section by section."""

    def __init__(self, bundle: Bundle, pictures: Mapping[str, Picture]) -> None:
        self.bundle = bundle
        self.pictures = pictures
        self.read = read_ones(bundle.documents)
        self.themes = list(nested(bundle))
        self.anchored = {e.theme.theme_id for _, e in self.themes}
        self.shown: set[str] = set()
        self.cite = Citer(bundle.documents)
        self.figure = 0
        self.word = Writer(bundle.title, bundle.run.report_date, bundle.template)

    def write(self) -> bytes:
        self._front()
        self._summary()
        self._list_of("new", "New since the last run")
        self._list_of("resolved", "Reported resolved")
        self._impediments()
        self._together()
        self._limits()
        self._method()
        self._sources()
        return self.word.save()

    def _front(self) -> None:
        word = self.word
        word.paragraph(named(self.bundle.title), "Title")
        word.paragraph(corpus_line(self.bundle, self.read), "Subtitle")
        word.table_of_contents()
        word.page_break()

    def _summary(self) -> None:
        word = self.word
        word.heading("Summary", 1)
        for finding in self.bundle.findings:
            if finding.kind == "overview":
                word.paragraph(finding.statement)
        main = ranked(self.bundle.evidence)
        if main:
            word.lead(
                "The impediments by the documents that report them. ",
                "Interval: 95%, from resampling the documents. Open: passages not reported "
                "resolved since.",
                "Caption", keep=True,
            )  # fmt: skip
            word.table(
                ("", "Impediment", "Documents", "Interval", "Open", "Resolved", "Trend"),
                [_row(e) for e in main], TABLE_WIDTHS, right=(0, 4, 5),
                links=[e.theme.theme_id for e in main],
            )  # fmt: skip
        self._picture("impediments")
        self._picture("months")

    def _list_of(self, kind: str, heading: str) -> None:
        found = [f for f in self.bundle.findings if f.kind == kind]
        if not found:
            return
        self.word.heading(heading, 1)
        for finding in found:
            theme = finding.theme_id or ""
            self.word.bullet(finding.statement, link=theme if theme in self.anchored else "")

    def _impediments(self) -> None:
        self.word.heading("The impediments", 1)
        if not any(e.documents for _, e in self.themes):
            self.word.paragraph("No impediment was found with enough confidence to be counted.")
        counted = [(d, e) for d, e in self.themes if e.documents]
        for depth, item in counted:
            self._theme(item, depth)
        if len(counted) < len(self.themes):
            self.word.heading("Subjects without a counted impediment", 1)
            self.word.paragraph(
                "What was proposed, what helped or what was solved, in matters of which no passage "
                "is counted as an impediment."
            )
            for depth, item in self.themes:
                if not item.documents:
                    self._theme(item, depth)

    def _theme(self, item: Evidence, depth: int) -> None:
        word = self.word
        theme = item.theme
        number = f"{item.rank}. " if item.rank else ""
        word.heading(number + named(theme.label), 2 if depth == 0 else 3, theme.theme_id)
        if theme.definition:
            word.paragraph(named(theme.definition))
        for finding in self.bundle.findings:
            if finding.kind == "theme" and finding.theme_id == theme.theme_id:
                word.paragraph(finding.statement)
        if item.documents and not item.impediments:
            word.paragraph(WITHHELD)
        answers: dict[str, list[Quote]] = {}
        for before, after in solved(item):
            answers.setdefault(before.quote_id, []).append(after)
        closed = {*answers, *(q.quote_id for group in answers.values() for q in group)}
        # Every chosen quote is shown; a sub-theme shows what its theme did not.
        most = min(len(item.chosen), MOST_BESIDE) if depth else len(item.chosen)
        seen = self.shown if depth else set()
        fresh = [q for q in chosen_first(item) if q.quote_id not in seen]
        before_ones = [q for q in fresh if q.quote_id in answers][:most]
        shown = self._quotes([q for q in fresh if q.quote_id not in closed][:most])
        if before_ones:
            word.lead("Reported resolved", "", keep=True)
            for problems, solutions in _by_solution(before_ones, answers):
                shown |= self._quotes(problems, " – the impediment")
                shown |= self._quotes(solutions, " – reported resolved")
        for name, quotes in (
            ("Also reported resolved", [q for q in item.resolved if q.quote_id not in closed]),
            ("What helped", item.enablers),
            ("What is proposed", item.proposals),
        ):
            rest = [q for q in quotes if q.quote_id not in seen]
            if rest:
                word.lead(name, "", keep=True)
                shown |= self._quotes(rest[:MOST_BESIDE])
        every = (*item.impediments, *item.resolved, *item.enablers, *item.proposals)
        left = {q.quote_id for q in every} - shown - seen
        if left:
            word.paragraph(
                f"{plural(len(left), 'further passage')}: see {theme.theme_id} in evidence.xlsx."
            )
        self.shown |= shown

    def _quotes(self, quotes: Sequence[Quote], what: str = "") -> set[str]:
        """Write quotes; return their ids."""
        for quote in quotes:
            self._quote(quote, what)
        return {q.quote_id for q in quotes}

    def _quote(self, quote: Quote, what: str = "") -> None:
        note = self.cite(quote)
        self.word.quote(quote.quote_id, quote.text, source(quote) + what, note)

    def _together(self) -> None:
        if "trends" in self.pictures or "cooccurrence" in self.pictures:
            self.word.heading("Over time, and together", 1)
            self._picture("trends")
            self._picture("cooccurrence")

    def _limits(self) -> None:
        self._list_of("limits", "What this corpus cannot say")
        self._picture("saturation")

    def _method(self) -> None:
        run = self.bundle.run
        word = self.word
        word.heading("How this was made", 1)
        for line in METHOD:
            word.paragraph(line)
        people = checked(self.bundle)
        if people:
            word.heading(TITLE, 2)
        for line in people:
            word.bullet(line)
        encoder = run.model.get("encoder", run.model.get("name", ""))
        facts = [
            f"notesmine {run.versions.get('notesmine', '')}", f"model {encoder}",
            f"seed {run.seed}", f"run {run.run_id}",
        ]  # fmt: skip
        word.paragraph(f"{', '.join(facts)}. Every setting and version is in run.json.")

    def _sources(self) -> None:
        word = self.word
        word.heading("Sources", 1)
        keys = citation_keys(self.bundle.documents)
        word.table(
            ("Date", "Title", "Organisation", "File and citation key"),
            [_source_row(d, keys[d.doc_id]) for d in self.bundle.documents], SOURCE_WIDTHS,
        )  # fmt: skip

    def _picture(self, name: str) -> None:
        picture = self.pictures.get(name)
        if picture is not None:
            self.figure += 1
            caption = f"Figure {self.figure}. {picture.caption}"
            self.word.picture(picture.png, caption, picture.alt, TEXT_WIDTH)


#: Said once, in the words of the project; thresholds and versions stand in run.json.
METHOD = (
    "The notes were read, cut into passages, and each passage was judged by a classifier: "
    "impediment, resolved, enabler, proposal, decision, status, or no statement. Impediments were "
    "put under the codes of the codebook, and further themes were looked for among them. Passages "
    "with the same words, pasted or forwarded, count once.",
    "Themes are counted by the documents that report them, not by mentions. Only passages above a "
    "threshold fitted for a precision of nine in ten are counted; those below it are listed in "
    "evidence.xlsx to be reviewed. Intervals come from resampling the documents.",
    "An impediment is called resolved where a later passage says that something has ended and "
    "speaks of the same matter; the rule stands in report.html. Open means that no such passage "
    "was found.",
    "Quotes are word for word what the source file says; “notesmine verify” proves it. Names that "
    "were replaced stand in square brackets. No sentence of this report was made by a language "
    "model: statements are templates filled with counts.",
)


def _by_solution(
    problems: Sequence[Quote], answers: Mapping[str, list[Quote]]
) -> list[tuple[list[Quote], list[Quote]]]:
    """Put problems that end with the same solutions together, so that each is shown once."""
    groups: dict[tuple[str, ...], tuple[list[Quote], list[Quote]]] = {}
    for quote in problems:
        found = answers[quote.quote_id][:MOST_BESIDE]
        groups.setdefault(tuple(q.quote_id for q in found), ([], found))[0].append(quote)
    return list(groups.values())


def corpus_line(bundle: Bundle, read: Sequence[Document]) -> str:
    """Return what was read, from when to when, in a sentence."""
    dates = sorted(d.date for d in read if d.date)
    organisations = {d.organisation for d in read if d.organisation}
    said = f"{plural(len(read), 'document')} read in “{named(bundle.corpus)}”"
    if organisations:
        said += f", from {plural(len(organisations), 'organisation')}"
    if dates:
        first, last = month(dates[0]), month(dates[-1])
        said += f", {first}" + (f" to {last}" if last != first else "")
    missing = sum(d.status == "failed" for d in bundle.documents)
    if missing:
        said += f"; {plural(missing, 'document')} could not be read"
    return said + f". As of {day(bundle.run.report_date)}."


def _row(item: Evidence) -> tuple[str, ...]:
    solved_ones = item.passages - item.open - item.anticipated
    return (
        str(item.rank),
        named(item.theme.label),
        f"{item.documents} of {item.read} ({percent(item.share)})",
        f"{item.share_low * 100:.0f} to {item.share_high * 100:.0f}%",
        str(item.open),
        str(solved_ones),
        short_trend(item.trend),
    )


def _source_row(document: Document, key: str) -> tuple[str, ...]:
    title = named(document.title or document.meeting) or "Untitled note"
    file = named(min(document.paths, default=""))
    state = "" if document.status == "ok" else f" ({document.status})"
    return (
        day(document.date), title + state, named(document.organisation),
        f"{file}\n{key}",
    )  # fmt: skip
