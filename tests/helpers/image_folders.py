"""A folder of random images as a data set."""

import numpy as np
from PIL import Image


def folder(path, labelled=True, size=12, images=12, seed=0):
    random = np.random.default_rng(seed)
    for index in range(images):
        name = f"{'ab'[index % 2]}/{index}.png" if labelled else f"{index}.png"
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / name)
    return {"name": "image_folder", "path": str(path)}
