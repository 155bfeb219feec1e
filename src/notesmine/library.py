"""For researchers: what a run published, as pandas DataFrames.

``notesmine.open("outputs")`` reads the output folder only, so it works on a report that was sent
round. pandas is imported when the first table is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from notesmine.publish.runfile import read_run

if TYPE_CHECKING:
    import pandas as pd

    from notesmine.records import Run


class Outputs:
    """The tables of one output folder.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that ``notesmine run`` wrote.

    Raises
    ------
    InputError
        If it is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: Run = read_run(folder)

    def documents(self) -> pd.DataFrame:
        """Return one row a document: ``doc_id paths sha256 format status``, all strings."""
        import pandas as pd

        frame = pd.DataFrame(list(self.run.inputs))
        frame["paths"] = ["; ".join(paths) for paths in frame["paths"]]
        return frame.astype("string").set_index("doc_id", drop=False)

    def themes(self) -> pd.DataFrame:
        """Return ``themes.csv``, indexed by ``theme_id``; counts are integers, dates datetimes."""
        frame = self._table("themes.csv", ["first_seen", "last_seen"])
        return frame.set_index("theme_id", drop=False)

    def evidence(self) -> pd.DataFrame:
        """Return ``evidence.csv``: one row for each quote under each theme.

        ``text`` is the source's span: the apostrophe that guards spreadsheets is taken away.
        """
        frame = self._table("evidence.csv", ["date"])
        guarded = frame["text_guarded"] == 1
        frame.loc[guarded, "text"] = frame.loc[guarded, "text"].str[1:]
        return frame

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

    def _table(self, name: str, dates: list[str]) -> pd.DataFrame:
        import pandas as pd

        frame = pd.read_csv(self.folder / name, encoding="utf-8", keep_default_na=True)
        for column in dates:
            frame[column] = pd.to_datetime(frame[column], format="ISO8601")
        return frame


def open_outputs(folder: str | Path = "outputs") -> Outputs:
    """Open an output folder as tables.

    Examples
    --------
    >>> import notesmine
    >>> tables = notesmine.open("outputs")                          # doctest: +SKIP
    >>> tables.themes()[["label", "documents"]].head()              # doctest: +SKIP
    """
    return Outputs(Path(folder))
