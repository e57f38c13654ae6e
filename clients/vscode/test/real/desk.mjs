// A desk: a VS Code of its own (code-server and a browser, on loopback, with nothing of the user's) in which tests open windows.
//
//   const emulator = await startEmulator({ plan: 'lite' });
//   const desk = await openDesk({ vsix, env: { ...emulator.env, PATH: `${VENV_BIN}:${PLAIN_PATH}` } });
//   const window = await desk.openWindow({ folder, file: 'app.py' });
//   await window.untilStatus('zai-ls', 'ready');
//   …
//   await desk.close();
//   await emulator.stop();
//
// One desk for a file of tests, a window for each test that wants a fresh one: a window takes some seconds.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { runInside } from "./inside.mjs";
import { marked, Program, ROOT, temporaryFolder, until, where } from "./processes.mjs";
import { VSCodeWindow } from "./window.mjs";

export { startEmulator, ZAI_LS } from "./emulator.mjs";
export { reportInside } from "./inside.mjs";
export { PICTURES, ROOT, temporaryFolder, until } from "./processes.mjs";

export const VSIX = process.env.ZAI_VSIX ?? path.join(ROOT, "build/zai-ls.vsix");
const INSTALLED = process.env.ZAI_VSCODE_TEST ?? path.join(ROOT, "build/vscode-test");

// A PATH on which there is no zai-ls, and the folder that would add it.
export const PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin";
export const VENV_BIN = path.join(ROOT, ".venv/bin");

// What would get between a test and its window.
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.settings.enableNaturalLanguageSearch": false,
  "workbench.reduceMotion": "on",
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  // As on the desktop; in a browser files would be saved by themselves.
  "files.autoSave": "off",
  "files.simpleDialog.enable": true,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "typescript.surveys.enabled": false,
  "update.mode": "none",
  "window.menuBarVisibility": "compact",
};

// Nothing listens at port 9 of loopback: no public gallery is asked for anything.
const GALLERY = {
  serviceUrl: "http://127.0.0.1:9/gallery",
  itemUrl: "http://127.0.0.1:9/item",
  resourceUrlTemplate: "http://127.0.0.1:9/{publisher}/{name}/{version}/{path}",
};

// vsix      an extension to install
// settings  the user's settings.json
// env       what the extension host sees, beside a plain PATH, a HOME of its own and a locale
// trust     with true VS Code asks whether the folder is trusted, as it does by default at a user's
// language  the user's, such as 'zh-cn': what extensions bring in it is shown; VS Code's own words stay English
export async function openDesk({ vsix, settings = {}, env = {}, trust = false, language = "en" } = {}) {
  const desk = new Desk(settings, env, language);
  try {
    if (vsix) await desk.install(vsix);
    await desk.start({ trust });
    return desk;
  } catch (error) {
    await desk.close();
    throw error;
  }
}

class Desk {
  constructor(settings, env, language) {
    this.folder = temporaryFolder("vscode");
    this.home = path.join(this.folder, "home");
    this.userData = path.join(this.folder, "user");
    this.windows = [];
    this.programs = [];
    // Hosts other than loopback that a page wanted; they were not found.
    this.strangers = new Set();
    for (const name of ["home", "user/User", "extensions", "config", "data", "tmp", "runtime"]) {
      fs.mkdirSync(path.join(this.folder, name), { recursive: true, mode: 0o700 });
    }
    this.mark = `ZAI_LS_TEST_DESK=${this.folder}`;
    this.env = {
      PATH: PLAIN_PATH,
      HOME: this.home,
      LANG: "C.UTF-8",
      SHELL: "/bin/sh",
      TMPDIR: path.join(this.folder, "tmp"),
      XDG_CONFIG_HOME: path.join(this.folder, "config"),
      XDG_DATA_HOME: path.join(this.folder, "data"),
      XDG_RUNTIME_DIR: path.join(this.folder, "runtime"),
      EXTENSIONS_GALLERY: JSON.stringify(GALLERY),
      // Else the extension host gets the PATH that the machine's login shell sets, not this one.
      VSCODE_CLI: "1",
      ZAI_LS_TEST_DESK: this.folder,
      ...env,
    };
    this.language = language;
    if (!language.startsWith("en")) this.#languagePack();
    fs.writeFileSync(path.join(this.userData, "User/settings.json"), JSON.stringify({ ...QUIET, ...settings }, null, 2));
  }

  // VS Code speaks a language only when a pack for it is installed: here is an empty one.
  #languagePack() {
    const words = path.join(this.folder, "words.json");
    fs.writeFileSync(words, JSON.stringify({ version: "1.0.0", contents: {} }));
    const pack = {
      hash: "empty",
      extensions: [{ extensionIdentifier: { id: "tests.language-pack" }, version: "1.0.0" }],
      translations: { vscode: words },
      label: this.language,
    };
    fs.writeFileSync(path.join(this.userData, "languagepacks.json"), JSON.stringify({ [this.language]: pack }));
  }

  // What is the user's settings.json now: also what the extension has written there.
  userSettings() {
    return JSON.parse(fs.readFileSync(path.join(this.userData, "User/settings.json"), "utf8"));
  }

  // What is set for the machine: where VS Code keeps settings of the scope `machine` when it works remotely, as here.
  machineSettings() {
    const file = path.join(this.userData, "Machine/settings.json");
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
  }

  // Lets these settings, and no others, override the user's from now on; open windows follow at once.
  // They are the machine's: what becomes of the user's own file, a window of code-server does not watch.
  changeSettings(settings) {
    fs.mkdirSync(path.join(this.userData, "Machine"), { recursive: true });
    fs.writeFileSync(path.join(this.userData, "Machine/settings.json"), JSON.stringify(settings, null, 2));
  }

  #run(name, args) {
    const entry = path.join(INSTALLED, "node_modules/code-server/out/node/entry.js");
    if (!fs.existsSync(entry)) throw new Error(`there is no VS Code in ${INSTALLED}: run install.sh`);
    const places = ["--user-data-dir", this.userData, "--extensions-dir", path.join(this.folder, "extensions")];
    const program = new Program(name, [process.execPath, entry, ...places, ...args], {
      env: this.env,
      cwd: this.home,
      log: path.join(this.folder, `${name}.log`),
    });
    this.programs.push(program);
    return program;
  }

  async install(vsix) {
    const program = this.#run("install", ["--install-extension", path.resolve(vsix), "--force"]);
    const code = await program.ended;
    if (code !== 0 || !/successfully installed/.test(program.output)) {
      throw new Error(`${vsix} is not installed (${code}):\n${program.output}`);
    }
  }

  async start({ trust }) {
    const { chromium } = createRequire(path.join(INSTALLED, "x.js"))("playwright-core");
    const config = path.join(this.folder, "config/code-server.yaml");
    fs.writeFileSync(config, "auth: none\ncert: false\n");
    const server = this.#run("code-server", [
      "--config",
      config,
      "--bind-addr",
      "127.0.0.1:0",
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-getting-started-override",
      "--disable-proxy",
      "--locale",
      this.language,
      ...(trust ? [] : ["--disable-workspace-trust"]),
    ]);
    const browser = chromium.launch({
      executablePath: where("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
      chromiumSandbox: process.getuid() !== 0,
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
      ],
    });
    const [listening, launched] = await Promise.allSettled([server.says(/listening on (http:\/\/127\.0\.0\.1:\d+)/), browser]);
    this.browser = launched.value;
    for (const { reason } of [listening, launched]) if (reason) throw reason;
    this.url = listening.value[1];
  }

  // Opens *folder* or *workspaceFile*, and in it *file* (relative to the folder, or absolute).
  // *development* is for the harness itself: what the page is told of extensions under development.
  async openWindow({ folder, workspaceFile, file, width = 1280, height = 800, development } = {}) {
    const context = await this.browser.newContext({
      locale: this.language,
      viewport: { width, height },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const page = await context.newPage();
    const window = new VSCodeWindow(this, page);
    this.windows.push(window);
    const reached = (request) => {
      const { protocol, hostname } = new URL(request.url());
      // What a page's own policy stops never leaves the page.
      if (request.failure()?.errorText === "csp") return;
      if (/^(http|ws)s?:$/.test(protocol) && !["127.0.0.1", "localhost"].includes(hostname)) this.strangers.add(hostname);
    };
    context.on("requestfinished", reached);
    context.on("requestfailed", reached);
    if (development) await window.develop(development);
    const query = new URLSearchParams();
    if (folder) query.set("folder", path.resolve(folder));
    if (workspaceFile) query.set("workspace", path.resolve(workspaceFile));
    if (!folder && !workspaceFile) query.set("ew", "true");
    if (file) query.set("payload", JSON.stringify([["openFile", this.remote(path.resolve(folder ?? ".", file))]]));
    await page.goto(`${this.url}/?${query}`, { waitUntil: "domcontentloaded" });
    await window.ready(file && path.basename(file));
    return window;
  }

  // A path on this machine as the page names it.
  remote(file) {
    return `vscode-remote://${new URL(this.url).host}${file}`;
  }

  // The logs of VS Code and of its extensions whose path matches *pattern*, newest last, as one text.
  logs(pattern = /./) {
    const folder = path.join(this.userData, "logs");
    if (!fs.existsSync(folder)) return "";
    return fs
      .readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(".log") && pattern.test(name))
      .sort()
      .map((name) => `-- ${name}\n${fs.readFileSync(path.join(folder, name), "utf8")}`)
      .join("\n");
  }

  // Runs tests inside the extension host of a new window (see inside.mjs).
  runInside(options) {
    return runInside(this, options);
  }

  // What runs of this desk, also what has left its group.
  processes() {
    return marked(this.mark);
  }

  async close() {
    await Promise.allSettled(this.windows.map((window) => window.close()));
    await this.browser?.close();
    for (const program of this.programs) await program.stop();
    const left = this.processes();
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went by itself.
      }
    }
    await until("the processes of the desk are gone", () => this.processes().length === 0, 5);
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
