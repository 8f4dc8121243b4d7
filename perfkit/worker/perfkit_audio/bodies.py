"""Loading an audio body, and what is told of the sound that it wrote."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any, Callable

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def import_numpy() -> Any:
    """The numpy of the side's environment, which its bodies use."""
    try:
        import numpy as np
    except ImportError:
        sys.exit("%s has no numpy, and an audio block is an array of it: pip install numpy there" % sys.executable)
    return np


def silent_block(frames: int) -> Any:
    """A block to be filled: frames × 2 of float32."""
    np = import_numpy()
    return np.zeros((frames, 2), dtype=np.float32)


def make_body(request: dict[str, Any], frames: int, rate: int) -> Callable[[Any], object]:
    """The callable that fills a block, made by the request's `body` from `frames`, `rate` and `arguments`."""
    body = load_body(request["body"])(frames, rate, **request["arguments"])
    if not callable(body):
        sys.exit("the body %s must return a callable that fills a block" % request["body"])
    filling: Callable[[Any], object] = body
    return filling


def load_body(name: str) -> Callable[..., Any]:
    """The function of `module:function` or `path/to/file.py:function`.

    The working folder is on the module path, and before it a file's own folder.
    """
    module_name, _, attribute = name.rpartition(":")
    for own in [known for known in sys.modules if known.partition(".")[0] == __package__]:
        del sys.modules[own]  # everything of it is imported: from here on the name is the program's
    sys.path.insert(0, os.getcwd())
    if module_name.endswith(".py"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(module_name)))
        stem = os.path.splitext(os.path.basename(module_name))[0]
        spec = importlib.util.spec_from_file_location(stem, module_name)
        if spec is None or spec.loader is None or not os.path.exists(module_name):
            sys.exit("no body: %s does not exist in %s" % (module_name, os.getcwd()))
        offer_declarations()
        module = importlib.util.module_from_spec(spec)
        sys.modules[stem] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(module_name)
    body: Callable[..., Any] | None = getattr(module, attribute, None)
    if body is None or not callable(body):
        sys.exit("no body: %s has no function %s" % (module_name, attribute))
    return body


def offer_declarations() -> None:
    """Let a scenario file `import perfkit`: the declarations alone, with the submodules that are installed, if any."""
    installed = importlib.util.find_spec("perfkit")
    spec = importlib.util.spec_from_file_location("perfkit", os.path.join(PACKAGE, "declaring.py"))
    if spec is not None and spec.loader is not None:
        module = sys.modules["perfkit"] = importlib.util.module_from_spec(spec)
        module.__path__ = list(installed.submodule_search_locations or ()) if installed else []
        spec.loader.exec_module(module)


def heard(name: str, body: Callable[[Any], object], block: Any) -> float | None:
    """The largest magnitude in the last block, or None if it holds something that is not a number.

    Exits where the sound was returned instead of written: a silent body is asked for one block more.
    """
    peak = float(abs(block).max())
    if peak == 0.0:
        returned = body(block)
        if returned is not None and not block.any():
            sys.exit(
                "the body %s returned %s and wrote nothing: a block is filled in place, as by block[:, 0] = ..."
                % (name, "an array" if hasattr(returned, "shape") else "a " + type(returned).__name__)
            )
    return peak if peak < float("inf") else None
