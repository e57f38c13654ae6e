import * as vscode from "vscode";

/** What a person reads when something is wrong: our own lines and what the server writes to its standard error. */
export class Log implements vscode.Disposable {
  readonly channel = vscode.window.createOutputChannel("GLM", { log: true });
  private traceChannel: vscode.OutputChannel | undefined;

  /** The talk between editor and server. Made when a person switches it on: it holds whole documents. */
  get trace(): vscode.LogOutputChannel {
    this.traceChannel ??= vscode.window.createOutputChannel("GLM (trace)");
    return alwaysTracing(this.traceChannel);
  }

  dispose(): void {
    this.channel.dispose();
    this.traceChannel?.dispose();
  }
}

/**
 * *channel* as one whose level is always `Trace`. The client library writes a trace only where the channel's own level
 * says so, which a person sets elsewhere; here the setting `zai.trace.server` is enough.
 */
function alwaysTracing(channel: vscode.OutputChannel): vscode.LogOutputChannel {
  const write = (message: string | Error) => channel.appendLine(`${new Date().toISOString()} ${message}`);
  const added = {
    logLevel: vscode.LogLevel.Trace,
    onDidChangeLogLevel: () => new vscode.Disposable(() => {}),
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
  };
  return new Proxy(channel, {
    get: (target, name) => {
      const value = Reflect.get(name in added ? added : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  }) as vscode.LogOutputChannel;
}
