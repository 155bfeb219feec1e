"""The columns of every frame, with their types and meaning: what ``docs/api.md`` is made from.

Types are the same with pandas 2 and 3: ``string`` (missing is ``<NA>``), ``Int64`` where a count
may be missing, else ``int64``; ``float64``; ``bool``; ``datetime64[s]`` without a time zone.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from notesmine.records import KINDS

Type = Literal["string", "Int64", "int64", "float64", "bool", "datetime64[s]"]


class Column(NamedTuple):
    """A column: its name, its pandas dtype, what it says."""

    name: str
    dtype: Type
    about: str


def _columns(text: str) -> tuple[Column, ...]:
    """Read ``name dtype what it says``, one column a line."""
    found = []
    for line in text.strip().splitlines():
        name, dtype, about = line.strip().split(None, 2)
        found.append(Column(name, dtype, about))  # type: ignore[arg-type]
    return tuple(found)


DOCUMENTS = _columns("""
    doc_id string Id made from the content; the index too.
    paths string Every place of the file in the corpus, joined by "; ".
    sha256 string SHA-256 of the file.
    format string Kind of file: pdf, docx, pptx, markdown, text, html, eml and so on.
    status string ok, partial (read in part), failed (not read) or skipped.
    citation_key string Key in references.bib and references.json.
    title string Title.
    date datetime64[s] Date of the note; a month alone stands as its first day.
    date_source string Where the date was found.
    meeting string Name of the meeting.
    organisation string Organisation whose note it is.
    language string Language of the text.
    pages Int64 Number of pages, where the format has them.
    problems string What a person should know about the reading of this file.
""")

PASSAGES = _columns("""
    quote_id string Id of the passage, also of its quote where it is published; the index too.
    passage_id string Id of the statement in its document.
    doc_id string Document.
    path string The file, seen from the corpus.
    title string Title of the document.
    date datetime64[s] Date of the passage, else of its document; a month alone as its first day.
    page Int64 Page, from 1; missing where the format has no pages.
    start int64 Where the passage starts in the document's text, in Unicode code points from 0.
    end int64 Where it ends, exclusive.
    text string The words; missing where they are not for quotation and not asked for.
    masks string Brackets in text: start-end=start-end for each, in the text and in the source.
    heading string Headings above, the highest first, joined by " > ".
    speaker string Who said it, where the note names them.
    quotable bool Whether its words may be published.
    kind string impediment, resolved, enabler, proposal, decision, status or boilerplate.
    tier string confirmed (counted) or review.
    probability float64 Probability of its kind, 0 to 1.
    stance string open, anticipated, resolved, negated or none.
    codes string Codes assigned, the best first, joined by "; ".
    theme_ids string Codes and the emergent theme, joined by "; ".
    why string What decided the kind.
    decided_by string People who decided about it, joined by "; ".
    pinned bool Whether a person pinned it.
    embedded bool Whether the state holds a vector of it: see vectors().
""")

THEMES = _columns("""
    theme_id string A code of the codebook, or T- and a number; the index too.
    origin string code or emergent.
    label string Name.
    parent_id string The broader theme of which it is a sub-theme.
    documents int64 Documents that report it as an impediment, confirmed.
    meetings int64 Meetings that report it: notes of one meeting and day are one.
    organisations int64 Organisations whose notes report it.
    passages int64 Distinct passages.
    first_seen datetime64[s] Date of the first report.
    last_seen datetime64[s] Date of the last report.
    open int64 Passages not reported resolved since.
    resolved int64 Passages reported resolved since.
    stability float64 Mean best Jaccard similarity under resampling, 0 to 1; emergent themes only.
    trend string rising, falling, steady, or too few to tell.
    share float64 documents / documents read.
    share_low float64 Lower end of its 95% interval, from resampling documents.
    share_high float64 Upper end.
    rank Int64 Place among themes that are no sub-themes.
    rank_low Int64 Best place in the central 95% of resamples.
    rank_high Int64 Worst place.
    expected_errors float64 Passages among these that are no impediments, as the classifier says.
    unquotable int64 Passages counted and not shown.
    trend_p float64 Two-sided p of the Mann-Kendall test over months.
    anticipated int64 Passages that fear it.
""")

CODINGS = _columns("""
    quote_id string Passage.
    doc_id string Document.
    theme_id string Code or emergent theme that the passage bears.
    origin string code or emergent.
    label string Name of the theme.
    kind string Kind of the passage: impediment, resolved, enabler or proposal.
    tier string confirmed or review.
    stance string open, anticipated, resolved, negated or none.
    score float64 How well the code fits, 0 to 1; missing for emergent themes.
    date datetime64[s] Date of the passage, else of its document.
    decided_by string People who decided about the passage, joined by "; ".
""")

EVIDENCE = _columns("""
    quote_id string Id of the quote.
    theme_id string Theme it stands under.
    kind string impediment, resolved, enabler or proposal.
    stance string open, anticipated, resolved, negated or none.
    tier string confirmed or review.
    text string The source's words, but for the brackets declared in masks.
    doc_id string Document.
    path string The file, seen from the corpus.
    title string Title of the document.
    date datetime64[s] Date; a month alone stands as its first day.
    page Int64 Page, from 1.
    start int64 Where it starts in the document's text, in Unicode code points from 0.
    end int64 Where it ends, exclusive.
    heading string Headings above it, the highest first, joined by " > ".
    speaker string Who said it.
    citation_key string Key in references.bib and references.json.
    copies string Other places with the same words, joined by "; ".
    score float64 Probability of its kind.
    why string What decided the kind.
    resolved_by string quote_id of the later passage that reports it resolved.
    before string Words before it in the source.
    after string Words after it in the source.
    masks string Brackets in text: start-end=start-end for each, in the text and in the source.
""")

RUNS = _columns("""
    run_id string Id, made from everything the run depended on; the index too.
    number int64 Place among the runs of this state, from 1.
    report_date datetime64[s] Date of the newest note.
    documents int64 Documents.
    passages Int64 Passages.
    impediments Int64 Impediments, confirmed or to review.
    confirmed Int64 Impediments counted.
    events int64 Themes created, grown, faded, split, merged, retired, returned or renamed.
    problems int64 Problems listed.
    seed int64 Seed.
    notesmine string Version of notesmine.
    parent_state string SHA-256 of the state it started from; missing for a first run.
    current bool Whether these outputs are this run's.
""")

SEARCH = _columns("""
    quote_id string Passage; the index too.
    score float64 Merged score: the sum of 1 / (60 + rank) over the two searches.
    cosine float64 Likeness of meaning, -1 to 1; missing where the passage has no vector.
    bm25 float64 Likeness of words, the higher the better; missing where it shares none.
    text string The words, masked as in passages().
    kind string Kind of the passage.
    tier string confirmed or review.
    theme_ids string Codes and the emergent theme, joined by "; ".
    doc_id string Document.
    path string The file, seen from the corpus.
    title string Title of the document.
    date datetime64[s] Date of the passage, else of its document.
    page Int64 Page, from 1.
""")

TOPIC_DOCUMENTS = _columns("""
    quote_id string The passage that stands for its copies.
    text string What the model was given, in its order.
    theme_id string Emergent theme; missing for none.
    topic int64 BERTopic's number of it, -1 for none.
""")

CLASSIFIED = _columns("""
    text string As given.
    kind string impediment, resolved, enabler, proposal, decision, status or boilerplate.
    tier string confirmed or review.
    why string What decided the kind.
""") + tuple(Column(f"p_{kind}", "float64", f"Probability of the kind {kind}.") for kind in KINDS)

CODED = _columns("""
    text string As given.
    kind string Kind of the text, as given or as classified.
    stance string open, anticipated, resolved, negated or none.
    codes string Codes assigned, the best first, joined by "; ".
""")

THEMED = _columns("""
    text string As given.
    theme_id string T- and a number; missing for an abstention.
    theme_label string Name of the theme.
    membership float64 Nearness to the own theme against the next one's, 0 to 1.
    abstained_because string Why the text is in no theme.
""")

#: Frames by the call that gives them, in the order of the documentation.
FRAMES: dict[str, tuple[Column, ...]] = {
    "documents()": DOCUMENTS,
    "passages()": PASSAGES,
    "themes()": THEMES,
    "codings()": CODINGS,
    "evidence()": EVIDENCE,
    "runs()": RUNS,
    "search(text, n)": SEARCH,
    "topic_documents()": TOPIC_DOCUMENTS,
    "notesmine.classify_texts(texts)": CLASSIFIED,
    "notesmine.code_texts(texts)": CODED,
    "notesmine.theme_texts(texts)": THEMED,
}
#: Columns by which a frame is indexed, so that ``.loc[id]`` works.
INDEX = {"documents()": "doc_id", "themes()": "theme_id", "runs()": "run_id"} | dict.fromkeys(
    ("passages()", "search(text, n)"), "quote_id"
)
