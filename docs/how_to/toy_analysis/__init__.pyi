from ._model import mean_of_trials as mean_of_trials
