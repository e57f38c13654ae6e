/** The server's quota page in a panel. The page asks us for its data, we ask the server; there is no address to reach. */

import * as vscode from "vscode";

import { newNonce, policy } from "./page.js";
import type { Host } from "./server/host.js";
import { say } from "./words.js";

/** The server's command: `{part: "page", nonce, policy}` answers `{html}`, any other part answers JSON for the page. */
const COMMAND = "zai.quotaPage";

export class QuotaPage implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;

  constructor(private readonly host: Host) {}

  async show(): Promise<void> {
    if (this.panel !== undefined) return this.panel.reveal();
    const nonce = newNonce();
    const page = await this.host.execute<{ html: string }>(COMMAND, { part: "page", nonce, policy: policy(nonce, true) });
    if (page === undefined || this.panel !== undefined) return;
    const panel = vscode.window.createWebviewPanel("zai-ls.quota", say("GLM: quota"), vscode.ViewColumn.Active, {
      enableScripts: true,
      retainContextWhenHidden: false,
      localResourceRoots: [],
    });
    this.panel = panel;
    panel.webview.onDidReceiveMessage(async (message: { id: number; part: string }) => {
      // A page that is open asks again and again: while there is no server it is told so, and nobody else.
      const data = this.host.running && (await this.host.execute(COMMAND, { part: String(message.part) }));
      void panel.webview.postMessage({ id: message.id, data: data ?? null });
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    panel.webview.html = page.html;
  }

  dispose(): void {
    this.panel?.dispose();
  }
}
