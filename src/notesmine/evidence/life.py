"""The life of an impediment: said again, reported resolved, come back.

The rule, in full. Problems and solutions of all themes are compared. A passage of the kind
``resolved`` closes, among the problems reported earlier, the one it answers best (`Likeness`), if
it says outright that something has ended and reaches `SAID_BAR`, or, saying nothing of the kind, if
it reaches `UNSAID_BAR`. With it go the earlier confirmed mentions of the same problem: those at
`SAME_PROBLEM` by cosine and `SAME_MATTER` by likeness, and those that share two themes with the
solution, `SHARED_WORDS` of its rare words, and reach its bar. A problem of which a copy is dated
later than the solution is not closed by it. A later mention of a closed problem is its return.
Everything else stands: silence is no resolution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from notesmine.evidence.assigned import UNDATED, Assigned, Mention, date_of, moment
from notesmine.evidence.quotes import identify
from notesmine.evidence.resolution import Likeness, cosine, says_ended, shared_themes
from notesmine.records import Document

#: Read on the sample corpus: of the resolutions there that were planted, those at .85 and above
#: have the right problem first; passages that only report progress say no end.
SAID_BAR = 0.85
#: Without such words only nearly the same words will do: progress on a matter is no end of it.
UNSAID_BAR = 1.7
#: Two impediments at this cosine, and this likeness, speak of one problem, by reading them.
SAME_PROBLEM = 0.60
SAME_MATTER = 1.15
#: Weight of rare words in common (0..1) that a further problem needs.
SHARED_WORDS = 0.25
#: Probability of ``resolved`` from which a passage of another kind is read as a solution, if it
#: says that something has ended and answers an earlier problem by `SAID_BAR` and this much more.
REREAD, REREAD_MORE = 0.2, 0.1


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
    closed: dict[str, list[Mention]] = {}
    returned: dict[str, Mention] = {}
    for answer in sorted(solutions, key=lambda m: moment(m.head, documents)):
        later = answer.head
        bar = SAID_BAR if says_ended(later.passage.text) else UNSAID_BAR
        earlier = [m for m in known if _over_by(m, later, documents)]
        scores = [likeness.answers(later, m.head) for m in earlier]
        if not scores or max(scores) < bar:
            continue
        best = earlier[scores.index(max(scores))]
        for mention in earlier:
            if mention is best or (
                mention.head.judgement.tier == "confirmed"
                and (
                    same_problem(mention.head, best.head, likeness)
                    or _answered_too(later, mention.head, bar, likeness)
                )
            ):
                closed.setdefault(identify(mention.head), []).append(answer)
        for mention in known:
            if (
                identify(mention.head) not in returned
                and _earlier(later, mention.head, documents)
                and same_problem(mention.head, best.head, likeness)
            ):
                returned[identify(mention.head)] = answer
    return Lives({key: tuple(found) for key, found in closed.items()}, returned)


def _answered_too(later: Assigned, earlier: Assigned, bar: float, likeness: Likeness) -> bool:
    return (
        len(shared_themes(later, earlier)) > 1
        and likeness.shared_words(later, earlier) >= SHARED_WORDS
        and likeness.answers(later, earlier) >= bar
    )


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
    problems = [i for i in items if i.judgement.kind == "impediment" and i.theme_ids]
    return [
        _solution(item)
        if _in_doubt(item)
        and any(
            _earlier(p, item, documents) and likeness.answers(item, p) >= SAID_BAR + REREAD_MORE
            for p in problems
        )
        else item
        for item in items
    ]


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
    return near is not None and near >= SAME_PROBLEM and likeness.same(one, other) >= SAME_MATTER


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
    near = _cosines([m.head for m in mentions])
    groups: list[list[int]] = []
    for n, mention in enumerate(mentions):
        for group in groups:
            if (
                near[n, group[0]] >= SAME_PROBLEM
                and likeness.same(mention.head, mentions[group[0]].head) >= SAME_MATTER
            ):
                group.append(n)
                break
        else:
            groups.append([n])
    return [group for group in groups if len(group) > 1]


def _cosines(items: Sequence[Assigned]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Cosines of all pairs, shape (n, n), rounded; -1 where one was not embedded."""
    size = next((i.vector.shape[0] for i in items if i.vector is not None), 1)
    rows = np.array(
        [i.vector if i.vector is not None else np.zeros(size) for i in items], dtype=np.float64
    ).reshape(len(items), size)
    norms = np.linalg.norm(rows, axis=1)
    unit = rows / np.where(norms > 0, norms, 1.0)[:, None]
    near = np.round(unit @ unit.T, 6)
    near[norms == 0, :] = near[:, norms == 0] = -1.0
    return np.asarray(near)


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
