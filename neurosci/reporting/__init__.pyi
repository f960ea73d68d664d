from . import drawing as drawing
from . import figures as figures
from ._dashboard import Dashboard as Dashboard
from ._dashboard import DashboardEntry as DashboardEntry
from ._dashboard import render_dashboard as render_dashboard
from ._report import Report as Report
