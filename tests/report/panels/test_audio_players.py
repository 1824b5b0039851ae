from helpers.panel_files import chosen
from probeline.report.panels import audio_players

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
ASKED = ("audio_generations",)


def trial(cell="vqvae_audio", **files):
    return chosen(cell, protocols=ASKED, files={f"audio_generations/{name}.wav": each for name, each in files.items()})


def test_a_trials_sounds_are_players_in_rows_of_one_kind():
    panel = audio_players.panel([trial(sample_1=WAV, clip_2=WAV, clip_1=WAV, reconstruction_1=WAV)])
    body = str(panel.cards[0].body)
    assert body.count("<audio controls") == 4 and body.count('src="data:audio/wav;base64,UklGR') == 4
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
