# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # From theme to citation
#
# You want to cite an impediment in a report. Which words carry it, are they really in the notes,
# how widely and how long is it reported, what speaks against it, and how is it cited? Set
# `NOTESMINE_OUT` to an output folder of your own and `NOTESMINE_THEME` to the id of a theme.

# %%
import os
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt

import notesmine
from notesmine.commands import show

out = Path(os.environ.get("NOTESMINE_OUT", "outputs"))
outputs = notesmine.open(out)
themes = outputs.themes()
theme = os.environ.get("NOTESMINE_THEME") or themes[themes["rank"] == 1].index[0]
about = themes.loc[theme]
print(f"{theme}: {about['label']} ({about['origin']})")
print(f"{about['documents']} documents of {about['organisations']} organisations,", end=" ")
print(f"{about['passages']} passages, {about['open']} of them open")

# %% [markdown]
# ## How widely, and for how long?
#
# One mark a passage: is it one office at one time, or many over the years? Filled marks are
# impediments (light ones to review), crosses report it solved, triangles what helps or is proposed.

# %%
quotes = outputs.evidence()
own = quotes[quotes["theme_id"] == theme]
organisation = outputs.documents()["organisation"].fillna("(no organisation)")
own = own.assign(organisation=organisation.loc[own["doc_id"]].to_numpy()).dropna(subset=["date"])
places = {name: at for at, name in enumerate(sorted(own["organisation"].unique()))}
marks = {"impediment": "o", "resolved": "x", "enabler": "^", "proposal": "^"}
figure, axes = plt.subplots(figsize=(7, 0.4 * len(places) + 1.2))
for kind, mark in marks.items():
    for tier, color in (("confirmed", "#2f6690"), ("review", "#a9c2d3")):
        some = own[(own["kind"] == kind) & (own["tier"] == tier)]
        if len(some):
            where = some["organisation"].map(places).astype(float)
            # Marks of one day and office stand beside one another.
            apart = some.groupby(["organisation", "date"]).cumcount() * 0.09
            axes.scatter(some["date"], where + apart, marker=mark, color=color)
axes.set_yticks(list(places.values()), list(places))
axes.set_ylim(-0.5, len(places) - 0.2)
axes.tick_params(axis="x", rotation=45)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## Which words carry it?
#
# The surest quotes of an impediment first; beside them, what reports it solved.


# %%
def told(row):
    """A quote with its source."""
    text = textwrap.fill(row["text"], 88)
    return f"{text}\n    {row['title']}, {row['date']:%d %B %Y} [{row['quote_id']}]"


impediments = own[own["kind"] == "impediment"].sort_values(
    ["tier", "score", "quote_id"], ascending=[True, False, True]
)
for row in impediments.head(4).to_dict("records"):
    print(told(row))
solved = own[own["kind"] == "resolved"]
print(f"\nReported solved: {len(solved)}")
for row in solved.head(2).to_dict("records"):
    print(told(row))

# %% [markdown]
# ## Are the words really there?
#
# Opened with names, a quote equals the span of the document's text that its offsets name, character
# by character. (`notesmine verify` goes further: it reads every source file anew.)

# %%
verbatim = notesmine.open(out, names=True, unquotable=True)
texts, spans = verbatim.texts(), verbatim.evidence()
spans = spans[spans["theme_id"] == theme].to_dict("records")
same = sum(texts[row["doc_id"]][row["start"] : row["end"]] == row["text"] for row in spans)
print(f"{same} of {len(spans)} quotes equal the text of their documents")

# %% [markdown]
# ## How is it cited?
#
# `show` prints a quote in its context, and its citation for Pandoc, LaTeX and CSL; the entries of
# all documents are in `references.bib` and `references.json`.

# %%
chosen = impediments["quote_id"].iloc[0]
lines = show(chosen, out, None)
print("\n".join(lines[: lines.index("CSL-JSON entry")] if "CSL-JSON entry" in lines else lines))

# %% [markdown]
# ## And next year?
#
# `notesmine release 2025-q1` freezes these outputs: `show ID@2025-q1` then answers for ever, and
# says what became of the theme since. What has happened to it so far:

# %%
for run in outputs.runs().to_dict("records"):
    print(f"run {run['number']}: {run['run_id']}, notes to {run['report_date']:%d %B %Y}")
events = [event for event in outputs.run.events if event.theme_id == theme]
for event in events:
    print(event.what, event.detail, *event.other)
if not events:
    print("nothing happened to this theme in the last run")
