"""``report.html``: one file that works by itself, offline, with scripts off, on paper.

This module turns a `Bundle` into what the templates show; how it looks is in ``templates/``.
Style and script are inlined and named by hash in a content security policy that allows nothing
else; every word of a source passes through Jinja's escaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote as percent

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from notesmine.numerals import plural
from notesmine.publish import panels, svg
from notesmine.publish.bundle import Bundle
from notesmine.publish.checked import checked
from notesmine.publish.checklist import checklist
from notesmine.publish.references import citation_keys, pandoc, plain
from notesmine.publish.text import day, month, month_of, one_line, short_trend, visible
from notesmine.records import Document, Evidence, Finding, Quote

#: Quotes of a theme that are listed beyond the chosen ones; the rest is in evidence.csv.
MOST_LISTED = 250
#: Solutions, helps and proposals of a theme that are shown at once; the others are folded.
MOST_BESIDE = 8
#: Links from a finding to its quotes.
MOST_LINKS = 8
#: Kinds of findings that the overview gives of ranked themes alone.
OF_MAIN_THEMES = {"resolved", "returned", "helps"}
#: Quotes, counted under each theme, above which a passage is shown once and citations of listed
#: passages are left to the list of notes: at 5,000 passages the file stays under 3 MB.
LONG_REPORT = 1_500
#: Passages to review that a long report lists under a theme: the likeliest.
MOST_REVIEWED = 30
#: Solutions in the table of what was resolved (the latest), and problems named beside each.
MOST_CLOSED, MOST_PROBLEMS = 40, 4
MOST_THREADS = 6  # problems of a theme whose repetitions are listed
LONGEST_TIMELINE = 120  # months drawn one by one, gaps included
#: Prefixes of links that are taken as written; all others name a folder.
ADDRESSES = ("http://", "https://", "file://")
KIND_NAMES = {
    "impediment": "Impediment",
    "resolved": "Reported resolved",
    "enabler": "What helped",
    "proposal": "Proposal",
    "review": "To review",
}


def _all_again(quotes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of them stand under an earlier theme: a print leaves such a list out."""
    return all(q["again"] for q in quotes)


def render(bundle: Bundle) -> str:
    """Return the report as one HTML file."""
    environment = Environment(
        loader=PackageLoader("notesmine.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        v=visible, line=one_line, day=day, month=month, trend=short_trend, all_again=_all_again
    )
    environment.globals["plural"] = plural
    style, script = (_asset(environment, n) for n in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # The hashes say what may run; the assets are this package's own, so they are not escaped.
    return environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=policy,
        **_View(bundle).context(),
    )


def _asset(environment: Environment, name: str) -> str:
    loader = environment.loader
    assert loader is not None
    return loader.get_source(environment, name)[0]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _View:
    """The facts of a bundle in the order and the words in which a page shows them."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.documents = {d.doc_id: d for d in bundle.documents}
        self.number = {d.doc_id: n for n, d in enumerate(bundle.documents)}
        self.keys = citation_keys(bundle.documents)
        self.read = [
            d for d in bundle.documents if d.status in {"ok", "partial"} and d.text.strip()
        ]
        self.per_month = self._months()
        self.offices = sorted({d.organisation for d in bundle.documents if d.organisation})
        self.quoted: dict[str, set[str]] = {}
        for _, quote in bundle.quotes():
            self.quoted.setdefault(quote.doc_id, set()).add(quote.quote_id)
        self.months = timeline(self.per_month)
        self.most = max((n for e in bundle.evidence for n in e.by_month.values()), default=0)
        self.ids = {e.theme.theme_id for e in bundle.evidence}
        self.main = {e.theme.theme_id for e in bundle.evidence if e.rank}
        self.anchored: dict[str, str] = {}  # quote to the theme under which it stands first
        self.under: dict[str, list[str]] = {}
        for item, quote in bundle.quotes():
            self.under.setdefault(quote.quote_id, []).append(item.theme.theme_id)
        # A long report gives each passage once, whatever its number of themes.
        self.lean = sum(len(themes) for themes in self.under.values()) > LONG_REPORT
        self.labels = {e.theme.theme_id: e.theme.label for e in bundle.evidence}
        self.statements = {f.theme_id: f for f in bundle.findings if f.kind == "theme"}

    def _months(self) -> Counter[str]:
        """Documents by month as they were weighed, by the documents' dates where nothing was."""
        for item in self.bundle.evidence:
            if item.months:
                return Counter(item.months)
        return Counter(m for d in self.read if (m := month_of(d.date)))

    def context(self) -> dict[str, Any]:
        """Everything the templates need."""
        evidence = self.bundle.evidence
        main = [e for e in evidence if e.rank]
        shown = [e for e in self._in_order() if self._has_quotes(e)]
        themes = [self._theme(e) for e in shown]
        dates = sorted(d.date for d in self.read if d.date)
        quotes = {q.quote_id: e for e, q in self.bundle.quotes() if q.kind == "impediment"}
        confirmed = {
            q.quote_id: q.score for e in evidence for q in e.impediments if q.quote_id in quotes
        }
        kinds = dict.fromkeys(q["kind"] for t in themes for q in t["everything"])
        return {
            "title": self.bundle.title,
            "corpus": self.bundle.corpus,
            "report_date": self.bundle.run.report_date,
            "first": dates[0] if dates else None,
            "last": dates[-1] if dates else None,
            "read": self.read,
            "documents": [self._document(d) for d in self.bundle.documents],
            "meetings": len({(d.meeting or d.organisation or d.doc_id, d.date) for d in self.read}),
            "organisations": len({d.organisation for d in self.read if d.organisation}),
            "confirmed": len(confirmed),
            "wrong": round(sum(1 - s for s in confirmed.values())),
            "resolved": len({p for e in evidence for p, _ in e.links if p in confirmed}),
            "ranked": [self._row(e) for e in main],
            "months": self.months,
            "years": _years(self.months),
            "per_month": self.per_month,
            "findings": {
                k: [
                    self._finding(f) for f in self.bundle.findings if f.kind == k and self._leads(f)
                ]
                for k in ("overview", "new", "resolved", "returned", "helps", "limits", "names")
            },
            "themes": themes,
            "labels": self.labels,
            "lean": self.lean,
            "beside": MOST_BESIDE,
            "silent": [e.theme for e in evidence if not self._has_quotes(e)],
            "kinds": [(k, KIND_NAMES[k]) for k in KIND_NAMES if k in kinds],
            "problems": self._problems(),
            "skipped": self.bundle.run.skipped,
            "run": self.bundle.run,
            "closed": self._closed(),
            "map": panels.passages(evidence, self.bundle.places),
            "pairs": panels.pairs(self.bundle.overlaps, self.labels),
            "growth": panels.growth(self.bundle.saturation),
            "checklist": checklist(self.bundle),
            "checked": checked(self.bundle),
            "offices": list(enumerate(self.offices)),
            "unquotable": len({span for e in evidence for span in e.withheld}),
        }

    def _in_order(self) -> list[Evidence]:
        """Themes by rank, each followed by its sub-themes, and these by theirs."""
        within: dict[str | None, list[Evidence]] = {}
        for item in self.bundle.evidence:
            parent = item.theme.parent_id
            within.setdefault(parent if parent in self.ids else None, []).append(item)
        ordered: dict[str, Evidence] = {}
        # Whatever stands in a circle of parents comes last, by its rank.
        left = [*within.get(None, ()), *self.bundle.evidence][::-1]
        while left:
            item = left.pop()
            if item.theme.theme_id not in ordered:
                ordered[item.theme.theme_id] = item
                left += within.get(item.theme.theme_id, [])[::-1]
        return list(ordered.values())

    def _leads(self, finding: Finding) -> bool:
        """Whether a finding stands in the overview: those of sub-themes say the same once more."""
        return finding.kind not in OF_MAIN_THEMES or finding.theme_id in self.main

    def _closed(self) -> list[dict[str, Any]]:
        """Every solution with the problems that it closes, under whichever theme they stand."""
        quotes = {q.quote_id: q for _, q in self.bundle.quotes()}
        pairs: dict[str, dict[str, Quote]] = {}
        for item in self.bundle.evidence:
            for problem, answer in item.links:
                if problem in quotes and answer in quotes:
                    pairs.setdefault(answer, {})[problem] = quotes[problem]

        def moment(quote: Quote) -> tuple[str, str, int]:
            return (quote.date or "", quote.doc_id, quote.start)

        rows = []
        solutions = sorted((quotes[s] for s in pairs), key=moment)
        for solution in solutions[-MOST_CLOSED:]:
            problems = sorted(pairs[solution.quote_id].values(), key=moment)
            rows.append(
                {
                    "solution": solution,
                    "problems": problems[:MOST_PROBLEMS],
                    "more": max(0, len(problems) - MOST_PROBLEMS),
                    "months": months_between(problems[0].date, solution.date),
                }
            )
        return rows

    @staticmethod
    def _has_quotes(item: Evidence) -> bool:
        return bool(
            item.impediments or item.resolved or item.enablers or item.proposals or item.review
        )

    def _row(self, item: Evidence) -> dict[str, Any]:
        """Return a row of the ranked table and of the heat table."""
        return {
            "item": item,
            "bar": svg.bar(item.share, item.share_low, item.share_high),
            "spark": svg.spark(item.by_month, self.months),
            "heat": [
                (m, item.by_month.get(m, 0), self._heat(item, m), self.per_month.get(m, 0))
                for m in self.months
            ],
        }

    def _heat(self, item: Evidence, name: str) -> str:
        """Class of a cell: the more documents, the darker, in four steps."""
        if not self.per_month.get(name):
            return "none"
        return f"h{-(-4 * item.by_month.get(name, 0) // max(4, self.most))}"

    def _theme(self, item: Evidence) -> dict[str, Any]:
        theme = item.theme
        place = {q: n for n, q in enumerate(item.chosen)}
        first = [q for q in item.impediments if q.quote_id in place]
        first.sort(key=lambda q: place[q.quote_id])
        rest = [q for q in item.impediments if q.quote_id not in place]
        solved = Counter(m for q in item.resolved if (m := month_of(q.date)))
        finding = self.statements.get(theme.theme_id)
        groups = {
            "chosen": [self._quote(q) for q in first],
        }
        elsewhere: Counter[str] = Counter()
        unlisted = 0
        for name, quotes in (
            ("rest", rest),
            ("resolved", item.resolved),
            ("enablers", item.enablers),
            ("proposals", item.proposals),
            ("review", item.review),
        ):
            here = [q for q in quotes if not (self.lean and q.quote_id in self.anchored)]
            elsewhere.update(self.anchored[q.quote_id] for q in quotes if q not in here)
            most = MOST_LISTED
            if self.lean and name == "review":
                most = MOST_REVIEWED
                here.sort(key=lambda q: -q.score)
            groups[name] = [self._quote(q) for q in here[:most]]
            unlisted += max(0, len(here) - most)
        answers: dict[str, list[str]] = {}
        answered: dict[str, list[str]] = {}
        for problem, answer in item.links:
            answers.setdefault(answer, []).append(problem)
            answered.setdefault(problem, []).append(answer)
        parent = theme.parent_id if theme.parent_id in self.ids else None
        everything = [q for group in groups.values() for q in group]
        for quote in everything:
            # A print leaves out of a sub-theme what stands under its theme.
            quote["again"] = parent is not None and not quote["anchor"]
        return {
            "item": item,
            "parent": parent,
            "parent_label": self.labels.get(parent or "", ""),
            "children": [e for e in self.bundle.evidence if e.theme.parent_id == theme.theme_id],
            "statement": finding.statement if finding else "",
            "life": svg.life(
                item.by_month,
                {m: self.per_month.get(m, 0) for m in self.months},
                solved,
                f"Documents reporting {one_line(theme.label)}. {svg.spoken(item.by_month)}",
            ),
            "spoken": svg.spoken(item.by_month),
            "unlisted": unlisted,
            "elsewhere": sorted(elsewhere.items(), key=lambda pair: (-pair[1], pair[0])),
            "everything": everything,
            "answers": answers,
            "answered": {problem: found[-1] for problem, found in answered.items()},
            "returned": {again: solution for solution, again in item.returned},
            "threads": self._threads(item),
            "age": months_between(item.open_since, self.bundle.run.report_date),
            **groups,
        }

    @staticmethod
    def _threads(item: Evidence) -> list[list[Quote]]:
        """Problems said more than once at different dates, the longest lasting first."""
        known = {q.quote_id: q for q in item.impediments}
        found = [[known[i] for i in thread if i in known] for thread in item.threads]
        found = [t for t in found if len({q.doc_id for q in t}) > 1]
        found.sort(key=lambda t: -months_between(t[0].date, t[-1].date))
        return found[:MOST_THREADS]

    def _quote(self, quote: Quote) -> dict[str, Any]:
        document = self.documents[quote.doc_id]
        anchor = "" if quote.quote_id in self.anchored else quote.quote_id
        self.anchored.setdefault(quote.quote_id, quote.theme_id)
        month = month_of(quote.date)
        also = self.under.get(quote.quote_id, ()) if self.lean and anchor else ()
        return {
            "quote": quote,
            "anchor": anchor,
            "kind": "review"
            if quote.kind == "impediment" and quote.tier == "review"
            else quote.kind,
            "document": self.number[quote.doc_id],
            "month": month if month != month_of(document.date) else "",
            "also": " ".join(t for t in also if t != quote.theme_id),
            "title": document.title or document.meeting or "Untitled note",
            "link": self._link(document, quote.page),
            "where": f"{'slide' if document.format == 'pptx' else 'p.'} {quote.page}"
            if quote.page is not None
            else "",
            "cite": pandoc(self.keys[quote.doc_id], quote.page),
            "plain": plain(document, quote.page),
        }

    def _link(self, document: Document, page: int | None = None) -> str:
        """Return the address of a source file, at its page where it is a PDF."""
        if self.bundle.source_prefix is None or not document.paths:
            return ""
        if document.doc_id in self.bundle.unlinked:
            return ""
        prefix = self.bundle.source_prefix
        if not prefix.lower().startswith(ADDRESSES):
            prefix = percent(prefix, safe="/")
        path = percent(min(document.paths), safe="/")
        at = f"#page={page}" if page is not None and document.format == "pdf" else ""
        return f"{prefix}{path}{at}"

    def _finding(self, finding: Finding) -> dict[str, Any]:
        return {
            "finding": finding,
            "links": finding.quote_ids[:MOST_LINKS],
            "more": max(0, len(finding.quote_ids) - MOST_LINKS),
        }

    def _document(self, document: Document) -> dict[str, Any]:
        return {
            "document": document,
            "title": document.title or document.meeting or "Untitled note",
            "key": self.keys[document.doc_id],
            "link": self._link(document),
            "quotes": len(self.quoted.get(document.doc_id, ())),
            "number": self.number[document.doc_id],
            "month": month_of(document.date),
            "office": self.offices.index(document.organisation) if document.organisation else "",
        }

    def _problems(self) -> list[tuple[str, Any]]:
        rows = [(p.path, p) for p in self.bundle.run.problems]
        seen = {(p.path, p.code, p.page, p.message) for p in self.bundle.run.problems}
        for document in self.bundle.documents:
            path = min(document.paths, default="")
            rows += [
                (path, p)
                for p in document.problems
                if (p.path or path, p.code, p.page, p.message) not in seen
            ]
        return rows


def timeline(per_month: Mapping[str, int]) -> list[str]:
    """Return every month from the first to the last, gaps included unless the time is very long.

    Examples
    --------
    >>> timeline({"2024-11": 1, "2025-02": 2})
    ['2024-11', '2024-12', '2025-01', '2025-02']
    """
    if not per_month:
        return []
    first, last = (int(m[:4]) * 12 + int(m[5:7]) - 1 for m in (min(per_month), max(per_month)))
    if last - first >= LONGEST_TIMELINE:
        return sorted(per_month)
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(first, last + 1)]


def months_between(first: str | None, last: str | None) -> int:
    """Return the whole months from one date to another, 0 where one is unknown.

    Examples
    --------
    >>> months_between("2024-11-20", "2025-02-03"), months_between(None, "2025-02-03")
    (3, 0)
    """
    one, two = month_of(first), month_of(last)
    if not one or not two:
        return 0
    return (int(two[:4]) - int(one[:4])) * 12 + int(two[5:7]) - int(one[5:7])


def _years(months: Sequence[str]) -> list[tuple[str, int]]:
    return list(Counter(m[:4] for m in months).items())
