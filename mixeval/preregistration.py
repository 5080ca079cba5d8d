"""Write a plan into study.toml, and leave everything else in the file as its author wrote it."""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from mixeval.errors import StudyError
from mixeval.plan_section import PlanSection
from mixeval.study import FILE_NAME, Study, parse_study

_BEGIN = "# --- Plan, written by `mixeval plan --freeze`. Changing it changes what was planned. ---"
_END = "# --- End of the plan ---"


def frozen(text: str, plan: PlanSection, *, replace: bool = False, source: str = FILE_NAME) -> str:
    """Return the text of a study.toml with `plan` as its last table.

    Raises StudyError where there is a plan and `replace` does not say so, or where the text with the plan would
    not read as the same study with this plan.
    """
    before = parse_study(text, source=source)
    if before.analysis.plan is not None:
        if not replace:
            raise StudyError(
                f"{source} has a plan already, [analysis.plan]",
                remedy="keep it, or write --replace if no participant has been invited under it",
            )
        text = _without_plan(text, source)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [_BEGIN, "[analysis.plan]", *_lines(plan), _END]
    after = text.rstrip() + newline * 2 + newline.join(lines) + newline
    if not _is_same(before, after, plan):
        raise StudyError(
            f"{source} cannot take the plan at its end",
            remedy="write [analysis] as a table of its own, not as analysis = { ... } or analysis.KEY = ...",
        )
    return after


def freeze(folder: Path, plan: PlanSection, *, replace: bool = False) -> Path:
    """Write `plan` into FOLDER/study.toml, whole or not at all. Raises StudyError."""
    path = folder / FILE_NAME
    try:
        # As bytes, so that the ends of lines stay as they are.
        text = path.read_bytes().decode("utf-8-sig")
        content = frozen(text, plan, replace=replace, source=str(path)).encode()
        mode = path.stat().st_mode
        handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{FILE_NAME}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).chmod(mode & 0o777)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} cannot be written ({error})", remedy="make it a writable file") from error
    return path


def _without_plan(text: str, source: str) -> str:
    cut = re.sub(rf"(?ms)^{re.escape(_BEGIN)}\r?\n.*?^{re.escape(_END)}\r?\n?", "", text)
    if cut == text:
        raise StudyError(
            f"{source} has a plan that was not written by mixeval, or was moved",
            remedy="remove [analysis.plan] by hand",
        )
    return cut


def _is_same(before: Study, after: str, plan: PlanSection) -> bool:
    """Tell whether the new text reads as the study before, with the plan and nothing else added."""
    try:
        read = parse_study(after)
    except StudyError:
        return False
    bare = {"plan": None}
    return read.analysis.plan == plan and read.model_copy(
        update={"analysis": read.analysis.model_copy(update=bare)}
    ) == before.model_copy(update={"analysis": before.analysis.model_copy(update=bare)})


def _lines(plan: PlanSection) -> list[str]:
    values = plan.model_dump(mode="json", exclude_none=True)
    deviations = values.pop("sd")
    return [
        *(f"{key} = {_toml(value)}" for key, value in values.items() if value != []),
        f"sd = {{ {', '.join(f'{key} = {_toml(value)}' for key, value in deviations.items())} }}",
    ]


def _toml(value: Any) -> str:
    match value:
        case str():
            # A JSON string is a TOML basic string, but for one control character that TOML wants escaped.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(_toml(entry) for entry in value)}]"
        case _:
            return repr(value)
