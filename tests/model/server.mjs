// A real language model behind an OpenAI-style endpoint on loopback, as strict as the service about requests in flight.
//
//   node server.mjs WEIGHTS.gguf      prints {"port": N} once it listens; ends when its standard input does
//
// POST …/chat/completions   streams; a second request while one is in flight gets HTTP 429 with code 1302
// GET  /count               {"mostInFlight", "served", "aborted", "refused"}
import http from "node:http";
import {getLlama, LlamaChat, resolveChatWrapper} from "node-llama-cpp";

const CONTEXT_TOKENS = 2048;
const count = {inFlight: 0, mostInFlight: 0, served: 0, aborted: 0, refused: 0};

// `never` and `skipDownload`: the prebuilt binary of the package is used, nothing is fetched or compiled.
// One thread: on a busy machine with few cores, more threads wait for each other and become many times slower.
const llama = await getLlama({build: "never", skipDownload: true, gpu: false, logLevel: "error", maxThreads: 1});
const model = await llama.loadModel({modelPath: process.argv[2]});
const context = await model.createContext({contextSize: CONTEXT_TOKENS, threads: 1});
const sequence = context.getSequence();
const chatWrapper = resolveChatWrapper(model);

function refuse(response, status, code, message) {
  response.writeHead(status, {"content-type": "application/json"});
  response.end(JSON.stringify({error: {code, message}}));
}

function historyOf(messages) {
  const turns = messages.map(({role, content}) =>
    role === "assistant" ? {type: "model", response: [content]} : {type: role, text: content});
  return [...turns, {type: "model", response: []}];
}

async function answer(request, response, signal) {
  const promptTokens = model.tokenize(request.messages.map((m) => m.content).join("\n")).length;
  const maxTokens = Math.min(request.max_tokens ?? 256, 96);
  if (promptTokens + maxTokens + 64 > CONTEXT_TOKENS)
    return refuse(response, 400, "1261", `Prompt exceeds max length: ${promptTokens} tokens`);
  const head = {id: `local-${Date.now()}`, created: Math.floor(Date.now() / 1000), model: "smollm2-135m"};
  const send = (choice, more = {}) =>
    response.write(`data: ${JSON.stringify({...head, choices: [{index: 0, finish_reason: null, ...choice}], ...more})}\n\n`);
  response.writeHead(200, {"content-type": "text/event-stream"});
  response.flushHeaders();
  send({delta: {role: "assistant", content: ""}});
  let completionTokens = 0;
  const chat = new LlamaChat({contextSequence: sequence, chatWrapper});
  try {
    const result = await chat.generateResponse(historyOf(request.messages), {
      maxTokens, temperature: 0, signal, stopOnAbortSignal: true,
      onToken: (tokens) => { completionTokens += tokens.length; },
      onTextChunk: (text) => { if (text) send({delta: {content: text}}); },
    });
    if (signal.aborted) { count.aborted += 1; return; }
    const usage = {prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens};
    send({delta: {}, finish_reason: result.metadata.stopReason === "maxTokens" ? "length" : "stop"}, {usage});
    count.served += 1;
    count.inFlight -= 1; // before the last byte: whoever sees it may send the next request
    response.inFlightEnded = true;
    response.end("data: [DONE]\n\n");
  } finally {
    chat.dispose({disposeSequence: false});
    await sequence.clearHistory();
  }
}

const server = http.createServer(async (message, response) => {
  if (message.method === "GET") {
    response.writeHead(200, {"content-type": "application/json"});
    return response.end(JSON.stringify(message.url.endsWith("/models") ? {object: "list", data: [{id: "smollm2-135m"}]} : count));
  }
  const parts = [];
  for await (const part of message) parts.push(part);
  const request = JSON.parse(Buffer.concat(parts));
  if (count.inFlight > 0) {
    count.refused += 1;
    return refuse(response, 429, "1302", "Rate limit reached for requests");
  }
  count.inFlight += 1;
  count.mostInFlight = Math.max(count.mostInFlight, count.inFlight);
  const aborter = new AbortController();
  response.on("close", () => { if (!response.writableFinished) aborter.abort(); });
  try { await answer(request, response, aborter.signal); }
  catch (error) { response.headersSent ? response.destroy() : refuse(response, 500, "1200", String(error)); }
  finally { if (!response.inFlightEnded) count.inFlight -= 1; }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({port: server.address().port})));
process.stdin.resume().on("end", () => process.exit(0));
