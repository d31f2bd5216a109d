import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createEngine, createEngineThread, type InferenceEngine, type Session, type Tensor } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import { expect, test } from "vitest";
import { modelsDir } from "../../../tests/support/test-data.js";
import { pnet } from "../src/nets/index.js";

const side = 96;

async function openPnet(engine: InferenceEngine): Promise<Session<"logits" | "offsets">> {
  return engine.compile(pnet, (await loadPack(modelsDir)).weights);
}

function picture(session: Session, images = 1): Tensor {
  const data = session.input(images * side * side * 3);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(i);
  return { data, shape: [images, side, side, 3] };
}

test("an engine on a thread of its own gives what it gives on this one, from any memory", async () => {
  const [here, there] = [(await createEngine("onnx-cpu")).engine, (await createEngineThread("onnx-cpu")).engine];
  expect([there.name, there.device, there.arithmetics]).toEqual([here.name, here.device, here.arithmetics]);
  const [own, other] = [await openPnet(here), await openPnet(there)];
  const expected = await own.run(picture(own));
  expect(await other.run(picture(other))).toEqual(expected);
  expect(await other.run(picture(own)), "from memory that is not shared").toEqual(expected);
  await Promise.all([own.close(), other.close()]);
});

test("and leaves this one free while it computes", async () => {
  const session = await openPnet((await createEngineThread("onnx-cpu")).engine);
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  const run = session.run(picture(session, 32));
  setImmediate(count);
  await run;
  isOver = true;
  expect(turns).toBeGreaterThan(10);
});

test("and rejects with the engine's own error, after which its session goes on", async () => {
  const { engine } = await createEngineThread("onnx-cpu");
  const session = await openPnet(engine);
  const input = picture(session);
  const error = await session.run({ ...input, shape: [2, side, side, 3] }).catch((error: unknown) => error);
  expect(error).toMatchObject({ message: expect.stringMatching(/size/i) });
  expect(engine.isOutOfMemory(error)).toBe(false);
  expect(Object.keys(await session.run(input))).toEqual(["logits", "offsets"]);
});

test("and does not start where it would not start on this one", async () => {
  const options = { tfjsNodeDir: "/nowhere" };
  const expected: Error = await createEngine("tfjs-node", options).catch((error) => error);
  await expect(createEngineThread("tfjs-node", options)).rejects.toThrow(expected.message);
});

test("and takes its process with it when it does not answer", async () => {
  const program = `
    import { createEngineThread } from "@facefleet/core";
    import { loadPack } from "@facefleet/core/models";
    import { pnet } from ${JSON.stringify(new URL("../dist/nets/index.js", import.meta.url).href)};
    const { engine } = await createEngineThread("onnx-cpu", {}, 50);
    const input = { data: new Float32Array(3 * 4000 * 4000), shape: [1, 4000, 4000, 3] };
    const session = await engine.compile(pnet, (await loadPack("")).weights);
    for (let i = 0; i < 100; i++) await session.run(input);
    process.stdout.write("answered");`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: new URL("..", import.meta.url),
    timeout: 60_000,
  });
  await expect(run).rejects.toMatchObject({
    signal: "SIGKILL",
    stdout: "",
    stderr: expect.stringMatching(/within 50 ms/),
  });
});

test("and keeps no process that has nothing else to do", async () => {
  const program = `
    import { createEngineThread } from "@facefleet/core";
    const { engine } = await createEngineThread("onnx-cpu");
    process.stdout.write(engine.name);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: new URL("..", import.meta.url),
    timeout: 60_000,
  });
  expect(stdout).toBe("onnx-cpu");
});
