"""The kept figures of checks by hand, in plain lines for a method section, and without names."""

from __future__ import annotations

from collections.abc import Sequence

from notesmine.checking.agreement import Figure, Score
from notesmine.checking.comparison import MACHINE, Agreement, kept_agreements
from notesmine.checking.measures import Interval
from notesmine.checking.tell import interval_in_words
from notesmine.store import Store

AGREEMENT = ("kind", "impediment or not", "first code")


def said(store: Store) -> tuple[str, ...]:
    """Return `method_lines` of a state: a run takes them into its report."""
    return tuple(method_lines(kept_agreements(store), list(store.samples())))


def method_lines(kept: Sequence[Agreement], samples: Sequence[str]) -> list[str]:
    """Say what people who coded the newest checked sample found.

    Parameters
    ----------
    kept : sequence of Agreement
        As `kept_agreements` returns them.
    samples : sequence of str
        The ids of all samples, oldest first.

    Returns
    -------
    list of str
        A line on the sample, then one for each figure; empty where no sample was checked. People
        are called person A, person B in the order in which their sheets came.
    """
    checked = {k.samples[0]: k for k in kept if len(k.samples) == 1}
    newest = next((s for s in reversed(samples) if s in checked), None)
    if newest is None:
        return []
    own = [k for k in kept if k.samples == (newest,)]
    people = list(dict.fromkeys(name for k in own for name in (k.a, k.b) if name != MACHINE))
    called = {name: f"person {_letters(at)}" for at, name in enumerate(people)}
    lines = []
    for found in own:
        lines.append(f"Checked by hand: {found.design}.")
        if found.machine is None:
            two = f"{called[found.a]} and {called[found.b]}"
            # Sheets of one name and initials cannot be told apart.
            lines += _agreement(found, two if found.a != found.b else "two people")
        else:
            person = called[found.b if found.machine == "a" else found.a]
            lines += _agreement(found, f"the machine and {person}")
            lines += [
                _score(s, person)
                for s in found.scores
                if s.group == "overall" and s.scope == "all text"
            ]
    return list(dict.fromkeys(lines))


def _agreement(found: Agreement, who: str) -> list[str]:
    return [
        _figure(f, who)
        for f in found.figures
        if f.group == "overall" and f.scope == "all text" and f.name in AGREEMENT and f.n
    ]


def _figure(figure: Figure, who: str) -> str:
    return (
        f"Agreement of {who}, {figure.name}: n = {figure.n}, kappa {_told(figure.kappa)},"
        f" alpha {_told(figure.alpha)}{_warning(figure)}"
    )


def _score(score: Score, person: str) -> str:
    return (
        f"The machine by {person}, {score.name}: n = {score.n}, precision"
        f" {_told(score.precision)}, recall {_told(score.recall)}{_warning(score)}"
    )


def _told(interval: Interval) -> str:
    return "not defined" if interval.value is None else interval_in_words(interval)


def _warning(of: Figure | Score) -> str:
    return f" ({of.warning})" if of.warning else ""


def _letters(at: int) -> str:
    """Return a letter for a person: A to Z, then A2.

    Examples
    --------
    >>> _letters(0), _letters(27)
    ('A', 'B2')
    """
    round_, letter = divmod(at, 26)
    return chr(ord("A") + letter) + (str(round_ + 1) if round_ else "")
