/** The client library's side of one server process: what it is told at the start, and where we answer in its place. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  type ApplyWorkspaceEditResult,
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  ResponseError,
  type ShowDocumentParams,
  type ShowDocumentRequest,
  type ShowDocumentResult,
} from "vscode-languageclient/node";

import type { Log } from "../log.js";
import type { Reading } from "../reading.js";
import type { Property } from "../settings.js";
import { STATUS, type Status } from "../status/protocol.js";
import { editorSettings } from "./config.js";
import type { ServerProcess } from "./process.js";

/** Documents of no folder (`untitled`) are served like files; what lies behind other schemes is not on this machine. */
export const SERVED = ["file", "untitled"];
/** What the server is told about us; see docs/protocol.md. */
const OPTIONS = { status: true, quotaMessages: true, asksForKey: true };
/** The library asks for a token that it does not look at. */
const NEVER = new vscode.CancellationTokenSource().token;
const DISCARD = "refactorPreview.discard";

export interface Ears {
  status(status: Status): void;
  closed(): void;
}

export class Connection extends LanguageClient {
  /** Changes that wait in VS Code's preview for a person. */
  reviews = 0;

  /** The library pops up what it thinks of a process that ends; we tell that ourselves, with the reason. */
  override error(message: string, data?: unknown, showNotification?: boolean | "force"): void {
    super.error(message, data, this.isRunning() ? showNotification : false);
  }

  /** An action was cancelled: a change that waits in VS Code's preview is not to be made any more. */
  async dropReviews(): Promise<void> {
    if (this.reviews > 0) await vscode.commands.executeCommand(DISCARD).then(undefined, () => {});
  }
}

/** A client for the process that *start* gives; it is not started yet. */
export function connect(
  start: () => ServerProcess,
  properties: Record<string, Property>,
  reading: Reading,
  log: Log,
  ears: Ears,
): Connection {
  const options: LanguageClientOptions = {
    documentSelector: SERVED.map((scheme) => ({ scheme })),
    outputChannel: log.channel,
    initializationOptions: OPTIONS,
    initializationFailedHandler: () => false, // what follows is told once, where the process's end is seen
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        ears.closed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: {
      window: { showDocument: (params, token, next) => showDocument(reading, log, params, token, next) },
      workspace: {
        configuration: (params) => params.items.map(() => editorSettings(properties)),
        // Only that something has changed: the server asks for what it may have.
        didChangeConfiguration: () => connection.sendNotification(DidChangeConfigurationNotification.type, { settings: null }),
        handleApplyEdit: async (params, next) => {
          const review = params.edit.changeAnnotations === undefined ? 0 : 1;
          connection.reviews += review;
          try {
            return (await next(params, NEVER)) as ApplyWorkspaceEditResult;
          } finally {
            connection.reviews -= review;
          }
        },
      },
    },
  };
  const trace = vscode.workspace.getConfiguration("zai").get<string>("trace.server", "off");
  if (trace !== "off") options.traceOutputChannel = log.trace;
  const connection: Connection = new Connection("zai", "GLM", async () => start().child, options);
  connection.onNotification(STATUS, (status: Status) => ears.status(status));
  return connection;
}

/** Texts to read are rendered beside the code; all else is opened as it is. */
async function showDocument(
  reading: Reading,
  log: Log,
  params: ShowDocumentParams,
  token: vscode.CancellationToken,
  next: ShowDocumentRequest.HandlerSignature,
): Promise<ShowDocumentResult> {
  const uri = vscode.Uri.parse(params.uri);
  if (!params.external && uri.scheme === "file" && uri.path.endsWith(".md")) {
    try {
      await reading.show(titleOf(uri), await fs.readFile(uri.fsPath, "utf8"));
      return { success: true };
    } catch (error) {
      log.channel.warn(`A text is opened as it is: ${String(error)}`);
    }
  }
  const answer = await next(params, token);
  return answer instanceof ResponseError ? { success: false } : answer;
}

/** The server names its texts `NUMBER-What-it-is.md`. */
function titleOf(uri: vscode.Uri): string {
  const name = path.posix.basename(uri.path, ".md").replace(/^\d+-/, "");
  return name.replaceAll("-", " ");
}
