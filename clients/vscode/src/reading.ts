/** Texts to read beside the code: rendered, with nothing in them that could load or run. */

import * as vscode from "vscode";

import { escapeHtml, newNonce, policy } from "./page.js";

const STYLE = `
body { font: var(--vscode-font-size) / 1.6 var(--vscode-font-family); color: var(--vscode-foreground); max-width: 52rem; padding: 0 1.2rem 2rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4em; } h2 { font-size: 1.2em; } h3 { font-size: 1.05em; }
code { font-family: var(--vscode-editor-font-family); font-size: .95em; background: var(--vscode-textCodeBlock-background); padding: .1em .25em; border-radius: 3px; }
pre { background: var(--vscode-textCodeBlock-background); padding: .7em 1em; border-radius: 4px; overflow-x: auto; }
pre code { padding: 0; background: none; }
a { color: var(--vscode-textLink-foreground); }
blockquote { margin: 0; padding-left: 1em; border-left: 3px solid var(--vscode-textBlockQuote-border); }
table { border-collapse: collapse; } th, td { border: 1px solid var(--vscode-panel-border); padding: .25em .7em; text-align: left; vertical-align: top; }
td:not(:last-child) { overflow-wrap: normal; white-space: nowrap; }
.hljs-comment { color: var(--vscode-descriptionForeground); } .hljs-keyword, .hljs-built_in { font-weight: 600; }
`;

/** One panel, which shows the newest text. */
export class Reading implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;

  async show(title: string, markdown: string): Promise<void> {
    // VS Code's own renderer. What a model wrote may hold images: they would tell their host what was read.
    const html = await vscode.commands.executeCommand<string>("markdown.api.render", markdown);
    const nonce = newNonce();
    const panel = this.opened();
    panel.title = title;
    panel.webview.html = `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(nonce, false)}">
<title>${escapeHtml(title)}</title><style nonce="${nonce}">${STYLE}</style></head><body>${html}</body></html>`;
    panel.reveal(undefined, true);
  }

  private opened(): vscode.WebviewPanel {
    if (this.panel === undefined) {
      const where = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.panel = vscode.window.createWebviewPanel("zai-ls.reading", "GLM", where, {
        enableFindWidget: true,
        localResourceRoots: [],
      });
      this.panel.onDidDispose(() => {
        this.panel = undefined;
      });
    }
    return this.panel;
  }

  dispose(): void {
    this.panel?.dispose();
  }
}
