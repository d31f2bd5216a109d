"""Encodes tests/assets/portrait.png, and a plain picture, as HEIC, which nothing that the tests have can write.

pip install pillow==13.0.0 pillow-heif==1.8.1
"""

from pathlib import Path

import numpy
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
assets = Path(__file__).parent.parent / "tests" / "assets"
portrait = Image.open(assets / "portrait.png").convert("RGB")


def orientation(number: int) -> bytes:
    """EXIF of which the encoder makes the properties irot and imir."""
    exif = Image.Exif()
    exif[274] = number
    return exif.tobytes()


portrait.save(assets / "portrait.heic", quality=70)
lying = portrait.transpose(Image.Transpose.ROTATE_90)
lying.save(assets / "portrait-turned.heic", quality=70, exif=orientation(6))
mirrored = portrait.transpose(Image.Transpose.TRANSVERSE)
mirrored.save(assets / "portrait-mirrored.heic", quality=70, exif=orientation(7))
deep = (numpy.asarray(portrait).astype("u2") * 257).tobytes()
pillow_heif.from_bytes(mode="RGB;16", size=portrait.size, data=deep).save(assets / "portrait-10-bit.heic", quality=70)
plain = Image.new("RGB", (4000, 3000), (90, 120, 80))
plain.save(assets / "plain-12-megapixels.heic", quality=90, chroma=444)
