"""Unpacks the C library and its headers from a TensorFlow wheel: unpack-wheel.py WHEEL FOLDER."""

import sys
import zipfile

wheel, folder = sys.argv[1:]
wanted = (
    "tensorflow/libtensorflow",
    "tensorflow/include/tensorflow/c/",
    "tensorflow/include/tensorflow/core/platform/",
    "tensorflow/include/tsl/",
    "tensorflow/include/xla/tsl/",
)
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(wanted):
            archive.extract(name, folder)
