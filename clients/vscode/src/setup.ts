/** Getting it to run: the server, the key, the product, the model, and what is wrong with them. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";

import products from "./generated/products.json";
import { hostOf, type Keys, keyProblem } from "./key.js";
import type { Log } from "./log.js";
import type { Reading } from "./reading.js";
import type { Host } from "./server/host.js";
import { baseUrlInForce, textOf } from "./server/host.js";
import { Cancelled, InstallFailed, type OwnEnvironment } from "./server/install.js";
import { findPython, OLDEST } from "./server/python.js";
import { say } from "./words.js";

const DOCTOR_MS = 60_000;
const MARKS: Record<string, string> = { fine: "✓", note: "–", warning: "!", error: "✗" };

interface Finding {
  severity: string;
  check: string;
  text: string;
}

interface Models {
  /** What is set; empty: chosen for each request. */
  chosen: string;
  models: { name: string; note: string }[];
}

export class Setup {
  private installing = false;

  constructor(
    private readonly host: Host,
    private readonly keys: Keys,
    private readonly own: OwnEnvironment,
    private readonly reading: Reading,
    private readonly log: Log,
  ) {}

  // -- the server ------------------------------------------------------------------------------------------------

  /** Makes the extension's own environment, after one question. */
  async installServer(update = false): Promise<void> {
    if (this.installing) return;
    this.installing = true;
    try {
      if (await this.mayInstall(update)) await this.install();
    } finally {
      this.installing = false;
    }
  }

  /** Offers the newer server that came with a newer extension. */
  async offerUpdate(): Promise<void> {
    if (this.host.found?.source === "own" && (await this.own.isOutdated())) await this.installServer(true);
  }

  private async mayInstall(update: boolean): Promise<boolean> {
    const [install, choose] = [update ? say("Update") : say("Install"), say("Choose its path…")];
    const text = update
      ? say("This extension brings a newer GLM language server than the one in its environment.")
      : say(
          "The GLM language server (zai-ls) was not found. It can be installed into an environment of this extension's own; nothing else on this machine changes.",
        );
    const answer = await vscode.window.showInformationMessage(text, ...(update ? [install] : [install, choose]));
    if (answer === choose) await vscode.commands.executeCommand("workbench.action.openSettings", "zai.server.path");
    return answer === install;
  }

  private async install(): Promise<void> {
    const setting = vscode.workspace.getConfiguration("zai").get<string>("server.python", "").trim();
    const before = this.host.life;
    const options = {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: say("GLM: installing the language server"),
    };
    try {
      await vscode.window.withProgress(options, async (progress, token) => {
        progress.report({ message: say("looking for Python") });
        const search = await findPython(setting, process.platform);
        if (search.python === undefined) throw new NoPython(search.why, search.tried, setting);
        this.log.channel.info(`Installing with ${search.python.command} ${search.python.version}`);
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        if (before.kind === "missing") this.host.become({ kind: "installing" });
        const steps = { environment: say("making an environment"), packages: say("fetching packages; this can take a minute") };
        await this.own.install(
          search.python,
          { step: (name) => progress.report({ message: steps[name] }), line: (text) => this.log.channel.info(text) },
          abort.signal,
        );
      });
    } catch (error) {
      this.host.become(before);
      if (!(error instanceof Cancelled)) void this.tellInstallFailed(error);
      return;
    }
    await this.host.restart();
    void vscode.window.showInformationMessage(say("The GLM language server is installed."));
  }

  private async tellInstallFailed(error: unknown): Promise<void> {
    this.log.channel.error(`Installing failed: ${textOf(error)}`);
    if (error instanceof InstallFailed && error.output) this.log.channel.error(error.output);
    const [again, log] = [say("Try again"), say("Show log")];
    const answer = await vscode.window.showErrorMessage(failureText(error), again, log);
    if (answer === again) await this.install();
    if (answer === log) this.log.channel.show();
  }

  // -- the key ---------------------------------------------------------------------------------------------------

  async setApiKey(): Promise<void> {
    const baseUrl = this.baseUrl;
    const key = await vscode.window.showInputBox({
      title: say("GLM: API key for {0}", hostOf(baseUrl)),
      prompt: say("It is kept in VS Code's secret storage, and sent to {0} only.", hostOf(baseUrl)),
      placeHolder: "0123456789abcdef….0123456789abcdef",
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) => {
        const problem = text && keyProblem(text);
        return problem === "odd" ? say("A key has no blanks, quotes or letters beyond ASCII.") : undefined;
      },
    });
    if (key === undefined || keyProblem(key) !== undefined) return;
    await this.keys.set(key.trim(), baseUrl);
    await this.host.restart();
    const check = say("Check set-up");
    const answer = await vscode.window.showInformationMessage(say("The API key is stored."), check);
    if (answer === check) await this.checkSetup();
  }

  async removeApiKey(): Promise<void> {
    const had = await this.keys.remove();
    if (had) await this.host.restart();
    void vscode.window.showInformationMessage(
      had
        ? say("The API key is removed from VS Code. It stays valid until you delete it at the service.")
        : say("VS Code holds no API key."),
    );
  }

  // -- product, plan and model -----------------------------------------------------------------------------------

  /** Where the key is from: that decides the address, and the plan how much there is. */
  async chooseProduct(): Promise<void> {
    const config = vscode.workspace.getConfiguration("zai");
    const items = products.flatMap((product) =>
      product.plans.map((plan) => ({
        label: product.plans.length > 1 ? `${titleOf(product)}, ${plan[0]?.toUpperCase()}${plan.slice(1)}` : titleOf(product),
        description: product.baseUrl === this.baseUrl && plan === config.get("plan") ? say("chosen") : "",
        detail: product.baseUrl,
        plan,
        baseUrl: product.baseUrl,
      })),
    );
    const choice = await vscode.window.showQuickPick(items, {
      title: say("GLM: which product is your key from?"),
      placeHolder: say("A key works with one product only"),
    });
    if (choice === undefined) return;
    const before = hostOf(this.baseUrl);
    // Each change starts the server again; the starts run together.
    await config.update("baseUrl", choice.baseUrl, vscode.ConfigurationTarget.Global);
    await config.update("plan", choice.plan, vscode.ConfigurationTarget.Global);
    if (hostOf(choice.baseUrl) === before) return;
    const stored = await this.keys.for(choice.baseUrl);
    if (stored === undefined || "key" in stored) return;
    const set = say("Set API key…");
    const answer = await vscode.window.showWarningMessage(
      say("Your API key was given for {0}, and is not sent to {1}.", stored.elsewhere, hostOf(choice.baseUrl)),
      set,
    );
    if (answer === set) await this.setApiKey();
  }

  async chooseModel(): Promise<void> {
    const known = await this.host.execute<Models>("zai.models");
    if (known === undefined) return;
    const mark = (name: string) => (name === known.chosen ? say("chosen") : "");
    const items = [
      {
        label: `$(sparkle) ${say("Automatic")}`,
        description: mark(""),
        detail: say("For each request, by how hard the code is"),
        name: "",
      },
      ...known.models.map(({ name, note }) => ({ label: name, description: mark(name), detail: note, name })),
    ];
    const choice = await vscode.window.showQuickPick(items, {
      title: say("GLM: model for everything you ask"),
      matchOnDetail: true,
    });
    if (choice === undefined) return;
    await vscode.workspace.getConfiguration("zai").update("model", choice.name || undefined, vscode.ConfigurationTarget.Global);
  }

  // -- what is wrong ---------------------------------------------------------------------------------------------

  /** Runs the server's `doctor` and shows what it found. */
  async checkSetup(): Promise<void> {
    const invocation = await this.host.invocation();
    if (invocation === undefined) return this.installServer();
    const options = { location: vscode.ProgressLocation.Notification, title: say("GLM: checking the set-up") };
    const answer = await vscode.window.withProgress(options, () => output(invocation, ["doctor", "--json"]));
    let findings: Finding[];
    try {
      findings = JSON.parse(answer.stdout) as Finding[];
    } catch {
      this.log.channel.error(`doctor: ${answer.stderr || answer.stdout}`);
      void vscode.window.showErrorMessage(say("The check itself failed: {0}", answer.stderr.trim().split("\n").at(-1) ?? ""));
      return;
    }
    const bad = findings.filter((each) => each.severity === "error" || each.severity === "warning").length;
    const head = bad === 0 ? say("All is well.") : say("{0} of {1} checks found something.", bad, findings.length);
    const from = say("{0}, found by: {1}", `\`${invocation.command}\``, this.host.found?.source ?? "");
    const rows = findings.map(
      (each) => `| ${MARKS[each.severity] ?? each.severity} | ${cell(each.check)} | ${cell(each.text)} |`,
    );
    const table = [`| | ${say("check")} | ${say("finding")} |`, "|---|---|---|", ...rows].join("\n");
    await this.reading.show(say("GLM: set-up"), `# ${say("GLM: set-up")}\n\n${head}\n\n${table}\n\n${from}\n`);
  }

  private get baseUrl(): string {
    return baseUrlInForce();
  }
}

class NoPython extends Error {
  constructor(
    readonly why: "none" | "no_venv",
    readonly tried: readonly string[],
    readonly setting: string,
  ) {
    super(`no Python: ${why} (${tried.join(", ")})`);
  }
}

/** What happened and what to do next, in a sentence or two. */
function failureText(error: unknown): string {
  const oldest = OLDEST.join(".");
  if (error instanceof NoPython) {
    if (error.why === "no_venv") {
      return say(
        "{0} cannot make virtual environments. On Debian and Ubuntu install the package python3-venv; then try again.",
        error.tried[0] ?? "Python",
      );
    }
    if (error.setting)
      return say("{0} is no Python {1} or newer. Correct the setting zai.server.python, then try again.", error.setting, oldest);
    return error.tried.length > 0
      ? say(
          "The language server needs Python {0} or newer; found: {1}. Install one, or name it in the setting zai.server.python.",
          oldest,
          error.tried.join(", "),
        )
      : say(
          "The language server needs Python {0} or newer, and none was found. Install one, or name it in the setting zai.server.python.",
          oldest,
        );
  }
  if (error instanceof InstallFailed) {
    const last = error.output.split("\n").at(-1) ?? "";
    switch (error.reason) {
      case "no_venv":
        return say(
          "{0} cannot make virtual environments. On Debian and Ubuntu install the package python3-venv; then try again.",
          "Python",
        );
      case "network":
        return say(
          "The packages could not be fetched: pip did not reach its package index. Behind a proxy, set HTTPS_PROXY or pip's own configuration; then try again.",
        );
      case "no_wheel":
        return say("A package is missing for this machine: {0}", last);
      case "disk":
        return say("There is no room left on the disk.");
      case "other":
        return say("Installing the language server failed: {0}", last);
    }
  }
  return say("Installing the language server failed: {0}", textOf(error));
}

function titleOf(product: { title: string; titleZhCn: string }): string {
  return vscode.env.language.toLowerCase().startsWith("zh") ? product.titleZhCn : product.title;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function output(
  { command, env, cwd }: { command: string; env: Record<string, string>; cwd: string },
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: DOCTOR_MS, cwd, env: { ...process.env, ...env }, windowsHide: true };
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ stdout, stderr: stderr || (error ? error.message : "") });
    });
  });
}
