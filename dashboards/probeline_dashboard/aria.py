"""ARIA attributes of page elements, for screen readers."""

from typing import TypeVar

from dash.development.base_component import Component

Element = TypeVar("Element", bound=Component)


def with_aria(element: Element, name: str, value: str) -> Element:
    """Sets the attribute `aria-NAME` and returns the element.

    Dash accepts `aria-*` as keyword arguments, which its annotations of the other arguments do not admit.
    """
    setattr(element, f"aria-{name}", value)
    return element
