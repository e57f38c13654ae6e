import * as vscode from "vscode";

/** A sentence in VS Code's language; English is the key into `l10n/`. */
export function say(sentence: string, ...values: (string | number)[]): string {
  return vscode.l10n.t(sentence, ...values);
}
