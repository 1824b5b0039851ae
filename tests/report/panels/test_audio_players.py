import io
import wave

import numpy as np
import pytest
from helpers.panel_files import chosen
from PIL import Image
from probeline.report.panels import audio_players
from probeline.report.panels.spectrogram import spectrogram

RATE = 16000


def wav(sound: np.ndarray, width: int = 2) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes((32767 * sound).astype(f"<i{width}").tobytes())
    return content.getvalue()


def tone(hertz: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)


WAV = wav(tone(440))
ASKED = ("audio_generations",)


def trial(cell="vqvae_audio", **files):
    return chosen(cell, protocols=ASKED, files={f"audio_generations/{name}.wav": each for name, each in files.items()})


def test_a_trials_sounds_are_players_in_rows_of_one_kind():
    panel = audio_players.panel([trial(sample_1=WAV, clip_2=WAV, clip_1=WAV, reconstruction_1=WAV)])
    body = str(panel.cards[0].body)
    assert body.count("<audio controls") == 4 and body.count('src="data:audio/wav;base64,UklGR') == 4
    assert body.count('<img alt="spectrogram of ') == 4
    order = [body.index(label) for label in ("test clip 1", "test clip 2", "reconstruction 1", "sample 1")]
    assert order == sorted(order) and body.count('class="sounds"') == 3
    assert panel.figures() == []


def test_cells_without_sounds_say_why_and_other_files_are_no_sounds():
    one = trial(sample_1=WAV, **{'"><script>': WAV})
    panel = audio_players.panel([one, trial("random_init"), trial("torn", clip_1=b"<script>")])
    assert "script" not in panel.cards[0].body
    assert panel.missing == (
        "random_init: trial ab12 left none",
        "torn: trial ab12 left files that cannot be read (ValueError)",
    )
    assert audio_players.panel([chosen(protocols=("views",))]) is None


def test_the_picture_of_a_tone_is_dark_at_its_frequency_and_white_elsewhere():
    sound = np.concatenate([tone(2000), np.zeros(RATE)])
    picture = np.asarray(Image.open(io.BytesIO(spectrogram(wav(sound)))))
    assert picture.shape == (129, 249)  # frequencies of 62.5 Hz, frames of 8 ms
    loud, silent = picture[:, :120], picture[:, 130:]
    assert (loud.argmin(0) == 128 - 32).all() and (loud.min(0) < 10).all()
    assert (loud[:80] == 255).all() and (silent == 255).all()


def test_what_cannot_be_drawn_is_refused_and_short_and_silent_sounds_are_drawn():
    for content in (b"", b"RIFF\x24\x00\x00\x00WAVEfmt ", wav(tone(440), width=4)):
        with pytest.raises(ValueError, match="WAV"):
            spectrogram(content)
    for sound in (np.zeros(0), np.zeros(1000), tone(100)[:10]):
        assert Image.open(io.BytesIO(spectrogram(wav(sound)))).size[1] == 129
