"""Training of the classifier: all six layers of MiniLM and its two heads, on one CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.training.data import Statement
from notesmine.classify import CODES, build_network
from notesmine.encoder import Encoder, Tokens
from notesmine.records import KINDS

#: Everything that a training run depends on beside its data; found on the folds of ``fit.py``.
EPOCHS = 3
BATCH = 32
#: Of the top layer; each layer below learns at ``DECAY`` of the one above it (Howard and Ruder,
#: "Universal language model fine-tuning", ACL 2018).
RATE = 1.2e-4
DECAY = 0.85
HEAD_RATE = 1e-3
SMOOTHING = 0.05
CODE_SHARE = 0.5
WITHOUT_HEADING = 0.3
#: Tokens of a statement that training looks at: few are longer, and they would cost a third of it.
LONGEST = 64

Floats = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def rows(encoder: Encoder, statements: Sequence[Statement], *, bare: bool = False) -> list[Tokens]:
    """Return the token ids of statements with their headings, or without."""
    headings = ["" if bare else s.heading for s in statements]
    return encoder.tokenize([s.text for s in statements], headings)


def clip(row: Tokens) -> Tokens:
    """Cut a statement to what training looks at."""
    return Tokens(row.ids[:LONGEST], min(row.own, LONGEST))


def collate(part: Sequence[Tokens], pad: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pad rows to a batch: ids, attention mask, mask of the text's own tokens."""
    longest = max(len(row.ids) for row in part)
    ids = torch.full((len(part), longest), pad)
    mask = torch.zeros(len(part), longest)
    own = torch.zeros(len(part), longest)
    for at, row in enumerate(part):
        ids[at, : len(row.ids)] = torch.tensor(row.ids)
        mask[at, : len(row.ids)] = 1
        own[at, : row.own] = 1
    return ids, mask, own


def targets(statements: Sequence[Statement]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return kinds (n,) and codes (n,); -1 where a statement has no code."""
    kinds = torch.tensor([KINDS.index(s.kind) for s in statements])
    coded = [
        CODES.index(s.theme)
        if s.theme in CODES and (s.kind in ("impediment", "resolved") or "writer" in s.corpus)
        else -1
        for s in statements
    ]
    return kinds, torch.tensor(coded)


def train(
    encoder: Encoder, statements: Sequence[Statement], *, seed: int = 1, epochs: int = EPOCHS
) -> nn.Module:
    """Fit the network; a statement's ``weight`` is its share in the loss.

    In each pass ``WITHOUT_HEADING`` of the statements stand without their heading, so that the
    network learns to do without.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the same sums in the same order; folds run side by side
    rng = np.random.default_rng(seed)
    full, bare = rows(encoder, statements), rows(encoder, statements, bare=True)
    network = build_network(encoder).train()
    for head in (network.kind, network.code):
        nn.init.normal_(head.weight, std=0.02)  # type: ignore[arg-type,union-attr]
        nn.init.zeros_(head.bias)  # type: ignore[arg-type,union-attr]
    kinds, codes = targets(statements)
    weight = torch.tensor([s.weight for s in statements], dtype=torch.float32)
    optimiser = _optimiser(network)
    steps = epochs * (len(full) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min(1.0, (i + 1) / (0.1 * steps)) * max(0.02, 1 - i / steps)
    )
    lengths = np.array([min(len(row.ids), LONGEST) for row in full])
    for _ in range(epochs):
        drop = rng.random(len(full)) < WITHOUT_HEADING
        mixed = [clip(b if d else f) for f, b, d in zip(full, bare, drop, strict=True)]
        for chunk in _chunks(lengths, rng):
            kind, code = network(*collate([mixed[i] for i in chunk], encoder.pad))
            loss = _loss(kind, kinds[chunk], weight[chunk])
            coded = codes[chunk] >= 0
            if coded.any():
                picked = [c for c, ok in zip(chunk, coded.tolist(), strict=True) if ok]
                part = _loss(code[coded], codes[picked], weight[picked])
                loss = loss + CODE_SHARE * 2 * part * coded.float().mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def _optimiser(network: nn.Module) -> torch.optim.Optimizer:
    layers = list(network.layers)  # type: ignore[arg-type]
    groups = [
        {"params": layer.parameters(), "lr": RATE * DECAY ** (len(layers) - 1 - depth)}
        for depth, layer in enumerate(layers)
    ]
    heads = [*network.kind.parameters(), *network.code.parameters()]  # type: ignore[union-attr]
    return torch.optim.AdamW([*groups, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01)


def logits(
    network: nn.Module, encoder: Encoder, statements: Sequence[Statement]
) -> tuple[Floats, Floats]:
    """Return kind logits (n, 7) and code logits (n, 18)."""
    kinds = np.zeros((len(statements), len(KINDS)))
    codes = np.zeros((len(statements), len(CODES)))
    found = rows(encoder, statements)
    order = np.argsort([len(row.ids) for row in found], kind="stable")
    for first in range(0, len(order), 64):
        index = order[first : first + 64]
        with torch.inference_mode():
            kind, code = network(*collate([found[i] for i in index], encoder.pad))
        kinds[index], codes[index] = kind.double().numpy(), code.double().numpy()
    return kinds, codes


def _loss(scores: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    each = nn.functional.cross_entropy(scores, wanted, reduction="none", label_smoothing=SMOOTHING)
    return (each * weight).mean()


def _chunks(lengths: NDArray[np.intp], rng: np.random.Generator) -> list[list[int]]:
    """Return batches of rows of similar length, in random order: little padding, no curriculum."""
    order = rng.permutation(len(lengths))
    chunks = []
    for first in range(0, len(order), BATCH * 16):
        part = order[first : first + BATCH * 16]
        part = part[np.argsort(lengths[part], kind="stable")]
        chunks += [part[at : at + BATCH].tolist() for at in range(0, len(part), BATCH)]
    rng.shuffle(chunks)
    return chunks
