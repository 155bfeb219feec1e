"""What the sheets of ``evidence.xlsx`` and their columns mean, in plain words, and their widths."""

from __future__ import annotations

ABOUT = {
    "counting": (
        "Themes are counted by document: a document that says a thing five times counts once. "
        "Only passages that the classifier is sure of are counted (tier confirmed); those to be "
        "reviewed are listed in the sheet Codings and counted nowhere."
    ),
    "texts": (
        "Words are those of the source files, except inside square brackets where a name was "
        "replaced. Control characters are shown as pictures. Every cell with words is a text cell: "
        "none is a formula. `notesmine verify` checks each text against its source."
    ),
    "Themes": "One row a theme, the most widely reported first.",
    "Codings": "One row for each passage under each theme.",
    "Theme x document": "One row a document; 1 where it reports the theme, else 0.",
    "Co-occurrence": "One row a pair of themes (no sub-themes), the most often met together first.",
    "Saturation": "One row a document in order of date: what it added that no earlier one reports.",
    "Documents": "One row a document of the corpus, those that could not be read included.",
}

COLUMNS = {
    "theme_id": "Id of the theme: a code of the codebook, or T- and a number for one discovered.",
    "origin": "code (from the codebook) or emergent (discovered among the impediments).",
    "label": "Name of the theme.",
    "definition": "What belongs to it.",
    "parent_id": "Id of the broader theme of which it is a sub-theme; empty for none.",
    "documents": "Documents that report it (in Co-occurrence: that report both).",
    "meetings": "Meetings that report it: notes of the same meeting and day are one.",
    "organisations": "Organisations whose notes report it.",
    "passages": "Distinct passages; in Documents: those of this document in the sheet Codings.",
    "first_seen": "Date of the first report.",
    "last_seen": "Date of the last report.",
    "open": "Passages not reported resolved since.",
    "resolved": "Passages reported resolved since.",
    "anticipated": "Passages that fear it and do not report it yet.",
    "stability": "How well an emergent theme holds together under resampling, 0 to 1.",
    "trend": "rising, falling or steady (Mann-Kendall over months, level .05), or too few to tell.",
    "trend_p": "Two-sided p of that test.",
    "share": "Documents that report it / documents read.",
    "share_low": "Lower end of the 95% interval of the share, from resampling documents.",
    "share_high": "Upper end of that interval.",
    "rank": "Place among themes that are no sub-themes, by documents; empty for sub-themes.",
    "rank_low": "Best place in the central 95% of resamples.",
    "rank_high": "Worst place in the central 95% of resamples.",
    "expected_errors": "Passages among these that are no impediments, as the classifier estimates.",
    "unquotable": "Passages counted and not shown, being marked not for quotation.",
    "quote_id": "Id of the passage; `notesmine show` prints it with its context and citations.",
    "theme": "Name of the theme.",
    "kind": "impediment, resolved, enabler or proposal.",
    "stance": "What the passage says of it: open, anticipated, resolved, negated or none.",
    "tier": "confirmed (counted) or review (not counted).",
    "text": "The passage, word for word.",
    "text_more": "The rest of a passage too long for one cell: joined to text without a space.",
    "doc_id": "Id of the document, made from its content.",
    "path": "The file, seen from the corpus.",
    "title": "Title of the document.",
    "date": "Date of the note; a date cell where the day is known.",
    "page": "Page, from 1; empty where the format has no pages.",
    "start": "Where the passage starts in the document's text, in characters from 0.",
    "end": "Where it ends.",
    "heading": "Headings above the passage, the highest first.",
    "speaker": "Who said it, where the note names them.",
    "citation_key": "Key in references.bib and references.json.",
    "copies": "Other places with the same words, counted once.",
    "score": "Probability that the passage is of this kind.",
    "why": "What decided the kind.",
    "resolved_by": "quote_id of the later passage that reports it resolved.",
    "before": "Words before it in the source.",
    "after": "Words after it in the source.",
    "masks": (
        "Brackets that stand for names: start-end=start-end for each, places in the text here and "
        "in the source."
    ),
    "matrix": "1 where the document reports the theme as an impediment, confirmed; else 0.",
    "other_id": "Id of the other theme.",
    "other_label": "Name of the other theme.",
    "jaccard": "Documents that report both / documents that report either.",
    "lift": "How many times more often they meet than chance would have it; 1 is chance.",
    "number": "Place of the document in order of date; undated ones last.",
    "new": "Themes (no sub-themes) that no earlier document reports.",
    "new_themes": "Their ids.",
    "total": "Themes reported so far.",
    "expected": "Themes in as many documents drawn at random: the mean over all orders.",
    "new_share_run": (
        "New themes of the {run} documents that end here / themes of the first four (Guest, Namey "
        "and Chen 2020); at 5% or less little new was learnt."
    ),
    "date_source": "Where the date was found.",
    "meeting": "Name of the meeting.",
    "organisation": "Organisation whose note it is.",
    "language": "Language of the text.",
    "format": "Kind of file.",
    "status": "ok, partial (read in part), failed (not read) or skipped.",
    "pages": "Number of pages, where the format has them.",
    "themes": "Themes that the document reports, sub-themes included.",
    "paths": "All places of the file in the corpus.",
    "problems": "What a person should know about the reading of this file.",
}

#: Widths in characters, where they are not the usual one.
WIDTHS = {
    "text": 70,
    "label": 34,
    "other_label": 34,
    "theme": 30,
    "definition": 60,
    "title": 42,
    "path": 38,
    "paths": 42,
    "problems": 60,
    "heading": 34,
    "why": 44,
    "citation_key": 34,
    "copies": 24,
    "doc_id": 19,
    "meeting": 24,
    "organisation": 28,
    "new_themes": 40,
}
