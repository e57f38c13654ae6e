/** The server's life: found, started with key and settings, watched, started again; one at a time. */

import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  ResponseError,
  type ShowDocumentParams,
  type ShowDocumentRequest,
  type ShowDocumentResult,
  State,
} from "vscode-languageclient/node";

import environmentNames from "../generated/environment.json";
import type { Keys } from "../key.js";
import type { Log } from "../log.js";
import type { Reading } from "../reading.js";
import { asEnvironment, editorKeys, machineKeys, whatIsSet } from "../settings.js";
import type { Life } from "../status/present.js";
import { STATUS, type Status } from "../status/protocol.js";
import { say } from "../words.js";
import { Backoff } from "./backoff.js";
import { type Found, findServer, type Miss } from "./find.js";
import type { OwnEnvironment } from "./install.js";
import { ServerProcess } from "./process.js";
import { Coalesced } from "./queue.js";

const STOP_MS = 3_000;
/** What a person answered when asked whether the project's own server may run; by its path. */
const PROJECT_ANSWERS = "zai.projectServers";

/** Documents of no folder (`untitled`) are served like files; what lies behind other schemes is not on this machine. */
const DOCUMENTS = [{ scheme: "file" }, { scheme: "untitled" }];

export class Host implements vscode.Disposable {
  private readonly lives = new vscode.EventEmitter<Life>();
  readonly onLife = this.lives.event;
  private client: LanguageClient | undefined;
  private readonly backoff = new Backoff();
  private readonly starts = new Coalesced(() => this.startOver());
  private again: NodeJS.Timeout | undefined;
  private process: ServerProcess | undefined;
  private disposed = false;
  private wanted = true;
  life: Life = { kind: "searching" };
  found: Found | undefined;
  misses: Miss[] = [];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: Log,
    private readonly keys: Keys,
    private readonly own: OwnEnvironment,
    private readonly reading: Reading,
  ) {}

  /** Starts the server, or starts it again: with the settings, the key and the place that hold now. */
  restart(): Promise<void> {
    this.wanted = true;
    this.backoff.reset();
    return this.starts.ask();
  }

  async stop(): Promise<void> {
    this.wanted = false;
    await this.starts.ask();
  }

  /** The running server; undefined when there is none. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** Runs one of the server's commands; tells the person when there is no server. Undefined when it failed. */
  async execute<T = unknown>(command: string, argument?: object): Promise<T | undefined> {
    const client = this.running;
    if (client === undefined) {
      await this.tellNotRunning();
      return undefined;
    }
    try {
      return await client.sendRequest<T>("workspace/executeCommand", {
        command,
        arguments: argument === undefined ? [] : [argument],
      });
    } catch (error) {
      void vscode.window.showErrorMessage(say("GLM: {0}", textOf(error)));
      return undefined;
    }
  }

  /** Command line and environment with which the server is run, for its other verbs too; undefined when it is not found. */
  async invocation(): Promise<{ command: string; env: Record<string, string>; cwd: string } | undefined> {
    const found = this.found ?? (await this.find());
    return found && { command: found.command, env: await this.environment(), cwd: os.homedir() };
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.again);
    this.lives.dispose();
  }

  /** Ends the server, when VS Code ends or the extension is switched off. */
  async end(): Promise<void> {
    this.disposed = true;
    clearTimeout(this.again);
    await this.stopClient();
  }

  // -- starting ------------------------------------------------------------------------------------------------

  private async startOver(): Promise<void> {
    clearTimeout(this.again);
    await this.stopClient();
    if (this.disposed) return;
    if (!this.wanted) return this.become({ kind: "stopped" });
    this.become({ kind: "searching" });
    this.found = await this.find();
    if (this.found === undefined) {
      this.log.channel.warn(this.explainMisses());
      return this.become({ kind: "missing" });
    }
    this.become({ kind: "starting" });
    this.log.channel.info(`Starting ${this.found.command} (${this.found.source})`);
    const client = this.newClient(this.found, await this.environment());
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.log.channel.error(`The server did not start: ${textOf(error)}`);
      return this.ended(client);
    }
    if (this.client !== client || client.state !== State.Running) return; // it ended meanwhile
    const info = client.initializeResult?.serverInfo;
    this.log.channel.info(`${info?.name ?? "server"} ${info?.version ?? ""} runs`);
    if (this.life.kind !== "running") this.become({ kind: "running" });
  }

  private newClient(found: Found, env: Record<string, string>): LanguageClient {
    const properties = settingsOf(this.context);
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENTS,
      outputChannel: this.log.channel,
      initializationOptions: { status: true, quotaMessages: true, asksForKey: true },
      initializationFailedHandler: () => false, // what follows is told once, where the process's end is seen
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          void this.ended(client);
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        window: { showDocument: (params, token, next) => this.showDocument(params, token, next) },
        workspace: {
          configuration: (params) => params.items.map(() => editorSettings(properties)),
          // Only that something has changed: the server asks for what it may have.
          didChangeConfiguration: () => client.sendNotification(DidChangeConfigurationNotification.type, { settings: null }),
        },
      },
    };
    const trace = vscode.workspace.getConfiguration("zai").get<string>("trace.server", "off");
    if (trace !== "off") options.traceOutputChannel = this.log.trace;
    const client = new LanguageClient(
      "zai",
      "GLM",
      async () => {
        this.process = new ServerProcess(found.command, ["serve"], env, os.homedir());
        return this.process.child;
      },
      options,
    );
    client.onNotification(STATUS, (status: Status) => {
      if (this.client === client) this.become({ kind: "running", status });
    });
    return client;
  }

  /** Texts to read are rendered beside the code; all else is opened as it is. */
  private async showDocument(
    params: ShowDocumentParams,
    token: vscode.CancellationToken,
    next: ShowDocumentRequest.HandlerSignature,
  ): Promise<ShowDocumentResult> {
    const uri = vscode.Uri.parse(params.uri);
    if (!params.external && uri.scheme === "file" && uri.path.endsWith(".md")) {
      try {
        const text = await fs.readFile(uri.fsPath, "utf8");
        await this.reading.show(titleOf(uri), text);
        return { success: true };
      } catch (error) {
        this.log.channel.warn(`A text is opened as it is: ${textOf(error)}`);
      }
    }
    const answer = await next(params, token);
    return answer instanceof ResponseError ? { success: false } : answer;
  }

  /** What the server is started with: machine settings and the key, which go by no other road. */
  private async environment(): Promise<Record<string, string>> {
    const config = vscode.workspace.getConfiguration("zai");
    const env: Record<string, string> = {
      ...(config.inspect<Record<string, string>>("server.environment")?.globalValue ?? {}),
      ...asEnvironment(environmentNames, (key) => config.inspect(key)),
    };
    const baseUrl = baseUrlInForce();
    const key = await this.keys.for(baseUrl);
    // The host goes with the key: no other file or variable of this machine leads it elsewhere.
    return key !== undefined && "key" in key ? { ...env, ZAI_API_KEY: key.key, ZAI_BASE_URL: baseUrl } : env;
  }

  private async stopClient(): Promise<void> {
    const [client, process] = [this.client, this.process];
    this.client = this.process = undefined;
    try {
      await client?.dispose(STOP_MS);
    } catch {
      // It had not started, or is gone already.
    }
    await process?.end();
  }

  // -- looking for it ------------------------------------------------------------------------------------------

  private async find(): Promise<Found | undefined> {
    const search = await findServer(
      {
        setting: vscode.workspace.getConfiguration("zai").get<string>("server.path", "").trim(),
        own: await this.own.command(),
        path: process.env.PATH ?? process.env.Path ?? "",
        folders: (vscode.workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === "file").map((f) => f.uri.fsPath),
        trusted: vscode.workspace.isTrusted,
        platform: process.platform,
        home: os.homedir(),
      },
      { isExecutable, mayRunProject: (command) => this.mayRunProject(command) },
    );
    this.misses = search.misses;
    return search.found;
  }

  private async mayRunProject(command: string): Promise<boolean | undefined> {
    const answers = this.context.workspaceState.get<Record<string, boolean>>(PROJECT_ANSWERS, {});
    if (command in answers) return answers[command];
    const [yes, no] = [say("Run it"), say("Never for this project")];
    const answer = await vscode.window.showWarningMessage(
      say("This project brings its own zai-ls: {0}. Running it runs the project's code, with your API key at hand.", command),
      yes,
      no,
    );
    if (answer === undefined) return undefined;
    await this.context.workspaceState.update(PROJECT_ANSWERS, { ...answers, [command]: answer === yes });
    return answer === yes;
  }

  /** Why there is no server, for the log. */
  private explainMisses(): string {
    const reasons = this.misses.map((miss) => `${miss.command}: ${miss.reason.replaceAll("_", " ")}`);
    return `No zai-ls found (${["setting, own environment, PATH, project", ...reasons].join("; ")})`;
  }

  // -- its end -------------------------------------------------------------------------------------------------

  private async ended(client: LanguageClient): Promise<void> {
    const process = this.process;
    if (this.client !== client || process === undefined) return; // we ended it ourselves
    this.client = this.process = undefined;
    const livedMs = process.livedMs;
    const { code, signal, lastLine } = await process.ending();
    await client.dispose(STOP_MS).catch(() => {});
    await process.end();
    if (this.disposed || this.client !== undefined || !this.wanted) return;
    const reason = endingText(code, signal, lastLine);
    const wait = this.backoff.next(livedMs);
    if (wait === undefined) {
      this.log.channel.error(`${reason} It was started ${this.backoff.count} times; that is enough.`);
      this.become({ kind: "failed", reason });
      void this.tellFailed(reason);
      return;
    }
    this.log.channel.warn(`${reason} It is started again in ${wait / 1000} s.`);
    this.become({ kind: "crashed", reason, againAt: Date.now() + wait });
    this.again = setTimeout(() => void this.starts.ask(), wait);
  }

  private async tellFailed(reason: string): Promise<void> {
    const [again, check, log] = [say("Start again"), say("Check set-up"), say("Show log")];
    const answer = await vscode.window.showErrorMessage(
      say("{0} It has been started several times and does not stay.", reason),
      again,
      check,
      log,
    );
    if (answer === again) await this.restart();
    if (answer === check) await vscode.commands.executeCommand("zai-ls.checkSetup");
    if (answer === log) this.log.channel.show();
  }

  private async tellNotRunning(): Promise<void> {
    if (this.life.kind === "missing") {
      await vscode.commands.executeCommand("zai-ls.installServer");
      return;
    }
    const [start, log] = [say("Start it"), say("Show log")];
    const answer = await vscode.window.showWarningMessage(say("The GLM language server is not running."), start, log);
    if (answer === start) await this.restart();
    if (answer === log) this.log.channel.show();
  }

  become(life: Life): void {
    if (this.disposed) return;
    this.life = life;
    void vscode.commands.executeCommand("setContext", "zai-ls.running", life.kind === "running");
    void vscode.commands.executeCommand("setContext", "zai-ls.missing", life.kind === "missing");
    this.lives.fire(life);
  }
}

/** The server names its texts `NUMBER-What-it-is.md`. */
function titleOf(uri: vscode.Uri): string {
  const name = path.posix.basename(uri.path, ".md").replace(/^\d+-/, "");
  return name.replaceAll("-", " ");
}

function endingText(code: number | null, signal: string | null, lastLine: string): string {
  const how =
    signal !== null
      ? say("The GLM language server was ended by {0}.", signal)
      : code !== null
        ? say("The GLM language server ended by itself, with exit code {0}.", code)
        : say("The GLM language server ended by itself.");
  return lastLine ? `${how} ${say("Its last words: {0}", lastLine)}` : how;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    const stat = await fs.stat(file);
    if (!stat.isFile()) return false;
    await fs.access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The settings that this extension declares; what they are is generated from the server's own table. */
export function settingsOf(context: vscode.ExtensionContext): Record<string, { scope?: string }> {
  const declared = context.extension.packageJSON.contributes.configuration as
    | { properties: Record<string, { scope?: string }> }
    | { properties: Record<string, { scope?: string }> }[];
  return Object.assign({}, ...[declared].flat().map((each) => each.properties));
}

/** Where requests go as far as this extension knows: its setting, else the variable that VS Code was started with. */
export function baseUrlInForce(): string {
  const config = vscode.workspace.getConfiguration("zai");
  return config.inspect<string>("baseUrl")?.globalValue || process.env.ZAI_BASE_URL || config.get<string>("baseUrl", "");
}

function editorSettings(properties: Record<string, { scope?: string }>): object {
  const config = vscode.workspace.getConfiguration("zai");
  return whatIsSet(
    editorKeys(properties),
    (key) => config.inspect(key),
    (key) => config.get(key),
  );
}

/** Does *event* touch what only a new start brings to the server? */
export function needsRestart(event: vscode.ConfigurationChangeEvent, properties: Record<string, { scope?: string }>): boolean {
  const keys = [...machineKeys(properties), "server.path", "server.environment", "trace.server"];
  return keys.some((key) => event.affectsConfiguration(`zai.${key}`));
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
