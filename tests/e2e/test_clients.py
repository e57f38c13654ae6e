"""Each editor gets what its capabilities say, over real stdio: columns, form of edits, progress, documents to read."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest_lsp
from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import make_test_lsp_client

CLIENTS = sorted((Path(__file__).parent / "capabilities").glob("*.json"))
URI, NEW = "file:///w/a.py", "file:///w/test_a.py"
LINE = "é😀x = 1"
WIDTHS = {"utf-8": {"é": 2, "😀": 4}, "utf-16": {"😀": 2}, "utf-32": {}}


def make_client():
    """A client that applies edits, as an editor would, and reports the change."""
    client = make_test_lsp_client()
    converter = client.protocol._converter

    def command_or_action(value, _):
        # lsprotocol takes an action that has a command for a command.
        is_command = isinstance(value.get("command"), str)
        return converter.structure(value, types.Command if is_command else types.CodeAction)

    converter.register_structure_hook(types.Command | types.CodeAction, command_or_action)
    client.applied, client.registered = [], []

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply(params: types.ApplyWorkspaceEditParams):
        client.applied.append(params.edit)
        change = client.edits_of(URI, params.edit)
        if change:
            client.text_document_did_change(
                types.DidChangeTextDocumentParams(
                    types.VersionedTextDocumentIdentifier(2, URI),
                    [types.TextDocumentContentChangePartial(change[0].range, change[0].new_text)],
                )
            )
        return types.ApplyWorkspaceEditResult(applied=True)

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams):
        client.registered += [registration.method for registration in params.registrations]

    def edits_of(uri, edit):
        if edit.changes is not None:
            return edit.changes.get(uri, [])
        return [
            each
            for change in edit.document_changes
            if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == uri
            for each in change.edits
        ]

    client.edits_of = edits_of
    client.asked_for_settings = asyncio.Event()
    give = client.get_configuration

    def get_configuration(**kwargs):
        client.asked_for_settings.set()
        return give(**kwargs)

    client.get_configuration = get_configuration
    return client


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "tests.e2e.fake_server"], client_factory=make_client
    ),
    params=CLIENTS,
    ids=lambda path: path.stem,
)
async def client(request, lsp_client: LanguageClient):
    profile = json.loads(request.param.read_text())
    lsp_client.expects = profile["expects"]
    lsp_client.set_configuration({"zai": {"plan": "lite"}})
    lsp_client.result = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=get_converter().structure(profile["capabilities"], types.ClientCapabilities),
            root_uri="file:///w",
        )
    )
    lsp_client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", 1, f"{LINE}\r\n"))
    )
    yield
    await lsp_client.shutdown_session()


async def message(client, text):
    async with asyncio.timeout(20):
        while not (found := [each for each in client.messages if text in each.message]):
            await client.wait_for_notification(types.WINDOW_SHOW_MESSAGE)
    return found[0]


async def act(client, script):
    """List the actions on the `x` of the line, pick the first, and let *script* run on it."""
    x = LINE.index("x")
    units = [sum(WIDTHS[client.expects["columns"]].get(char, 1) for char in LINE[:at]) for at in (x, x + 1)]
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(URI),
            types.Range(types.Position(0, units[0]), types.Position(0, units[1])),
            types.CodeActionContext([]),
        )
    )
    command = actions[0] if isinstance(actions[0], types.Command) else actions[0].command
    (argument,) = command.arguments
    await client.workspace_execute_command_async(
        types.ExecuteCommandParams(command.command, [{**argument, "instruction": script}])
    )
    return actions, units


async def test_an_editor_gets_what_it_can_take(client: LanguageClient):
    """From the first list of actions to the edit in the file, in the words of each editor."""
    expects = client.expects
    capabilities = client.result.capabilities
    assert capabilities.position_encoding == expects["columns"]
    assert capabilities.text_document_sync.change == types.TextDocumentSyncKind.Incremental
    assert capabilities.code_action_provider.resolve_provider is False

    actions, (start, _) = await act(client, "ask")
    # A block cursor is no selection; the column is the same character for everybody.
    await message(client, "asked Range(start=Point(line=0, column=2), end=Point(line=0, column=2)) 1")
    disabled = [each for each in actions if getattr(each, "disabled", None)]
    assert bool(disabled) is expects["disabled"]
    assert not any(getattr(each, "is_preferred", None) or getattr(each, "edit", None) for each in actions)

    await act(client, f"show create:{NEW} edit:new")
    if expects["edit"] is None:
        await message(client, "landing refused")
        assert client.applied == []
    else:
        await message(client, "landing applied")
        created, edited = client.applied
        ((edit,), (whole,)) = client.edits_of(URI, edited), client.edits_of(NEW, created)
        assert (edit.range.start.character, edit.new_text) == (start, "new")
        assert whole.new_text == "fresh\n"
        operations = [each for each in created.document_changes or () if isinstance(each, types.CreateFile)]
        assert bool(operations) is expects["create"]
        assert (edited.changes is not None) is (expects["edit"] == "changes")
        if expects["edit"] == "documentChanges":
            assert [each.text_document.version for each in edited.document_changes] == [1]

    if expects["shows"]:
        (shown,) = client.shown_documents
        assert shown.uri.endswith("1-An-explanation.md")
    else:
        assert client.shown_documents == []
        await message(client, "An explanation\n\n# It adds.")

    reports = list(client.progress_reports.values())
    assert len(reports) == (2 if expects["progress"] else 0)
    assert all(isinstance(each[0], types.WorkDoneProgressBegin) for each in reports)
    if expects["asked_for_settings"]:
        async with asyncio.timeout(20):
            await client.asked_for_settings.wait()
    assert client.asked_for_settings.is_set() is expects["asked_for_settings"]
    assert bool(client.registered) is expects["registers"]
    assert client.error is None
