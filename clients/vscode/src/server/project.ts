/** Whether the zai-ls that a project brings along may be run, as a person has said it; by its path, for this workspace. */

import type { Memento } from "vscode";

const ANSWERS = "zai.projectServers";

export class ProjectAnswers {
  constructor(private readonly memory: Memento) {}

  about(command: string): boolean | undefined {
    return this.all[command];
  }

  async set(command: string, answer: boolean): Promise<void> {
    await this.memory.update(ANSWERS, { ...this.all, [command]: answer });
  }

  private get all(): Record<string, boolean> {
    return this.memory.get<Record<string, boolean>>(ANSWERS, {});
  }
}
