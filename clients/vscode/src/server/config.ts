/** What VS Code's settings mean for the server: what it is started with, and what it is told. */

import * as vscode from "vscode";

import environmentNames from "../generated/environment.json";
import type { Keys } from "../key.js";
import { asEnvironment, editorKeys, machineKeys, type Property, whatIsSet } from "../settings.js";

/** The settings that this extension declares; what they are is generated from the server's own table. */
export function declared(context: vscode.ExtensionContext): Record<string, Property> {
  const sections = context.extension.packageJSON.contributes.configuration as { properties: Record<string, Property> }[];
  return Object.assign({}, ...sections.map((each) => each.properties));
}

/** What goes to the server by LSP. */
export function editorSettings(properties: Record<string, Property>): object {
  const config = vscode.workspace.getConfiguration("zai");
  return whatIsSet(
    editorKeys(properties),
    (key) => config.inspect(key),
    (key) => config.get(key),
  );
}

/** What the server is started with: machine settings and the key, which go by no other road. */
export async function environment(keys: Keys): Promise<Record<string, string>> {
  const config = vscode.workspace.getConfiguration("zai");
  const env = { ...added(), ...asEnvironment(environmentNames, (key) => config.inspect(key)) };
  const baseUrl = baseUrlInForce();
  const key = await keys.for(baseUrl);
  // The host goes with the key: no other file or variable of this machine leads it elsewhere.
  return key !== undefined && "key" in key ? { ...env, ZAI_API_KEY: key.key, ZAI_BASE_URL: baseUrl } : env;
}

/** Where requests go as far as this extension knows: its setting, else the variable that the server would be started with. */
export function baseUrlInForce(): string {
  const config = vscode.workspace.getConfiguration("zai");
  const set = config.inspect<string>("baseUrl")?.globalValue;
  return set || added().ZAI_BASE_URL || process.env.ZAI_BASE_URL || config.get<string>("baseUrl", "");
}

function added(): Record<string, string> {
  const given =
    vscode.workspace.getConfiguration("zai").inspect<Record<string, unknown>>("server.environment")?.globalValue ?? {};
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
}

/** Does *event* touch what only a new start brings to the server? */
export function needsRestart(event: vscode.ConfigurationChangeEvent, properties: Record<string, Property>): boolean {
  const keys = [...machineKeys(properties), "server.path", "server.environment", "trace.server"];
  return keys.some((key) => event.affectsConfiguration(`zai.${key}`));
}
