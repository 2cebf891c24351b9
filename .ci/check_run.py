"""Check what ``gpugrad train`` printed and left in the folder given."""

import json
import sys
from pathlib import Path

folder = Path(sys.argv[1])
last_line = (folder / "train.log").read_text().splitlines()[-1]
accuracy = json.loads((folder / "gpugrad-run" / "metrics.json").read_text())["test_accuracy"]

assert last_line == f"test accuracy {accuracy:.3f}", last_line
assert accuracy >= 0.97, accuracy
for name in ("weights.safetensors", "metrics.json", "training.png"):
    assert (folder / "gpugrad-run" / name).stat().st_size > 0, name
