"""Training of the classifier's top layers on cached hidden states of the layers below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.training.data import Statement
from notesmine.classify import CODES, build_network, run_layers
from notesmine.encoder import Encoder, batches
from notesmine.records import KINDS

#: Everything that a training run depends on beside its data; found on the folds of ``fit.py``.
FIRST = 4
EPOCHS = 3
BATCH = 32
RATE = 1.5e-4
HEAD_RATE = 1e-3
SMOOTHING = 0.05
CODE_SHARE = 0.5
WITHOUT_HEADING = 0.3
#: Tokens of a statement that training looks at: few are longer, and they would cost a third of it.
LONGEST = 96

State = tuple[torch.Tensor, int]
Floats = NDArray[np.float64]


def hidden_states(encoder: Encoder, texts: Sequence[str], headings: Sequence[str]) -> list[State]:
    """Return the states (t, d) that enter layer ``FIRST`` and the length of the text's own part."""
    bert = encoder.transformer[0].auto_model
    rows = encoder.tokenize(texts, headings)
    out: list[Any] = [None] * len(rows)
    for index, ids, mask, own in batches(rows, encoder.pad):
        with torch.inference_mode():
            hidden = run_layers(bert.encoder.layer[:FIRST], bert.embeddings(ids), mask)
        for at, number in enumerate(index):
            length = int(mask[at].sum())
            out[number] = (hidden[at, :length].half().clone(), int(own[at].sum()))
    return out


def clip(state: State) -> State:
    """Cut a statement to what training looks at."""
    values, own = state
    return values[:LONGEST], min(own, LONGEST)


def collate(states: Sequence[State], index: Sequence[int]) -> tuple[torch.Tensor, ...]:
    """Pad the states of some rows to a batch with its masks."""
    longest = max(states[i][0].shape[0] for i in index)
    width = states[0][0].shape[1]
    hidden = torch.zeros(len(index), longest, width)
    mask = torch.zeros(len(index), longest)
    own = torch.zeros(len(index), longest)
    for at, i in enumerate(index):
        values, length = states[i]
        hidden[at, : len(values)] = values.float()
        mask[at, : len(values)] = 1
        own[at, :length] = 1
    return hidden, mask, own


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
    encoder: Encoder,
    states: Sequence[State],
    bare: Sequence[State],
    statements: Sequence[Statement],
    weights: NDArray[np.float32],
    seed: int = 1,
) -> nn.Module:
    """Fit the top layers; ``bare`` are the states without headings, taken at random in part."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = build_network(encoder, FIRST).train()
    for head in (network.kind, network.code):
        nn.init.normal_(head.weight, std=0.02)  # type: ignore[arg-type,union-attr]
        nn.init.zeros_(head.bias)  # type: ignore[arg-type,union-attr]
    kinds, codes = targets(statements)
    weight = torch.from_numpy(weights)
    heads = [*network.kind.parameters(), *network.code.parameters()]  # type: ignore[union-attr]
    optimiser = torch.optim.AdamW(
        [
            {"params": network.layers.parameters(), "lr": RATE},  # type: ignore[union-attr]
            {"params": heads, "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    steps = EPOCHS * (len(states) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min(1.0, (i + 1) / (0.1 * steps)) * max(0.02, 1 - i / steps)
    )
    lengths = np.array([state.shape[0] for state, _ in states])
    for _ in range(EPOCHS):
        drop = rng.random(len(states)) < WITHOUT_HEADING
        mixed = [clip(b if d else s) for s, b, d in zip(states, bare, drop, strict=True)]
        for chunk in _chunks(lengths, rng):
            kind, code = network(*collate(mixed, chunk))
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


def logits(network: nn.Module, states: Sequence[State]) -> tuple[Floats, Floats]:
    """Return kind logits (n, 7) and code logits (n, 18)."""
    kinds = np.zeros((len(states), len(KINDS)))
    codes = np.zeros((len(states), len(CODES)))
    order = np.argsort([state.shape[0] for state, _ in states], kind="stable")
    for first in range(0, len(order), 64):
        index = order[first : first + 64]
        with torch.inference_mode():
            kind, code = network(*collate(states, index.tolist()))
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
