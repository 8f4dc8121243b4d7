"""Which file a command starts, and what is said where there is none."""

import pytest

from perfkit.instruments.command import resolve_command
from perfkit.model.errors import Failed


def test_a_folder_that_does_not_exist_is_named_before_what_would_be_in_it(tmp_path):
    with pytest.raises(Failed, match=r"server: the working folder .*/nowhere does not exist"):
        resolve_command(("./server",), tmp_path / "nowhere", "python", "")
    with pytest.raises(Failed, match=r"command not found: '\./server'"):
        resolve_command(("./server",), tmp_path, "python", "")
