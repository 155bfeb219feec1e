"""The life of an impediment: said again, reported resolved, come back.

The rule, in full. Problems and solutions of all themes are compared. A passage of the kind
``resolved`` closes, among the problems reported earlier, the one it answers best (`Likeness`), if
it says outright that something has ended and reaches `SAID_BAR`, or, saying nothing of the kind, if
it reaches `UNSAID_BAR`; a problem still to be reviewed has to be reached by `REVIEW_MORE` more, and
below `SURE_BAR` no other solution may answer the problem better. With it go the earlier confirmed
mentions of the same problem: those at `SAME_PROBLEM` by cosine and `SAME_MATTER` by likeness that
share `SAME_WORDS` words beside the label in front; and, of those that reach the bar and
`NEAR_ENOUGH` by cosine, the ones that share two themes with the solution and are `NEAR_BEST` or
share `SHARED_WORDS` of its rare words, and the ones that speak of a month that it names and share
`NAMED_WORDS`. Passages that name other tickets speak of other problems. A problem of which a copy
is dated later than the solution is not closed by it. A later mention of a closed problem is its
return. Everything else stands: silence is no resolution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from notesmine.evidence.assigned import UNDATED, Assigned, Mention, date_of, moment
from notesmine.evidence.ended import says_ended, speaks_of
from notesmine.evidence.pool import Pool, units
from notesmine.evidence.quotes import identify
from notesmine.evidence.resolution import (
    Likeness,
    body_words,
    cosine,
    shared_themes,
    tickets_in_common,
)
from notesmine.records import Document

#: Read on the sample corpus, on two real ones and on statements held out (tests/links.toml): from
#: here on what says that something has ended has the right problem first.
SAID_BAR = 0.75
#: Below it a problem is closed only by the solution that answers it best.
SURE_BAR = 0.90
#: Without such words nearly the same words are asked for: progress on a matter is no end of it.
UNSAID_BAR = 1.7
#: Two impediments at this cosine, and this likeness, speak of one problem, by reading them.
SAME_PROBLEM = 0.60
SAME_MATTER = 1.15
#: Content words that they share outside a label in front, such as "Receipts:": a strand of work is
#: no problem.
SAME_WORDS = 2
#: How far behind the problem answered best a further one may be, and its cosine at least.
NEAR_BEST, NEAR_ENOUGH = 0.3, 0.4
#: Weight of rare words in common (0..1) that a further problem needs; less where a month is named.
SHARED_WORDS, NAMED_WORDS = 0.25, 0.05
#: What is asked for beyond the bar where it is not sure that the earlier passage is a problem.
REVIEW_MORE = 0.1
#: Probability of ``resolved`` from which a passage of another kind is read as a solution, if it
#: says that something has ended and answers an earlier problem by `SAID_BAR` and this much more.
REREAD, REREAD_MORE = 0.15, 0.2


@dataclass(frozen=True, slots=True)
class Lives:
    """What became of problems, by the quote id of the head of a mention.

    ``closed`` maps a problem to the solutions that answer it, earliest first; ``returned`` maps a
    problem to the solution after which it was reported again.
    """

    closed: Mapping[str, tuple[Mention, ...]]
    returned: Mapping[str, Mention]


def lives(
    problems: Sequence[Mention],
    solutions: Sequence[Mention],
    likeness: Likeness,
    documents: Mapping[str, Document],
) -> Lives:
    """Link problems to what reports them resolved, and to their return.

    Parameters
    ----------
    problems, solutions : sequence of Mention
        Of all themes, each head once, in any order.
    likeness : Likeness
    documents : mapping of str to Document
    """
    known = sorted(problems, key=lambda m: moment(m.head, documents))
    answers = sorted(solutions, key=lambda m: moment(m.head, documents))
    pool = Pool([m.head for m in known], likeness)
    reached = _reached(answers, known, pool, likeness, documents)
    strongest: dict[int, float] = {}
    for earlier in reached:
        for n, score in earlier.items():
            strongest[n] = max(score, strongest.get(n, 0.0))
    closed: dict[str, list[Mention]] = {}
    returned: dict[str, Mention] = {}
    for answer, earlier in zip(answers, reached, strict=True):
        if not earlier:
            continue
        later = answer.head
        # The first of equals, as in order of time.
        best = max(earlier, key=lambda n: earlier[n])
        if earlier[best] < min(SURE_BAR, strongest[best]):
            continue
        alike = {
            n
            for n in pool.close(known[best].head, SAME_PROBLEM)
            if same_problem(known[n].head, known[best].head, likeness)
        }
        for n in sorted(alike.union(earlier)):
            mention = known[n]
            if n == best or (
                mention.head.judgement.tier == "confirmed"
                and _over_by(mention, later, documents)
                and (
                    n in alike
                    or _answered_too(later, mention.head, earlier[best] - earlier[n], likeness)
                )
            ):
                closed.setdefault(identify(mention.head), []).append(answer)
        for n in sorted(alike):
            key = identify(known[n].head)
            if key not in returned and _earlier(later, known[n].head, documents):
                returned[key] = answer
    return Lives({key: tuple(found) for key, found in closed.items()}, returned)


def _reached(
    answers: Sequence[Mention],
    known: Sequence[Mention],
    pool: Pool,
    likeness: Likeness,
    documents: Mapping[str, Document],
) -> list[dict[int, float]]:
    """For each solution, the places of the problems that it may close, and how well it answers."""
    found = []
    heads = [m.head for m in answers]
    bars = [SAID_BAR if says_ended(h.passage.text) else UNSAID_BAR for h in heads]
    for later, bar, places in zip(heads, bars, pool.answered(heads, bars), strict=True):
        found.append(
            {
                n: score
                for n in (places if _names_matter(later, likeness) else ())
                if _over_by(known[n], later, documents)
                and (score := likeness.answers(later, known[n].head)) >= bar + _doubt(known[n])
            }
        )
    return found


def _names_matter(later: Assigned, likeness: Likeness) -> bool:
    """Whether a solution says what it is about; "This is resolved!" does not."""
    return bool(likeness.words[later.passage.text])


def _doubt(problem: Mention) -> float:
    return 0.0 if problem.head.judgement.tier == "confirmed" else REVIEW_MORE


def _answered_too(later: Assigned, earlier: Assigned, behind: float, likeness: Likeness) -> bool:
    """Whether a problem that reaches the bar is answered beside the one answered best."""
    words, near = likeness.shared_words(later, earlier), cosine(later, earlier)
    if (near is not None and near < NEAR_ENOUGH) or tickets_in_common(later, earlier) < 0:
        return False
    if words >= NAMED_WORDS and speaks_of(later.passage.text, earlier.passage.text):
        return True
    return len(shared_themes(later, earlier)) > 1 and (behind <= NEAR_BEST or words >= SHARED_WORDS)


def reread(
    items: Sequence[Assigned], likeness: Likeness, documents: Mapping[str, Document]
) -> list[Assigned]:
    """Read again, knowing what was reported before, what the classifier left in doubt.

    A sentence such as "the new list is out, so it installs now" does not show by itself that a
    hindrance has ended; beside the report of that hindrance it does. Confirmed impediments stay.

    Returns
    -------
    list of Assigned
        In the order given; what is now read as a solution says so in its reason.
    """
    bar = SAID_BAR + REREAD_MORE
    problems = [i for i in items if i.judgement.kind == "impediment" and i.theme_ids]
    doubtful = [n for n, item in enumerate(items) if _in_doubt(item)]
    if not doubtful:
        return list(items)
    read = list(items)
    asked = [items[n] for n in doubtful]
    near = Pool(problems, likeness).answered(asked, [bar] * len(asked))
    for place, places in zip(doubtful, near, strict=True):
        item = items[place]
        if any(
            _earlier(problems[n], item, documents) and likeness.answers(item, problems[n]) >= bar
            for n in places
        ):
            read[place] = _solution(item)
    return read


def _in_doubt(item: Assigned) -> bool:
    judgement = item.judgement
    return (
        judgement.kind in {"impediment", "decision", "status"}
        and (judgement.kind, judgement.tier) != ("impediment", "confirmed")
        and item.probability("resolved") >= REREAD
        and says_ended(item.passage.text)
    )


def _solution(item: Assigned) -> Assigned:
    why = f"{item.judgement.why}; says that an earlier problem has ended".lstrip("; ")
    return dataclasses.replace(
        item,
        judgement=msgspec.structs.replace(item.judgement, kind="resolved", why=why),
        coding=msgspec.structs.replace(item.coding, stance="resolved"),
    )


def same_problem(one: Assigned, other: Assigned, likeness: Likeness) -> bool:
    """Whether two impediments speak of one problem."""
    near = cosine(one, other)
    return near is not None and near >= SAME_PROBLEM and _same_matter(one, other, likeness)


def _same_matter(one: Assigned, other: Assigned, likeness: Likeness) -> bool:
    return (
        tickets_in_common(one, other) >= 0
        and likeness.same(one, other) >= SAME_MATTER
        and len(body_words(one.passage.text) & body_words(other.passage.text)) >= SAME_WORDS
    )


def threads(mentions: Sequence[Mention], likeness: Likeness) -> list[list[int]]:
    """Group the mentions of one theme by the problem they speak of.

    Parameters
    ----------
    mentions : sequence of Mention
        In order of time.

    Returns
    -------
    list of list of int
        Indexes in order of time; a mention joins the earliest group whose first mention it is
        like, so that no chain of small steps joins what is far apart. Groups of one are left out.
    """
    rows = units([m.head for m in mentions])
    groups: list[list[int]] = []
    first = np.zeros_like(rows)  # the first mention of each group
    for n, mention in enumerate(mentions):
        near = np.round(first[: len(groups)] @ rows[n], 6)
        for place in np.flatnonzero(near >= SAME_PROBLEM).tolist():
            group = groups[place]
            if _same_matter(mention.head, mentions[group[0]].head, likeness):
                group.append(n)
                break
        else:
            first[len(groups)] = rows[n]
            groups.append([n])
    return [group for group in groups if len(group) > 1]


def _over_by(mention: Mention, later: Assigned, documents: Mapping[str, Document]) -> bool:
    """Whether a statement was made before a resolution, and not repeated at a later date."""
    end = date_of(later, documents)
    repeats = (date_of(c, documents) for c in mention.copies)
    return _earlier(mention.head, later, documents) and not any(
        end is not None and d is not None and UNDATED > d > end for d in repeats
    )


def _earlier(first: Assigned, second: Assigned, documents: Mapping[str, Document]) -> bool:
    if first.passage.doc_id == second.passage.doc_id:
        return first.passage.start < second.passage.start
    one, two = date_of(first, documents), date_of(second, documents)
    return one is not None and two is not None and UNDATED > two > one
