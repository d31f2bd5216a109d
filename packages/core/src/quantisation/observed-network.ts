import type { Network, Ops } from "../nets/index.js";

/** A map inside a network: one that it would round, under the name that it has for it, or the input of a convolution. */
export interface ObservedMap {
  readonly kind: "rounded" | "input";
  readonly name: string;
  /** Of the observed network. */
  readonly output: string;
}

/** The same network, with what happens inside it as its outputs. */
export function observed(network: Network): { readonly network: Network; readonly maps: readonly ObservedMap[] } {
  const maps: ObservedMap[] = [];
  const pass = () => undefined;
  const silent = {
    relu: pass,
    prelu: pass,
    maxPool: pass,
    concat: pass,
    add: pass,
    globalAveragePool: pass,
    enlarge: pass,
  };
  const see = (_: undefined, kind: ObservedMap["kind"], name: string) =>
    void maps.push({ kind, name, output: `map_${maps.length}` });
  network.build<undefined>(seeing({ ...silent, conv: pass, quantise: pass }, see), undefined);
  const build = <T>(ops: Ops<T>, input: T): Record<string, T> => {
    const seen: T[] = [];
    network.build(
      seeing(ops, (map) => void seen.push(map)),
      input,
    );
    return Object.fromEntries(maps.map(({ output }, i) => [output, seen[i] as T]));
  };
  return { network: { ...network, outputs: maps.map(({ output }) => output), build }, maps };
}

function seeing<T>(ops: Ops<T>, see: (map: T, kind: ObservedMap["kind"], name: string) => void): Ops<T> {
  return {
    conv: (x, name, options) => {
      see(x, "input", name);
      return ops.conv(x, name, options);
    },
    relu: (x) => ops.relu(x),
    prelu: (x, name) => ops.prelu(x, name),
    maxPool: (x, options) => ops.maxPool(x, options),
    concat: (xs) => ops.concat(xs),
    add: (a, b) => ops.add(a, b),
    globalAveragePool: (x) => ops.globalAveragePool(x),
    enlarge: (x) => ops.enlarge(x),
    quantise: (x, name) => {
      const map = ops.quantise(x, name);
      see(map, "rounded", name);
      return map;
    },
  };
}
