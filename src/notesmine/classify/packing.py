"""Fitted weights small enough to ship: what was added to a layer, in four bits and a scale.

A fitted layer differs little from the packaged one, so that the difference survives coarse steps:
each group of ``GROUP`` numbers in a row shares one scale and is kept as whole numbers from -7 to 7
(symmetric uniform quantisation; Dettmers and Zettlemoyer, "The case for 4-bit precision", ICML
2023, find groups of 64 the best use of bits). Knows numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Numbers of a row that share a scale.
GROUP = 64
#: The largest step to either side; with zero in the middle 15 of the 16 codes are used.
STEPS = 7

Floats = NDArray[np.float32]


def pack(values: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return the codes, two in a byte, and the scales of a matrix.

    Parameters
    ----------
    values : numpy.ndarray of float32, shape (rows, columns)
        ``columns`` a multiple of ``GROUP``.

    Returns
    -------
    codes : numpy.ndarray of uint8, shape (rows, columns / 2)
        The even column of a pair in the low half.
    scales : numpy.ndarray of float16, shape (rows, columns / GROUP)
        The width of a step.

    Raises
    ------
    ValueError
        If the shape does not fit.
    """
    if values.ndim != 2 or values.shape[1] % GROUP:
        raise ValueError(f"values must be (rows, multiple of {GROUP}), got {values.shape}")
    groups = values.reshape(len(values), -1, GROUP)
    scales = (np.abs(groups).max(axis=2) / STEPS).astype(np.float16)
    width = np.where(scales > 0, scales, 1).astype(np.float32)
    steps = np.clip(np.rint(groups / width[..., None]), -STEPS, STEPS)
    codes = (steps + STEPS).astype(np.uint8).reshape(values.shape)
    return codes[:, ::2] | codes[:, 1::2] << 4, scales


def unpack(codes: NDArray[np.uint8], scales: NDArray[np.float16]) -> Floats:
    """Return the matrix (rows, columns) that `pack` was given, to half a step."""
    steps = np.empty((len(codes), codes.shape[1] * 2), dtype=np.float32)
    steps[:, ::2] = codes & 15
    steps[:, 1::2] = codes >> 4
    groups = (steps - STEPS).reshape(len(codes), -1, GROUP)
    return np.asarray((groups * scales.astype(np.float32)[..., None]).reshape(steps.shape))
