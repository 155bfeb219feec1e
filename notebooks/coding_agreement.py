# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Coding agreement with a person
#
# How right is the machine on these notes? A blind sample is drawn, a person codes it, and the two
# codings are compared. **The answers below are invented**: this notebook fills the sheet in itself,
# as a person might who mostly agrees. Set `NOTESMINE_SHEET` to a sheet of your own
# (`notesmine sample -o sheet.xlsx`, filled in) and `NOTESMINE_OUT` to its output folder, and it
# shows your figures.

# %%
import os
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import notesmine
from notesmine import checking
from notesmine.records import KINDS

outputs = notesmine.open(os.environ.get("NOTESMINE_OUT", "outputs"))
sheet = os.environ.get("NOTESMINE_SHEET", "")
folder, state = outputs.folder, outputs.state

# %% [markdown]
# ## A sheet to code
#
# The invented answers go into a copy of the state: figures that are kept there are printed in the
# next report. The sample is drawn from what the machine took for an impediment, what it doubted,
# and what it passed over; each row stands for a known number of passages.

# %%
if not sheet:
    aside = Path(tempfile.mkdtemp(prefix="notesmine-"))
    folder, state = aside / "outputs", aside / "state"
    shutil.copytree(outputs.folder, folder)
    shutil.copytree(outputs.state, state)
    blank = aside / "sheet.xlsx"
    drawn = checking.sample(folder, blank, n=120, seed=1, state=state)
    for group, number, there in drawn.by_group():
        print(f"{group:36} {number:4} of {there}")

# %% [markdown]
# ## The person's answers (invented)
#
# What the machine says is looked up, every sixth answer is changed to the kind that it takes for
# the next likely, and every fourth code is left out.

# %%
if not sheet:
    rows = pd.read_excel(blank, sheet_name="Passages", dtype=str, keep_default_na=False)
    known = outputs.passages().drop_duplicates("text").set_index("text")
    other = {"impediment": "status", "status": "impediment", "resolved": "enabler"}
    answers = []
    for number, row in enumerate(rows.to_dict("records")):
        machine = known.loc[row["Text"]] if row["Text"] in known.index else None
        kind = "status" if machine is None else machine["kind"]
        codes = "" if machine is None or pd.isna(machine["codes"]) else machine["codes"]
        if number % 6 == 5:
            kind, codes = other.get(kind, "status"), ""
        if number % 4 == 3:
            codes = ""
        answers.append({"id": row["Id"], "kind": kind, "code": codes, "coder": "invented"})
    sheet = str(aside / "invented.csv")
    pd.DataFrame(answers).to_csv(sheet, index=False)
    print(f"{len(answers)} rows filled in")

# %% [markdown]
# ## How far do they agree?
#
# Cohen's kappa with its 95% interval: 0 is what chance gives, 1 perfect; from about .6 on codings
# are commonly called substantial, .8 is asked for in content analysis. The marks over coded text
# only leave out what neither took for a hindrance.

# %%
found = checking.agree(sheet, "machine", out=folder, state=state)
print(f"{found.rows} rows compared; {found.design}")
figures = [f for f in found.figures if f.group == "overall" and f.kappa.value is not None]
for item in figures:
    low, high = item.kappa.low, item.kappa.high
    between = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
    print(f"{item.name:18} {item.scope:16} n {item.n:4}  kappa {item.kappa.value:.2f}{between}")
figure, axes = plt.subplots(figsize=(7, 0.35 * len(figures) + 0.9))
for place, item in enumerate(reversed(figures)):
    if item.kappa.low is not None:
        axes.hlines(place, item.kappa.low, item.kappa.high, color="#8fb1c9", linewidth=3)
    axes.plot(item.kappa.value, place, "o", color="#2f6690")
axes.set_yticks(range(len(figures)), [f"{f.name}, {f.scope}" for f in reversed(figures)])
axes.axvline(0.6, color="#999999", linewidth=0.8, linestyle=":")
axes.axvline(0.8, color="#999999", linewidth=0.8, linestyle="--")
axes.set_xlim(min(0.0, *(f.kappa.value for f in figures)), 1.02)
axes.set_xlabel("Cohen's kappa")
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## How right is what the report counts?
#
# Of the impediments that the machine confirms, how many does the person call impediments
# (precision); of the person's, how many does it find (recall)? Both as they would be in all
# passages, not in the sample alone.

# %%
scores = [s for s in found.scores if s.group == "overall" and s.scope == "all text"]
for item in scores:
    for name, interval in (("precision", item.precision), ("recall", item.recall)):
        if interval.value is not None:
            print(f"{item.name:26} {name:9} {interval.value:.2f}", end=" ")
            print(
                f"({interval.low:.2f} to {interval.high:.2f})" if interval.low is not None else ""
            )

# %% [markdown]
# ## Where do they differ?
#
# Rows: the person; columns: the machine. What lies off the diagonal is worth reading.

# %%
table = np.zeros((len(KINDS), len(KINDS)), dtype=int)
for person, machine, number in found.confusion:
    table[KINDS.index(person), KINDS.index(machine)] = number
figure, axes = plt.subplots(figsize=(5.4, 4))
axes.imshow(np.sqrt(table), cmap="Blues", aspect="auto")
axes.set_xticks(range(len(KINDS)), KINDS, rotation=45, ha="right")
axes.set_yticks(range(len(KINDS)), KINDS)
axes.set_xlabel("machine")
axes.set_ylabel("person")
for (row, column), number in np.ndenumerate(table):
    if number:
        color = "white" if number > table.max() / 4 else "black"
        axes.text(column, row, str(number), ha="center", va="center", color=color, fontsize=8)

# %%
for item in found.disagreements[:4]:
    print(f"{item.about}: person {item.a!r}, machine {item.b!r}\n    {item.text[:100]}")

# %%
if "aside" in globals():
    shutil.rmtree(aside)
