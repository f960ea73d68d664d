"""A critical-band masking experiment with people: PsychoPy shows the stimuli, QUEST+ chooses the noise.

    python masking_experiment.py --images my_photographs --subject 01 --degrees 8

The folder has one sub-folder per category. Without PsychoPy, or with ``--simulate``, an observer of known
channel answers instead; without ``--images``, patterns stand in for photographs. Written are the trials as a
model-vs-human CSV file and as BIDS events.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from neurosci.critical_band import (
    BandNoise,
    CriticalBandMasking,
    QuestPlus,
    to_human_trials,
    write_events,
    write_trials,
)
from neurosci.preprocessing.images import ImageFolder

SIDE = 224
N_BANDS = 7
LEVELS = 0.16 * 2.0 ** -np.arange(0, 6, 0.5)  # above 0.16 too many pixels leave the range of a screen


def patterns():
    """Stand-ins for photographs: 16 categories of smoothed noise, five each."""
    from scipy.ndimage import gaussian_filter

    white = np.random.default_rng(0).standard_normal((80, SIDE, SIDE))
    smooth = gaussian_filter(white, (0, 6, 6))
    grey = np.clip(128 + 60 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return {f"pattern-{n:02d}": image for n, image in enumerate(grey)}, {
        f"pattern-{n:02d}": f"category-{n % 16:02d}" for n in range(80)
    }


class SimulatedObserver:
    """Noise near 28 cycles/image harms most; the log threshold rises with the square of the distance."""

    def __init__(self, categories, rng):
        self.categories, self.rng = categories, rng

    def answer(self, _, trial):
        octaves = np.log2(trial["label_cpi"] / 28)
        log_threshold = np.log2(0.03) + octaves**2
        detected = 1 / (1 + np.exp(2 * (np.log2(trial["noise_sd"]) - log_threshold)))
        if self.rng.random() < 1 / 16 + (15 / 16 - 0.03) * detected:
            return trial["category"], 0.6
        others = [name for name in self.categories if name != trial["category"]]
        return str(self.rng.choice(others)), 0.9


class Person:
    """A window with the stimulus in the middle and a button per category."""

    def __init__(self, categories, degrees, monitor, screen):
        from psychopy import core, event, visual

        self.core, self.event, self.categories = core, event, categories
        self.window = visual.Window(fullscr=True, monitor=monitor, screen=screen, units="deg", color=0)
        self.picture = visual.ImageStim(self.window, units="deg", size=(degrees, degrees), interpolate=True)
        self.fixation = visual.TextStim(self.window, text="+", height=0.6)
        self.mouse = event.Mouse(win=self.window)
        angles = np.linspace(0, 2 * np.pi, len(categories), endpoint=False)
        places = degrees * np.column_stack([np.sin(angles), np.cos(angles)])
        self.buttons = [
            visual.TextBox2(
                self.window, text=name, pos=place, size=(2.4, 0.9), letterHeight=0.5, fillColor="grey"
            )
            for name, place in zip(categories, places, strict=True)
        ]

    def answer(self, stimulus, _):
        self.fixation.draw()
        self.window.flip()
        self.core.wait(0.5)
        # PsychoPy counts luminance from -1 to 1, from the lowest row up
        self.picture.image = 2 * stimulus[::-1].astype(float) - 1
        clock = self.core.Clock()
        self.mouse.clickReset()
        while True:
            if self.event.getKeys(["escape"]):
                self.window.close()
                raise SystemExit("stopped by the observer")
            self.picture.draw()
            for button in self.buttons:
                button.draw()
            self.window.flip()
            for button, name in zip(self.buttons, self.categories, strict=True):
                if self.mouse.isPressedIn(button):
                    return name, clock.getTime()


def observer_for(arguments, categories, rng):
    if not arguments.simulate:
        try:
            return Person(categories, arguments.degrees, arguments.monitor, arguments.screen)
        except ImportError:
            print("PsychoPy is not installed: a simulated observer answers")
    return SimulatedObserver(categories, rng)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder with one sub-folder per category")
    parser.add_argument("--subject", default="01")
    parser.add_argument("--degrees", type=float, default=8.0, help="side of the image in degrees")
    parser.add_argument("--trials", type=int, default=40, help="trials per band")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path())
    parser.add_argument("--monitor", default="testMonitor")
    parser.add_argument("--screen", type=int, default=0)
    parser.add_argument("--simulate", action="store_true")
    arguments = parser.parse_args(words)

    if arguments.images is None:
        images, category_of = patterns()
    else:
        images = ImageFolder(arguments.images, SIDE)
        category_of = images.categories
    categories = sorted(set(category_of.values()))
    rng = np.random.default_rng(arguments.seed)
    noise = BandNoise((SIDE, SIDE), N_BANDS)
    # the share of such pixels is in the file, trial by trial
    warnings.filterwarnings("ignore", message="CriticalBandMasking: at noise SD")
    masking = CriticalBandMasking(n_bands=N_BANDS, image_degrees=arguments.degrees)
    observer = observer_for(arguments, categories, rng)

    # One procedure per band, in random order.
    grid = {
        "threshold": 0.64 * 2.0 ** -np.arange(0, 8, 0.25),
        "slope": [1.0, 2.0, 4.0],
        "lapse_rate": [0.01, 0.04, 0.1],
    }
    quests = [QuestPlus({"noise_sd": LEVELS}, grid, guess_rate=1 / len(categories)) for _ in range(N_BANDS)]
    names, rows, begin = list(images), [], time.perf_counter()
    for band in rng.permutation(np.repeat(np.arange(N_BANDS), arguments.trials)):
        image = names[int(rng.integers(len(names)))]
        trial = {
            "image": image,
            "category": category_of[image],
            **quests[band].next_stimulus(),
            "band": int(band),
            "label_cpi": noise.label_frequencies_[band],
            "seed": int(rng.integers(2**63)),
        }
        (stimulus,) = masking.transform(images, pd.DataFrame([trial]))
        trial["out_of_bounds"] = float(masking.out_of_bounds_[0])
        trial["onset"] = time.perf_counter() - begin
        trial["response"], trial["rt"] = observer.answer(stimulus, trial)
        trial["duration"] = trial["rt"]
        quests[band].update({"noise_sd": trial["noise_sd"]}, trial["response"] == trial["category"])
        rows.append(trial)

    trials = pd.DataFrame(rows)
    trials["correct"] = trials["response"] == trials["category"]
    stem = f"sub-{arguments.subject}_task-masking"
    write_events(arguments.output / f"{stem}_events.tsv", trials)
    write_trials(arguments.output / f"{stem}.csv", to_human_trials(trials, f"subject-{arguments.subject}"))
    print("band  label (cycles/image)  threshold noise SD [95 % credible]")
    for band, quest in enumerate(quests):
        low, high = quest.interval("threshold")
        value = quest.estimate("mode")["threshold"]
        print(f"{band:4d}  {noise.label_frequencies_[band]:20.2f}  {value:.3f} [{low:.3f}, {high:.3f}]")
    return trials, quests


if __name__ == "__main__":
    main()
