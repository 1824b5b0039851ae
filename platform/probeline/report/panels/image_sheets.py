"""Pictures as a protocol left them, whole: reconstructions and samples, and any other protocol's PNG files."""

from collections.abc import Sequence
from functools import partial

from markupsafe import Markup

from probeline.report.panels.gallery import KINDS, Gallery, GalleryKind, data_url, gallery
from probeline.report.panels.static_layout import WholeImage, whole
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

KNOWN = {
    "generations/reconstructions.png": (
        "Reconstructions",
        "Two rows belong together: test images, and below them what the method makes of its own code of them.",
    ),
    "generations/samples.png": ("Samples", "Images that the method draws by itself; none of them exists."),
}


def prepare(one: SelectedTrial, name: str) -> WholeImage | None:
    """A file as an image; None where there is no such file. Raises ValueError if it is no image."""
    if name not in one.files:
        return None
    if one.files[name][:3] not in KINDS:
        raise ValueError(f"{name} is no picture")
    return WholeImage(name, one.cell, data_url(one.files[name]))


def draw(info: WholeImage) -> Markup:
    """The picture as wide as its card."""
    label = f"{head(info.name)[0]} of {clean(info.cell)}"
    return Markup('<img class="whole" alt="{}" src="{}">').format(label, Markup(info.address))


def head(name: str) -> tuple[str, str]:
    """Title and caption of a file."""
    protocol, _, file = name.partition("/")
    return KNOWN.get(name, (f"{clean(protocol)}: {clean(file.removesuffix('.png'))}", ""))


def panels(chosen: Sequence[SelectedTrial]) -> list[Gallery[WholeImage]]:
    """A gallery for every name of a file; a name that no trial left is one that nobody's method can make."""
    names = dict.fromkeys(name for one in chosen for name in one.files if name.endswith(".png"))
    galleries = []
    for name in sorted(names, key=lambda name: (name not in KNOWN, list(KNOWN).index(name) if name in KNOWN else 0)):
        protocol = name.partition("/")[0]
        slug = "".join(c if c.isalnum() else "-" for c in name)
        kind = GalleryKind(partial(prepare, name=name), draw, whole)
        sheets = gallery((slug, *head(name)), protocol, chosen, kind)
        galleries += [sheets] if sheets else []
    return galleries
