"""What the rooms of themes do with vectors in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows of length one, shape (n, d); what has no length stays as it is."""
    exact = np.asarray(rows, dtype=np.float64)
    return np.asarray(exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12))
