import assert from "node:assert/strict";
import { test } from "node:test";

import { LINKED, type Life, present } from "../../src/status/present.js";
import type { Status } from "../../src/status/protocol.js";

const say = (sentence: string, ...values: (string | number)[]) =>
  sentence.replace(/\{(\d)\}/g, (_, n) => String(values[Number(n)]));
const NOW = 1_000_000;

function status(over: Partial<Status>): Status {
  return {
    version: 1,
    state: "ready",
    text: "GLM 62 %",
    detail: "",
    tooltip: "**GLM 62 %**",
    severity: "none",
    windows: [],
    forecast: "",
    model: "",
    place: null,
    cooldown: null,
    lastDecline: "",
    ...over,
  };
}

const running = (over: Partial<Status>): Life => ({ kind: "running", status: status(over) });

const TABLE: [string, Life, { text: string; background?: string; command?: string }][] = [
  ["ready", running({}), { text: "$(sparkle) GLM 62 %" }],
  [
    "a window from 80 %",
    running({ severity: "warning", text: "GLM 85 %" }),
    { text: "$(sparkle) GLM 85 %", background: "warning" },
  ],
  [
    "in line",
    running({ state: "busy", text: "GLM: 2 ahead", severity: "info", place: 2 }),
    { text: "$(loading~spin) GLM: 2 ahead" },
  ],
  ["at work", running({ state: "busy", text: "GLM: glm-4.7 …", severity: "info" }), { text: "$(loading~spin) GLM: glm-4.7 …" }],
  ["switched off", running({ state: "off", text: "GLM: completions off" }), { text: "$(circle-slash) GLM: completions off" }],
  ["paused", running({ state: "paused", text: "GLM paused" }), { text: "$(debug-pause) GLM paused" }],
  [
    "closed",
    running({ state: "closed", text: "GLM until 15:30", severity: "error" }),
    { text: "$(clock) GLM until 15:30", background: "error" },
  ],
  [
    "a failure",
    running({ state: "problem", text: "GLM: problem", severity: "error" }),
    { text: "$(warning) GLM: problem", background: "error" },
  ],
  [
    "no key",
    running({ state: "problem", text: "GLM: problem", severity: "error", needs: "key" }),
    { text: "$(key) GLM: set API key", background: "warning", command: "zai-ls.setApiKey" },
  ],
  ["a state of a newer server", running({ state: "dreaming" as Status["state"] }), { text: "$(sparkle) GLM 62 %" }],
  ["a need of a newer server", running({ needs: "sleep" }), { text: "$(sparkle) GLM 62 %" }],
  ["running, nothing told yet", { kind: "running" }, { text: "$(sparkle) GLM" }],
  ["starting", { kind: "starting" }, { text: "$(loading~spin) GLM" }],
  [
    "missing",
    { kind: "missing", misses: [] },
    { text: "$(cloud-download) GLM: install", background: "warning", command: "zai-ls.installServer" },
  ],
  [
    "a setting that names no server",
    { kind: "missing", misses: [{ source: "setting", command: "/x/zai", reason: "absent" }] },
    { text: "$(warning) GLM: wrong path", background: "warning", command: "zai-ls.installServer" },
  ],
  [
    "crashed",
    { kind: "crashed", reason: "It ended.", againAt: NOW + 3_200 },
    { text: "$(warning) GLM: again in 4 s", background: "warning" },
  ],
  [
    "about to start again",
    { kind: "crashed", reason: "", againAt: NOW - 5 },
    { text: "$(warning) GLM: again in 1 s", background: "warning" },
  ],
  ["given up", { kind: "failed", reason: "It ended." }, { text: "$(error) GLM: stopped", background: "error" }],
  ["stopped by hand", { kind: "stopped" }, { text: "$(circle-slash) GLM: stopped" }],
];

for (const [name, life, expected] of TABLE) {
  test(`the status bar: ${name}`, () => {
    const { text, background, command } = present(life, NOW, say);
    assert.deepEqual({ text, background, command }, { background: undefined, command: "zai-ls.menu", ...expected });
  });
}

test("the tooltip is the server's, and links to what shows more", () => {
  const { tooltip } = present(running({ tooltip: "`███░` 5-hour quota: 62 % used" }), NOW, say);
  assert.match(tooltip, /^`███░` 5-hour quota: 62 % used\n\n---\n\n/);
  for (const command of LINKED) assert.ok(tooltip.includes(`(command:${command})`), command);
});

test("a server's last words are shown as they are, whatever they hold", () => {
  const reason = "[click](command:evil) **bold** `x` $(error) <b>";
  const { tooltip } = present({ kind: "failed", reason }, NOW, say);
  assert.equal(tooltip.replace(/\\/g, ""), reason);
  assert.doesNotMatch(tooltip, /(^|[^\\])[[\]()<`*$]/);
});
