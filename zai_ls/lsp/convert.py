"""The one file where LSP positions become ours and back.

LSP counts columns in the negotiated unit (bytes of UTF-8, code units of UTF-16, or code points); we count code points.
A place that does not exist is moved to the nearest one that does (LSP 3.17, "Position"): past the end of a line is its end,
past the last line is the end of the text, and inside a character that takes several units is before that character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

from lsprotocol import types

from zai_ls.core.text import body_of, clamp, end_of, text_in
from zai_ls.domain import Ask, Diagnostic, Point, Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from zai_ls.domain import Edit, Edits, FileChange, Snapshot

Unit = Literal["utf-8", "utf-16", "utf-32"]
"""What one column of an LSP position counts."""


class BadArgument(ValueError):
    """A command was called with something we cannot take; the text says which field and what was expected."""


def unit_of(encoding: str | None) -> Unit:
    """The unit that *encoding* names; UTF-16 when it names none we know, as LSP says."""
    return cast("Unit", encoding) if encoding in get_args(Unit) else "utf-16"


# -- columns ------------------------------------------------------------------------------------------------


def _width(char: str, unit: Unit) -> int:
    """How many units one character takes."""
    code = ord(char)
    if unit == "utf-16":
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def column_of(line: str, units: int, unit: Unit) -> int:
    """The column in code points that lies *units* into *line*; *line* has no ending."""
    if units <= 0:
        return 0
    if unit == "utf-32" or line.isascii():
        return min(units, len(line))
    for column, char in enumerate(line):
        units -= _width(char, unit)
        if units < 0:
            return column
    return len(line)


def units_of(line: str, column: int, unit: Unit) -> int:
    """How many units come before *column* of *line*."""
    before = line[:column]
    if unit == "utf-32" or before.isascii():
        return len(before)
    return sum(_width(char, unit) for char in before)


# -- places -------------------------------------------------------------------------------------------------


def point_in(lines: Sequence[str], position: types.Position, unit: Unit) -> Point:
    """Our point for an LSP *position* in *lines*."""
    if position.line < 0:
        return Point(0, 0)
    if position.line >= len(lines):
        return end_of(lines)
    return Point(position.line, column_of(body_of(lines[position.line]), position.character, unit))


def range_in(lines: Sequence[str], range_: types.Range, unit: Unit) -> Range:
    """Our range for an LSP *range_* in *lines*; its ends are put in order."""
    start, end = point_in(lines, range_.start, unit), point_in(lines, range_.end, unit)
    return Range(start, end) if start <= end else Range(end, start)


def position_of(lines: Sequence[str], point: Point, unit: Unit) -> types.Position:
    """The LSP position of *point* in *lines*."""
    inside = clamp(lines, point)
    return types.Position(inside.line, units_of(lines[inside.line], inside.column, unit))


def lsp_range_of(lines: Sequence[str], range_: Range, unit: Unit) -> types.Range:
    """The LSP range of *range_* in *lines*."""
    return types.Range(position_of(lines, range_.start, unit), position_of(lines, range_.end, unit))


def cursor_or_selection(lines: Sequence[str], range_: Range) -> Range:
    """*range_*, or an empty one at its start when it covers a single character: block cursors are never empty."""
    if range_.end.line - range_.start.line > 1:
        return range_
    covered = text_in(lines, range_)
    return Range(range_.start, range_.start) if len(covered) == 1 or covered == "\r\n" else range_


# -- diagnostics --------------------------------------------------------------------------------------------


def diagnostic_in(lines: Sequence[str], diagnostic: types.Diagnostic, unit: Unit) -> Diagnostic:
    """Our diagnostic; a severity left out counts as an error (LSP leaves it to the client)."""
    severity = diagnostic.severity
    return Diagnostic(
        range=range_in(lines, diagnostic.range, unit),
        message=diagnostic.message,
        severity=int(severity) if severity is not None else 1,
        source=diagnostic.source or "",
        code="" if diagnostic.code is None else str(diagnostic.code),
    )


def raw_diagnostic(lines: Sequence[str], diagnostic: Diagnostic, unit: Unit) -> dict[str, object]:
    """*diagnostic* as plain JSON, to travel in a command's arguments."""
    return {
        "range": raw_range(lines, diagnostic.range, unit),
        "message": diagnostic.message,
        "severity": diagnostic.severity,
        "source": diagnostic.source,
        "code": diagnostic.code,
    }


def raw_range(lines: Sequence[str], range_: Range, unit: Unit) -> dict[str, object]:
    """*range_* as plain JSON in the client's units."""
    start, end = position_of(lines, range_.start, unit), position_of(lines, range_.end, unit)
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }


# -- what a command was called with -------------------------------------------------------------------------


def ask_from(
    argument: object, snapshot_at: Callable[[str, int | None], Snapshot | None], unit: Unit
) -> tuple[Ask, Snapshot | None]:
    """What a person asked for, from the one argument of `zai.run`, and the text it refers to.

    Unknown fields are ignored, missing optional ones and nulls are as if not there.
    *snapshot_at(uri, version)* gives the text the range was meant for; None when the document is not open.
    Raises `BadArgument` when a field is missing that must be there, or has the wrong type.
    """
    fields = _object(argument, "the argument")
    uri = _string(fields, "uri")
    version = fields.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise BadArgument(f"version: expected a number, got {_name(version)}")
    snapshot = snapshot_at(uri, version)
    lines = snapshot.lines if snapshot is not None else ("",)
    range_ = fields.get("range")
    diagnostics = fields.get("diagnostics")
    if diagnostics is not None and not isinstance(diagnostics, list | tuple):
        raise BadArgument(f"diagnostics: expected a list, got {_name(diagnostics)}")
    ask = Ask(
        action=_string(fields, "action"),
        uri=uri,
        range=None if range_ is None else range_in(lines, _range(range_, "range"), unit),
        version=version if snapshot is None else snapshot.version,
        diagnostics=tuple(_diagnostic(each, lines, unit) for each in diagnostics or ()),
        instruction=_optional_string(fields, "instruction"),
        model=_optional_string(fields, "model"),
    )
    return ask, snapshot


def _diagnostic(value: object, lines: Sequence[str], unit: Unit) -> Diagnostic:
    fields = _object(value, "diagnostics")
    severity, code = fields.get("severity"), fields.get("code")
    return Diagnostic(
        range=range_in(lines, _range(fields.get("range"), "diagnostics.range"), unit),
        message=_string(fields, "message"),
        severity=severity if isinstance(severity, int) else 1,
        source=_optional_string(fields, "source") or "",
        code="" if code is None else str(code),
    )


def _range(value: object, where: str) -> types.Range:
    fields = _object(value, where)
    return types.Range(
        _position(fields.get("start"), f"{where}.start"), _position(fields.get("end"), f"{where}.end")
    )


def _position(value: object, where: str) -> types.Position:
    fields = _object(value, where)
    line, character = fields.get("line"), fields.get("character")
    if not isinstance(line, int) or not isinstance(character, int):
        raise BadArgument(f"{where}: expected {{line, character}} as whole numbers")
    return types.Position(max(0, line), max(0, character))


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadArgument(f"{where}: expected an object, got {_name(value)}")
    return value


def _string(fields: Mapping[str, object], name: str) -> str:
    value = _optional_string(fields, name)
    if not value:
        raise BadArgument(f"{name}: expected a string, got nothing")
    return value


def _optional_string(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadArgument(f"{name}: expected a string, got {_name(value)}")


def _name(value: object) -> str:
    names = {type(None): "null", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list | tuple) else "an object")


# -- edits --------------------------------------------------------------------------------------------------


def text_edits(lines: Sequence[str], edits: Iterable[Edit], unit: Unit) -> list[types.TextEdit]:
    """LSP edits of the text *lines*."""
    return [types.TextEdit(lsp_range_of(lines, edit.range, unit), edit.text) for edit in edits]


def workspace_edit(
    edits: Edits,
    lines_of: Callable[[str], Sequence[str]],
    unit: Unit,
    *,
    versioned: bool,
    create_files: bool,
    first_version: int = 0,
    review: bool = False,
) -> types.WorkspaceEdit:
    """One edit for the client: versioned `documentChanges` where it has them, else `changes`.

    A new file needs a create operation, which exists in `documentChanges` only; a client without that operation
    gets an insertion into a file that is not there yet, which editors answer by opening a new buffer.
    *first_version* is sent in place of any lower one. With *review* the client shows the edit to the person first, by an
    annotation that needs confirmation (LSP 3.16): only for a client that takes annotations and `documentChanges`.
    """
    if not versioned and not (create_files and any(change.create for change in edits.changes)):
        return types.WorkspaceEdit(
            changes={
                change.uri: text_edits(lines_of(change.uri), change.edits, unit) for change in edits.changes
            }
        )
    operations: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for change in edits.changes:
        if change.create and create_files:
            # Whoever created the file meanwhile keeps theirs. Unless told to ignore it, Neovim 0.11 empties it.
            keep = types.CreateFileOptions(overwrite=False, ignore_if_exists=True)
            operations.append(
                types.CreateFile(change.uri, options=keep, annotation_id=_REVIEW if review else None)
            )
        operations.append(_document_edit(change, lines_of(change.uri), unit, first_version, review=review))
    if not review:
        return types.WorkspaceEdit(document_changes=operations)
    annotation = types.ChangeAnnotation(label=edits.label, needs_confirmation=True)
    return types.WorkspaceEdit(document_changes=operations, change_annotations={_REVIEW: annotation})


_REVIEW = "review"
"""Id of the one annotation of an edit."""


def _document_edit(
    change: FileChange, lines: Sequence[str], unit: Unit, first_version: int, *, review: bool
) -> types.TextDocumentEdit:
    version = None if change.create or change.version is None else max(first_version, change.version)
    document = types.OptionalVersionedTextDocumentIdentifier(uri=change.uri, version=version)
    plain = text_edits(lines, change.edits, unit)
    if not review:
        return types.TextDocumentEdit(document, plain)
    annotated = [types.AnnotatedTextEdit(_REVIEW, edit.range, edit.new_text) for edit in plain]
    return types.TextDocumentEdit(document, annotated)
