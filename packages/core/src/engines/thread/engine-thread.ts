import { parentPort, workerData } from "node:worker_threads";
import { WeightsFile } from "../../models/weights-file.js";
import { networkNamed } from "../../nets/index.js";
import { createEngine } from "../create-engine.js";
import type { Session } from "../inference-engine.js";
import type {
  EngineAnswer,
  EngineRequest,
  EngineResult,
  EngineStarted,
  EngineThreadSettings,
  EngineWarning,
} from "./protocol.js";

/* The thread of an engine: it opens sessions and runs them, as it is asked, and does nothing else. */

const port = parentPort!;
process.removeAllListeners("warning").on("warning", (warning) => {
  const message: EngineWarning = { warning };
  port.postMessage(message);
});
const { choice, options } = workerData as EngineThreadSettings;
const { engine, reason } = await createEngine(choice, options);
const sessions = new Map<number, { readonly session: Session; readonly weights: WeightsFile }>();
let lastSession = 0;

async function compile({ network, weightsPath, arithmetic }: Extract<EngineRequest, { type: "compile" }>) {
  const weights = await WeightsFile.open(weightsPath);
  try {
    const session = await engine.compile(networkNamed(network), weights, arithmetic);
    sessions.set(++lastSession, { session, weights });
    return lastSession;
  } catch (error) {
    weights.close();
    throw error;
  }
}

async function close(id: number): Promise<void> {
  const { session, weights } = sessions.get(id)!;
  sessions.delete(id);
  await session.close();
  weights.close();
}

async function answer(request: EngineRequest): Promise<EngineResult> {
  switch (request.type) {
    case "compile":
      return await compile(request);
    case "run":
      return await sessions.get(request.session)!.session.run(request.input);
    case "close":
      await close(request.session);
      return undefined;
  }
}

function livingTensors() {
  return { count: engine.tensorCount(), bytes: engine.tensorBytes() };
}

async function reply({ id, ...request }: EngineRequest & { id: number }): Promise<void> {
  try {
    const result = await answer(request);
    const outputs = typeof result === "object" ? Object.values(result) : [];
    const message: EngineAnswer = { id, result, tensors: livingTensors() };
    port.postMessage(message, [...new Set(outputs.map(({ data }) => data.buffer as ArrayBuffer))]);
  } catch (error) {
    const message: EngineAnswer = { id, error, isOutOfMemory: engine.isOutOfMemory(error), tensors: livingTensors() };
    port.postMessage(message);
  }
}

/** One after the other: a session has memory for the input of one run. */
let last = Promise.resolve();
port.on("message", (request) => {
  last = last.then(() => reply(request));
});

const { name, device, arithmetics } = engine;
const started: EngineStarted = { name, device, arithmetics, reason };
port.postMessage(started);
