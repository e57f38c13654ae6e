import assert from "node:assert/strict";
import { test } from "node:test";

import { findServer, isInside, type Places, type Probes } from "../../src/server/find.js";

const HOME = "/home/ann";
const PROJECT = "/home/ann/shop";

interface Case {
  name: string;
  there: string[];
  places?: Partial<Places>;
  /** Answer to the question about the project's own server; undefined: closed without an answer. */
  may?: boolean | undefined;
  finds?: string;
  misses?: string[];
  asked?: string[];
}

const OWN = "/store/server-1/bin/zai-ls";
const OURS = `${PROJECT}/.venv/bin/zai-ls`;
const SYSTEM = "/usr/bin/zai-ls";

const CASES: Case[] = [
  { name: "nothing anywhere", there: [], misses: [] },
  { name: "PATH", there: [SYSTEM], finds: `path ${SYSTEM}` },
  { name: "the first on PATH", there: [SYSTEM, "/opt/bin/zai-ls"], finds: "path /opt/bin/zai-ls" },
  { name: "its own environment before PATH", there: [SYSTEM, OWN], places: { own: OWN }, finds: `own ${OWN}` },
  {
    name: "its own environment was removed",
    there: [SYSTEM],
    places: { own: OWN },
    finds: `path ${SYSTEM}`,
    misses: ["own absent"],
  },
  {
    name: "the setting before all",
    there: [SYSTEM, OWN, "/x/zai"],
    places: { own: OWN, setting: "/x/zai" },
    finds: "setting /x/zai",
  },
  {
    name: "the setting below the home folder",
    there: [`${HOME}/bin/zai`],
    places: { setting: "~/bin/zai" },
    finds: `setting ${HOME}/bin/zai`,
  },
  {
    name: "the setting as a command",
    there: ["/usr/bin/zai-dev"],
    places: { setting: "zai-dev" },
    finds: "setting /usr/bin/zai-dev",
  },
  {
    name: "a setting that is wrong is not passed over",
    there: [SYSTEM],
    places: { setting: "/x/none" },
    misses: ["setting absent"],
  },
  {
    name: "a relative setting means no folder of ours",
    there: [`${PROJECT}/tools/zai-ls`],
    places: { setting: "tools/zai-ls" },
    misses: ["setting absent"],
  },
  { name: "the project's, with consent", there: [OURS], may: true, finds: `project ${OURS}`, asked: [OURS] },
  { name: "the project's, refused", there: [OURS], may: false, misses: ["project refused"], asked: [OURS] },
  { name: "the project's, not answered", there: [OURS], may: undefined, misses: ["project not_asked"], asked: [OURS] },
  {
    name: "the project's in a folder that is not trusted",
    there: [OURS],
    places: { trusted: false },
    misses: ["project untrusted"],
    asked: [],
  },
  {
    name: "the project's is not asked about when there is another",
    there: [OURS, SYSTEM],
    may: true,
    finds: `path ${SYSTEM}`,
    asked: [],
  },
  {
    name: "the project's environment is active in the shell",
    there: [OURS],
    places: { path: `${PROJECT}/.venv/bin:/usr/bin`, trusted: false },
    misses: ["project untrusted"],
    asked: [],
  },
  { name: "no entry of PATH that moves with the folder", there: ["zai-ls", "./zai-ls"], places: { path: ".::bin" }, misses: [] },
];

for (const { name, there, places, may, finds, misses, asked } of CASES) {
  test(`looking for the server: ${name}`, async () => {
    const questions: string[] = [];
    const probes: Probes = {
      isExecutable: async (file) => there.includes(file),
      mayRunProject: async (command) => {
        questions.push(command);
        return may;
      },
    };
    const standard: Places = {
      setting: "",
      own: undefined,
      path: "/opt/bin:/usr/bin",
      folders: [PROJECT],
      trusted: true,
      platform: "linux",
      home: HOME,
    };
    const search = await findServer({ ...standard, ...places }, probes);
    assert.equal(search.found && `${search.found.source} ${search.found.command}`, finds);
    if (misses)
      assert.deepEqual(
        search.misses.map((miss) => `${miss.source} ${miss.reason}`),
        misses,
      );
    if (asked) assert.deepEqual(questions, asked);
  });
}

test("inside means below, whatever the name begins with", () => {
  assert.ok(isInside(["/w/a"], "/w/a/bin/x", "linux"));
  assert.ok(!isInside(["/w/a"], "/w/ab/x", "linux"));
  assert.ok(!isInside(["/w/a"], "/w/a", "linux"));
  assert.ok(isInside(["/W/A"], "/w/a/x", "darwin"));
});
