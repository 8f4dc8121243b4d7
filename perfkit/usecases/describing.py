"""`schema`: what the files look like."""

import json

from perfkit.storage.schema import json_schema


def schema(which: str) -> str:
    """The JSON Schema of a run file or a judgement."""
    from perfkit.reporting.json_report import schema as judgement_schema

    return json.dumps(json_schema("run") if which == "run" else judgement_schema(), indent=2)
