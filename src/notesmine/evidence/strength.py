"""How strongly the notes support an impediment: a grade by a rule that the report prints.

The grade is about the notes, not about the harm: how many documents, over how many months and
organisations, and how sure the counts are.
"""

from __future__ import annotations

from notesmine.records import Evidence

GRADES = ("single", "weak", "moderate", "strong")
STRONG_DOCUMENTS, STRONG_MONTHS, STRONG_ORGANISATIONS = 5, 4, 2
#: Lower end of the interval of the share of documents that a strong one reaches.
STRONG_SHARE = 0.10
MODERATE_DOCUMENTS, MODERATE_MONTHS = 3, 2
#: Share of the passages expected to be wrong above which a grade is taken one step down.
DOUBTFUL = 0.25


def grade(item: Evidence, organisations: int) -> str:
    """Grade the evidence of a theme.

    Parameters
    ----------
    item : Evidence
        With its interval.
    organisations : int
        How many organisations the notes name; where it is one or none, none is asked for.

    Returns
    -------
    str
        One of `GRADES`, or the empty text where nothing reports the theme.

    Examples
    --------
    >>> from notesmine.records import Theme
    >>> item = Evidence(theme=Theme(theme_id="a", origin="code", label="a"), impediments=(),
    ...                 documents=3, passages=3, by_month={"2025-01": 2, "2025-02": 1})
    >>> grade(item, 1)
    'moderate'
    """
    if not item.documents:
        return ""
    months = len(item.by_month)
    if (
        item.documents >= STRONG_DOCUMENTS
        and months >= STRONG_MONTHS
        and item.share_low >= STRONG_SHARE
        and item.organisations >= min(STRONG_ORGANISATIONS, organisations)
    ):
        place = 3
    elif item.documents >= MODERATE_DOCUMENTS and months >= MODERATE_MONTHS:
        place = 2
    else:
        place = 1 if item.documents > 1 else 0
    doubtful = item.expected_errors > DOUBTFUL * item.passages
    return GRADES[max(0, place - doubtful)]
