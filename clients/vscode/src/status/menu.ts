import * as vscode from "vscode";

import { say } from "../words.js";
import type { Life } from "./present.js";

interface Entry extends vscode.QuickPickItem {
  command?: string;
}

/** What a click on the status bar offers: what makes sense now comes first. */
export function entries(life: Life): Entry[] {
  const entry = (icon: string, label: string, command: string, detail?: string): Entry => ({
    label: `$(${icon}) ${label}`,
    command,
    ...(detail ? { detail } : {}),
  });
  const separator: Entry = { label: "", kind: vscode.QuickPickItemKind.Separator };
  const always = [
    separator,
    entry("checklist", say("Check set-up"), "zai-ls.checkSetup"),
    entry("key", say("Set API key…"), "zai-ls.setApiKey"),
    entry("account", say("Choose product and plan…"), "zai-ls.chooseProduct"),
    entry("settings-gear", say("Open settings"), "zai-ls.openSettings"),
    entry("output", say("Show log"), "zai-ls.showLog"),
    entry("debug-restart", say("Restart the language server"), "zai-ls.restartServer"),
  ];
  if (life.kind === "missing") {
    return [entry("cloud-download", say("Install the language server…"), "zai-ls.installServer"), ...always];
  }
  if (life.kind === "stopped" || life.kind === "failed") {
    return [entry("debug-start", say("Start the language server"), "zai-ls.restartServer"), ...always];
  }
  if (life.kind !== "running") return always.slice(1);
  const status = life.status;
  const now: Entry[] = [];
  if (status?.state === "busy") now.push(entry("stop-circle", say("Cancel the running request"), "zai-ls.cancel", status.text));
  now.push(entry("graph", say("Quota page"), "zai-ls.showQuota", status?.forecast));
  now.push(
    status?.state === "paused"
      ? entry("debug-start", say("Go on"), "zai-ls.resume", say("All windows and tools of this account on this machine"))
      : entry("debug-pause", say("Pause"), "zai-ls.pause", say("All windows and tools of this account on this machine")),
    entry(
      "lightbulb",
      status?.state === "off" ? say("Switch completions on") : say("Switch completions off"),
      "zai-ls.toggleCompletions",
      say("In this window"),
    ),
    entry("symbol-misc", say("Choose model…"), "zai-ls.chooseModel", status?.model),
    entry("comment-discussion", say("Explain the last decision"), "zai-ls.explainLast", status?.lastDecline),
    entry("eye", say("Show what would be sent"), "zai-ls.showPrompt"),
  );
  return [...now, ...always];
}

export async function showMenu(life: Life): Promise<void> {
  const placeHolder = (life.kind === "running" && (life.status?.detail || life.status?.text)) || "GLM";
  const choice = await vscode.window.showQuickPick(entries(life), { title: "GLM", placeHolder, matchOnDetail: true });
  if (choice?.command) await vscode.commands.executeCommand(choice.command);
}
