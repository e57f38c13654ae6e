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

// A fresh window with the file as it was at first.
async function open(file = "prices.py", text = SOURCE) {
  fs.writeFileSync(path.join(folder, file), text);
  await emulator.script([], { clear: true });
  const window = await desk.openWindow({ folder, file });
  await window.untilStatus(ITEM, /GLM \d+ %/, 60);
  return window;
}

test("the menu's action is applied, and one undo takes it back", async () => {
  const window = await open();
  await emulator.reply(fenced(BETTER));
  await window.cursor(3, 5);
  await window.takeAction(/Simplify/);
  await window.untilText("return sum(price * rate for price in prices)");
  await window.undo();
  await window.untilText("result = result + price * rate");
  await window.close();
});

test("an instruction in the box, which is remembered", async () => {
  const window = await open();
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
  await window.close();
});

test("ghost text comes while typing, and Tab takes it", async () => {
  const window = await open("new.py", "def area(width, height):\n    return width\n");
  await emulator.reply(" * height", { when: {} });
  await window.cursor(2);
  await window.type(" ");
  await window.untilGhost(/height/, 30);
  await window.acceptGhost();
  await window.untilText(/return width\s+\* height/);
  await window.close();
});
