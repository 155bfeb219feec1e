"""The fitted classifier: calibrated probabilities of kinds, with reasons, and of codes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine.classify.cues import cue_matcher
from notesmine.classify.network import CODES, calibrate, restore
from notesmine.classify.rules import boilerplate, denies, overcomes
from notesmine.config import ClassifySettings
from notesmine.encoder import Encoder, Progress, batches
from notesmine.errors import ModelError
from notesmine.records import KINDS, Judgement, Kind, PassageType, Tier

if TYPE_CHECKING:
    import torch

WEIGHTS = Path(__file__).parents[1] / "weights" / "classifier.safetensors"
#: SHA-256 of the fitted weights; ``bench/training/fit.py`` prints it.
WEIGHTS_SHA256 = "da771ad1ede97556555ab065fdbc56565954ea40bcf024a04bdc233fb025d837"

RESOLVED = KINDS.index("resolved")


class Judged(Struct, frozen=True, kw_only=True):
    """A judgement, and the fitted scorer's probability of each code (empty for boilerplate)."""

    judgement: Judgement
    codes: dict[str, float] = {}


class Classifier:
    """The fitted classifier of kinds and codes.

    Parameters
    ----------
    encoder : Encoder
        The packaged model; its token embeddings are used as they are.
    weights : pathlib.Path
        What fitting added to its layers, and the heads.

    Raises
    ------
    ModelError
        If the weights are missing, damaged, or were fitted on another encoder.
    """

    def __init__(self, encoder: Encoder, weights: Path = WEIGHTS) -> None:
        self.encoder = encoder
        self.path = weights
        if not weights.is_file():
            raise ModelError("the fitted weights are missing", "Reinstall notesmine.")
        body = weights.read_bytes()
        self.sha256 = hashlib.sha256(body).hexdigest()
        if weights == WEIGHTS and self.sha256 != WEIGHTS_SHA256:
            raise ModelError(
                f"the fitted weights have SHA-256 {self.sha256}, expected {WEIGHTS_SHA256}",
                "Reinstall notesmine.",
            )
        size = int.from_bytes(body[:8], "little")
        header = json.loads(body[8 : 8 + size])
        self.facts: dict[str, Any] = json.loads(header["__metadata__"]["notesmine"])
        if self.facts["base"] != encoder.sha256:
            raise ModelError(
                "the fitted weights belong to another encoder",
                "The classifier needs the packaged model; [embed] model does not change it.",
            )

    @cached_property
    def _network(self) -> torch.nn.Module:
        from safetensors.torch import load_file

        return restore(load_file(self.path), self.encoder)

    def probabilities(
        self,
        texts: Sequence[str],
        headings: Sequence[str],
        progress: Progress | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return calibrated probabilities of kinds (n, 7) and of codes (n, 18).

        Raises
        ------
        ValueError
            If ``texts`` and ``headings`` differ in length.
        """
        import torch

        if len(texts) != len(headings):
            raise ValueError(f"{len(texts)} texts but {len(headings)} headings")
        network = self._network
        kinds = np.zeros((len(texts), len(KINDS)))
        codes = np.zeros((len(texts), len(CODES)))
        done = 0
        rows = self.encoder.tokenize(texts, headings)
        for index, ids, mask, own in batches(rows, self.encoder.pad):
            with torch.inference_mode():
                kind, code = network(ids, mask, own)
            kinds[index] = kind[: len(index)].double().numpy()
            codes[index] = code[: len(index)].double().numpy()
            done += len(index)
            if progress is not None:
                progress(done, len(texts))
        return (
            calibrate(kinds, self.facts["kind_temperature"], self.facts["kind_bias"]),
            calibrate(codes, self.facts["code_temperature"]),
        )

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return unit vectors (n, d) of texts in the space that the fitting made.

        Texts that tell of the same hindrance lie closer here than in the packaged model's space,
        whatever they are about: what passages that people coded are compared in.
        """
        return self.encoder.unit_vectors(texts, self._network.pool, progress)  # type: ignore[arg-type]

    def judge(
        self,
        texts: Sequence[str],
        headings: Sequence[str],
        types: Sequence[PassageType],
        settings: ClassifySettings | None = None,
        *,
        languages: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> list[Judged]:
        """Judge passages.

        Parameters
        ----------
        texts, headings, types : sequences of length n
            ``headings`` are the joined heading paths, empty where there is none.
        settings : ClassifySettings, optional
            Thresholds; those left None are the fitted ones.
        languages : sequence of str, optional
            What is known to be in another language than English is left out, and says so.
        progress : callable, optional
            Called with (done, n) after each batch.

        Returns
        -------
        list of Judged, length n
        """
        reasons = [boilerplate(t, p) for t, p in zip(texts, types, strict=True)]
        for i, language in enumerate(languages or ()):
            if language not in {"", "en"}:
                reasons[i] = reasons[i] or "a language the model does not cover"
        asked = [i for i, reason in enumerate(reasons) if not reason]
        kinds, codes = self.probabilities(
            [texts[i] for i in asked], [headings[i] for i in asked], progress
        )
        judged = [Judged(judgement=_by_rule(reason)) for reason in reasons]
        taken, sure = self.thresholds(settings)
        for row, i in enumerate(asked):
            judged[i] = Judged(
                judgement=_decide(texts[i], headings[i], kinds[row], taken, sure),
                codes={c: round(float(p), 4) for c, p in zip(CODES, codes[row], strict=True)},
            )
        return judged

    def thresholds(self, settings: ClassifySettings | None) -> tuple[float, float]:
        """Return the probabilities from which an impediment is taken up and is confirmed."""
        taken = settings.impediment if settings and settings.impediment is not None else None
        sure = settings.confirmed if settings and settings.confirmed is not None else None
        return (
            self.facts["impediment"] if taken is None else taken,
            self.facts["confirmed"] if sure is None else sure,
        )


def _by_rule(reason: str) -> Judgement:
    scores: dict[str, float] = {kind: float(kind == "boilerplate") for kind in KINDS}
    return Judgement(kind="boilerplate", scores=scores, why=f"rule: {reason}", tier="confirmed")


def _decide(
    text: str, heading: str, scores: NDArray[np.float64], taken: float, sure: float
) -> Judgement:
    """Choose the kind; an impediment needs its own threshold, the rest the largest score."""
    best = int(scores.argmax())
    impediment = float(scores[0])
    denied = denies(text)
    # Told of as overcome is not open, however loud the trouble was.
    said_over = overcomes(text)
    overcome = said_over or float(scores[RESOLVED]) > impediment
    if impediment >= taken and not denied:
        best = RESOLVED if overcome else 0
    elif best == 0:
        best = int(scores[1:].argmax()) + 1
    kind: Kind = KINDS[best]
    threshold = sure if kind == "impediment" else 0.5
    tier: Tier = "confirmed" if scores[best] >= threshold else "review"
    parts = [f"model: {kind} {scores[best]:.2f}"]
    if kind != "impediment":
        parts.append(f"impediment {impediment:.2f}")
    if denied:
        parts.append("denies a hindrance")
    if said_over:
        parts.append("says that it is over")
    parts += [f"{group} words: {', '.join(c)}" for group, c in cue_matcher()(text).items()]
    if heading:
        parts.append(f"under '{heading.rsplit(' > ', 1)[-1][:60]}'")
    return Judgement(
        kind=kind,
        scores={k: round(float(p), 4) for k, p in zip(KINDS, scores, strict=True)},
        why="; ".join(parts),
        tier=tier,
    )
