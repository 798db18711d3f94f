"""TOML out: the standard library only reads it."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_value(value: Any) -> str:
    """Throws TypeError for what a recipe cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a basic string of TOML, which wants the one control character above ASCII's escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + "}"
    raise TypeError(f"no TOML for {value!r} ({type(value).__name__})")


def toml_key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else toml_value(key)


def toml_text(sections: Mapping[str, Any], comments: Iterable[str] = ()) -> str:
    """{section: {key: value}}; what stands outside of a section comes first."""
    lines = [f"# {comment}" for comment in comments]
    lines += [f"{toml_key(key)} = {toml_value(value)}" for key, value in sections.items() if not _is_section(value)]
    for name, keys in sections.items():
        if _is_section(keys):
            lines += ["", f"[{toml_key(name)}]"]
            lines += [f"{toml_key(key)} = {toml_value(value)}" for key, value in keys.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping)
