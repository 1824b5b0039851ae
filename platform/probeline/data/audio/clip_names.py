"""Which clips a folder or archive holds, and the class and split that its folders give each."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from probeline.data.archives import reader
from probeline.data.source_paths import shown
from probeline.errors import UserError

EXTENSIONS = {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".mp3"}


@dataclass(frozen=True)
class ClipFile:
    """One clip: the folder or archive that holds it, its name inside, and what is known of it.

    labels: label -> class, "" for none; split: `train`, `validation`, `test`, or "" where nothing says so.
    """

    holder: Path
    name: str
    labels: dict[str, str]
    split: str = ""
    transcript: str | None = None

    @property
    def stem(self) -> str:
        """The file's name without folders and extension, by which alignments and transcripts name it."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True)
class ClipNames:
    """The names of the clips in a folder or archive, sorted; passed_over: kind -> count of what is none."""

    holder: Path
    names: list[str]
    others: list[str]
    passed_over: Counter[str] = field(default_factory=Counter)


def clip_names(path: Path) -> ClipNames:
    """List a folder or archive. Raises UserError where it holds no clips, BadData."""
    listing = reader.listing(path)
    names = dict.fromkeys(listing.names)
    clips = sorted(name for name in names if is_clip(name))
    if not clips:
        raise UserError(f"{shown(path)}: holds no audio files ({', '.join(sorted(EXTENSIONS))})")
    others = sorted(name for name in names if not is_clip(name))
    kinds = Counter(PurePosixPath(name).suffix.lower() or "no extension" for name in others)
    return ClipNames(path, clips, others, listing.skipped + kinds)


def is_clip(name: str) -> bool:
    """Whether a file is audio, by its name; hidden ones are not."""
    path = PurePosixPath(name)
    return path.suffix.lower() in EXTENSIONS and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def class_folder(name: str) -> str:
    """The name of the folder that a clip lies in, "" for none."""
    return PurePosixPath(name).parent.name
