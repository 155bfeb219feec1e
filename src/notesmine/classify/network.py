"""MiniLM with its six layers fitted, a head for kinds and one for codes, and its weights' file."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from notesmine.classify.packing import pack, unpack
from notesmine.encoder import Encoder
from notesmine.records import KINDS

if TYPE_CHECKING:
    import torch

#: The codes the fitted scorer knows, in the order of its outputs; the last is "none of these".
CODES: tuple[str, ...] = (
    "shelving",
    "ownership",
    "structure",
    "production-path",
    "collaboration",
    "domain-input",
    "capacity",
    "value-case",
    "culture-trust",
    "explainability",
    "quality",
    "data",
    "infrastructure",
    "maintenance",
    "legal",
    "planning",
    "duplication",
    "other",
)

_CODES, _SCALES = ":codes", ":scales"


def build_network(encoder: Encoder) -> torch.nn.Module:
    """Return a copy of MiniLM's layers with a head for kinds and one for codes.

    The network maps token ids (b, t), the attention mask (b, t) and the mask of the text's own
    tokens (b, t) to kind logits (b, 7) and code logits (b, 18), by way of ``pool``: the mean
    (b, d) over the text's own tokens, so that a heading informs and does not dominate. Token
    embeddings are the encoder's own; they are no part of the network's state.
    """
    import torch
    from torch import nn

    bert = encoder.transformer[0].auto_model

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(copy.deepcopy(layer) for layer in bert.encoder.layer)
            width = bert.config.hidden_size
            self.drop = nn.Dropout(0.1)
            self.kind = nn.Linear(width, len(KINDS))
            self.code = nn.Linear(width, len(CODES))

        def pool(self, ids: torch.Tensor, mask: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                hidden = bert.embeddings(ids)
            bias = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -1e9
            for layer in self.layers:
                out = layer(hidden, attention_mask=bias)
                hidden = out[0] if isinstance(out, tuple) else out
            weight = own.to(hidden.dtype).unsqueeze(-1)
            pooled: torch.Tensor = (hidden * weight).sum(1) / weight.sum(1)
            return pooled

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, own: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            pooled = self.drop(self.pool(ids, mask, own))
            return self.kind(pooled), self.code(pooled)

    return Network()


def shipped(network: torch.nn.Module, encoder: Encoder) -> dict[str, torch.Tensor]:
    """Return the tensors to ship: differences of the layers' matrices packed, the rest halved."""
    import torch

    base = build_network(encoder).state_dict()
    out: dict[str, torch.Tensor] = {}
    for name, value in network.state_dict().items():
        if _packed(name, value):
            codes, scales = pack((value - base[name]).numpy())
            out[name + _CODES] = torch.from_numpy(codes)
            out[name + _SCALES] = torch.from_numpy(scales)
        else:
            out[name] = value.half().contiguous()
    return out


def restore(tensors: Mapping[str, torch.Tensor], encoder: Encoder) -> torch.nn.Module:
    """Return the network that `shipped` was given, as near as its steps allow, ready to judge."""
    import torch

    network = build_network(encoder)
    state = network.state_dict()
    for name, value in state.items():
        if _packed(name, value):
            change = unpack(tensors[name + _CODES].numpy(), tensors[name + _SCALES].numpy())
            state[name] = value + torch.from_numpy(change)
        else:
            state[name] = tensors[name].float()
    network.load_state_dict(state)
    return network.eval()


def _packed(name: str, value: Any) -> bool:
    return name.startswith("layers.") and value.ndim == 2


def calibrate(
    logits: NDArray[np.float64],
    temperature: float,
    bias: Sequence[float] | NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the softmax of logits over a fitted temperature, after a fitted bias per class.

    Vector scaling with one common scale; Guo, Pleiss, Sun and Weinberger, "On calibration of
    modern neural networks", ICML 2017.
    """
    scaled = logits / temperature + (0.0 if bias is None else np.asarray(bias))
    scaled -= scaled.max(axis=1, keepdims=True)
    exp = np.exp(scaled)
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))
