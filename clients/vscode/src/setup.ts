/** Getting it to run: the server, the key, the product, the model, and what is wrong with them. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";

import products from "./generated/products.json";
import { hostOf, type Keys, keyProblem } from "./key.js";
import type { Log } from "./log.js";
import type { Reading } from "./reading.js";
import { baseUrlInForce } from "./server/config.js";
import type { Source } from "./server/find.js";
import { type Host, textOf } from "./server/host.js";
import { Cancelled, InstallFailed, type OwnEnvironment } from "./server/install.js";
import type { ProjectAnswers } from "./server/project.js";
import { findPython, OLDEST } from "./server/python.js";
import { wrongPath } from "./status/present.js";
import { say } from "./words.js";

const DOCTOR_MS = 60_000;
/** Digest of the server that a person did not want instead of the one that is installed. */
const UPDATE_REFUSED = "zai.updateRefused";
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
  private abort: AbortController | undefined;

  constructor(
    private readonly host: Host,
    private readonly keys: Keys,
    private readonly own: OwnEnvironment,
    private readonly answers: ProjectAnswers,
    private readonly reading: Reading,
    private readonly log: Log,
    private readonly memory: vscode.Memento,
  ) {}

  // -- the server ------------------------------------------------------------------------------------------------

  /** There is no server: says why, and what can be done. *again*: a person asks for it, so what was refused is offered anew. */
  async offerServer(again: boolean): Promise<void> {
    if (this.abort !== undefined) {
      void vscode.window.showInformationMessage(say("The GLM language server is being installed."));
      return;
    }
    const wrong = this.host.misses.find(({ source }) => source === "setting");
    if (wrong !== undefined) return this.offerSetting(wrongPath(wrong, say));
    const [install, choose, run, never] = [say("Install"), say("Choose its path…"), say("Run it"), say("Never for this project")];
    const project = this.host.misses.find(({ reason }) => reason === "not_asked" || (again && reason === "refused"));
    const answer =
      project === undefined
        ? await vscode.window.showInformationMessage(
            say(
              "The GLM language server (zai-ls) was not found. It can be installed into an environment of this extension's own; nothing else on this machine changes.",
            ),
            install,
            choose,
          )
        : await vscode.window.showWarningMessage(
            say(
              "This project brings its own zai-ls: {0}. Running it runs the project's code, with your API key at hand. Another one can be installed beside it.",
              project.command,
            ),
            install,
            run,
            never,
          );
    if (answer === install) await this.install();
    if (answer === choose) await this.openSetting();
    if (project === undefined || (answer !== run && answer !== never)) return;
    await this.answers.set(project.command, answer === run);
    if (answer === run) await this.host.restart();
  }

  /** Offers the other server that came with another version of this extension; a no holds for that one. */
  async offerUpdate(): Promise<void> {
    const other = this.host.found?.source === "own" ? await this.own.other() : undefined;
    if (other === undefined || this.memory.get(UPDATE_REFUSED) === other) return;
    const [update, no] = [say("Update"), say("Not this one")];
    const text = say("This extension brings another version of the GLM language server than the one in its environment.");
    const answer = await vscode.window.showInformationMessage(text, update, no);
    if (answer === update) await this.install();
    if (answer === no) await this.memory.update(UPDATE_REFUSED, other);
  }

  /** Ends an installation that is under way; nothing of it stays. */
  cancel(): void {
    this.abort?.abort();
  }

  private async offerSetting(text: string): Promise<void> {
    const open = say("Open settings");
    if ((await vscode.window.showErrorMessage(text, open)) === open) await this.openSetting();
  }

  private openSetting(): Thenable<unknown> {
    return vscode.commands.executeCommand("workbench.action.openSettings", "zai.server.path");
  }

  private async install(): Promise<void> {
    if (this.abort !== undefined) return;
    const abort = new AbortController();
    this.abort = abort;
    this.host.installing(true);
    try {
      await this.installWithProgress(abort);
    } catch (error) {
      if (!(error instanceof Cancelled)) void this.tellInstallFailed(error);
      return;
    } finally {
      this.abort = undefined;
      this.host.installing(false);
    }
    await this.host.restart();
    if (this.host.found?.source === "own")
      void vscode.window.showInformationMessage(say("The GLM language server is installed."));
  }

  private installWithProgress(abort: AbortController): Thenable<string> {
    const setting = vscode.workspace.getConfiguration("zai").get<string>("server.python", "").trim();
    const options = {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: say("GLM: installing the language server"),
    };
    return vscode.window.withProgress(options, async (progress, token) => {
      token.onCancellationRequested(() => abort.abort());
      progress.report({ message: say("looking for Python") });
      const search = await findPython(setting, process.platform);
      if (search.python === undefined) throw new NoPython(search.why, search.tried, setting);
      this.log.channel.info(`Installing with ${search.python.command} ${search.python.version}`);
      const steps = { environment: say("making an environment"), packages: say("fetching packages; this can take a minute") };
      return this.own.install(
        search.python,
        { step: (name) => progress.report({ message: steps[name] }), line: (text) => this.log.channel.info(text) },
        abort.signal,
      );
    });
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
    await this.keys.set(key.trim(), baseUrl); // whoever watches it starts the server again
    const check = say("Check set-up");
    const answer = await vscode.window.showInformationMessage(say("The API key is stored."), check);
    if (answer === check) await this.checkSetup();
  }

  async removeApiKey(): Promise<void> {
    const had = await this.keys.remove();
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
    if (invocation === undefined) return this.offerServer(true);
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
    const from = say("{0}, found here: {1}", `\`${invocation.command}\``, sourceText(this.host.found?.source));
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
        return say("A package was not found, for this machine or at all; was the package index reached? {0}", last);
      case "disk":
        return say("There is no room left on the disk.");
      case "other":
        return say("Installing the language server failed: {0}", last);
    }
  }
  return say("Installing the language server failed: {0}", textOf(error));
}

function sourceText(source: Source | undefined): string {
  const texts: Record<Source, string> = {
    setting: say("the setting zai.server.path"),
    own: say("this extension's own environment"),
    path: "PATH",
    project: say("the project's environment"),
  };
  return source === undefined ? "" : texts[source];
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
