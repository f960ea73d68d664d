"""fc_ssl beside the models of ml4fmri on the same folds of ABIDE: area under the ROC curve, and seconds.

The 390 people of the six sites that the analysis predicts at, five folds, diagnosis. Peers are trained as
their own package trains them: a fifth of the training set for early stopping, at most 200 epochs. Ours: ridge
on static connectivity, the probe on an encoder that was pre-trained at the other sites, and the supervised
backbone.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from typing import Any

import numpy as np

PEERS = ("LR", "meanMLP", "BNT", "BrainNetCNN")
OURS = ("static ridge", "pre-trained probe", "supervised backbone")
N_FOLDS = 5


def units() -> list[str]:
    """One model each."""
    return [*OURS, *(f"ml4fmri {name}" for name in PEERS)]


def run_unit(name: str) -> dict[str, Any]:
    """Train and test one model in every fold."""
    import torch
    from sklearn.model_selection import StratifiedKFold

    from neurosci.stats import auc_interval

    if name.startswith("ml4fmri") and importlib.util.find_spec("ml4fmri") is None:
        return {"passed": True, "skipped": "ml4fmri is not installed (pip install --no-deps ml4fmri)"}
    torch.set_num_threads(1)
    cohort, params = people()
    _, y = cohort.target("diagnosis")
    y = y[cohort.downstream].astype(np.int64)
    shortest = min(len(cohort.scans[row]) for row in cohort.downstream)
    X = np.stack([cohort.scans[row][:shortest] for row in cohort.downstream])
    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(X, y))
    score = np.empty(len(y))
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = prepared(name, cohort, params, X)
        for number, (train, test) in enumerate(folds):
            score[test] = fit(train, test, y, number)
    seconds = time.process_time() - begin
    area = auc_interval(y, score, n_unit="people")
    return {"passed": bool(np.isfinite(score).all()), "auc": str(area), "cpu_seconds": round(seconds, 1)}


def people() -> tuple[Any, Any]:
    """Return the cohort of the analysis in its quick preset."""
    from neurosci.datasets import fetch_abide_ho110
    from neurosci.fc_ssl import analysis
    from neurosci.fc_ssl._cohort import prepare

    params = analysis.PRESETS["quick"]
    return prepare(fetch_abide_ho110(), params), params


def prepared(name: str, cohort: Any, params: Any, X: np.ndarray) -> Any:
    """Return ``fit(train, test, y, number) -> scores``; what is done once for all folds is done here."""
    from neurosci.fc_ssl import ConnectivityFeatures, make_connectivity_ridge
    from neurosci.fc_ssl._arms import Encoder

    if name.startswith("ml4fmri"):
        return lambda train, test, y, number: peer(name.split()[1], X, y, train, test, number)
    encoder = Encoder(
        round(params.window_s / params.t_r), round(params.step_s / params.t_r), params.density,
        params.hidden_dim, params.n_layers, params.node_input, params.n_windows, params.epochs,
        params.batch_size, params.lr,
    )  # fmt: skip
    if name == "supervised backbone":
        from neurosci.fc_ssl import STAGINClassifier

        def supervised(train, test, y, number):
            model = STAGINClassifier(
                window=encoder.window, step=encoder.step, hidden_dim=encoder.hidden_dim,
                n_layers=encoder.n_layers, node_input=encoder.node_input, max_epochs=10, lr=encoder.lr,
                orthogonality=0.0, keep_attention=False, device="cpu", random_state=number,
            )  # fmt: skip
            return model.fit(X[train], y[train]).decision_function(X[test])

        return supervised
    if name == "static ridge":
        features = ConnectivityFeatures().fit_transform(X)
    else:
        model = encoder.build("both", 0).fit(cohort.of(cohort.pool))
        features = model.transform(X, pool="none")
    return lambda train, test, y, number: (
        make_connectivity_ridge().fit(features[train], y[train]).decision_function(features[test])
    )


def peer(
    name: str, X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> np.ndarray:
    """Train one model of ml4fmri as its own cross-validation does; return the probability of class 1."""
    import ml4fmri.models
    import torch
    from sklearn.model_selection import train_test_split

    made = getattr(ml4fmri.models, name)
    fit, held = train_test_split(train, test_size=0.2, stratify=y[train], random_state=seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        loaders = [
            made.prepare_dataloader(X[rows], y[rows], shuffle=rows is fit) for rows in (fit, held, test)
        ]
        model = made(input_size=X.shape[2], output_size=2)
        predictions = model.train_model(*loaders, device="cpu")[2]
    assert (predictions["y_true"].to_numpy() == y[test]).all()
    return predictions["p_1"].to_numpy(float)
