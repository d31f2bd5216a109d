import type { EngineName, InferenceEngine, Session } from "@facefleet/core";
import type { ModelPack } from "@facefleet/core/models";

type Compile = InferenceEngine["compile"];

/** An engine that adds up how long the runs of each network take. */
export class TimedEngine implements InferenceEngine {
  /** Milliseconds, by the network's name. */
  readonly times = new Map<string, number>();
  readonly name: EngineName;
  readonly device: string;
  readonly arithmetics: InferenceEngine["arithmetics"];

  constructor(private readonly engine: InferenceEngine) {
    this.name = engine.name;
    this.device = engine.device;
    this.arithmetics = engine.arithmetics;
  }

  readonly compile: Compile = async (network, weights: ModelPack["weights"], arithmetic) => {
    const session = await this.engine.compile(network, weights, arithmetic);
    return {
      input: (length) => session.input(length),
      run: (input) => this.timed(network.name, session, input),
      close: () => session.close(),
    };
  };

  isOutOfMemory(error: unknown): boolean {
    return this.engine.isOutOfMemory(error);
  }

  tensorCount(): number | undefined {
    return this.engine.tensorCount();
  }

  tensorBytes(): number | undefined {
    return this.engine.tensorBytes();
  }

  private async timed<Output extends string>(
    name: string,
    session: Session<Output>,
    input: Parameters<Session<Output>["run"]>[0],
  ): ReturnType<Session<Output>["run"]> {
    const started = performance.now();
    const output = await session.run(input);
    this.times.set(name, (this.times.get(name) ?? 0) + performance.now() - started);
    return output;
  }
}
