"""Products by oneDNN: the same figures to the last digits that count, and training as before."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from notesmine.linear import available, quicken

needs_onednn = pytest.mark.skipif(not available(), reason="torch has no oneDNN here")


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(48, 96), nn.GELU(), nn.Sequential(nn.Linear(96, 7)))


@needs_onednn
def test_products_differ_in_the_last_digits_at_most() -> None:
    plain = network()
    quick = quicken(copy.deepcopy(plain))
    x = torch.randn(32, 12, 48)
    with torch.inference_mode():
        assert torch.allclose(plain(x), quick(x), atol=1e-5)


@needs_onednn
def test_threads_make_no_difference() -> None:
    quick, x = quicken(network()), torch.randn(32, 12, 48)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                found.append(quick(x))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(found[0], other) for other in found)


def test_parameters_keep_their_names_and_can_be_learnt() -> None:
    plain = network()
    quick = quicken(copy.deepcopy(plain))
    assert quick.state_dict().keys() == plain.state_dict().keys()
    quick(torch.randn(4, 48)).sum().backward()
    assert all(p.grad is not None for p in quick.parameters())
    quick.load_state_dict({k: torch.zeros_like(v) for k, v in plain.state_dict().items()})
    with torch.inference_mode():
        assert not quick(torch.randn(4, 48)).any()


def test_without_onednn_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notesmine.linear.available", lambda: False)
    assert [type(m) for m in quicken(network()).modules()] == [type(m) for m in network().modules()]
