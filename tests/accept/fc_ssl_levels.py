"""Published levels of static connectivity and confounds on all 1,035 people of ABIDE, within 0.01.

Few labels inside NYU were published as a rule for the draws; read as `StratifiedShuffleSplit` with that many
labels and 59 test scans for each number of labels, with whole scans, all three levels hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Level and how far ours may be from it; the penalty of the published confound rows is not known.
LEVELS = {
    "diagnosis, 10 folds, mean of folds": (0.757, 0.01),
    "diagnosis, 10 folds, pooled": (0.756, 0.01),
    "diagnosis, one site left out": (0.762, 0.01),
    "diagnosis without band-pass, 10 folds": (0.753, 0.01),
    "diagnosis without band-pass, one site left out": (0.752, 0.01),
    "sex, 10 folds": (0.756, 0.01),
    "sex, one site left out": (0.700, 0.01),
    "age, r": (0.784, 0.01),
    "age, mean error in years": (3.45, 0.05),
    "confounds, motion": (0.608, 0.01),
    "confounds, site, age, sex, eyes, motion": (0.583, 0.01),
    "NYU, 20 labels": (0.60, 0.01),
    "NYU, 60 labels": (0.63, 0.01),
    "NYU, 110 labels": (0.70, 0.01),
}
FEW, N_TEST, N_RESAMPLES = (20, 60, 110), 59, 20


def units() -> list[str]:
    """All levels of one kind of baseline in one unit."""
    return ["diagnosis", "diagnosis without band-pass", "sex", "age", "confounds", "few labels"]


def run_unit(name: str) -> dict[str, Any]:
    """Score the baseline and compare it with what was published."""
    found = {"age": age, "confounds": confounds, "few labels": few_labels}.get(name, classes)(name)
    passed = all(abs(value - LEVELS[key][0]) <= LEVELS[key][1] for key, value in found.items())
    return {"passed": passed, "found": {key: round(value, 4) for key, value in found.items()}}


def people(band_pass: bool) -> tuple[Any, np.ndarray]:
    """Return what is known of everybody, and static connectivity."""
    from neurosci.datasets import fetch_abide_ho110
    from neurosci.fc_ssl import ConnectivityFeatures
    from neurosci.fc_ssl._cohort import band_passed

    data = fetch_abide_ho110()
    scans = data.data
    if band_pass:
        times = data.subjects["t_r"]
        scans = tuple(band_passed(scan, t_r, 0.01, 0.1) for scan, t_r in zip(scans, times, strict=True))
    return data.subjects, ConnectivityFeatures().fit_transform(scans)


def area(y: Any, X: np.ndarray, **settings: Any) -> Any:
    """Return the row of the area over all pairs."""
    from neurosci.fc_ssl import evaluate, make_connectivity_ridge

    scores = evaluate({"static": (make_connectivity_ridge(), X)}, y, n_resamples=100, **settings).scores
    return scores.set_index("metric").loc["auc"]


def classes(name: str) -> dict[str, float]:
    """Score the diagnosis or sex."""
    table, X = people(name == "diagnosis")
    y = table["sex"] == "female" if name == "sex" else table["diagnosis"] == "autism"
    folds, site = area(y, X, cv=10), area(y, X, cv="site", site=table["site"])
    found = {f"{name}, one site left out": float(site["value"])}
    if name != "diagnosis":
        return found | {f"{name}, 10 folds": float(folds["fold_mean"])}
    return found | {
        "diagnosis, 10 folds, mean of folds": float(folds["fold_mean"]),
        "diagnosis, 10 folds, pooled": float(folds["value"]),
    }


def age(_: str) -> dict[str, float]:
    """Score the logarithm of age."""
    from neurosci.fc_ssl import evaluate, make_connectivity_ridge

    table, X = people(False)
    years = table["age"].to_numpy()
    model = {"static": (make_connectivity_ridge("regression"), X)}
    found = evaluate(model, np.log(years), kind="regression", n_resamples=100)
    error = np.abs(np.exp(found.predictions["score"]) - years).mean()
    return {
        "age, r": float(found.scores.set_index("metric").loc["r", "value"]),
        "age, mean error in years": float(error),
    }


def confounds(_: str) -> dict[str, float]:
    """Score the diagnosis from what is known without a scan."""
    from neurosci.fc_ssl import evaluate, make_confound_model

    table, _X = people(False)
    known = table[["site", "age", "sex", "eyes"]].assign(log_fd=np.log(table["mean_fd"]))
    models = {
        "confounds, motion": (make_confound_model(), known[["log_fd"]]),
        "confounds, site, age, sex, eyes, motion": (make_confound_model(), known),
    }
    scores = evaluate(models, table["diagnosis"] == "autism", n_resamples=100).scores
    return scores.set_index("model")["fold_mean"].to_dict()


def few_labels(_: str) -> dict[str, float]:
    """Score the diagnosis with few labels of people of one site who moved little."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedShuffleSplit

    from neurosci.fc_ssl import make_connectivity_ridge

    table, X = people(True)
    chosen = (table["site"] == "NYU") & (table["mean_fd"] < 0.3) & (table["n_times"] >= 112)
    X, y = X[chosen], (table["diagnosis"] == "autism")[chosen].to_numpy(np.int64)
    found = {}
    for size in FEW:
        draws = StratifiedShuffleSplit(N_RESAMPLES, train_size=size, test_size=N_TEST, random_state=0)
        found[f"NYU, {size} labels"] = float(
            np.mean(
                [
                    roc_auc_score(
                        y[test],
                        make_connectivity_ridge().fit(X[train], y[train]).decision_function(X[test]),
                    )
                    for train, test in draws.split(X, y)
                ]
            )
        )
    return found
