"""The MIDI file that FluidSynth plays is the one that its script writes."""

import importlib.util
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "scenarios" / "third_party"


def test_the_stored_phrase_is_what_the_script_writes():
    spec = importlib.util.spec_from_file_location("phrase", FOLDER / "phrase.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (FOLDER / "phrase.mid").read_bytes() == module.phrase()
