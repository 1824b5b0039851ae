import pytest

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")

from dash import html
from probeline_dashboard.aria import with_aria


def test_an_aria_attribute_is_the_same_as_dashs_keyword():
    element = with_aria(html.Div("text", role="region"), "label", "Grid")
    assert element.to_plotly_json() == html.Div("text", role="region", **{"aria-label": "Grid"}).to_plotly_json()
    assert element.to_plotly_json()["props"]["aria-label"] == "Grid"
