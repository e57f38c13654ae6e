/** The server's life: found, started with key and settings, watched, started again; one at a time. */

import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as vscode from "vscode";
import { State } from "vscode-languageclient/node";

import type { Keys } from "../key.js";
import type { Log } from "../log.js";
import type { Reading } from "../reading.js";
import type { Life } from "../status/present.js";
import type { Status } from "../status/protocol.js";
import { say } from "../words.js";
import { Backoff } from "./backoff.js";
import { declared, environment } from "./config.js";
import { type Connection, connect } from "./connection.js";
import { type Found, findServer, type Miss } from "./find.js";
import type { OwnEnvironment } from "./install.js";
import { ServerProcess } from "./process.js";
import type { ProjectAnswers } from "./project.js";
import { Coalesced } from "./queue.js";

const STOP_MS = 3_000;
/** From the start to the first answer; a busy machine takes seconds. */
const ANSWER_MS = 60_000;

export class Host implements vscode.Disposable {
  private readonly lives = new vscode.EventEmitter<Life>();
  readonly onLife = this.lives.event;
  private connection: Connection | undefined;
  private process: ServerProcess | undefined;
  private readonly backoff = new Backoff();
  private readonly starts = new Coalesced(() => this.startOver());
  private again: NodeJS.Timeout | undefined;
  private disposed = false;
  private wanted = true;
  private due = false;
  /** Counts the starts: what an older one still has to say is no longer of interest. */
  private begun = 0;
  life: Life = { kind: "searching" };
  found: Found | undefined;
  misses: Miss[] = [];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: Log,
    private readonly keys: Keys,
    private readonly own: OwnEnvironment,
    private readonly reading: Reading,
    private readonly answers: ProjectAnswers,
  ) {}

  // -- what others ask of it -----------------------------------------------------------------------------------

  /** Starts the server, or starts it again: with the settings, the key and the place that hold now. */
  restart(): Promise<void> {
    this.wanted = true;
    this.backoff.reset();
    return this.startSoon();
  }

  /** The same when something has changed that only a new start brings: not while a request is under way, or against a person's wish. */
  async changed(): Promise<void> {
    if (!this.wanted) return;
    this.due = true;
    if (!this.isBusy) await this.restart();
    else this.log.channel.info("Settings have changed; the server is started again when the request has ended.");
  }

  async stop(): Promise<void> {
    this.wanted = false;
    await this.startSoon();
  }

  /** The running server; undefined when there is none. */
  get running(): Connection | undefined {
    return this.connection?.state === State.Running ? this.connection : undefined;
  }

  /** Runs one of the server's commands; tells the person when there is no server. Undefined when it failed. */
  async execute<T = unknown>(command: string, argument?: object): Promise<T | undefined> {
    const connection = this.running;
    if (connection === undefined) {
      await this.tellNotRunning();
      return undefined;
    }
    try {
      return await connection.sendRequest<T>("workspace/executeCommand", {
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
    const found = (await this.find()) ?? this.found;
    return found && { command: found.command, env: await environment(this.keys), cwd: os.homedir() };
  }

  /** Shows that a server is being installed, or no longer; not when one is there by now. */
  installing(on: boolean): void {
    if (on && this.life.kind === "missing") this.become({ kind: "installing" });
    if (!on && this.life.kind === "installing") this.become({ kind: "missing", misses: this.misses });
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
    await this.stopServer();
  }

  // -- starting ------------------------------------------------------------------------------------------------

  /** A server that is only just starting is not waited for: it may never answer. */
  private startSoon(): Promise<void> {
    if (this.life.kind === "starting") this.process?.kill();
    return this.starts.ask();
  }

  private async startOver(): Promise<void> {
    clearTimeout(this.again);
    this.begun += 1;
    this.due = false;
    await this.stopServer();
    if (this.disposed) return;
    if (!this.wanted) return this.become({ kind: "stopped" });
    this.become({ kind: "searching" });
    this.found = await this.find();
    if (this.found === undefined) {
      const reasons = this.misses.map((miss) => `${miss.command}: ${miss.reason.replaceAll("_", " ")}`);
      this.log.channel.warn(`No zai-ls was found. ${reasons.join("; ")}`);
      return this.become({ kind: "missing", misses: this.misses });
    }
    this.become({ kind: "starting" });
    this.log.channel.info(`Starting ${this.found.command} (${this.found.source})`);
    try {
      await this.start(this.found.command, await environment(this.keys));
    } catch (error) {
      this.log.channel.error(`The server did not start: ${textOf(error)}`);
      await this.ended(this.connection, textOf(error));
    }
  }

  private async start(command: string, env: Record<string, string>): Promise<void> {
    const process = new ServerProcess(command, ["serve"], env, os.homedir());
    const connection: Connection = connect(() => process, declared(this.context), this.reading, this.log, {
      status: (status) => {
        if (this.connection === connection) this.become({ kind: "running", status });
      },
      closed: () => void this.ended(connection),
    });
    [this.connection, this.process] = [connection, process];
    await Promise.race([connection.start(), process.ended(), late()]);
    if (this.connection !== connection || connection.state !== State.Running) return; // it ended meanwhile
    const info = connection.initializeResult?.serverInfo;
    this.log.channel.info(`${info?.name ?? "server"} ${info?.version ?? ""} runs`);
    if (this.life.kind !== "running") this.become({ kind: "running" });
  }

  private async stopServer(): Promise<void> {
    const [connection, process] = [this.connection, this.process];
    this.connection = this.process = undefined;
    try {
      await connection?.dispose(STOP_MS);
    } catch {
      // It had not started, or is gone already.
    }
    await process?.end();
  }

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
      { isExecutable, real, answerAbout: (command) => this.answers.about(command) },
    );
    this.misses = search.misses;
    return search.found;
  }

  // -- its end -------------------------------------------------------------------------------------------------

  private async ended(connection: Connection | undefined, why = ""): Promise<void> {
    const process = this.process;
    if (this.connection !== connection) return; // we ended it ourselves
    const [wasBusy, begun] = [this.isBusy, this.begun];
    this.connection = this.process = undefined;
    let ending = await process?.ending();
    if (process !== undefined && !process.isOver) {
      process.kill(); // it runs, and does not answer
      ending = await process.ending();
    }
    await connection?.dispose(STOP_MS).catch(() => {});
    if (this.disposed || this.begun !== begun || !this.wanted) return;
    const reason = ending === undefined ? why : endingText(ending);
    if (wasBusy) void this.tellLost(reason);
    const wait = this.backoff.next(process?.livedMs ?? 0);
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

  private async tellLost(reason: string): Promise<void> {
    const log = say("Show log");
    const text = say("{0} The request that was under way is lost; nothing was changed.", reason);
    if ((await vscode.window.showWarningMessage(text, log)) === log) this.log.channel.show();
  }

  private async tellFailed(reason: string): Promise<void> {
    const [again, check, log] = [say("Start again"), say("Check set-up"), say("Show log")];
    const text = say("{0} It has been started several times and does not stay.", reason);
    const answer = await vscode.window.showErrorMessage(text, again, check, log);
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

  // -- how it is -----------------------------------------------------------------------------------------------

  private get isBusy(): boolean {
    return this.life.kind === "running" && this.life.status?.state === "busy";
  }

  private become(life: Life): void {
    if (this.disposed) return;
    this.life = life;
    const status: Status | undefined = life.kind === "running" ? life.status : undefined;
    context("running", life.kind === "running");
    context("paused", status?.state === "paused");
    context("hasKey", status !== undefined && status.needs !== "key");
    this.lives.fire(life);
    if (this.due && life.kind === "running" && !this.isBusy) void this.restart();
  }
}

function context(name: string, value: boolean): void {
  void vscode.commands.executeCommand("setContext", `zai-ls.${name}`, value);
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS).unref();
  });
}

function endingText({ code, signal, lastLine, killed }: Awaited<ReturnType<ServerProcess["ending"]>>): string {
  const how = killed
    ? say("The GLM language server did not answer.")
    : signal !== null
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

async function real(file: string): Promise<string> {
  return fs.realpath(file).catch(() => file);
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
