// A working day: everything that a person sees and does, in one VS Code with an emulated account.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { openDesk, PLAIN_PATH, startEmulator, temporaryFolder, VENV_BIN, VSIX } from "./desk.mjs";

const ITEM = "zai-ls.status";
const SOURCE = `def total(prices, rate):
    result = 0
    for price in prices:
        result = result + price * rate
    return result


def label(name):
    return "Total of " + name
`;
const BETTER = `def total(prices, rate):
    return sum(price * rate for price in prices)`;
const fenced = (code) => `\`\`\`python\n${code}\n\`\`\``;

let emulator;
let desk;
let folder;

before(async () => {
  emulator = await startEmulator({ plan: "lite" });
  folder = temporaryFolder("shop");
  fs.writeFileSync(path.join(folder, "prices.py"), SOURCE);
  desk = await openDesk({
    vsix: VSIX,
    env: { ...emulator.env, ZAI_PLAN: "lite", PATH: `${VENV_BIN}:${PLAIN_PATH}` },
    settings: { "zai.completion.mode": "auto" },
  });
});

after(async () => {
  await desk?.close();
  await emulator?.stop();
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
});

// A test in a fresh window, with the file as it was at first.
function inWindow(name, work, { file = "prices.py", text = SOURCE } = {}) {
  test(name, async () => {
    fs.writeFileSync(path.join(folder, file), text);
    await emulator.script([], { clear: true });
    const window = await desk.openWindow({ folder, file });
    try {
      await window.untilStatus(ITEM, /GLM \d+ %/, 60);
      await work(window);
    } finally {
      await window.close();
    }
  });
}

inWindow("the menu's action is applied, and one undo takes it back", async (window) => {
  await emulator.reply(fenced(BETTER));
  await window.cursor(3, 5);
  await window.takeAction(/Simplify/);
  await window.untilText("return sum(price * rate for price in prices)");
  await window.undo();
  await window.untilText("result = result + price * rate");
});

inWindow("an instruction in the box, which is remembered", async (window) => {
  await emulator.reply(fenced(BETTER));
  await window.select(1, 5);
  await window.run("GLM: Refactor Selection…");
  const box = await window.untilQuickInput(/refactor the selection/);
  assert.equal(box.rows.length, 0);
  await window.answer("use sum()");
  await window.untilText("return sum(price");
  const { served } = await emulator.record();
  assert.ok(served.length > 0);

  await window.select(1, 2);
  await window.run("GLM: Refactor Selection…");
  await window.until("what was written before", async () =>
    (await window.quickInput())?.rows.some(({ label }) => label === "use sum()"),
  );
  await window.press("Escape");
});

inWindow(
  "ghost text comes while typing, and Tab takes it",
  async (window) => {
    await emulator.reply("* height\n");
    await window.cursor(2);
    await window.type(" ");
    await window.untilGhost(/\* height/, 30);
    await window.acceptGhost();
    await window.untilText("return width * height");
  },
  { file: "area.py", text: "def area(width, height):\n    return width\n\n\nprint(area(2, 3))\n" },
);

inWindow("an explanation is shown beside the code, rendered, and loads nothing", async (window) => {
  await emulator.reply("It **adds** prices.\n\n![x](https://evil.example/x.png)\n\n<script>document.title = 'ran'</script>\n");
  await window.cursor(3, 5);
  await window.run("GLM: Explain");
  const page = await window.webview(/It adds prices/);
  assert.equal(await page.evaluate(() => document.querySelector("strong").textContent), "adds");
  assert.notEqual(await page.evaluate(() => document.title), "ran");
  assert.ok(!desk.strangers.has("evil.example"));
});

inWindow(
  "a problem under the cursor is handed over and mended",
  async (window) => {
    await emulator.reply('```json\n  "rate": 2\n```');
    await window.cursor(2, 3);
    await window.run("GLM: Fix Diagnostics Here");
    await window.untilNotification("No problem is reported here");
    await window.cursor(3, 10);
    await window.until("the problem is known", () =>
      window.page.evaluate(() => document.querySelector(".squiggly-error") !== null),
    );
    await window.run("GLM: Fix Diagnostics Here");
    await window.untilText('"rate": 2');
  },
  { file: "broken.json", text: '{\n  "price": 1,\n  "rate" 2\n}\n' },
);

inWindow("a running request is cancelled from its progress, and nothing changes", async (window) => {
  await emulator.fail("hang");
  await window.cursor(3, 5);
  await window.takeAction(/Simplify/);
  await window.untilStatus(ITEM, /glm|GLM …/);
  await emulator.until("the request is under way", ({ served }) =>
    served.some(({ model, ended_at }) => model !== "" && ended_at === null),
  );
  await window.showProgress();
  await window.pressButton(/Simplify/, "Cancel");
  await emulator.until("the request has ended", ({ served }) => served.every(({ ended_at }) => ended_at !== null));
  await window.untilStatus(ITEM, /GLM \d+ %/);
  assert.match(await window.text(), /result = result \+ price \* rate/);
});

inWindow("the menu of the status bar pauses, goes on, and cancels", async (window) => {
  await window.clickStatus(ITEM);
  await window.pick("Pause");
  await window.untilStatus(ITEM, "GLM paused");
  await window.clickStatus(ITEM);
  await window.pick("Go on");
  await window.untilStatus(ITEM, /GLM \d+ %/);

  await emulator.fail("hang");
  await window.cursor(3, 5);
  await window.takeAction(/Simplify/);
  await window.untilStatus(ITEM, /glm/);
  await window.clickStatus(ITEM);
  await window.pick("Cancel the running request");
  await window.untilStatus(ITEM, /GLM \d+ %/);
});

inWindow("the tooltip has the windows as bars, and its links open what they say", async (window) => {
  const { text, links } = await window.tooltip(ITEM);
  assert.match(text, /[█░]{12} 5-hour quota: \d+ % used/);
  assert.deepEqual(
    links.map((link) => link.text),
    ["Quota page", "Last decision", "Settings", "Log"],
  );
  await window.clickInTooltip("Quota page");
  const page = await window.webview(/5-hour quota/);
  await window.until("the page is drawn", () =>
    page.evaluate(() => document.querySelectorAll("#windows li").length === 2 && document.querySelector("canvas") !== null),
  );
  const policy = await page.evaluate(() => document.querySelector("meta[http-equiv]").content);
  assert.match(policy, /^default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|http|connect-src/);
});

inWindow("a change is shown before it is made, and is made only when a person wants it", async (window) => {
  const shown = () => window.page.locator(".bulk-edit-panel");
  const press = (name) => shown().locator(".monaco-button", { hasText: name }).click();
  desk.changeSettings({ "zai.edits.preview": true });
  try {
    await emulator.reply(fenced(BETTER));
    await window.cursor(3, 5);
    await window.takeAction(/Simplify/);
    await window.until("VS Code's own preview", () => shown().isVisible());
    assert.match(await window.text("prices.py"), /result = 0/);
    await press("Discard");
    await window.untilNotification(/was not applied/);
    assert.match(await window.text("prices.py"), /result = 0/);

    await emulator.reply(fenced(BETTER));
    await window.cursor(3, 5);
    await window.takeAction(/Simplify/);
    await window.until("VS Code's own preview", () => shown().isVisible());
    await shown().locator(".edit-checkbox").first().click();
    await press("Apply");
    await window.untilText("return sum(price", { name: "prices.py" });
  } finally {
    desk.changeSettings({});
  }
});

inWindow("a model is chosen for everything, and left to the server again", async (window) => {
  await window.run("GLM: Choose Model…");
  await window.pick("glm-4.7");
  await window.until("it is set", () => desk.userSettings()["zai.model"] === "glm-4.7");
});

inWindow("the check of the set-up shows what the doctor found", async (window) => {
  await window.run("GLM: Check Set-up");
  const page = await window.webview(/GLM: set-up/, 60);
  const text = await page.evaluate(() => document.body.innerText);
  assert.match(text, /state folder/);
  assert.ok(!text.includes(emulator.key), "no key");
});

inWindow("what would be sent is shown letter for letter", async (window) => {
  await window.select(1, 5);
  await window.run("GLM: Show What Would Be Sent");
  await window.untilTab(/\.txt$/);
  await window.untilText(/What refactor would send/);
});
