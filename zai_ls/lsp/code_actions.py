"""`textDocument/codeAction`: what can be had here. Local, without a model; picking one runs a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from zai_ls.lsp import convert
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import Diagnostic, Offer, Snapshot
    from zai_ls.lsp.assisting import Assisting
    from zai_ls.lsp.client import Client

RUN = "zai.run"
CANCEL = "zai.cancel"
KINDS = ("quickfix.zai", "refactor.rewrite.zai", "source.zai")
"""What the server says it offers; each offer's kind lies below one of them."""
_ON_DEMAND = "source.zai"
"""Only when a person asks, and never because all of `source` was asked for: that is what editors do on save."""
_CANCEL_KIND = "refactor.rewrite.zai.cancel"


def code_actions(
    assistant: Assisting,
    snapshot: Snapshot,
    params: types.CodeActionParams,
    client: Client,
    running: Sequence[str],
) -> list[types.CodeAction | types.Command]:
    """The actions to offer for *params*, on the text of *snapshot*; *running* are the ids that could be cancelled."""
    context = params.context
    automatic = context.trigger_kind == types.CodeActionTriggerKind.Automatic
    only = None if context.only is None else tuple(str(getattr(kind, "value", kind)) for kind in context.only)
    lines, unit = snapshot.lines, client.unit
    range_ = convert.cursor_or_selection(lines, convert.range_in(lines, params.range, unit))
    given = {convert.diagnostic_in(lines, each, unit): each for each in context.diagnostics}
    offers = assistant.offers(snapshot, range_, tuple(given), automatic, only)
    listed = [
        _listed(offer, snapshot, client, given)
        for offer in offers
        if wanted(offer.kind, only)
        and not (automatic and _below(offer.kind, _ON_DEMAND))
        and (offer.disabled is None or (client.disabled_actions and client.action_literals))
    ]
    if running and wanted(_CANCEL_KIND, only):
        listed.append(_cancelling(running[-1], client))
    return listed


def wanted(kind: str, only: tuple[str, ...] | None) -> bool:
    """Whether *kind* is one of *only*, or below one: kinds are dotted and mean all that they begin."""
    if only is None:
        return True
    if _below(kind, _ON_DEMAND):
        return any(_below(kind, each) and (each == "" or _below(each, _ON_DEMAND)) for each in only)
    return any(_below(kind, each) for each in only)


def _below(kind: str, above: str) -> bool:
    return above == "" or kind == above or kind.startswith(above + ".")


def _listed(
    offer: Offer, snapshot: Snapshot, client: Client, given: dict[Diagnostic, types.Diagnostic]
) -> types.CodeAction | types.Command:
    lines, unit = snapshot.lines, client.unit
    argument: dict[str, object] = {
        "action": offer.action,
        "uri": snapshot.uri,
        "range": convert.raw_range(lines, offer.range, unit),
        "version": snapshot.version,
    }
    if offer.diagnostics:
        argument["diagnostics"] = [convert.raw_diagnostic(lines, each, unit) for each in offer.diagnostics]
    if offer.instruction is not None:
        argument["instruction"] = offer.instruction
    command = types.Command(offer.title, RUN, arguments=[argument])
    if not client.action_literals:
        return command
    action = types.CodeAction(title=offer.title, kind=offer.kind)
    if offer.disabled is None:
        action.command = command
    else:
        action.disabled = types.CodeActionDisabled(offer.disabled)
    # The editor's own objects, so that it knows which of its diagnostics this one is for.
    mine = [given[each] for each in offer.diagnostics if each in given]
    action.diagnostics = mine or None
    return action


def _cancelling(running: str, client: Client) -> types.CodeAction | types.Command:
    title = say("lsp.cancel_running")
    command = types.Command(title, CANCEL, arguments=[{"id": running}])
    if not client.action_literals:
        return command
    return types.CodeAction(title=title, kind=_CANCEL_KIND, command=command)
