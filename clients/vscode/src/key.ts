/** The API key in VS Code's secret storage. It goes to the host it was given for, and nowhere else. */

import type { SecretStorage } from "vscode";

const SECRET = "zai.apiKey";

interface Stored {
  key: string;
  /** The setting `zai.baseUrl` when the key was given; empty: not set. */
  baseUrl: string;
}

export class Keys {
  constructor(private readonly secrets: SecretStorage) {}

  async set(key: string, baseUrl: string): Promise<void> {
    const stored: Stored = { key, baseUrl };
    await this.secrets.store(SECRET, JSON.stringify(stored));
  }

  async remove(): Promise<boolean> {
    const had = (await this.secrets.get(SECRET)) !== undefined;
    await this.secrets.delete(SECRET);
    return had;
  }

  /** The key for *baseUrl*; `elsewhere` when there is one that was given for another host. */
  async for(baseUrl: string): Promise<{ key: string } | { elsewhere: string } | undefined> {
    const stored = read(await this.secrets.get(SECRET));
    if (stored === undefined) return undefined;
    const [given, wanted] = [originOf(stored.baseUrl), originOf(baseUrl)];
    return given !== "" && given === wanted ? { key: stored.key } : { elsewhere: hostOf(stored.baseUrl) };
  }

  /** Another window set or removed it. */
  onChange(listener: () => void) {
    return this.secrets.onDidChange((event) => {
      if (event.key === SECRET) listener();
    });
  }
}

function read(text: string | undefined): Stored | undefined {
  if (!text) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Stored>;
    return typeof value.key === "string" ? { key: value.key, baseUrl: value.baseUrl ?? "" } : undefined;
  } catch {
    return undefined;
  }
}

/** Host and port; empty for what is no URL, and for none. */
export function hostOf(baseUrl: string): string {
  try {
    return new URL(baseUrl).host;
  } catch {
    return "";
  }
}

/** Scheme, host and port: what a key is for. */
function originOf(baseUrl: string): string {
  try {
    return new URL(baseUrl).origin;
  } catch {
    return "";
  }
}

/** Why *text* is no key, if so: the parts of a key are letters and digits with a dot between. */
export function keyProblem(text: string): "empty" | "odd" | undefined {
  const key = text.trim();
  if (!key) return "empty";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a pasted key may hold them
  return /[\s"'\u0000-\u001f\u007f-\uffff]/.test(key) ? "odd" : undefined;
}
