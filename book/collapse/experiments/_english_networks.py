"""What the experiment in English gives to readers: three networks and a classifier.

A folder with the networks of generations 0, 4 and the last of one history, in half
precision, the tokenizer, the table of words by which subjects are told apart, and a
file that says where they are from. Floor 3.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..corpus.words import WordClassifier, write_classifier
from ..opt import load_opt
from ..sweep import Result
from ..whole_file import replace_file

ORIGIN = "origin.json"


def ship(
    networks: Mapping[int, Path],
    subjects: WordClassifier,
    result: Result,
    target: str | Path,
) -> None:
    """Put together what readers get.

    Parameters
    ----------
    networks : mapping of int to Path
        The folder that `collapse.experiments.english.checkpoint` names, for each
        generation; any of them holds the tokenizer.
    subjects : WordClassifier
    result : Result
        Of the sweep whose history left the networks.
    target : path
        Made if it is missing; networks of other generations go.
    """
    target = Path(target)
    for old in target.glob("generation-*"):
        shutil.rmtree(old)
    for generation, folder in networks.items():
        place = target / f"generation-{generation}"
        place.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "model.safetensors"):
            shutil.copy(folder / name, place / name)
        shutil.copy(folder / "tokenizer.json", target / "tokenizer.json")
    write_classifier(subjects, target / "subjects.npz")
    text = json.dumps(_origin(target, min(networks), result), indent=2) + "\n"
    replace_file(target / ORIGIN, lambda part: part.write_text(text, encoding="utf-8"))


def _origin(target: Path, first: int, result: Result) -> dict[str, Any]:
    """Say from where the files are, and what the first network has read."""
    network = load_opt(target / f"generation-{first}")
    weights = sum(each.numel() for each in network.state_dict().values())
    provenance, grid = result.provenance, result.provenance["grid"]
    tokens = grid["first_steps"] * grid["first_batch_size"] * network.config.positions
    # The same for all cells.
    losses, levels = (
        result[name].reshape(-1, result[name].shape[-1])[0]
        for name in ("first_losses", "first_perplexity")
    )
    files = sorted(path for path in target.rglob("*") if path.is_file())
    return {
        "sweep": provenance["name"],
        "commit": provenance["commit"],
        "versions": provenance["versions"],
        "weights": weights,
        "first_training": {
            "steps": grid["first_steps"],
            "tokens": tokens,
            # Two for each weight forwards, four backwards.
            "floating_point_operations": 6 * weights * tokens,
            "loss": round(float(losses[-1]), 4),
            "held_out_perplexity": [round(float(each), 1) for each in levels],
        },
        "sha256": {
            path.relative_to(target).as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in files
            if path.name != ORIGIN
        },
    }
