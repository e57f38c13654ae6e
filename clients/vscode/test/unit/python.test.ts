import assert from "node:assert/strict";
import { test } from "node:test";

import { reasonOf } from "../../src/server/install.js";
import { type Answer, candidates, findPython, usableVersion } from "../../src/server/python.js";

const NOT_THERE: Answer = { failure: "spawn ENOENT" };
const NO_VENV: Answer = { failure: "ModuleNotFoundError: No module named 'ensurepip'" };

interface Case {
  name: string;
  /** What each command answers: its version, or that it lacks the modules for an environment. */
  machine: Record<string, string | "no venv">;
  setting?: string;
  finds?: string;
  why?: string;
  tried?: string[];
}

const CASES: Case[] = [
  { name: "the system's own", machine: { python3: "3.11.2", "python3.13": "3.13.0" }, finds: "python3 3.11.2" },
  { name: "a newer one beside an old one", machine: { python3: "3.9.18", "python3.12": "3.12.1" }, finds: "python3.12 3.12.1" },
  {
    name: "only old ones",
    machine: { python3: "3.9.18", python: "2.7.18" },
    why: "none",
    tried: ["python3 3.9.18", "python 2.7.18"],
  },
  { name: "none at all", machine: {}, why: "none", tried: [] },
  { name: "no environments", machine: { python3: "no venv" }, why: "no_venv", tried: ["python3 3.11.2"] },
  { name: "environments by another one", machine: { python3: "no venv", "python3.13": "3.13.0" }, finds: "python3.13 3.13.0" },
  { name: "the setting alone", machine: { python3: "3.11.2", "/opt/py": "3.14.0" }, setting: "/opt/py", finds: "/opt/py 3.14.0" },
  {
    name: "a setting that is too old",
    machine: { python3: "3.11.2", "/opt/py": "3.8.1" },
    setting: "/opt/py",
    why: "none",
    tried: ["/opt/py 3.8.1"],
  },
];

for (const { name, machine, setting = "", finds, why, tried } of CASES) {
  test(`looking for Python: ${name}`, async () => {
    const search = await findPython(setting, "linux", async (command, args) => {
      const known = machine[command];
      if (known === undefined) return NOT_THERE;
      if (known !== "no venv") return { output: `${known}\n` };
      return args.join(" ").includes("ensurepip") ? NO_VENV : { output: "3.11.2\n" };
    });
    assert.equal(search.python && `${search.python.command} ${search.python.version}`, finds);
    if (search.python === undefined) assert.deepEqual([search.why, search.tried], [why, tried]);
  });
}

test("on Windows the launcher comes first", () => {
  assert.deepEqual(candidates("", "win32")[0], { command: "py", args: ["-3"] });
});

test("what is no version is no Python", () => {
  for (const text of ["", "Python", "3.11", "bash: not found"]) assert.equal(usableVersion(text), undefined, text);
  assert.equal(usableVersion("3.10.9\n"), undefined);
  assert.equal(usableVersion("4.0.0\n"), "4.0.0");
});

const FAILURES: [string, string][] = [
  [
    "The virtual environment was not created successfully because ensurepip is not available. apt install python3.11-venv",
    "no_venv",
  ],
  [
    "WARNING: Retrying ... NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
    "network",
  ],
  [
    "ERROR: Could not find a version that satisfies the requirement tree-sitter\nERROR: No matching distribution found for tree-sitter",
    "no_wheel",
  ],
  ["OSError: [Errno 28] No space left on device", "disk"],
  ["something else", "other"],
];
for (const [output, reason] of FAILURES) test(`why installing failed: ${reason}`, () => assert.equal(reasonOf(output), reason));
