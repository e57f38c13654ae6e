// What goes wrong, and what a person is told and can do: each at a desk of its own.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openDesk, PLAIN_PATH, startEmulator, temporaryFolder, until, VENV_BIN, VSIX } from "./desk.mjs";

const ITEM = "zai-ls.status";
const SOURCE =
  "def total(prices, rate):\n    result = 0\n    for price in prices:\n        result += price * rate\n    return result\n";
const WITH_SERVER = `${VENV_BIN}:${PLAIN_PATH}`;

// A desk with an emulated account and a folder that has one file in it.
function atDesk(name, how, work) {
  test(name, async () => {
    const emulator = await startEmulator({ plan: "lite", ...how.emulator });
    const folder = temporaryFolder("shop");
    let desk;
    try {
      fs.writeFileSync(path.join(folder, "prices.py"), SOURCE);
      how.prepare?.(folder);
      const env = { ...emulator.env, ZAI_PLAN: "lite", PATH: WITH_SERVER, ...how.env?.(emulator) };
      desk = await openDesk({ vsix: VSIX, settings: how.settings, trust: how.trust, language: how.language, env });
      await work({ desk, emulator, folder, open: () => desk.openWindow({ folder, file: "prices.py" }) });
    } finally {
      await desk?.close();
      await emulator.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
}

// The process that serves the desk's windows.
const servers = (desk) => desk.processes().filter(({ command }) => /zai-ls\s+serve|zai_ls.*serve/.test(command));
const total = (usage) => ({ prompt_tokens: 0, completion_tokens: usage });

atDesk("a server that is killed is started again, and a person sees why", {}, async ({ desk, open }) => {
  const window = await open();
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  const [{ pid }] = servers(desk);
  process.kill(pid, "SIGKILL");
  const crashed = await window.untilStatus(ITEM, /again in \d+ s/);
  assert.equal(crashed.kind, "warning");
  assert.match((await window.tooltip(ITEM)).text, /ended by SIGKILL/);
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  assert.notEqual(servers(desk)[0].pid, pid);
  await window.close();
  await until("no server is left when the window is closed", () => servers(desk).length === 0);
});

atDesk(
  "a server that cannot start is given up with its last words, and started again by hand",
  { settings: { "zai.server.path": "/usr/bin/false" } },
  async ({ desk, open }) => {
    const window = await open();
    await window.untilStatus(ITEM, /again in \d+ s/, 60);
    assert.match((await window.tooltip(ITEM)).text, /exit code 1/);
    desk.changeSettings({ "zai.server.path": path.join(VENV_BIN, "zai-ls") });
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  },
);

atDesk("a server that ends while it is at work says that the request is lost", {}, async ({ desk, emulator, open }) => {
  const window = await open();
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  await emulator.fail("hang");
  await window.cursor(3, 5);
  await window.takeAction(/Simplify/);
  await window.untilStatus(ITEM, /glm/);
  process.kill(servers(desk)[0].pid, "SIGKILL");
  await window.untilNotification(/request that was under way is lost/);
  assert.equal((await window.notifications()).length, 1, "and nothing else pops up");
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);

  await window.run("GLM: Stop the Language Server");
  await window.untilStatus(ITEM, "GLM: stopped");
  desk.changeSettings({ "zai.budget.daily": 5 });
  await window.clickStatus(ITEM);
  await window.pick("Start the language server");
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
});

atDesk(
  "a setting that names no server, or one that never answers, is told and can be corrected",
  { settings: { "zai.server.path": "/nowhere/zai-ls" } },
  async ({ desk, folder, open }) => {
    const window = await open();
    await window.untilStatus(ITEM, "GLM: wrong path", 60);
    await window.untilNotification("zai.server.path names /nowhere/zai-ls");
    const mute = path.join(folder, "mute");
    fs.writeFileSync(mute, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
    desk.changeSettings({ "zai.server.path": mute });
    await until("it was started", () => desk.processes().some(({ command }) => command.includes("sleep 1000")));
    desk.changeSettings({ "zai.server.path": path.join(VENV_BIN, "zai-ls") });
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    assert.ok(!desk.processes().some(({ command }) => command.includes("sleep 1000")));
  },
);

atDesk(
  "a missing server is installed by one click, from what the extension brings along, and again when its Python is gone",
  { env: () => ({ PATH: PLAIN_PATH }) },
  async ({ desk, emulator, open }) => {
    const [window, other] = [await open(), await open()];
    await window.untilStatus(ITEM, "GLM: install", 60);
    assert.equal((await window.status(ITEM)).kind, "warning");
    await window.closeNotification(/was not found/);
    await window.clickStatus(ITEM); // it is offered as often as one asks
    await window.pressButton(/was not found/, "Install");
    await window.untilNotification(/installing the language server/);
    await window.untilNotification(/is installed/, 300);
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    await other.untilStatus(ITEM, /GLM \d+ %/, 60); // it takes what another window has installed
    const [{ command }] = servers(desk);
    assert.ok(command.includes(desk.userData), command);
    await emulator.reply("```python\ndef total(prices, rate):\n    return sum(prices) * rate\n```");
    await window.cursor(3, 5);
    await window.takeAction(/Simplify/);
    await window.untilText("return sum(prices) * rate");

    const bin = path.dirname(/\S+\/bin\/zai-ls/.exec(command)[0]);
    for (const name of fs.readdirSync(bin).filter((each) => each.startsWith("python"))) fs.rmSync(path.join(bin, name));
    await other.run("GLM: Restart the Language Server");
    await other.untilStatus(ITEM, "GLM: install", 60);
  },
);

atDesk(
  "without a Python that will do, the reason and the next step are told",
  { env: () => ({ PATH: PLAIN_PATH }), settings: { "zai.server.python": "/bin/false" } },
  async ({ open }) => {
    const window = await open();
    await window.pressButton(/was not found/, "Install");
    const { severity, buttons } = await window.untilNotification(/\/bin\/false is no Python 3\.11 or newer/);
    assert.equal(severity, "error");
    assert.deepEqual(buttons, ["Try again", "Show log"]);
    await window.untilStatus(ITEM, "GLM: install");
  },
);

// A host that cannot be: there a key is needed, and nothing is sent anywhere.
const NOWHERE = { ZAI_API_KEY: "", ZAI_BASE_URL: "https://glm.invalid/api/paas/v4" };

atDesk(
  "the first key: asked for, kept in secret storage, given to the server and to nobody else",
  { env: () => NOWHERE },
  async ({ desk, open }) => {
    const key = "5ec2e75ec2e75ec2e75ec2e75ec2e700.abcdefghijklmnop";
    const window = await open();
    const item = await window.untilStatus(ITEM, "GLM: set API key", 60);
    assert.equal(item.kind, "warning");
    await window.untilNotification(/needs an API key/);
    assert.equal((await window.notifications()).length, 1, "it is said once");
    await window.clickStatus(ITEM);
    const box = await window.untilQuickInput(/API key for glm\.invalid/);
    assert.ok(box.secret);
    await window.fill("two words");
    await window.until("what is wrong with it", async () => /no blanks/.test((await window.quickInput()).message));
    await window.answer(key);
    await window.untilNotification("The API key is stored.", 60);
    const environment = await until("a server that has the key", () => {
      const all = servers(desk).map(({ pid }) => fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0"));
      return all.find((each) => each.includes(`ZAI_API_KEY=${key}`));
    });
    await window.until("the status bar asks no more", async () => !/set API key/.test((await window.status(ITEM)).text), 60);
    assert.ok(environment.includes(`ZAI_BASE_URL=${NOWHERE.ZAI_BASE_URL}`), "the host goes with the key");
    const files = fs.readdirSync(desk.folder, { recursive: true, withFileTypes: true });
    for (const file of files.filter((each) => each.isFile())) {
      const text = fs.readFileSync(path.join(file.parentPath ?? file.path, file.name), "latin1");
      assert.ok(!text.includes(key), `${file.name} holds the key`);
    }
    assert.ok(desk.processes().every(({ command }) => !command.includes(key)));

    desk.changeSettings({ "zai.baseUrl": "https://other.invalid/api/paas/v4" });
    await window.untilStatus(ITEM, "GLM: set API key", 60); // it was not given for that one
    desk.changeSettings({});
    await window.until("the key counts again", async () => !/set API key/.test((await window.status(ITEM)).text), 60);

    await window.run("GLM: Remove API Key");
    await window.untilStatus(ITEM, "GLM: set API key", 60);
  },
);

atDesk(
  "a wrong key is told as what it is, with the way to mend it",
  { env: () => ({ ZAI_API_KEY: "wrong.key" }) },
  async ({ open }) => {
    const window = await open();
    await window.untilStatus(ITEM, /GLM/, 60);
    await window.cursor(3, 5);
    await window.takeAction(/Simplify/);
    const { text } = await window.untilNotification(/key/i);
    assert.match(text, /key/i);
    await window.untilStatus(ITEM, /problem|closed|until|GLM/);
  },
);

atDesk(
  "the status bar follows the window as it fills, and one message says so in all windows",
  {},
  async ({ emulator, open }) => {
    const one = await open();
    await one.untilStatus(ITEM, "GLM 0 %", 60);
    const two = await open();
    await two.untilStatus(ITEM, "GLM 0 %", 60);
    await emulator.script([
      { reply: "```python\ndef total(prices, rate):\n    return sum(prices) * rate\n```", usage: total(2_200_000) },
    ]);
    await one.cursor(3, 5);
    await one.takeAction(/Simplify/);
    await one.untilText("return sum(prices) * rate");
    const item = await one.untilStatus(ITEM, /GLM ([89]\d|100) %/, 60);
    assert.equal(item.kind, "warning");
    await two.untilStatus(ITEM, /GLM ([89]\d|100) %/, 60);
    const told = async () =>
      [...(await one.notifications()), ...(await two.notifications())].filter(({ text }) => /5-hour quota is used/.test(text));
    await until("the message", async () => (await told()).length > 0);
    assert.equal((await told()).length, 1);
  },
);

atDesk(
  "two windows, one account: never two requests in flight, and the place in line is shown",
  {},
  async ({ emulator, open }) => {
    const windows = [await open(), await open()];
    for (const window of windows) {
      await window.untilStatus(ITEM, /GLM \d+ %/, 60);
      await window.cursor(3, 5);
    }
    await emulator.script(
      Array.from({ length: 2 }, (_, n) => ({
        reply: `\`\`\`python\ndef total(prices, rate):\n    return ${n + 1}\n\`\`\``,
        fault: "slow-first-token=3",
      })),
    );
    await windows[0].takeAction(/Simplify/);
    await emulator.until("the first is under way", ({ served }) => served.some(({ model }) => model));
    await windows[1].takeAction(/Simplify/);
    await windows[1].untilStatus(ITEM, "1 ahead");
    for (const window of windows) await window.untilText(/return [12]$/m, { seconds: 60 });
    const { most_at_once, served } = await emulator.record();
    assert.equal(most_at_once, 1);
    assert.equal(served.filter(({ model }) => model).length, 2);
  },
);

atDesk(
  "in a folder that nobody trusts everything works, but nothing of the folder is run or believed",
  {
    trust: true,
    settings: { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" },
    prepare: (folder) => {
      fs.mkdirSync(path.join(folder, ".vscode"));
      const evil = {
        "zai.baseUrl": "http://127.0.0.1:9/",
        "zai.server.path": path.join(folder, "evil"),
        "zai.proxy": "http://127.0.0.1:9",
      };
      fs.writeFileSync(path.join(folder, ".vscode/settings.json"), JSON.stringify(evil));
      for (const name of ["evil", ".venv/bin/zai-ls"]) {
        fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        fs.writeFileSync(path.join(folder, name), `#!/bin/sh\ntouch ${path.join(folder, "was-run")}\n`, { mode: 0o755 });
      }
    },
  },
  async ({ emulator, folder, open }) => {
    const window = await open();
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    await emulator.reply("```python\ndef total(prices, rate):\n    return sum(prices) * rate\n```");
    await window.cursor(3, 5);
    await window.takeAction(/Simplify/);
    await window.untilText("return sum(prices) * rate");
    assert.ok(!fs.existsSync(path.join(folder, "was-run")));
  },
);

atDesk(
  "the project's own server is run only after a question",
  {
    env: () => ({ PATH: PLAIN_PATH }),
    prepare: (folder) => {
      fs.mkdirSync(path.join(folder, ".venv/bin"), { recursive: true });
      fs.symlinkSync(path.join(VENV_BIN, "zai-ls"), path.join(folder, ".venv/bin/zai-ls"));
    },
  },
  async ({ desk, open }) => {
    const window = await open();
    await window.untilNotification(/brings its own zai-ls/, 60);
    assert.equal(servers(desk).length, 0);
    await window.pressButton(/brings its own zai-ls/, "Run it");
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    await window.reload("prices.py");
    await window.untilStatus(ITEM, /GLM \d+ %/, 60); // it is asked once
  },
);

atDesk("the product and the plan are chosen from a list", { env: () => NOWHERE }, async ({ desk, open }) => {
  const window = await open();
  await window.untilStatus(ITEM, "GLM: set API key", 60);
  await window.run("GLM: Choose Product and Plan…");
  await window.pick("Coding Plan on z.ai, Pro");
  await window.until("they are set", () => desk.machineSettings()["zai.plan"] === "pro");
  assert.equal(desk.machineSettings()["zai.baseUrl"], "https://api.z.ai/api/coding/paas/v4");
});

atDesk("it speaks the language of VS Code", { language: "zh-cn" }, async ({ open }) => {
  const window = await open();
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  await window.clickStatus(ITEM);
  const { rows } = await window.untilQuickInput();
  assert.ok(
    rows.some(({ label }) => label === "额度页面"),
    JSON.stringify(rows),
  );
  await window.press("Escape");
  assert.match((await window.tooltip(ITEM)).text, /5 小时/);
});

atDesk(
  "a workspace of several folders has one server, which names each file as its folder does",
  {
    prepare: (folder) => {
      for (const name of ["one", "two"]) {
        fs.mkdirSync(path.join(folder, name));
        fs.writeFileSync(path.join(folder, name, `${name}.py`), SOURCE);
      }
      fs.writeFileSync(path.join(folder, "both.code-workspace"), JSON.stringify({ folders: [{ path: "one" }, { path: "two" }] }));
    },
  },
  async ({ desk, folder }) => {
    const window = await desk.openWindow({
      workspaceFile: path.join(folder, "both.code-workspace"),
      file: path.join(folder, "two/two.py"),
    });
    await window.untilStatus(ITEM, /GLM \d+ %/, 60);
    assert.equal(servers(desk).length, 1);
    await window.select(1, 5);
    await window.run("GLM: Show What Would Be Sent");
    await window.untilTab(/\.txt$/);
    await window.untilText(/two\.py/);
    assert.ok(!(await window.text()).includes(folder));
  },
);
