"""What a run published and decided, as pandas DataFrames.

`Outputs` reads the output folder for what was published, so that it works on a report that was
sent round, and the state beside it for the rest: passages, codings, vectors, search, topic model.
Heavy libraries are imported by the calls that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from notesmine.editions.freeze import made_by
from notesmine.errors import InputError
from notesmine.library import kept as state_of
from notesmine.library.frames import frame, read_table
from notesmine.publish.runfile import read_run
from notesmine.publish.tables import FORMULA, unguard
from notesmine.store import state_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from bertopic import BERTopic
    from numpy.typing import NDArray

    from notesmine.library.search import Index
    from notesmine.records import Run


class Outputs:
    """The tables of one output folder; made by ``notesmine.open``.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that ``notesmine run`` wrote.
    state : pathlib.Path, optional
        Its state folder; beside it by default.
    names : bool, default False
        Give names of people as the notes write them; by default they are masked as in the outputs.
    unquotable : bool, default False
        Give the words of passages that are not for quotation too; by default they are missing.

    Raises
    ------
    InputError
        If the folder holds no run.
    """

    def __init__(
        self,
        folder: Path,
        *,
        state: Path | None = None,
        names: bool = False,
        unquotable: bool = False,
    ) -> None:
        self.folder = folder
        self.names = names
        self.unquotable = unquotable
        self.run: Run = read_run(folder)
        self.state = state_folder(made_by(folder.absolute()), state)

    def __repr__(self) -> str:
        """Say which run this is of."""
        return f"<outputs of {self.run.run_id}: {len(self.run.inputs)} documents>"

    # -- what was published ---------------------------------------------------------------------

    def documents(self) -> pd.DataFrame:
        """Return one row a document, unread ones too, in order of their ids.

        Examples
        --------
        >>> import notesmine
        >>> outputs = notesmine.open("outputs")
        >>> set(outputs.documents()["status"])
        {'ok'}
        """
        known = self._sheet()
        if self.names:
            for doc_id, document in state_of.documents(self._kept).items():
                known.setdefault(doc_id, {}).update(
                    title=document.title, meeting=document.meeting, paths=document.paths,
                    organisation=document.organisation,
                )  # fmt: skip
        rows = []
        for row in self.run.inputs:
            more = known.get(str(row["doc_id"]), {})
            paths: Any = more.get("paths") or row["paths"]
            rows.append({**more, **row, "paths": "; ".join(sorted(paths))})
        return frame("documents()", rows)

    def themes(self) -> pd.DataFrame:
        """Return one row a theme, ranked, those that nothing reports too: ``themes.csv``.

        Examples
        --------
        >>> import notesmine
        >>> themes = notesmine.open("outputs").themes()
        >>> themes.loc["ownership", "label"]
        'Unclear responsibility'
        """
        return frame("themes()", map(_unguarded, read_table(self.folder, "themes.csv")))

    def evidence(self) -> pd.DataFrame:
        """Return one row for each quote under each theme: ``evidence.csv``.

        ``text`` is the source's span: the apostrophe that guards spreadsheets is taken away.

        Examples
        --------
        >>> import notesmine
        >>> evidence = notesmine.open("outputs").evidence()
        >>> sorted(set(evidence["kind"]))
        ['enabler', 'impediment', 'proposal', 'resolved']
        """
        rows: list[dict[str, Any]] = []
        for row in read_table(self.folder, "evidence.csv"):
            text = unguard(row["text"], row["text_guarded"])
            rows.append({**_unguarded(row), "text": text})
        if self.names:
            cells = state_of.quotes_with_names(self.state, self.run)
            rows = [{**row, **cells(row["quote_id"])} for row in rows]
        return frame("evidence()", rows)

    def runs(self) -> pd.DataFrame:
        """Return one row a run of the state, oldest first; this one alone where there is no state.

        Examples
        --------
        >>> import notesmine
        >>> bool(notesmine.open("outputs").runs()["current"].iloc[-1])
        True
        """
        rows = []
        for number, run in enumerate(state_of.runs(self.state, self.run), 1):
            rows.append(
                {
                    "run_id": run.run_id,
                    "number": number,
                    "report_date": run.report_date,
                    "documents": len(run.inputs),
                    **{k: run.counts.get(k) for k in ("passages", "impediments", "confirmed")},
                    "events": len(run.events),
                    "problems": len(run.problems),
                    "seed": run.seed,
                    "notesmine": run.versions.get("notesmine"),
                    "parent_state": run.parent_state,
                    "current": run.run_id == self.run.run_id,
                }
            )
        return frame("runs()", rows)

    def matrix(self, kind: str = "impediment", tier: str | None = "confirmed") -> pd.DataFrame:
        """Return themes by documents, 1 where a document reports a theme, else 0 (int8)."""
        import pandas as pd

        rows = self.evidence()
        rows = rows[rows["kind"] == kind]
        if tier is not None:
            rows = rows[rows["tier"] == tier]
        return pd.crosstab(rows["theme_id"], rows["doc_id"]).clip(upper=1).astype("int8")

    def by_month(self) -> pd.DataFrame:
        """Return themes by months (Period index): documents reporting each as an impediment."""
        rows = self.evidence()
        rows = rows[(rows["kind"] == "impediment") & (rows["tier"] == "confirmed")]
        rows = rows.dropna(subset=["date"])
        rows = rows.assign(month=rows["date"].dt.to_period("M"))
        counts = rows.groupby(["theme_id", "month"])["doc_id"].nunique()
        return counts.unstack(fill_value=0).astype("int64")

    # -- what the state knows -------------------------------------------------------------------

    def passages(self) -> pd.DataFrame:
        """Return one row for each statement of the notes, in order of document and place.

        Raises
        ------
        StateError
            If the state is not there, or holds another run.

        Examples
        --------
        >>> import notesmine
        >>> passages = notesmine.open("outputs").passages()
        >>> bool(passages.index.is_unique)
        True
        """
        return frame("passages()", state_of.passages(self._kept, unquotable=self.unquotable))

    def codings(self) -> pd.DataFrame:
        """Return one row for each passage under each of its codes and themes, `passages`' order.

        Raises
        ------
        StateError
            As `passages` does.
        """
        return frame("codings()", state_of.codings(self._kept))

    def texts(self) -> pd.Series[str]:
        """Return the canonical text of each document by ``doc_id``: all offsets point into it.

        Offsets are Unicode code points, start inclusive, end exclusive. The texts hold every name
        and every word not for quotation.

        Raises
        ------
        InputError
            Unless opened with ``names=True, unquotable=True``.

        Examples
        --------
        >>> import notesmine
        >>> outputs = notesmine.open("outputs", names=True, unquotable=True)
        >>> texts, passages = outputs.texts(), outputs.passages()
        >>> all(texts[p.doc_id][p.start : p.end] == p.text for p in passages.itertuples())
        True
        """
        import pandas as pd

        if not (self.names and self.unquotable):
            raise InputError(
                "whole texts hold names, and words not for quotation",
                "Open the outputs with names=True, unquotable=True.",
            )
        ids = [str(row["doc_id"]) for row in self.run.inputs]
        found = state_of.texts(self._kept, ids)
        return pd.Series(found, dtype="string", name="text").rename_axis("doc_id")

    def vectors(self) -> NDArray[np.float32]:
        """Return the vectors (n, d) of `passages`, row by row; a row without one is NaN.

        Vectors are kept of the kinds that speak of hindrances (impediment, resolved, enabler,
        proposal) and of those in which themes are sought; not of status, decision and boilerplate:
        ``passages()["embedded"]`` tells. They are of the words as written, names included.

        Raises
        ------
        StateError
            As `passages` does.

        Examples
        --------
        >>> import notesmine
        >>> outputs = notesmine.open("outputs")
        >>> outputs.vectors().shape == (len(outputs.passages()), 384)
        True
        """
        return state_of.vectors(self.state, self.run, self._kept)

    def search(
        self,
        text: str,
        n: int = 10,
        *,
        by: Literal["both", "meaning", "words"] = "both",
        kinds: Sequence[str] | None = None,
        model: str | None = None,
    ) -> pd.DataFrame:
        """Find passages by meaning and by words.

        Meaning is the cosine of vectors; words are ranked by BM25 over the text as shown, English
        endings aside. The two rankings are merged by reciprocal ranks (Cormack et al. 2009).
        Passages not for quotation are found only if asked for at opening.

        Parameters
        ----------
        text : str
        n : int, default 10
            The most rows to return.
        by : {"both", "meaning", "words"}
        kinds : sequence of str, optional
            Only passages of these kinds, such as ``["impediment"]``.
        model : str, optional
            The folder of the run's model, where it was not the packaged one.

        Returns
        -------
        pandas.DataFrame
            Best first.

        Raises
        ------
        InputError
            If there is nothing to search for, or no such kind.
        ModelError
            If the model is not the one of the run.
        StateError
            As `passages` does.

        Examples
        --------
        >>> import notesmine
        >>> outputs = notesmine.open("outputs")
        >>> found = outputs.search("nobody is responsible", n=3)
        >>> len(found)
        3
        """
        return self._index.search(text, n, by=by, kinds=kinds, model=model)

    def topic_model(self) -> BERTopic:
        """Return a BERTopic of the run's impediments: its topics are the run's emergent themes.

        It is rebuilt from the state, and always the same; the clusterer in its place is notesmine's
        own. Topic numbers are BERTopic's, by size; its custom labels and `topic_documents` name the
        themes. Give its methods that ask for documents ``list(topic_documents()["text"])``, and
        ``topic_vectors()`` as embeddings. BERTopic draws ``visualize_topics`` from three topics on
        and ``visualize_hierarchy`` from two. Save it with
        ``save(folder, serialization="safetensors", save_ctfidf=True, save_embedding_model=False)``;
        what is loaded again has the topics and their words, and no clusterer.

        Returns
        -------
        bertopic.BERTopic

        Raises
        ------
        InputError
            If the run found no emergent theme.
        StateError
            As `passages` does.

        Examples
        --------
        >>> import notesmine
        >>> outputs = notesmine.open("outputs")
        >>> model = outputs.topic_model()
        >>> topics = model.get_topic_info()
        >>> tree = model.hierarchical_topics(list(outputs.topic_documents()["text"]))
        """
        return self._topics[0]

    def topic_documents(self) -> pd.DataFrame:
        """Return the documents of `topic_model` in its order: each passage once, copies aside."""
        return frame("topic_documents()", self._topics[1])

    def topic_vectors(self) -> NDArray[np.float32]:
        """Return the vectors (n, d) of `topic_documents`, row by row."""
        return self._topics[2]

    def theme_space(self) -> NDArray[np.float32]:
        """Return the vectors (n, d) in which the run sought themes, a row a `topic_documents` row.

        In them likeness is of subject and of hindrance alike: `topic_vectors` and the classifier's
        probabilities of codes, blended. For measuring how stable the themes are.
        """
        from notesmine.library.topics import theme_space

        ids = list(self.topic_documents()["quote_id"])
        return theme_space(self._kept, ids, self.topic_vectors())

    # -- read once ------------------------------------------------------------------------------

    @cached_property
    def _kept(self) -> state_of.Kept:
        return state_of.load(self.state, self.run, names=self.names)

    @cached_property
    def _index(self) -> Index:
        from notesmine.library.search import Index

        return Index(self.passages(), self.vectors(), self._kept, self.run)

    @cached_property
    def _topics(self) -> tuple[BERTopic, list[dict[str, Any]], NDArray[np.float32]]:
        from notesmine.library.topics import rebuild

        return rebuild(self._kept, self.vectors(), self.run)

    def _sheet(self) -> dict[str, dict[str, Any]]:
        """Return what ``evidence.xlsx`` says of documents, by id; nothing where it is not there."""
        import datetime

        import openpyxl

        try:
            book = openpyxl.load_workbook(self.folder / "evidence.xlsx", read_only=True)
        except FileNotFoundError:
            return {}
        try:
            rows = book["Documents"].iter_rows(values_only=True)
            head = [str(cell) for cell in next(rows)]
            found = {}
            for cells in rows:
                row = dict(zip(head, cells, strict=True))
                day: Any = row["date"]
                if isinstance(day, datetime.datetime):
                    row["date"] = day.date().isoformat()
                found[str(row["doc_id"])] = {k: v for k, v in row.items() if k != "paths"}
            return found
        finally:
            book.close()


def _unguarded(row: dict[str, str]) -> dict[str, str]:
    """Take away the apostrophes that guard what a spreadsheet would calculate."""
    return {k: v[1:] if v[:1] == "'" and v[1:].startswith(FORMULA) else v for k, v in row.items()}


def open_outputs(
    folder: str | Path = "outputs",
    *,
    state: str | Path | None = None,
    names: bool = False,
    unquotable: bool = False,
) -> Outputs:
    """Open an output folder as tables.

    Parameters
    ----------
    folder : str or pathlib.Path, default "outputs"
    state : str or pathlib.Path, optional
        The state folder, where it was named by ``--state``.
    names : bool, default False
        Give names of people as the notes write them; by default they are masked as in the outputs.
    unquotable : bool, default False
        Give the words of passages that are not for quotation too; by default they are missing.

    Returns
    -------
    Outputs

    Raises
    ------
    InputError
        If the folder holds no run.

    Examples
    --------
    >>> import notesmine
    >>> outputs = notesmine.open("outputs")
    >>> first = outputs.themes()[["label", "documents"]].head(3)
    """
    return Outputs(
        Path(folder),
        state=None if state is None else Path(state),
        names=names,
        unquotable=unquotable,
    )
