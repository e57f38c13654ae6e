import * as vscode from "vscode";

import { say } from "../words.js";
import { LINKED, type Life, present } from "./present.js";

const TICK_MS = 1_000;

/** The item in the status bar. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("zai-ls.status", vscode.StatusBarAlignment.Right, 100);
  private ticking: NodeJS.Timeout | undefined;

  constructor() {
    this.item.name = "GLM";
    this.item.show();
  }

  show(life: Life): void {
    clearTimeout(this.ticking);
    const shown = present(life, Date.now(), say);
    this.item.text = shown.text;
    const tooltip = new vscode.MarkdownString(shown.tooltip, true);
    tooltip.isTrusted = { enabledCommands: LINKED };
    this.item.tooltip = tooltip;
    this.item.command = shown.command;
    this.item.backgroundColor = shown.background && new vscode.ThemeColor(`statusBarItem.${shown.background}Background`);
    this.item.accessibilityInformation = { label: shown.text.replace(/\$\([\w~-]+\)\s*/g, "") };
    // The seconds until the next start run down.
    if (life.kind === "crashed") this.ticking = setTimeout(() => this.show(life), TICK_MS);
  }

  dispose(): void {
    clearTimeout(this.ticking);
    this.item.dispose();
  }
}
