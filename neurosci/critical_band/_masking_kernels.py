"""The masked image in one pass. This module imports numba, so it is imported inside functions only."""

from __future__ import annotations

import numpy as np

from neurosci.preprocessing._pyramid_kernels import jit

SHIFT, CLIP, REDRAW = 0, 1, 2


@jit
def mask(image, divisor, mean, contrast, luminance, noise, sd, rule, margin, out):  # type: ignore[no-untyped-def]
    """Write signal plus noise into `out`; return how many pixels left 0..1 and how many wait for new noise.

    Pixels that need a new draw become NaN.
    """
    n_outside = n_waiting = 0
    for i in range(out.shape[0]):
        row, field, target = image[i], noise[i], out[i]
        lowest, highest = 0.5, 0.5
        for j in range(out.shape[1]):
            signal = contrast * (row[j] / divisor - mean) + luminance
            value = signal + sd * np.float64(field[j])
            lowest, highest = min(lowest, value), max(highest, value)
            target[j] = value
        if lowest >= 0 and highest <= 1:
            continue
        for j in range(out.shape[1]):
            added = sd * np.float64(field[j])
            value = contrast * (row[j] / divisor - mean) + luminance + added
            if 0 <= value <= 1:
                continue
            n_outside += 1
            if rule == CLIP:
                target[j] = 0.0 if value < 0 else 1.0
                continue
            # the signal that would bring the pixel to the margin must itself be possible
            bound = margin if value < 0 else 1.0 - margin
            if rule == SHIFT and 0 <= bound - added <= 1:
                target[j] = bound
            else:
                target[j] = np.nan
                n_waiting += 1
    return n_outside, n_waiting
