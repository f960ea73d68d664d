"""Run analyses: parameters in, result out, saved with a report and a dashboard."""

from ._dry import dry_run as dry_run
from ._messages import error_text as error_text
from ._messages import public_text as public_text
from ._pages import report as report
from ._pages import write_dashboard as write_dashboard
from ._several import Outcome as Outcome
from ._several import merge as merge
from ._several import run_several as run_several
from ._single import execute as execute
from ._single import resolve_params as resolve_params
from ._single import run as run
