"""Sounds that a protocol left as WAV files, to listen to and to see in the page: clips, reconstructions and samples."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from probeline.report.panels.gallery import Gallery, GalleryKind, gallery
from probeline.report.panels.spectrogram import spectrogram
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

PROTOCOL = "audio_generations"
TITLE = "Sounds"
CAPTION = (
    "A test clip, the clip made again of its own log-mel energies, what the method makes of its code of it, and "
    "samples that belong to no clip. Methods make energies; the phases are estimated, for all but the first row. "
    "Pictures: time to the right, frequency up, dark is loud, 60 decibels to white."
)
ROWS = {
    "clip": "test clip",
    "resynthesised": "of its energies",
    "reconstruction": "reconstruction",
    "sample": "sample",
}
NAME = re.compile(rf"{PROTOCOL}/({'|'.join(ROWS)})_([0-9]+)\.wav")


@dataclass(frozen=True)
class Sound:
    """A WAV file: its row, one of ROWS, its number in it, and its content and spectrogram as data URLs."""

    row: str
    number: int
    address: str
    picture: str


def prepare(one: SelectedTrial) -> tuple[Sound, ...] | None:
    """A trial's sounds in the order of ROWS; None where there are none. Raises ValueError for a file that is no WAV."""
    sounds = []
    for name, content in one.files.items():
        if match := NAME.fullmatch(name):
            address = f"data:audio/wav;base64,{base64.b64encode(content).decode()}"
            picture = f"data:image/png;base64,{base64.b64encode(spectrogram(content)).decode()}"
            sounds.append(Sound(match[1], int(match[2]), address, picture))
    order = list(ROWS)
    return tuple(sorted(sounds, key=lambda sound: (order.index(sound.row), sound.number))) or None


def draw(sounds: tuple[Sound, ...]) -> Markup:
    """A line of players a row, each below its spectrogram; a browser without sound shows their names."""
    lines = []
    for row, title in ROWS.items():
        players = Markup("").join(
            Markup(
                '<figure><img alt="spectrogram of {0} {1}" src="{2}">'
                '<audio controls preload="metadata" aria-label="{0} {1}" src="{3}"></audio></figure>'
            ).format(title, sound.number, Markup(sound.picture), Markup(sound.address))
            for sound in sounds
            if sound.row == row
        )
        if players:
            lines.append(Markup('<div class="sounds"><span>{}</span><div>{}</div></div>').format(clean(title), players))
    return Markup("").join(lines)


def panel(chosen: Sequence[SelectedTrial]) -> Gallery[tuple[Sound, ...]] | None:
    """Players of the trials whose recipe has the protocol; None where no recipe has."""
    return gallery(("sounds", TITLE, CAPTION), PROTOCOL, chosen, GalleryKind(prepare, draw))
