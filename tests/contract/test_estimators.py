"""Every public estimator keeps scikit-learn's contract.

Estimators whose ``fit`` takes ``X`` (and ``y``) go through scikit-learn's own checks. Those that take
something else, such as counts and numbers of trials, go through the suite of this module, which has the same
spirit. An estimator that is in neither list fails a test.
"""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurosci.dendrites import DendriticSegmentClassifier
from neurosci.fc_ssl import ConfoundRemover, FeatureRidge, FeatureRidgeClassifier, SquaredDeviation
from neurosci.graph_motif import UsefulRegionSelector
from tests.contract.surface import public_objects

# Estimators with fit(X) or fit(X, y).
MATRIX_ESTIMATORS: list[BaseEstimator] = [
    # scikit-learn's test data are real-valued and have few features, so the largest two are the active cells
    DendriticSegmentClassifier(n_synapses=1, threshold=1, n_active=2, random_state=0),
    UsefulRegionSelector(keep=0.5, inner_cv=2, random_state=0),
    FeatureRidgeClassifier(),
    FeatureRidge(),
    SquaredDeviation(),
    ConfoundRemover(),
]

# Sources of stimuli have the parameters of an estimator and learn nothing from data, or take images, whose
# whole numbers and real numbers have different ranges: their own tests check clone, repeat and bad input.
SOURCES = {"BandNoise", "CriticalBandMasking"}

# Estimators that take images, which no array stands for: tests/graph_motif/test_estimators.py checks them.
OF_IMAGES = {"NiftiMotifMasker"}

# Networks of a package that is not installed here: tests/du_in/test_baselines.py checks it with a stand-in.
OF_PACKAGES = {"BraindecodeClassifier"}


@dataclass
class Family:
    """One estimator of the second kind: how to build it, what to fit it on, and what else may come."""

    make: Callable[..., BaseEstimator]
    arguments: tuple[np.ndarray, ...]
    other_arguments: tuple[np.ndarray, ...]
    unfitted_method: tuple[str, tuple[Any, ...]]
    other_params: dict[str, Any]


def channel_counts():
    """Counts of one observer with unequal numbers of rows and columns and a channel that is resolved."""
    from neurosci.critical_band import make_channel_counts

    data = make_channel_counts(1, bandwidth=3.0, random_state=0)
    return data.n_correct[0], data.n_trials


def detection_counts():
    """Levels in whole numbers, and how many of how many trials were right."""
    return np.array([0, 1, 2, 4, 8, 16]), np.array([48, 47, 40, 24, 9, 5]), np.array([50, 50, 49, 51, 50, 50])


def stored_patterns():
    """Patterns of zeros and ones, which unsigned types can hold too."""
    return np.random.default_rng(0).integers(0, 2, (12, 3))


def spike_counts(n_bins=120, n_neurons=3):
    """Counts in which every neuron fires."""
    return np.random.default_rng(0).poisson(0.5, (n_bins, n_neurons))


def scans_of_people(n_people=3, n_times=30, n_nodes=5):
    """Series of people in whole numbers, which unsigned types can hold too."""
    return np.random.default_rng(0).integers(0, 9, (n_people, n_times, n_nodes))


def seeded(estimator: type, **own: Any) -> type:
    """The same class with other defaults: one start, few iterations and a seed, so that fits repeat."""
    own = own or {"n_init": 1, "max_iter": 2, "random_state": 0}
    signature = inspect.signature(estimator.__init__)

    def init(self, **settings):
        estimator.__init__(self, **{**own, **settings})

    init.__signature__ = signature.replace(
        parameters=[p.replace(default=own.get(n, p.default)) for n, p in signature.parameters.items()]
    )
    about = {"__init__": init, "__doc__": estimator.__doc__, "__module__": __name__}
    result = type(estimator.__name__, (estimator,), about)
    return globals().setdefault(estimator.__name__, result)  # where pickle looks for it


def switching_families() -> dict[str, Family]:
    """Models of spike counts: rows are bins and columns neurons, and real-valued samples mean nothing."""
    from neurosci import hmm_glm

    classes = (
        hmm_glm.HMMGLM,
        hmm_glm.GaussianHMMGLM,
        hmm_glm.OneHotHMMGLM,
        hmm_glm.PoissonGLM,
        hmm_glm.PoissonHMM,
    )
    return {
        estimator.__name__: Family(
            make=seeded(estimator),
            arguments=(spike_counts(),),
            other_arguments=(spike_counts(90, 4),),
            unfitted_method=("predict", (spike_counts(),)),
            other_params={"sticky": 3.0},
        )
        for estimator in classes
    }


def intracranial_trials(n_trials=8, n_channels=3, n_times=200):
    """Trials of two classes in whole numbers, which unsigned types can hold too, and their labels."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 9, (n_trials, n_channels, n_times)), np.arange(n_trials) % 2


def intracranial_families() -> dict[str, Family]:
    """Deep models of signals: the axes are trials, channels and times; one epoch of small networks."""
    from neurosci import du_in

    sizes = du_in.DuINConfig.small().replace(
        conv_channels=(4, 4, 2), n_layers=1, n_heads=1, d_head=4, d_feedforward=8, d_neural=2, codex_size=2,
        codex_dim=2, n_decoder_layers=1, deconv_channels=(4, 4, 4, 4, 2), n_hidden=4,
    )  # fmt: skip
    own = {"config": sizes, "n_epochs": 1, "batch_size": 4, "random_state": 0, "device": "cpu"}
    X, y = intracranial_trials()
    other_X, other_y = intracranial_trials(6, 2, 300)
    return {
        estimator.__name__: Family(
            make=seeded(estimator, **own),
            arguments=(X, y)[:n_arguments],
            other_arguments=(other_X, other_y)[:n_arguments],
            unfitted_method=(method, (X,)),
            other_params={"learning_rate": 1e-3},
        )
        for estimator, method, n_arguments in (
            (du_in.DuINTokenizer, "transform", 1),
            (du_in.DuINPretrainer, "transform", 1),
            (du_in.DuINClassifier, "predict", 2),
            (du_in.TokenLevelClassifier, "predict", 2),
        )
    }


def intracranial_baselines() -> dict[str, Family]:
    """Baselines of du_in and its selection of channels: the axes are trials, channels and times."""
    from neurosci import du_in

    whole = intracranial_trials()
    other = intracranial_trials(6, 2, 300)
    own: dict[type, tuple[dict[str, Any], str, dict[str, Any]]] = {
        du_in.BandPowerClassifier: ({"sfreq": 500.0}, "predict", {"classifier": "lda"}),
        du_in.SegmentFeatureClassifier: ({}, "predict", {"amplitude": True}),
        du_in.WindowMeanClassifier: ({}, "predict", {"window": 0.1}),
        du_in.ChannelSelector: ({"n_channels": 1, "method": "anova"}, "transform", {"n_channels": 2}),
    }
    return {
        estimator.__name__: Family(
            make=seeded(estimator, **settings) if settings else estimator,
            arguments=whole,
            other_arguments=other,
            unfitted_method=(method, whole[:1]),
            other_params=others,
        )
        for estimator, (settings, method, others) in own.items()
    }


def dynamic_graph_families() -> dict[str, Family]:
    """Deep models of dynamic connectivity: the axes are scans, times and regions; one epoch is enough."""
    from neurosci import fc_ssl

    own = {"window": 8, "step": 4, "hidden_dim": 3, "n_layers": 1, "max_epochs": 1, "batch_size": 2}
    own |= {"random_state": 0, "device": "cpu"}
    X, other_X = scans_of_people(4, 34, 5), scans_of_people(3, 30, 4)
    y, other_y = np.array([0, 1, 0, 1]), np.array([1, 2, 2])
    return {
        estimator.__name__: Family(
            make=seeded(estimator, **own),
            arguments=(X, y)[:n_arguments],
            other_arguments=(other_X, other_y)[:n_arguments],
            unfitted_method=(method, (X,)),
            other_params={"density": 0.2},
        )
        for estimator, method, n_arguments in (
            (fc_ssl.STMAE, "transform", 1),
            (fc_ssl.STJEMA, "transform", 1),
            (fc_ssl.GraphPretrainer, "transform", 1),
            (fc_ssl.STAGINClassifier, "predict", 2),
            (fc_ssl.STAGINRegressor, "predict", 2),
        )
    }


def families() -> dict[str, Family]:
    from neurosci.critical_band import ChannelEstimator, PsychometricFunction
    from neurosci.fc_ssl import ConnectivityFeatures
    from neurosci.graph_motif import MotifMapTransformer
    from neurosci.hopfield import MultitaskingHopfield
    from neurosci.preprocessing import SlidingWindowConnectivity

    correct, trials = channel_counts()
    levels, right, shown = detection_counts()
    return {
        "ChannelEstimator": Family(
            make=ChannelEstimator,
            arguments=(correct, trials),
            other_arguments=(trials, trials),
            unfitted_method=("predict", ([0.0, 1.0],)),
            other_params={"criterion": 0.6},
        ),
        "PsychometricFunction": Family(
            make=PsychometricFunction,
            arguments=(levels, right, shown),
            other_arguments=(levels, shown, shown),
            unfitted_method=("predict", ([1.0, 2.0],)),
            other_params={"sigmoid": "norm"},
        ),
        # rows are neurons and columns patterns, entries -1, 0 and 1: real-valued samples mean nothing here
        "MultitaskingHopfield": Family(
            make=MultitaskingHopfield,
            arguments=(stored_patterns(),),
            other_arguments=(stored_patterns()[:9, :2],),
            unfitted_method=("overlaps", ([1, -1],)),
            other_params={"temperature": 0.2},
        ),
        # the axes are people, times and nodes; people may also come as a list of matrices
        "MotifMapTransformer": Family(
            make=MotifMapTransformer,
            arguments=(scans_of_people(),),
            other_arguments=(scans_of_people(2, 20, 4),),
            unfitted_method=("transform", (scans_of_people(),)),
            other_params={"density": 0.2},
        ),
        # the axes are scans, times and regions; scans may also come as a list of matrices
        "SlidingWindowConnectivity": Family(
            make=SlidingWindowConnectivity,
            arguments=(scans_of_people(),),
            other_arguments=(scans_of_people(2, 20, 4),),
            unfitted_method=("transform", (scans_of_people(),)),
            other_params={"density": 0.2},
        ),
        **switching_families(),
        # the axes are scans, times and regions, as above
        "ConnectivityFeatures": Family(
            make=ConnectivityFeatures,
            arguments=(scans_of_people(),),
            other_arguments=(scans_of_people(2, 20, 4),),
            unfitted_method=("transform", (scans_of_people(),)),
            other_params={"statistic": "mean"},
        ),
        **dynamic_graph_families(),
        **intracranial_families(),
        **intracranial_baselines(),
    }


def public_estimators() -> dict[str, type]:
    return {
        value.__name__: value
        for value in public_objects().values()
        if inspect.isclass(value) and issubclass(value, BaseEstimator)
    }


def test_every_public_estimator_is_covered():
    covered = {type(estimator).__name__ for estimator in MATRIX_ESTIMATORS} | set(families())
    others = SOURCES | OF_IMAGES | OF_PACKAGES
    assert covered | others == set(public_estimators())
    assert not covered & others


# parametrize_with_checks refuses an empty list
if MATRIX_ESTIMATORS:

    @parametrize_with_checks(MATRIX_ESTIMATORS)
    def test_scikit_learn_checks(estimator, check):
        state = np.random.get_state()  # noqa: NPY002
        try:
            check(estimator)
        finally:
            np.random.set_state(state)  # noqa: NPY002 (some checks of scikit-learn draw from it)


@pytest.fixture(params=list(families()))
def family(request) -> Family:
    return families()[request.param]


def learned(estimator: BaseEstimator) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(estimator).items()
        if name.endswith("_") and not name.startswith("_")
    }


def assert_equal_learned(first: BaseEstimator, second: BaseEstimator) -> None:
    a, b = learned(first), learned(second)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_equal(a[name], b[name], err_msg=name)


def test_init_stores_its_arguments_and_nothing_else(family):
    estimator = family.make(**family.other_params)
    names = list(inspect.signature(family.make.__init__).parameters)[1:]
    assert set(vars(estimator)) == set(names)
    for name, value in family.other_params.items():
        assert getattr(estimator, name) is value


def test_get_and_set_params(family):
    estimator = family.make()
    assert estimator.set_params(**family.other_params) is estimator
    assert estimator.get_params().items() >= family.other_params.items()
    with pytest.raises(ValueError, match="no_such_parameter"):
        estimator.set_params(no_such_parameter=1)


def test_clone_has_the_parameters_and_nothing_learned(family):
    fitted = family.make(**family.other_params).fit(*family.arguments)
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert learned(copied) == {}


def test_fit_returns_itself_and_learns(family):
    estimator = family.make()
    assert estimator.fit(*family.arguments) is estimator
    assert learned(estimator)


def test_learned_attributes_are_documented(family):
    estimator = family.make().fit(*family.arguments)
    text = inspect.getdoc(family.make)
    attributes = text[text.index("Attributes\n") :]
    for name in learned(estimator):
        assert name in attributes, name


def test_fit_twice_is_fit_once(family):
    once = family.make().fit(*family.arguments)
    twice = family.make().fit(*family.arguments).fit(*family.arguments)
    assert_equal_learned(once, twice)


def test_a_second_fit_forgets_the_first(family):
    direct = family.make().fit(*family.arguments)
    other = family.make()
    # an observer without any error has no threshold, which is a warning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(*family.other_arguments)
    assert_equal_learned(direct, other.fit(*family.arguments))


def test_fit_leaves_inputs_and_parameters_alone(family):
    arguments = copy.deepcopy(family.arguments)
    estimator = family.make()
    parameters = copy.deepcopy(estimator.get_params())
    estimator.fit(*arguments)
    for given, original in zip(arguments, family.arguments, strict=True):
        np.testing.assert_array_equal(given, original)
    assert estimator.get_params() == parameters


FORMS = {
    "float64": lambda a: a.astype(np.float64),
    "float32": lambda a: a.astype(np.float32),
    "int16": lambda a: a.astype(np.int16),
    "uint8": lambda a: a.astype(np.uint8),
    "big-endian": lambda a: a.astype(">i4"),
    "Fortran order": lambda a: np.asfortranarray(a),
    "not contiguous": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "list": lambda a: a.tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_form_of_the_input_does_not_matter(family, form):
    expected = family.make().fit(*family.arguments)
    given = tuple(FORMS[form](argument) for argument in family.arguments)
    assert_equal_learned(expected, family.make().fit(*given))


def test_read_only_and_memory_mapped_input(family, tmp_path):
    expected = family.make().fit(*family.arguments)
    frozen = tuple(argument.copy() for argument in family.arguments)
    for argument in frozen:
        argument.flags.writeable = False
    assert_equal_learned(expected, family.make().fit(*frozen))
    mapped = []
    for i, argument in enumerate(family.arguments):
        np.save(tmp_path / f"{i}.npy", argument)
        mapped.append(np.load(tmp_path / f"{i}.npy", mmap_mode="r"))
    assert_equal_learned(expected, family.make().fit(*mapped))


def test_pickle_and_copy_keep_what_was_learned(family):
    fitted = family.make(**family.other_params).fit(*family.arguments)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert again.get_params() == fitted.get_params()
        assert_equal_learned(fitted, again)


def test_use_before_fit_is_a_clear_error(family):
    method, arguments = family.unfitted_method
    with pytest.raises(NotFittedError):
        getattr(family.make(), method)(*arguments)


def test_repr_names_the_changed_parameters(family):
    text = repr(family.make(**family.other_params))
    assert text.startswith(family.make.__name__)
    assert all(name in text for name in family.other_params)


BAD = {
    "empty": (lambda a: a[:0], ValueError),
    "an axis missing": (lambda a: a[0], ValueError),
    "an axis more": (lambda a: a[None], ValueError),
    "NaN": (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, np.nan, a), ValueError),
    "infinite": (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, np.inf, a), ValueError),
    "complex": (lambda a: a.astype(complex), (TypeError, ValueError)),
    "strings": (lambda a: a.astype(str), (TypeError, ValueError)),
    "objects": (lambda a: np.full(a.shape, None, dtype=object), (TypeError, ValueError)),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_clear_error(family, case):
    spoil, expected = BAD[case]
    first, *rest = family.arguments
    with pytest.raises(expected, match=f"^{family.make.__name__}: ") as caught:
        family.make().fit(spoil(first), *rest)
    assert "got" in str(caught.value)
