# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # A first look at a corpus
#
# What did a run find, how is it spread over documents and months, and which words carry the first
# theme? Run `make run` first, or set `NOTESMINE_OUT` to an output folder of your own.

# %%
import os

import notesmine

tables = notesmine.open(os.environ.get("NOTESMINE_OUT", "outputs"))
tables.documents()["status"].value_counts()

# %% [markdown]
# Which impediments do most documents report?

# %%
themes = tables.themes()
reported = themes[themes["documents"] > 0]
columns = ["label", "origin", "documents", "share", "share_low", "share_high", "open", "trend"]
print(reported[columns].head(10).to_string())

# %% [markdown]
# When were they reported? One row a theme, one column a month.

# %%
months = tables.by_month()
top = [theme for theme in reported.index[:8] if theme in months.index]
print(months.loc[top].to_string())

# %% [markdown]
# Which impediments stand in the same documents? The share of documents that report both, of those
# that report either (Jaccard).

# %%
matrix = tables.matrix().loc[top]
both = matrix @ matrix.T
either = (matrix.sum(axis=1).to_numpy()[:, None] + matrix.sum(axis=1).to_numpy()) - both
print((both / either).round(2).to_string())

# %% [markdown]
# The words themselves.

# %%
quotes = tables.evidence()
first = quotes[(quotes["theme_id"] == top[0]) & (quotes["kind"] == "impediment")]
for _, quote in first.head(5).iterrows():
    print(f"{quote['text']}\n    {quote['title']}, {quote['date']:%d %B %Y} [{quote['quote_id']}]")
