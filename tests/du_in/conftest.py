"""Fixtures: small synthetic trials and windows, and a run of the analysis with small settings."""

from __future__ import annotations

import warnings

import mne  # noqa: F401 (its first import may draw from Python's generator, which a guard watches)
import pytest

from neurosci import Context
from neurosci._core.log import CollectedWarning
from neurosci._core.units import UnitStore
from neurosci.du_in import DuINConfig, SyntheticSEEG, analysis
from tests.once import once, shared_folder

SMALL = {
    "data": "synthetic",
    "n_words": 2,
    "n_labels": (4,),
    "n_test": 4,
    "n_windows": 12,
    "n_epochs": (2, 3),
    "n_pretrain_epochs": 6,
    "n_masked_epochs": 2,
    "channel_counts": (2, 10, 42),
    "patch_lengths": (100, 200),
    "codex_sizes": (8,),
    "tokenizer_epochs": (3,),
    "masked_epochs": (1,),
    "level_patches": (),
    "n_permutations": 6,
}


@pytest.fixture(scope="session")
def config():
    """Sizes of a network that trains within a second."""
    return DuINConfig.small().replace(
        conv_channels=(8, 8, 4), n_layers=1, n_heads=2, d_head=8, d_feedforward=32, d_neural=4, codex_size=4,
        codex_dim=4, n_decoder_layers=1, deconv_channels=(8, 8, 8, 8, 4), n_hidden=16,
    )  # fmt: skip


@pytest.fixture(scope="session")
def generator():
    """A generator with three words and few channels."""
    return SyntheticSEEG(3, snr=3.0, n_shafts=2, n_contacts=6, random_state=5)


@pytest.fixture(scope="session")
def trials(generator):
    """Six trials of each word in three blocks."""
    return generator.trials(6)


@pytest.fixture(scope="session")
def windows(generator):
    """Unlabelled windows of 2 s."""
    return generator.unlabelled(10, duration=2.0)


@pytest.fixture(scope="session")
def run_small():
    """Run the analysis with few words, trials and epochs."""

    def run(*, n_jobs=None, units=None, **changes):
        params = analysis.PARAMS(**{**SMALL, **changes})
        with warnings.catch_warnings():
            # so few steps may leave the codex nearly unused, of which the run of the command line takes note
            warnings.filterwarnings("ignore", message=".*perplexity", category=CollectedWarning)
            return analysis.run(params, Context(verbose=False, download=False, n_jobs=n_jobs, units=units))

    return run


@pytest.fixture(scope="session")
def units(tmp_path_factory):
    """The folder of finished units of the small run."""
    return shared_folder(tmp_path_factory, "du_in-units")


@pytest.fixture(scope="session")
def result(run_small, units, tmp_path_factory):
    """A small run that kept its units."""
    return once(tmp_path_factory, "du_in", analysis.PARAMS, lambda: run_small(units=UnitStore(units, "key")))
