"""Matrix products of a model by oneDNN, where torch has it: the same figures, up to twice as fast.

torch hands single-precision products to MKL, which takes slower paths on processors that are not
Intel's: on an AMD processor with AVX-512 oneDNN was 2.3 times as fast, on Intel's neither gains.
torch is imported when a model is loaded, not before.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def quicken(module: nn.Module) -> nn.Module:
    """Let the linear layers of a module use oneDNN when nothing is to be learnt; return it.

    Parameters, their names and training stay as they are. Without oneDNN nothing is changed.
    """
    import torch
    from torch import nn

    if not available():
        return module
    product = torch.ops.mkldnn._linear_pointwise

    class Linear(nn.Linear):
        """A linear layer that has no gradient to keep track of in inference mode."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if torch.is_grad_enabled():
                return super().forward(x)
            out: torch.Tensor = product(x, self.weight, self.bias, "none", [], "")
            return out

    for child in module.modules():
        if type(child) is nn.Linear:
            child.__class__ = Linear
    return module


def available() -> bool:
    """Whether torch was built with oneDNN for this processor."""
    import torch

    return (
        platform.machine().lower() in {"x86_64", "amd64"}
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )
