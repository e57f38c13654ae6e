"""What the editor at the other end can do, read once from its `initialize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types

from zai_ls.lsp.convert import unit_of

if TYPE_CHECKING:
    import asyncio

    from zai_ls.lsp.convert import Unit


HELIX = "helix"
NEOVIM = "neovim"
"""What editors call themselves, in small letters."""


class Peer(Protocol):
    """The editor, as somebody to ask and to tell."""

    def request(self, method: str, params: Any | None = None) -> asyncio.Future[Any]:
        """Ask; done with the result as plain JSON, or with `EditorError`."""
        ...

    def notify(self, method: str, params: Any | None = None) -> None:
        """Tell; nothing comes back."""
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """Each field is False until the editor says otherwise: what LSP lets a server assume."""

    name: str = ""
    """As the editor calls itself, in small letters."""
    unit: Unit = "utf-16"
    applies_edits: bool = False
    versioned_edits: bool = False
    """Checks the version of a document before it changes it."""
    first_version: int = 0
    """The lowest version that it checks: Neovim opens documents at 0 and takes a 0 in an edit for "any version"."""
    creates_files: bool = False
    reviews_edits: bool = False
    """Shows an edit to the person first when it is marked so."""
    action_literals: bool = False
    """Takes code actions; an older one takes commands only."""
    disabled_actions: bool = False
    """Shows an action that cannot be had, with the reason."""
    progress: bool = False
    shows_documents: bool = False
    pulls_configuration: bool = False
    registers_configuration: bool = False
    """Tells changed settings only when asked to by a dynamic registration."""
    shows_markdown: bool = False
    """In the documentation of a menu's items."""
    inserts_as_is: bool = False
    """Can be told not to indent what an item inserts."""
    indents_items: bool = False
    """Indents each further line of an item like the first, and takes of an item's edit the first word only: Neovim 0.11."""

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities, encoding: str | None, name: str = "") -> Client:
        """Read *capabilities*; *encoding* is what was agreed on for positions, *name* what the editor calls itself."""
        workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
        window = capabilities.window or types.WindowClientCapabilities()
        documents = capabilities.text_document or types.TextDocumentClientCapabilities()
        edit = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
        actions = documents.code_action or types.CodeActionClientCapabilities()
        operations = tuple(edit.resource_operations or ())
        settings = workspace.did_change_configuration
        item = (
            documents.completion and documents.completion.completion_item
        ) or types.ClientCompletionItemOptions()
        modes = item.insert_text_mode_support.value_set if item.insert_text_mode_support else ()
        return cls(
            name=name.lower(),
            unit=unit_of(encoding),
            applies_edits=bool(workspace.apply_edit),
            # Operations on files travel in `documentChanges` alone, so who has them has those too. Neovim says only
            # the one, and does check versions; without them it would write a late answer over newer text.
            versioned_edits=bool(edit.document_changes or operations),
            # Of a document that nobody has touched, 1 is as good: Neovim refuses an edit only when it has a higher version.
            first_version=1 if operations and not edit.document_changes else 0,
            creates_files=types.ResourceOperationKind.Create in operations,
            reviews_edits=bool(edit.document_changes and edit.change_annotation_support),
            action_literals=actions.code_action_literal_support is not None,
            disabled_actions=bool(actions.disabled_support),
            progress=bool(window.work_done_progress),
            shows_documents=bool(window.show_document and window.show_document.support),
            pulls_configuration=bool(workspace.configuration),
            registers_configuration=bool(settings and settings.dynamic_registration),
            # Helix does not say so, and reads whatever it is given as Markdown: bare code would lose its underscores.
            shows_markdown=types.MarkupKind.Markdown in (item.documentation_format or ())
            or name.lower() == HELIX,
            inserts_as_is=types.InsertTextMode.AsIs in modes,
            indents_items=name.lower() == NEOVIM and not modes,
        )
