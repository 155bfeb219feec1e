# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # How stable are the themes?
#
# Codes are given by the codebook; emergent themes are found, and could have been found otherwise.
# Would they be there with other notes, with other settings, with another model? Set
# `NOTESMINE_OUT` to an output folder of your own, and `NOTESMINE_MODEL` to the folder of another
# sentence-transformers model if you have one.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

import notesmine
from notesmine.themes.cluster import GraphClusterer

outputs = notesmine.open(os.environ.get("NOTESMINE_OUT", "outputs"))
documents = outputs.topic_documents()
space = outputs.theme_space()
minimum = outputs.run.settings["themes"]["minimum"]
seed = outputs.run.seed
ids = sorted(documents["theme_id"].dropna().unique())
labels = documents["theme_id"].map({theme: at for at, theme in enumerate(ids)})
labels = labels.fillna(-1).to_numpy(dtype=int)
print(f"{len(documents)} distinct impediments, {len(ids)} emergent themes,", end=" ")
print(f"{np.mean(labels < 0):.0%} in none")

# %% [markdown]
# ## Would they be found among other notes?
#
# Four fifths of the impediments are drawn and clustered anew, twenty times. For each theme: the
# likeness (Jaccard, 1 = the same passages) to the theme of the new clustering that is most like it
# (Hennig 2007). A theme above .75 is one that the notes insist on; below .5 it is one way among
# several to cut the subject.


# %%
def found(rows, minimum=minimum, seed=seed, cut=None):
    """Cluster as a first run does; ``cut`` is the cosine at which themes are cut, None chooses."""
    return GraphClusterer(minimum, cut, None, seed).fit(rows).labels_


def likeness(before, after):
    """For each theme of one clustering its best Jaccard similarity in the other."""
    out = {}
    for theme in np.unique(before[before >= 0]):
        own = before == theme
        others = [after == other for other in np.unique(after[own & (after >= 0)])]
        out[theme] = max((np.sum(own & o) / np.sum(own | o) for o in others), default=0.0)
    return out


whole = GraphClusterer(minimum, None, None, seed).fit(space)
rng = np.random.default_rng(seed)
draws = {at: [] for at in range(len(ids))}
counts = []
for _ in range(20):
    some = np.sort(rng.permutation(len(space))[: int(0.8 * len(space))])
    again = found(space[some], cut=whole.resolution_)
    counts.append(again.max() + 1)
    for theme, value in likeness(labels[some], again).items():
        draws[theme].append(value)
names = outputs.themes()["label"]
order = sorted(draws, key=lambda at: np.mean(draws[at]))
figure, axes = plt.subplots(figsize=(7, 0.32 * len(ids) + 0.8))
for place, theme in enumerate(order):
    axes.plot(draws[theme], [place] * len(draws[theme]), "|", color="#8fb1c9")
    axes.plot(np.mean(draws[theme]), place, "o", color="#2f6690")
axes.set_yticks(range(len(order)), [f"{ids[at]} {names[ids[at]]}" for at in order])
axes.axvline(0.75, color="#999999", linewidth=0.8, linestyle="--")
axes.axvline(0.5, color="#999999", linewidth=0.8, linestyle=":")
axes.set_xlim(0, 1.02)
axes.set_xlabel("likeness to the most similar theme of a resample")
axes.spines[["top", "right"]].set_visible(False)
firm = sum(np.mean(values) >= 0.75 for values in draws.values())
loose = sum(np.mean(values) < 0.5 for values in draws.values())
print(f"{firm} of {len(ids)} themes are found again (.75 or more), {loose} are not (below .5)")
print(f"a resample has {min(counts)} to {max(counts)} themes")

# %% [markdown]
# ## How much hangs on the settings?
#
# The same impediments, clustered with other seeds and with more passages asked of a theme.
# Agreement with the run is adjusted mutual information: 1 the same, 0 what chance gives.

# %%
rows = [("as a first run", whole.labels_)]
rows += [(f"seed {other}", found(space, seed=other)) for other in (1, 2, 3)]
rows += [(f"at least {least} passages", found(space, least)) for least in (3, 5, 8)]
agreement = [adjusted_mutual_info_score(labels, again) for _, again in rows]
for (name, again), value in zip(rows, agreement, strict=True):
    print(f"{name:22} {again.max() + 1:3} themes  agreement {value:.2f}")
figure, axes = plt.subplots(figsize=(7, 2.4))
axes.barh([name for name, _ in rows][::-1], agreement[::-1], color="#2f6690")
axes.set_xlim(0, 1)
axes.set_xlabel("agreement with the run's themes (AMI)")
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## How much hangs on what likeness is?
#
# The run looks at what a passage is about (its embedding) and at what hinders (the classifier's
# codes) alike. What would the embedding alone give, or another model's?

# %%
spaces = {"subject and hindrance": space, "subject alone": outputs.topic_vectors()}
folder = os.environ.get("NOTESMINE_MODEL")
if folder:
    spaces["another model"] = notesmine.embed_texts(list(documents["text"]), model=folder)
else:
    print("no other model: name a folder in NOTESMINE_MODEL to compare with one")
clusterings = {
    name: whole.labels_ if vectors is space else found(vectors) for name, vectors in spaces.items()
}
for name, again in clusterings.items():
    value = adjusted_mutual_info_score(labels, again)
    print(f"{name:22} {again.max() + 1:3} themes  agreement {value:.2f}")
cut = clusterings["subject alone"]
crossed = np.array(
    [[np.sum((labels == a) & (cut == b)) for b in range(cut.max() + 1)] for a in range(len(ids))]
)
figure, axes = plt.subplots(figsize=(7, 0.25 * len(ids) + 1))
axes.imshow(crossed / crossed.sum(axis=1, keepdims=True), cmap="Blues", aspect="auto", vmin=0)
axes.set_yticks(range(len(ids)), [f"{i} {names[i]}" for i in ids])
axes.set_xticks([], [])
axes.set_xlabel("themes by subject alone: a row in one dark cell is kept whole")
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## In a picture
#
# The two directions in which the passages differ most. Themes that lie apart here are told apart
# easily; that they overlap says little, since only part of the differences is seen.

# %%
centred = space - space.mean(axis=0)
_, strength, directions = np.linalg.svd(centred, full_matrices=False)
place = centred @ (directions[:2] * np.sign(directions[:2].sum(axis=1, keepdims=True))).T
figure, axes = plt.subplots(figsize=(7, 5))
axes.plot(*place[labels < 0].T, ".", color="#cccccc")
for at, theme in enumerate(ids):
    own = place[labels == at]
    color = plt.get_cmap("tab20")(at % 20)
    axes.plot(*own.T, ".", color=color)
    axes.text(*own.mean(axis=0), theme, fontsize=8, weight="bold", color=color)
axes.set_axis_off()
print(f"seen here: {np.sum(strength[:2] ** 2) / np.sum(strength**2):.0%} of the differences")
