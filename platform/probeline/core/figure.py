"""The contract of a figure: results are prepared into a typed value, of which the figure is drawn."""

from typing import TYPE_CHECKING, Protocol, TypeVar

from probeline.core.settings import Settings

if TYPE_CHECKING:
    import plotly.graph_objects as go

ResultsT = TypeVar("ResultsT", contravariant=True)
ConfigT = TypeVar("ConfigT", bound=Settings)
InfoT = TypeVar("InfoT")


class NothingToDraw(Exception):
    """The results hold nothing for this figure; the message says what is missing, in one sentence, for the page."""


class Figure(Protocol[ResultsT, ConfigT, InfoT]):
    """A figure plug-in: a module with a `Config` and these two functions.

    ResultsT: `probeline.report.results.results.Results`; ConfigT: the plug-in's `Config`; InfoT: a frozen dataclass of
    its own that holds all that is drawn.
    """

    @property
    def Config(self) -> type[ConfigT]:  # noqa: N802  the name that a plug-in's class has
        """The figure's parameters."""
        ...

    def prepare(self, results: ResultsT, config: ConfigT) -> InfoT:
        """All that is to be drawn: values with n, interval and trial ids, cells without a result among them.

        Raises:
            NothingToDraw: no trial has what the figure shows.
        """
        ...

    def draw(self, info: InfoT) -> "go.Figure":
        """The figure: title and caption in `layout.meta`, axes with titles and units."""
        ...
