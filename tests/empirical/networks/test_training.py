"""Training repeats and resumes, bit for bit."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.networks.inspection import accuracy
from trompe.empirical.networks.training import Recipe, build, train


def state(model):
    return state_sha256(model.state_dict())


def test_three_epochs_read_digits(cnn, digits):
    assert accuracy(cnn, digits.test.tensor(), digits.test.targets()) > 0.8


def test_training_repeats_and_resumes_bit_for_bit(digits, tmp_path, monkeypatch):
    recipe = Recipe("inception", epochs=2, batch=700, width=4)

    def fresh():
        torch.manual_seed(3)
        return build(recipe, digits)

    whole = fresh()
    train(whole, digits, recipe, 3, show=False)
    cache, key = TensorCache(tmp_path), {"test": 1}
    from trompe.empirical.networks import training

    broken = fresh()
    real, calls = training._one_cycle, []

    def interrupted(t):
        calls.append(t)
        if len(calls) == 5:  # in the second epoch of three batches each
            raise KeyboardInterrupt
        return real(t)

    monkeypatch.setattr(training, "_one_cycle", interrupted)
    monkeypatch.setattr(training, "KEEP_EPOCHS_FROM", 0)
    with pytest.raises(KeyboardInterrupt):
        train(broken, digits, recipe, 3, cache, key, show=False)
    monkeypatch.setattr(training, "_one_cycle", real)
    resumed = fresh()
    train(resumed, digits, recipe, 3, cache, key, show=False)
    assert state(resumed) == state(whole)
    assert len(calls) == 5


def test_a_small_data_set_is_trained_for_as_many_steps():
    recipe = Recipe("inception", epochs=12, batch=128, least_steps=140)
    assert recipe.sized(1442).epochs == 12  # digits: 12 batches an epoch
    assert recipe.sized(144).epochs == 70
    assert Recipe("cnn", epochs=5).sized(3).epochs == 5
