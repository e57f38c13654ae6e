import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { asEnvironment, editorKeys, type Inspected, machineKeys, whatIsSet } from "../../src/settings.js";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const properties = Object.assign(
  {},
  ...manifest.contributes.configuration.map((each: { properties: object }) => each.properties),
);
const names = JSON.parse(readFileSync("src/generated/environment.json", "utf8"));

test("no machine setting travels by LSP, and each has its variable", () => {
  const [machine, editor] = [machineKeys(properties), editorKeys(properties)];
  assert.ok(machine.includes("baseUrl") && machine.includes("proxy") && machine.includes("apiKeyCommand"));
  assert.ok(editor.includes("completion.mode") && editor.includes("edits.preview"));
  assert.deepEqual(
    machine.filter((key) => editor.includes(key)),
    [],
  );
  assert.deepEqual(Object.keys(names).sort(), [...machine].sort());
  for (const key of [...machine, ...editor]) assert.doesNotMatch(key, /^(server|trace)\./, "the extension's own stay with it");
});

test("what may come from a workspace names no host, key, program or folder", () => {
  for (const key of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) {
    assert.equal(properties[key].scope, "machine", key);
  }
  for (const key of Object.keys(properties)) {
    if (/url|path|python|command|proxy|dir|logfile|environment/i.test(key)) assert.equal(properties[key].scope, "machine", key);
  }
});

test("only what is set is sent: defaults would hide a person's config.toml", () => {
  const set: Record<string, Inspected> = {
    "completion.mode": { globalValue: "off" },
    "routing.perAction": { workspaceValue: { test: "strong" } },
    "completion.inComments": { workspaceFolderValue: false },
    model: {},
  };
  const values: Record<string, unknown> = {
    "completion.mode": "off",
    "routing.perAction": { test: "strong" },
    "completion.inComments": false,
    model: "",
  };
  assert.deepEqual(
    whatIsSet(
      Object.keys(set),
      (key) => set[key],
      (key) => values[key],
    ),
    {
      completion: { mode: "off", inComments: false },
      routing: { perAction: { test: "strong" } },
    },
  );
});

test("machine settings become variables, from the user's own settings alone", () => {
  const set: Record<string, Inspected> = {
    baseUrl: { globalValue: "https://open.bigmodel.cn/api/paas/v4", workspaceValue: "https://evil.example" },
    plan: { workspaceValue: "max" },
    "budget.daily": { globalValue: 2.5 },
    proxy: { globalValue: "" },
    apiKeyCommand: { globalValue: ["pass", "show", "it's mine"] },
  };
  assert.deepEqual(
    asEnvironment(names, (key) => set[key]),
    {
      ZAI_BASE_URL: "https://open.bigmodel.cn/api/paas/v4",
      ZAI_BUDGET_DAILY: "2.5",
      ZAI_API_KEY_COMMAND: `'pass' 'show' 'it'"'"'s mine'`,
    },
  );
});
