from probeline.api.encoders import embed as embed
from probeline.api.encoders import encoder as encoder
from probeline.api.planning import plan as plan
from probeline.api.reading import figure as figure
from probeline.api.reading import results as results
from probeline.api.reporting import report as report
from probeline.api.running import Budget as Budget
from probeline.api.running import run as run
from probeline.api.specs import load as load
from probeline.api.workspace import Workspace as Workspace
from probeline.errors import UserError as UserError

__version__: str
