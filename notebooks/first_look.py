# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # A first look at a corpus
#
# What was read, what was found in it, how is it spread over documents and months, and which
# impediments come together? Run `make run` first, or set `NOTESMINE_OUT` to an output folder of
# your own. Names of people are masked, as they are in the outputs.

# %%
import os
import textwrap

import matplotlib.pyplot as plt
import numpy as np

import notesmine

outputs = notesmine.open(os.environ.get("NOTESMINE_OUT", "outputs"))
documents = outputs.documents()
print(documents["status"].value_counts().to_string())
print(documents["format"].value_counts().to_string())

# %% [markdown]
# ## What do the notes say?
#
# Each statement of the notes is of one kind. Only confirmed impediments are counted in the report;
# those to review are listed.

# %%
passages = outputs.passages()
kinds = passages.groupby(["kind", "tier"]).size().unstack(fill_value=0)
kinds = kinds.reindex(columns=["confirmed", "review"], fill_value=0)
kinds = kinds.loc[kinds.sum(axis=1).sort_values().index]
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.barh(kinds.index, kinds["confirmed"], color="#2f6690", label="confirmed")
axes.barh(kinds.index, kinds["review"], left=kinds["confirmed"], color="#bcd0df", label="to review")
axes.set_xlabel("statements")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## Which impediments do most documents report, and how sure is that?
#
# The line is the 95% interval of the share of documents: how much it would vary with other notes
# of the same kind. Where lines overlap widely, the order means little.

# %%
themes = outputs.themes()
reported = themes[themes["rank"].notna()].sort_values("rank")
columns = ["label", "documents", "passages", "open", "trend"]
print(reported[columns].head(10).to_string())
shown = reported.head(12).iloc[::-1]
figure, axes = plt.subplots(figsize=(7, 0.34 * len(shown) + 0.8))
axes.hlines(shown["label"], shown["share_low"], shown["share_high"], color="#8fb1c9", linewidth=3)
axes.plot(shown["share"], shown["label"], "o", color="#2f6690")
axes.set_xlim(0, 1)
axes.set_xlabel("share of the documents read")
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## When were they reported?
#
# A row a theme, a column a month with notes that report one of them: documents.

# %%
months = outputs.by_month()
top = [theme for theme in reported.index[:10] if theme in months.index]
table = months.loc[top]
figure, axes = plt.subplots(figsize=(7, 0.3 * len(top) + 1.2))
axes.imshow(table.to_numpy(), cmap="Blues", aspect="auto", vmin=0)
axes.set_yticks(range(len(top)), themes.loc[top, "label"])
axes.set_xticks(range(table.shape[1]), [str(month) for month in table.columns], rotation=90)
for (row, column), count in np.ndenumerate(table.to_numpy()):
    if count:
        color = "white" if count > table.to_numpy().max() / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)

# %% [markdown]
# ## Which impediments stand in the same documents?
#
# Documents that report both, of those that report either (Jaccard): dark pairs tend to be told
# together.

# %%
matrix = outputs.matrix().loc[top]
both = (matrix @ matrix.T).to_numpy().astype(float)
sizes = np.diag(both)
share = both / (sizes[:, None] + sizes[None, :] - both)
share = np.where(np.tri(len(top), k=-1, dtype=bool), share, np.nan)
figure, axes = plt.subplots(figsize=(6, 0.34 * len(top) + 1.2))
axes.imshow(share, cmap="Purples", vmin=0, vmax=1, aspect="auto")
axes.set_yticks(range(len(top)), themes.loc[top, "label"])
axes.set_xticks(range(len(top)), top, rotation=90)
for (row, column), value in np.ndenumerate(share):
    if not np.isnan(value):
        axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=8)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## The words themselves
#
# By theme, and by asking: `search` finds by meaning and by words.


# %%
def quote(text):
    """A text in lines."""
    return textwrap.fill(text, 88)


quotes = outputs.evidence()
for theme in top[:1]:
    own = quotes[(quotes["theme_id"] == theme) & (quotes["kind"] == "impediment")]
    for row in own.head(3).to_dict("records"):
        print(
            f"{quote(row['text'])}\n    {row['title']}, {row['date']:%d %B %Y} [{row['quote_id']}]"
        )

# %%
found = outputs.search("nobody looks after the result", n=3, kinds=["impediment"])
for row in found.to_dict("records"):
    print(f"{quote(row['text'])}\n    {row['tier']}, {row['date']:%d %B %Y} [{row['quote_id']}]")
