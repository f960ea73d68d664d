"""The models under names of their own: the same class with other defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from ._estimator import HMMGLM

Class = TypeVar("Class", bound=type[HMMGLM])


def with_defaults(**defaults: Any) -> Callable[[Class], Class]:
    """Return a decorator that gives a subclass of `HMMGLM` other defaults, and documents all parameters.

    scikit-learn reads the parameters of a model from its constructor, so that one with ``**settings`` will
    not do.
    """

    def decorate(cls: Class) -> Class:
        parent: Any = HMMGLM.__init__
        parameters = list(inspect.signature(parent).parameters.values())[1:]
        values = tuple(defaults.get(p.name, p.default) for p in parameters)
        init: Any = FunctionType(parent.__code__, parent.__globals__, "__init__", values)
        init.__annotations__, init.__qualname__ = parent.__annotations__, f"{cls.__name__}.__init__"
        setattr(cls, "__init__", init)  # noqa: B010 (a method that is assigned has no type of its own)
        text, own = HMMGLM.__doc__ or "", cls.__doc__ or ""
        shared = text[text.index("    Parameters\n") : text.index("    Examples\n")]
        for name, value in defaults.items():
            written = f'"{value}"' if isinstance(value, str) else value
            shared = re.sub(rf"(\n    {name} : .*default=).*", rf"\g<1>{written}", shared)
        cls.__doc__ = own.replace("    Examples\n", f"{shared}    Examples\n")
        return cls

    return decorate


@with_defaults(prior="gaussian")
class GaussianHMMGLM(HMMGLM):
    r"""Switching GLM whose states scatter around one connectivity.

    This is `HMMGLM` with ``prior="gaussian"``:
    :math:`w_{s, n \leftarrow n'} \sim N(w_{0, n \leftarrow n'}, \sigma^2)`
    with a learned :math:`W_0`.

    Examples
    --------
    >>> from neurosci.hmm_glm import GaussianHMMGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = GaussianHMMGLM(basis=data.basis, link=data.link, n_init=2, random_state=0)
    >>> model.fit(data.X, data.lengths).coef_.shape
    (2, 5, 5)
    """


@with_defaults(prior="onehot")
class OneHotHMMGLM(HMMGLM):
    r"""Switching GLM whose states share the types of their connections.

    This is `HMMGLM` with ``prior="onehot"``: each connection is inhibitory, absent or excitatory in each
    state, with probabilities that the states share, and its strength is free (Eqs. 3 to 6).

    Examples
    --------
    >>> from neurosci.hmm_glm import OneHotHMMGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = OneHotHMMGLM(basis=data.basis, link=data.link, n_init=2, random_state=0)
    >>> model.fit(data.X, data.lengths).adjacency_.shape
    (2, 5, 5)
    """


@with_defaults(n_states=1)
class PoissonGLM(HMMGLM):
    r"""Poisson GLM of spike history without states.

    This is `HMMGLM` with one state (Eq. 1).

    Examples
    --------
    >>> from neurosci.hmm_glm import PoissonGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = PoissonGLM(basis=data.basis, link=data.link)
    >>> model.fit(data.X, data.lengths).coef_.shape
    (1, 5, 5)
    """
