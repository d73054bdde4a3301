"""Dropout, compared with its definition and torch's, and eager attention."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from xstilts.models.bert import _eager_attention
from xstilts.models.dropout import Dropout, dropout, kept_mask


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_elements_are_dropped_at_the_rate_and_independently(rate: float, kind: torch.dtype) -> None:
    torch.manual_seed(0)
    size = 1_000_003
    found = dropout(torch.ones(size, dtype=kind), rate)
    kept = found != 0
    assert found.dtype == kind
    values = found[kept].unique()
    assert len(values) == 1
    assert float(values) == pytest.approx(1 / (1 - rate), rel=1e-4 if kind.itemsize > 2 else 4e-3)
    error = math.sqrt(rate * (1 - rate) / size)
    assert float(kept.double().mean()) == pytest.approx(1 - rate, abs=4.5 * error)
    # four neighbours share one random number
    for apart in (1, 2, 3, 4):
        both = (kept[apart:] & kept[:-apart]).double().mean()
        assert float(both) == pytest.approx((1 - rate) ** 2, abs=6 * error)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_the_gradient_is_that_of_the_kept_elements(kind: torch.dtype) -> None:
    x = torch.randn(40, 30, dtype=kind, requires_grad=True)
    torch.manual_seed(1)
    found = dropout(x, 0.3)
    upstream = torch.randn(40, 30, dtype=kind)
    found.backward(upstream)
    torch.manual_seed(1)
    kept = kept_mask(x, round(0.3 * 65536)).bool()
    scale = 65536 / (65536 - round(0.3 * 65536))
    assert x.grad is not None
    torch.testing.assert_close(found, torch.where(kept, x * scale, 0))
    torch.testing.assert_close(x.grad, torch.where(kept, upstream * scale, 0))


def test_masks_follow_the_generator() -> None:
    x = torch.ones(5, 7)
    torch.manual_seed(2)
    first, second = dropout(x, 0.5), dropout(x, 0.5)
    torch.manual_seed(2)
    assert torch.equal(first, dropout(x, 0.5))
    assert not torch.equal(first, second)


def test_nothing_and_all_are_dropped() -> None:
    x = torch.randn(4, 5)
    assert torch.equal(dropout(x, 0.0), x)
    assert not dropout(x, 1.0).any()
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert not torch.equal(Dropout(0.5).train()(x), x)
    assert dropout(torch.ones(0, 3), 0.5).shape == (0, 3)
    # also for tensors that are not contiguous
    assert dropout(x.T, 0.5).shape == (5, 4)


def test_eager_attention_is_that_of_torch() -> None:
    torch.manual_seed(3)
    parts = [torch.randn(3, 2, 9, 8, requires_grad=True) for _ in range(3)]
    mask = torch.ones(3, 1, 1, 9, dtype=torch.bool)
    mask[1, ..., 6:] = False
    for given in (None, mask):
        ours = _eager_attention(*parts, attn_mask=given, dropout_p=0.0)
        theirs = functional.scaled_dot_product_attention(*parts, attn_mask=given)
        torch.testing.assert_close(ours, theirs)
        upstream = torch.randn_like(ours)
        for one, other in zip(
            torch.autograd.grad(ours, parts, upstream),
            torch.autograd.grad(theirs, parts, upstream),
            strict=True,
        ):
            torch.testing.assert_close(one, other)


def test_attention_weights_are_dropped() -> None:
    # with unit vectors as values, the result is the attention matrix itself
    torch.manual_seed(4)
    query, key = torch.randn(2, 1, 1, 400, 8)
    value = torch.eye(400)[None, None]
    whole = _eager_attention(query, key, value, attn_mask=None, dropout_p=0.0)
    some = _eager_attention(query, key, value, attn_mask=None, dropout_p=0.25)
    kept = some != 0
    torch.testing.assert_close(some[kept], whole[kept] / 0.75)
    assert float(kept.double().mean()) == pytest.approx(0.75, abs=0.006)
