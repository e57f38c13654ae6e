"""A window that does with versions what Neovim 0.11 does, in moments that the real one would have to be caught in."""

from __future__ import annotations

import copy

from tests.e2e.clients import FromZero, capabilities


class Neovim(FromZero):
    """Holds changes back for a while, and answers `applied: true` whatever became of an edit."""

    def __init__(self):
        super().__init__(capabilities=capabilities("neovim-0.11"), name="Neovim")
        self.ignored = 0
        """Edits that were for an older text, not applied, and answered as if they had been."""
        self._held = None

    def change(self, uri, start, end, text):
        self._ticked(self.documents[uri])
        super().change(uri, start, end, text)

    def _sync(self, document):
        self._ticked(document)
        super()._sync(document)

    @staticmethod
    def _ticked(document):
        # What is 0 when a document is opened is `changedtick` from its first change on, which has counted the reading.
        document.version = max(document.version, 2)

    def type(self, uri, start, end, text):
        """Type: the server hears of it when `pause` is called, as after 150 ms without a key."""
        self._held = self._held or []
        self.change(uri, start, end, text)

    def pause(self):
        """Tell the changes that were held back."""
        held, self._held = self._held or [], None
        for method, params in held:
            self.notify(method, params)

    def notify(self, method, params):
        if self._held is not None and method == "textDocument/didChange":
            self._held.append((method, params))
        else:
            super().notify(method, params)

    def _apply_edit(self, params):
        hook, self.before_apply = self.before_apply, None
        if hook is not None:
            hook(params)
        unversioned = copy.deepcopy(params)
        for step in unversioned["edit"].get("documentChanges") or ():
            identifier = step.get("textDocument", {})
            version = identifier.pop("version", None)
            document = self.documents.get(identifier.get("uri"))
            # A version of 0 is not looked at.
            if document is not None and version and document.version > version:
                self.ignored += 1
                return {"applied": True}
        return super()._apply_edit(unversioned)
