"""The kind of each passage, with calibrated probabilities and the reasons.

What is no statement (attendance, links, ticket lists, templates) goes to boilerplate by rule,
before any model runs. The rest is judged by MiniLM with its top layers fitted on coded statements
(``docs/model-card.md``); the same pass gives the codebook's scorer its probabilities.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine.config import ClassifySettings
from notesmine.encoder import Encoder, Progress, batches
from notesmine.errors import ModelError
from notesmine.records import KINDS, Judgement, Kind, PassageType, Tier

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

WEIGHTS = Path(__file__).parent / "weights" / "classifier.safetensors"
#: SHA-256 of the fitted weights; ``bench/training/fit.py`` prints it.
WEIGHTS_SHA256 = "c03ee99d4a23eb97e11018c61525fae39a47fb31f95f9267c2221878d00db94f"

RESOLVED = KINDS.index("resolved")

#: Types of passages that are never statements, and the reason given.
NO_STATEMENT: dict[PassageType, str] = {
    "heading": "a heading",
    "slide_title": "a slide's title",
    "attendance": "an attendance list",
    "link": "a link",
}


class Judged(Struct, frozen=True, kw_only=True):
    """A judgement, and the fitted scorer's probability of each code (empty for boilerplate)."""

    judgement: Judgement
    codes: dict[str, float] = {}


# -- rules ----------------------------------------------------------------------------------------

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_TICKET = re.compile(r"(?:[\w.-]+/)*[\w.-]*#\d+|\b[A-Z][A-Z0-9]+-\d+\b|\bPR\s*\d+\b")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ATTENDANCE = re.compile(
    r"^\W*(?:present|attend(?:ees|ance|ing)|participants|apologies|regrets|absent|chair(?:ed by)?|"
    r"minutes(?: taken)? by|note[- ]?taker|secretary|facilitator|scribe|from|to|cc|date|time|"
    r"location|venue|agenda|next meeting)\s*:",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"^\W*(?:n/?a|none|nil|tbd|tba|todo|no updates?|nothing(?: to report)?|\[.{0,40}\]|<.{0,40}>|"
    r"(?:any )?questions\??|thank you[.!]?|thanks[.!]?|a\.?o\.?b\.?|any other business|"
    r"welcome|introductions?|page \d+(?: of \d+)?|(?:illustrative|disclaimer|for illustration)\b.*)"
    r"\W*$",
    re.IGNORECASE,
)


def boilerplate(text: str, kind_of_passage: PassageType = "paragraph") -> str:
    """Return why a passage is no statement at all, or an empty string if it may be one.

    Examples
    --------
    >>> boilerplate("https://example.org/minutes/12")
    'nothing but links'
    >>> boilerplate("Apologies: Ms Haddad, Mr Okoye")
    'attendance or logistics'
    >>> boilerplate("Nobody maintains the model.")
    ''
    """
    if kind_of_passage in NO_STATEMENT:
        return NO_STATEMENT[kind_of_passage]
    bare = _URL.sub(" ", text)
    if bare != text and len(_WORD.findall(bare)) < 3:
        return "nothing but links"
    without = _TICKET.sub(" ", bare)
    if without != bare and len(_WORD.findall(without)) < 2:
        return "nothing but ticket numbers"
    if len(_WORD.findall(without)) < 2:
        return "fewer than two words"
    if _TEMPLATE.match(text):
        return "a template or an empty item"
    if _ATTENDANCE.match(text):
        return "attendance or logistics"
    return ""


#: A statement that a hindrance is not there, or that nobody had to bear one, and words that take
#: such a denial back. "No risk assessment", "no problem owner" are no denials.
_DENIAL = re.compile(
    r"\b(?:no|without|never any|not (?:a|one|a single))\s+(?:[\w'’-]+\s+){0,3}?"
    r"(?:issues?|problems?|blockers?|delays?|complaints?|difficult(?:y|ies)|concerns?|incidents?|"
    r"surprises?|shortages?|objections?|risks?|obstacles?|worr(?:y|ies)|failures?|faults?|trouble)"
    r"(?=\s*(?:[.,;:!?)]|$)|\s+(?:with|this|in|on|at|from|so|for|since|during|about|of|to report|"
    r"were|was|is|are|any|and|or|today|left|reported|came|arose)\b)"
    r"|\b(?:nobody|no one|none of [\w' ]{1,30}|not (?:one|a single)(?: \w+)?)\s+"
    r"(?:has |have )?(?:had to|needed to|complained|asked for help)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:but|however|although|though|yet|still|except|because|only|until|unless|despite|"
    r"apart from|other than|beyond)\b",
    re.IGNORECASE,
)


#: A trouble that is said to be over.
_OVER = re.compile(
    r"\b(?:troubles?|problems?|issues?|obstacles?|questions?|matter|delays?|shortages?|bottlenecks?|"
    r"risks?|worr(?:y|ies)|dispute|wait|gap|lack|vacanc(?:y|ies)|blockers?|blockage)\b"
    r"[^.;:]{0,80}?\b(?:is|are|was|were|has been|have been)\s+"
    r"(?:now |finally |at last |all |thus |thereby )?(?:over|settled|solved|resolved|"
    r"sorted(?: out)?|fixed|cleared|closed|filled|lifted|gone|behind us|overcome|removed)\b",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"\b(?:once|when|if|after|before|not|nobody|no one|never|how|whether|to be|again|partly)\b",
    re.IGNORECASE,
)


def overcomes(text: str) -> bool:
    """Tell whether a statement says that a trouble is over, and nothing against it.

    Examples
    --------
    >>> overcomes("The trouble with the scanner is over.")
    True
    >>> overcomes("Nobody knows whether the dispute is settled."), overcomes("The month is over.")
    (False, False)
    """
    said = _OVER.search(text)
    if said is None or _TAKEN_BACK.search(text):
        return False
    return not _NOT_OVER.search(text, 0, said.end())


def denies(text: str) -> bool:
    """Tell whether a statement says that a hindrance is not there, and nothing against it.

    Examples
    --------
    >>> denies("No issues with access this month."), denies("Nobody had to wait.")
    (True, True)
    >>> denies("No risk assessment was made."), denies("No delays, but only on paper.")
    (False, False)
    """
    return bool(_DENIAL.search(text)) and not _TAKEN_BACK.search(text)


#: Cues shown with a decision: they explain, they do not decide. Lower-case phrases.
CUES: dict[str, tuple[str, ...]] = {
    group: tuple(phrases.split(", "))
    for group, phrases in {
        "problem": (
            "blocked, blocker, blockers, problem, problems, issue, risk, risks, delay, delayed, "
            "unclear, lack, lacks, lacking, missing, cannot, can't, unable, fails, failed, "
            "failing, stuck, slow, difficult, concern, concerns, worried, bottleneck, shortage, "
            "waiting for, depends on, nobody, no one, not enough, too few, too many, too late, "
            "still no, still not, not yet, never, without, outdated, broken, confusing, "
            "overloaded, unknown"
        ),
        "resolution": (
            "no longer, resolved, solved, fixed, sorted, settled, unblocked, overcome, at last, "
            "finally, used to, now that, is now, are now, has now, have now, closed, cleared, is "
            "over, behind us"
        ),
        "negation": (
            "no problem, no problems, no issue, no issues, no delay, no delays, not a, no risk, "
            "no shortage, no complaints, without problems, no blockers"
        ),
        "hedge": (
            "might, may, could, would, perhaps, possibly, risk that, if, in case, fear, afraid"
        ),
        "proposal": (
            "should, propose, proposal, suggest, suggested, let's, plan to, will, to do, next "
            "step, recommend, request, ask"
        ),
        "decision": ("agreed, decided, approved, decision, adopted, voted, endorsed"),
        "praise": ("well, great, good, thanks, helpful, success, pleased, smooth, works"),
    }.items()
}


class CueMatcher:
    """Finds the words that a reader would point at, with spaCy's phrase matcher."""

    @cached_property
    def _tools(self) -> tuple[Any, Any]:
        import spacy
        from spacy.matcher import PhraseMatcher

        nlp = spacy.blank("en")
        matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        for name, phrases in CUES.items():
            matcher.add(name, [nlp.make_doc(phrase) for phrase in phrases])
        return nlp, matcher

    def __call__(self, text: str) -> dict[str, list[str]]:
        """Return the cues of a text by their group, longest match first, in reading order."""
        from spacy.util import filter_spans

        nlp, matcher = self._tools
        found: dict[str, list[str]] = {}
        for span in filter_spans(matcher(nlp.make_doc(text), as_spans=True)):
            words = found.setdefault(span.label_, [])
            if span.text.lower() not in words:
                words.append(span.text.lower())
        return found


@lru_cache(maxsize=1)
def cue_matcher() -> CueMatcher:
    """Return the matcher, built once."""
    return CueMatcher()


# -- the model ------------------------------------------------------------------------------------


def build_network(encoder: Encoder, first: int) -> torch.nn.Module:
    """Return MiniLM's layers from ``first`` on, with a head for kinds and one for codes.

    The network maps hidden states (b, t, d) that enter layer ``first``, the attention mask (b, t)
    and the mask of the text's own tokens (b, t) to kind logits (b, 7) and code logits (b, 18). The
    pooled mean goes over the text's own tokens, so that a heading informs and does not dominate.
    """
    import copy

    from torch import nn

    bert = encoder.transformer[0].auto_model

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(
                copy.deepcopy(layer) for layer in bert.encoder.layer[first:]
            )
            width = bert.config.hidden_size
            self.drop = nn.Dropout(0.1)
            self.kind = nn.Linear(width, len(KINDS))
            self.code = nn.Linear(width, len(CODES))

        def forward(
            self, hidden: torch.Tensor, mask: torch.Tensor, own: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            hidden = run_layers(self.layers, hidden, mask)
            weight = own.to(hidden.dtype).unsqueeze(-1)
            pooled = self.drop((hidden * weight).sum(1) / weight.sum(1))
            return self.kind(pooled), self.code(pooled)

    return Network()


def run_layers(layers: Any, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Run transformer layers over hidden states (b, t, d) under an attention mask (b, t)."""
    bias = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -1e9
    for layer in layers:
        out = layer(hidden, attention_mask=bias)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden


class Classifier:
    """The fitted classifier of kinds and codes.

    Parameters
    ----------
    encoder : Encoder
        The packaged model; its lower layers are used as they are.
    weights : pathlib.Path
        The fitted top layers.

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
        import torch
        from safetensors.torch import load_file

        network = build_network(self.encoder, self.facts["first"])
        state = {k: v.to(torch.float32) for k, v in load_file(self.path).items()}
        network.load_state_dict(state)
        return network.eval()

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
        first = self.facts["first"]
        bert = self.encoder.transformer[0].auto_model
        network = self._network
        kinds = np.zeros((len(texts), len(KINDS)))
        codes = np.zeros((len(texts), len(CODES)))
        done = 0
        rows = self.encoder.tokenize(texts, headings)
        for index, ids, mask, own in batches(rows, self.encoder.pad):
            with torch.inference_mode():
                hidden = run_layers(bert.encoder.layer[:first], bert.embeddings(ids), mask)
                kind, code = network(hidden, mask, own)
            kinds[index] = kind[: len(index)].double().numpy()
            codes[index] = code[: len(index)].double().numpy()
            done += len(index)
            if progress is not None:
                progress(done, len(texts))
        return (
            calibrate(kinds, self.facts["kind_temperature"], self.facts["kind_bias"]),
            calibrate(codes, self.facts["code_temperature"]),
        )

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
