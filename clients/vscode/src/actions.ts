/** The commands that ask the server for an action on the selection. */

import * as vscode from "vscode";

import { SERVED } from "./server/connection.js";
import type { Host } from "./server/host.js";
import { say } from "./words.js";

const HISTORY = "zai.instructions";
const HISTORY_LENGTH = 30;

interface Extras {
  instruction?: string;
  /** Hand over the problems that are reported here; without any there is nothing to do. */
  problems?: boolean;
}

export class Actions {
  constructor(
    private readonly host: Host,
    private readonly memory: vscode.Memento,
  ) {}

  /** Runs *action* on the selection, or at the cursor. */
  async run(action: string, extras: Extras = {}): Promise<void> {
    const editor = this.editor();
    if (editor === undefined) return;
    const argument = await this.place(editor, extras.problems ?? false);
    if (argument === undefined) return;
    await this.host.execute("zai.run", {
      action,
      ...argument,
      ...(extras.instruction ? { instruction: extras.instruction } : {}),
    });
  }

  /** Asks what to do with the selection, and has it done. */
  async instruct(given?: unknown): Promise<void> {
    const editor = this.editor();
    if (editor === undefined) return;
    const instruction = typeof given === "string" && given.trim() ? given.trim() : await this.askInstruction(editor);
    if (instruction === undefined) return;
    await this.remember(instruction);
    await this.run("instruct", { instruction });
  }

  /** Shows what an action on the selection would send; without an editor, what the last request sent. */
  async showPrompt(): Promise<void> {
    const active = vscode.window.activeTextEditor;
    const editor = active && SERVED.includes(active.document.uri.scheme) ? active : undefined;
    const place = editor && this.host.running && (await this.place(editor, false));
    await this.host.execute("zai.showPrompt", place && { action: "refactor", ...place });
  }

  private editor(): vscode.TextEditor | undefined {
    const editor = vscode.window.activeTextEditor;
    if (editor !== undefined && SERVED.includes(editor.document.uri.scheme)) return editor;
    void vscode.window.showInformationMessage(say("Open a file and put the cursor into the code first."));
    return undefined;
  }

  private async place(editor: vscode.TextEditor, problems: boolean): Promise<object | undefined> {
    const { document, selection } = editor;
    const client = this.host.running;
    // Nobody to ask: `execute` tells so.
    if (client === undefined) return { uri: document.uri.toString() };
    const place = {
      uri: client.code2ProtocolConverter.asUri(document.uri),
      range: client.code2ProtocolConverter.asRange(selection),
      version: document.version,
    };
    if (!problems) return place;
    const here = vscode.languages.getDiagnostics(document.uri).filter((each) => touches(each.range, selection));
    if (here.length === 0) {
      void vscode.window.showInformationMessage(say("No problem is reported here."));
      return undefined;
    }
    return { ...place, diagnostics: await client.code2ProtocolConverter.asDiagnostics(here) };
  }

  /** A box to write into, with what was written before below it. */
  private askInstruction(editor: vscode.TextEditor): Promise<string | undefined> {
    const box = vscode.window.createQuickPick<vscode.QuickPickItem>();
    box.title = editor.selection.isEmpty ? say("GLM: change the code here") : say("GLM: refactor the selection");
    box.placeholder = say("What should be done? For example: use early returns");
    const remove: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("close"), tooltip: say("Forget this one") };
    const fill = () => {
      const written = box.value.trim();
      const before = this.history.filter((each) => each !== written);
      box.items = [
        ...(written ? [{ label: `$(sparkle) ${written}`, alwaysShow: true, description: say("Enter") }] : []),
        ...before.map((label) => ({ label, buttons: [remove] })),
      ];
      // Enter in an empty box asks for nothing; what was said before is one arrow away.
      if (!written) box.activeItems = [];
    };
    return new Promise((resolve) => {
      box.onDidChangeValue(fill);
      box.onDidTriggerItemButton(async ({ item }) => {
        await this.memory.update(
          HISTORY,
          this.history.filter((each) => each !== item.label),
        );
        fill();
      });
      box.onDidAccept(() => {
        const chosen = box.selectedItems[0];
        // What was written counts as it stands; only an entry of before is taken from the list.
        resolve(chosen?.buttons ? chosen.label : box.value.trim() || undefined);
        box.hide();
      });
      box.onDidHide(() => {
        resolve(undefined);
        box.dispose();
      });
      fill();
      box.show();
    });
  }

  private get history(): string[] {
    return this.memory.get<string[]>(HISTORY, []);
  }

  private async remember(instruction: string): Promise<void> {
    const others = this.history.filter((each) => each !== instruction);
    await this.memory.update(HISTORY, [instruction, ...others].slice(0, HISTORY_LENGTH));
  }
}

/** Is a problem at *range* meant by *selection*? With the cursor alone, all of its line are. */
function touches(range: vscode.Range, selection: vscode.Selection): boolean {
  if (!selection.isEmpty) return range.intersection(selection) !== undefined;
  return range.start.line <= selection.active.line && selection.active.line <= range.end.line;
}
