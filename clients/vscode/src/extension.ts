/** The GLM client: it finds and starts the language server, shows its status, and offers what a protocol cannot. */

import * as path from "node:path";
import * as vscode from "vscode";

import { Actions } from "./actions.js";
import { Keys } from "./key.js";
import { Log } from "./log.js";
import { QuotaPage } from "./quota.js";
import { Reading } from "./reading.js";
import { declared, needsRestart } from "./server/config.js";
import { Host } from "./server/host.js";
import { OwnEnvironment } from "./server/install.js";
import { ProjectAnswers } from "./server/project.js";
import { Setup } from "./setup.js";
import { StatusBar } from "./status/bar.js";
import { showMenu } from "./status/menu.js";
import type { Life } from "./status/present.js";
import { say } from "./words.js";

const GREETED = "zai.greeted";
/** The commands that run one action; package.json has an entry for each, made from the server's table. */
const ACTION = "zai-ls.action.";

let host: Host | undefined;
let setup: Setup | undefined;

/** What tests ask. */
export interface Api {
  life(): Life;
}

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const log = new Log();
  const keys = new Keys(context.secrets);
  const own = new OwnEnvironment(context.globalStorageUri.fsPath, path.join(context.extensionPath, "server"), process.platform);
  const reading = new Reading();
  const answers = new ProjectAnswers(context.workspaceState);
  const server = new Host(context, log, keys, own, reading, answers);
  const installer = new Setup(server, keys, own, answers, reading, log, context.globalState);
  [host, setup] = [server, installer];
  const actions = new Actions(server, context.globalState);
  const quota = new QuotaPage(server);
  const bar = new StatusBar();
  const missed = new Missed(installer);

  context.subscriptions.push(log, reading, server, quota, bar);
  context.subscriptions.push(
    server.onLife((life) => {
      bar.show(life);
      void missed.see(life);
      void greet(life, context);
    }),
    keys.onChange(() => void server.changed()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event, declared(context))) void server.changed();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (server.life.kind === "missing") void server.restart();
    }),
  );

  const commands: Record<string, (...args: unknown[]) => unknown> = {
    "zai-ls.menu": () => showMenu(server.life),
    "zai-ls.refactorSelection": (given) => actions.instruct(given),
    "zai-ls.explain": () => actions.run("explain"),
    "zai-ls.fixHere": () => actions.run("fix", { problems: true }),
    "zai-ls.writeTests": () => actions.run("test"),
    "zai-ls.cancel": () => cancel(server),
    "zai-ls.pause": () => server.execute("zai.pause"),
    "zai-ls.resume": () => server.execute("zai.resume"),
    "zai-ls.toggleCompletions": () => server.execute("zai.toggleCompletions"),
    "zai-ls.explainLast": () => server.execute("zai.explainLast"),
    "zai-ls.showPrompt": () => actions.showPrompt(),
    "zai-ls.showQuota": () => quota.show(),
    "zai-ls.chooseModel": () => installer.chooseModel(),
    "zai-ls.chooseProduct": () => installer.chooseProduct(),
    "zai-ls.setApiKey": () => installer.setApiKey(),
    "zai-ls.removeApiKey": () => installer.removeApiKey(),
    "zai-ls.checkSetup": () => installer.checkSetup(),
    "zai-ls.installServer": () => installer.offerServer(true),
    "zai-ls.restartServer": () => server.restart(),
    "zai-ls.stopServer": () => server.stop(),
    "zai-ls.showLog": () => log.channel.show(),
    "zai-ls.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
    "zai-ls.openWalkthrough": () => openWalkthrough(context),
  };
  for (const { command } of context.extension.packageJSON.contributes.commands as { command: string }[]) {
    if (command.startsWith(ACTION)) commands[command] = () => actions.run(command.slice(ACTION.length));
  }
  for (const [name, command] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, command));
  }

  bar.show(server.life);
  await own.prepare();
  const unwatch = own.onInstalled(() => {
    if (server.life.kind === "missing") void server.restart();
  });
  context.subscriptions.push(new vscode.Disposable(unwatch));
  void own.sweep(Date.now());
  // Not awaited: whoever types need not wait for a server.
  void server.restart().then(() => installer.offerUpdate());
  return { life: () => server.life };
}

export async function deactivate(): Promise<void> {
  setup?.cancel();
  await host?.end();
}

async function cancel(server: Host): Promise<void> {
  const answer = await server.execute<{ id: string | null }>("zai.cancel");
  if (answer?.id) await server.running?.dropReviews();
  else if (answer) void vscode.window.showInformationMessage(say("No request is under way in this window."));
}

/** Offers to install a server, once in the life of a window. */
class Missed {
  private told = false;

  constructor(private readonly setup: Setup) {}

  async see(life: Life): Promise<void> {
    if (life.kind !== "missing" || this.told) return;
    this.told = true;
    await this.setup.offerServer(false);
  }
}

/** Says, the first time that only a key is missing, where to begin. */
async function greet(life: Life, context: vscode.ExtensionContext): Promise<void> {
  if (life.kind !== "running" || life.status?.needs !== "key" || context.globalState.get(GREETED)) return;
  await context.globalState.update(GREETED, true);
  const [set, tour] = [say("Set API key…"), say("Show me around")];
  const answer = await vscode.window.showInformationMessage(
    say("GLM is ready, and needs an API key of Z.ai or BigModel."),
    set,
    tour,
  );
  if (answer === set) await vscode.commands.executeCommand("zai-ls.setApiKey");
  if (answer === tour) await openWalkthrough(context);
}

function openWalkthrough(context: vscode.ExtensionContext): Thenable<unknown> {
  return vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#begin`, false);
}
