"""Films: the frames of a map, one a day, as GIF, WebP or MP4."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.palette import colours_of_sides
from chronicle.store.whole_file import whole_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["FILMS", "few_colours", "write_film"]

FILMS = (".gif", ".webp", ".mp4")
COLOURS = 255  # of a GIF
FOREMOST = 1 << 40  # more pixels than any film has
LAST_HOLDS = 4  # the last frame stands so many times as long


def write_film(path: Path, frames: Iterable[bytes], per_second: float) -> None:
    """Write *frames* (PNG, all of one size) as a film; whole, or nothing.

    GIF and WebP begin again at their end. An MP4 needs `ffmpeg` on the path; without it
    `UsageError` says so before a frame is drawn. Raises `StorageError` where the film
    cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FILMS:
        raise UsageError(f"{path.name}: a film is {', '.join(FILMS)}")
    with whole_file(path) as part:
        if suffix == ".mp4":
            _mp4(part, frames, per_second)
        else:
            _animated(part, frames, per_second, suffix)


def _animated(
    path: Path, frames: Iterable[bytes], per_second: float, suffix: str
) -> None:
    images = list(_images(frames, suffix))
    each = round(1000 / per_second)
    durations = [each] * (len(images) - 1) + [each * LAST_HOLDS]
    first, *others = images
    if suffix == ".gif":
        first.save(
            path,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
            disposal=1,
        )
    else:
        first.save(
            path,
            format="WEBP",
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
            lossless=True,
            method=4,
        )


def _images(frames: Iterable[bytes], suffix: str) -> Iterator[Image]:
    """The frames; those of a GIF share one palette."""
    from PIL import Image

    images = [Image.open(BytesIO(frame)).convert("RGB") for frame in frames]
    if suffix != ".gif":
        yield from images
    else:
        yield from few_colours(images)


def few_colours(images: Sequence[Image]) -> list[Image]:
    """The *images* in one palette: all colours of sides, and those that cover most.

    A palette that mixes colours, as is usual, would give a side with few places the
    colour of another. Colours that are not in it get the nearest one.
    """
    import numpy as np
    from PIL import Image

    counts = np.zeros(1 << 24, dtype=np.int64)
    packed = []
    for image in images:
        rgb = np.asarray(image, dtype=np.int32)
        packed.append(rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2])
        counts += np.bincount(packed[-1].ravel(), minlength=1 << 24)
    seen = np.flatnonzero(counts)
    for colour in colours_of_sides():
        at = int(colour[1:], 16)
        counts[at] += FOREMOST * bool(counts[at])
    kept = seen[np.argsort(-counts[seen], kind="stable")[:COLOURS]]
    nearest = np.zeros(1 << 24, dtype=np.uint8)
    for some in np.array_split(seen, len(seen) // 4_096 + 1):
        off = _rgb(some)[:, None] - _rgb(kept)[None]
        nearest[some] = (off**2).sum(axis=2).argmin(axis=1)
    drawn = []
    for colours in packed:
        image = Image.fromarray(nearest[colours], "P")
        image.putpalette(_rgb(kept).astype(np.uint8).tobytes())
        drawn.append(image)
    return drawn


def _rgb(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Red, green and blue in columns."""
    import numpy as np

    parts = [packed >> shift & 255 for shift in (16, 8, 0)]
    return np.stack(parts, axis=1)


def _mp4(path: Path, frames: Iterable[bytes], per_second: float) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        raise UsageError(
            "an .mp4 needs the program ffmpeg, which is not on the path; .gif and "
            ".webp need none"
        )
    pictures = list(frames)
    pictures += [pictures[-1]] * (LAST_HOLDS - 1)
    words = [program, "-loglevel", "error", "-y", "-f", "image2pipe"]
    words += ["-framerate", f"{per_second:g}", "-c:v", "png", "-i", "-"]
    words += ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-c:v", "libx264"]
    words += ["-pix_fmt", "yuv420p", "-crf", "20", "-r", "25", "-threads", "1"]
    words += ["-movflags", "+faststart", "-fflags", "+bitexact"]
    words += ["-map_metadata", "-1", str(path)]
    done = subprocess.run(
        words, input=b"".join(pictures), capture_output=True, check=False
    )
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"ffmpeg made no film: {told[-1] if told else 'no reason'}")
