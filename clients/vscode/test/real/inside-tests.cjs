// Run in the extension host by inside.test.mjs: each export is a test, in this order.

const assert = require("node:assert/strict");
const path = require("node:path");
const vscode = require("vscode");

const ID = "zai-ls.zai-ls";
const FENCED = "```python\ndef total(prices, rate):\n    return rate * sum(prices)\n```";

async function until(what, find, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function emulator(what, body) {
  const response = await fetch(
    `${process.env.EMULATOR}/emulator/${what}`,
    body && { method: "POST", body: JSON.stringify(body) },
  );
  return response.json();
}

async function opened() {
  const document = await vscode.workspace.openTextDocument(path.join(process.env.FOLDER, "prices.py"));
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(1, 4, 1, 4);
  return editor;
}

async function running() {
  const api = await vscode.extensions.getExtension(ID).activate();
  await until("the server runs", () => api.life().kind === "running" && api.life().status?.state === "ready", 60);
  return api;
}

const actions = (editor, range = editor.selection, kind) =>
  vscode.commands.executeCommand("vscode.executeCodeActionProvider", editor.document.uri, range, kind);

module.exports = {
  async "it is active soon after the start, and its server with it"() {
    assert.ok(vscode.extensions.getExtension(ID));
    const api = await running();
    assert.match(api.life().status.text, /GLM \d+ %/);
  },

  async "each command that package.json promises is there"() {
    const there = new Set(await vscode.commands.getCommands(true));
    const promised = vscode.extensions.getExtension(ID).packageJSON.contributes.commands.map(({ command }) => command);
    assert.ok(promised.length > 25);
    assert.deepEqual(
      promised.filter((command) => !there.has(command)),
      [],
    );
  },

  async "code actions have the kinds of VS Code's Refactor menu"() {
    const editor = await opened();
    const all = await until("the actions", async () => {
      const found = await actions(editor);
      return found.some(({ title }) => title.includes("Simplify total")) && found;
    });
    const ours = all.filter(({ title }) => title.startsWith("GLM"));
    assert.ok(ours.length >= 6, ours.map(({ title }) => title).join());
    const refactorings = await actions(editor, editor.selection, "refactor.rewrite");
    assert.ok(refactorings.some(({ title }) => title.includes("Simplify total")));
    assert.ok(ours.every(({ isPreferred }) => !isPreferred));
  },

  async "an action's edit is one step, which one undo takes back"() {
    await running();
    const editor = await opened();
    const before = editor.document.getText();
    await emulator("script", { rules: [{ reply: FENCED }], clear: true });
    await vscode.commands.executeCommand("zai-ls.action.simplify");
    await until("the edit", () => editor.document.getText().includes("rate * sum(prices)"));
    await vscode.commands.executeCommand("undo");
    assert.equal(editor.document.getText(), before);
  },

  async "an instruction can be given by a keybinding of one's own"() {
    const editor = await opened();
    await emulator("script", { rules: [{ reply: FENCED, body: "turn the factors round" }], clear: true });
    await vscode.commands.executeCommand("zai-ls.refactorSelection", "turn the factors round");
    await until("the edit", () => editor.document.getText().includes("rate * sum(prices)"));
    await vscode.commands.executeCommand("undo");
  },

  async "ghost text that is asked for comes, and is taken"() {
    const editor = await opened();
    const end = editor.document.lineAt(1).range.end;
    await editor.edit((builder) => builder.insert(end, "\n\n\ndef area(width, height):\n    return "));
    editor.selection = new vscode.Selection(5, 11, 5, 11);
    await emulator("script", { rules: [{ reply: "width * height" }], clear: true });
    await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
    await until("the text", async () => {
      await vscode.commands.executeCommand("editor.action.inlineSuggest.commit");
      return editor.document.getText().includes("return width * height");
    });
    await vscode.commands.executeCommand("workbench.action.files.revert");
  },

  async "a workspace's settings reach the server, but none that a workspace may not set"() {
    const api = await running();
    const config = vscode.workspace.getConfiguration("zai");
    await config.update("completion.mode", "off", vscode.ConfigurationTarget.Workspace);
    const editor = await opened();
    await until("languages are off", async () => {
      await vscode.workspace.getConfiguration("zai").update("languages.off", ["python"], vscode.ConfigurationTarget.Workspace);
      return (await actions(editor)).every(({ title, disabled }) => !title.startsWith("GLM") || disabled);
    });
    await config.update("languages.off", undefined, vscode.ConfigurationTarget.Workspace);
    await assert.rejects(async () => config.update("baseUrl", "http://127.0.0.1:9/", vscode.ConfigurationTarget.Workspace));
    await assert.rejects(async () => config.update("server.path", "/bin/false", vscode.ConfigurationTarget.Workspace));
    assert.equal(api.life().kind, "running");
  },

  async "many restarts asked for at once are few"() {
    const api = await running();
    await Promise.all(Array.from({ length: 6 }, () => vscode.commands.executeCommand("zai-ls.restartServer")));
    await until("it runs again", () => api.life().kind === "running" && api.life().status, 60);
  },

  async "stopped is stopped, until somebody starts it"() {
    const api = await running();
    await vscode.commands.executeCommand("zai-ls.stopServer");
    assert.equal(api.life().kind, "stopped");
    await vscode.commands.executeCommand("zai-ls.restartServer");
    await running();
  },
};
