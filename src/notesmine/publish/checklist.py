"""A reporting checklist for qualitative research, filled from the run as far as a machine can.

The 21 items follow the Standards for Reporting Qualitative Research (O'Brien et al. 2014, Academic
Medicine 89:1245-1251) in this project's own words. What needs a person says so.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from notesmine.numerals import plural
from notesmine.publish.bundle import Bundle
from notesmine.publish.checked import checked
from notesmine.publish.text import day


class Item(Struct, frozen=True):
    """One item: its topic, what it asks for, what the run says, and what a person must add."""

    number: int
    topic: str
    asks: str
    filled: str = ""
    person: str = ""

    @property
    def state(self) -> str:
        """One of ``filled``, ``in part`` and ``needs a person``."""
        if not self.person:
            return "filled"
        return "in part" if self.filled else "needs a person"


def checklist(bundle: Bundle) -> list[Item]:
    """Return the 21 items for a run."""
    documents = bundle.documents
    run = bundle.run
    read = [d for d in documents if d.status in {"ok", "partial"} and d.text.strip()]
    lost = len(documents) - len(read)
    dates = sorted(d.date for d in read if d.date)
    organisations = len({d.organisation for d in read if d.organisation})
    ranked = [e for e in bundle.evidence if e.rank]
    quotes = {q.quote_id for _, q in bundle.quotes()}
    period = f", dated {day(dates[0])} to {day(dates[-1])}" if dates else ""
    where = f" of {plural(organisations, 'organisation')}" if organisations else ""
    silent = sum(not d.quotable for d in documents)
    codes = sum(e.theme.origin == "code" for e in bundle.evidence)
    found = len(bundle.evidence) - codes
    corrected = bool(checked(bundle))
    rows: tuple[tuple[str, str, str, str], ...] = (
        ("Title", "What was studied, and that the study is qualitative",
         f"“{bundle.title}”.", "Name the project and the approach."),
        ("Abstract", "Purpose, method, results and conclusions in short",
         "“At a glance” holds the results in counts.", "Write purpose and conclusions."),
        ("Problem", "The question, and what is known of it", "",
         "Say why impediments of this work are studied, and what others found."),
        ("Purpose", "The aim, and the questions asked",
         "To find which impediments the notes report, how widely, and what became of them.",
         "Say what the answer is needed for."),
        ("Approach", "The kind of qualitative research, and its theory",
         f"Content analysis: {plural(codes, 'code')} given beforehand, "
         f"{plural(found, 'theme')} discovered; counts by document.",
         "Name the theory behind the codebook."),
        ("Researchers", "Who they are to the field, and how that may colour the work", "",
         "Describe yourselves and your part in the projects."),
        ("Context", "Where and in which setting",
         f"{plural(len(read), 'document')}{where}{period}.",
         "Describe the projects and their offices."),
        ("Sampling", "How and why documents were chosen, and when that was enough",
         _saturation(bundle), "Say which notes exist and were left out."),
        ("Ethics", "Approval, consent, and the protection of people",
         f"{plural(silent, 'document')} marked not for quotation: counted, never quoted."
         if silent else "", "Say who agreed to the use of the notes, and how names are treated."),
        ("Collection", "How the data came about",
         "Existing notes of meetings and sprints, read from the files listed under “The notes”.",
         "Say who took the notes, and for whom."),
        ("Instruments", "Tools of collection, and how they changed",
         f"notesmine {run.versions.get('notesmine', '')}; no interview, no form.", ""),
        ("Units", "Number and kind of documents and participants",
         f"{plural(len(documents), 'document')}, {len(read)} read, {lost} not; see “The notes”.",
         "Say who spoke at the meetings."),
        ("Processing", "How data were prepared, checked and coded",
         "Offsets into the text of each source; hashes, settings and versions in run.json.", ""),
        ("Analysis", "How themes were found, and by whom",
         "See “Method”: a fitted classifier, a codebook and clustering; "
         + ("people corrected or checked it." if corrected else "no person coded."),
         "Say who read and corrected the result."),
        ("Trustworthiness", "What makes the result credible",
         f"{plural(len(quotes), 'quote')} checked against their sources; intervals by resampling; "
         "error of the classifier stated; graded strength"
         + ("; figures of a check by hand under “Method”." if bundle.checks else "."),
         "" if bundle.checks
         else "Let a second person code a sample (notesmine sample, notesmine agree)."),
        ("Findings", "The main results: themes and their interpretation",
         f"{plural(len(ranked), 'theme')}, ranked.", "Interpret them."),
        ("Evidence", "Quotes and numbers that carry the findings",
         "Each finding is linked to its quotes, each number to its list.", ""),
        ("Place in the field", "What the findings add to what was known", "",
         "Compare with earlier work, and say where the findings may hold too."),
        ("Limits", "What weakens the study",
         "See “What this corpus cannot say”.", "Add what you know of missing voices."),
        ("Interests", "Conflicts, and how they were handled", "", "Declare them."),
        ("Funding", "Who paid, and with what influence", "", "Name them."),
    )  # fmt: skip
    return [Item(n, *row) for n, row in enumerate(rows, 1)]


def _saturation(bundle: Bundle) -> str:
    found: Any = bundle.saturation
    if found is None or not found.steps:
        return ""
    reached = {run: n for run, n in sorted(found.reached.items()) if n is not None}
    if not reached:
        return "All notes found; no run of documents showed that new ones bring little."
    run, number = next(iter(reached.items()))
    return f"All notes found; saturation at {number}+{run} documents (see “Saturation”)."
