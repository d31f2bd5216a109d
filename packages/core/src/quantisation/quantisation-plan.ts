import type { Network, Ops } from "../nets/index.js";

/** A convolution, and what it is over: the network's input, a map by the name that it was rounded under, or reals. */
export interface PlannedConvolution {
  readonly name: string;
  readonly over:
    | { readonly kind: "input" }
    | { readonly kind: "rounded"; readonly name: string }
    | { readonly kind: "real" };
}

/** A sum of two rounded maps that is itself rounded, by the names. */
interface PlannedAddition {
  readonly a: string;
  readonly b: string;
  readonly sum: string;
}

type Planned = PlannedConvolution["over"] | { readonly kind: "sum"; readonly a: string; readonly b: string };

const real: Planned = { kind: "real" };

/** What of a network is computed in integers, as the places where it rounds its maps make it. */
export function quantisationPlan(network: Network) {
  const convolutions: PlannedConvolution[] = [];
  const additions: PlannedAddition[] = [];
  const ops: Ops<Planned> = {
    conv: (x, name) => {
      convolutions.push({ name, over: x.kind === "sum" ? { kind: "real" } : x });
      return real;
    },
    relu: (x) => (x.kind === "sum" ? x : real),
    prelu: () => real,
    maxPool: (x) => x,
    concat: ([first]) => first ?? real,
    add: (a, b) => (a.kind === "rounded" && b.kind === "rounded" ? { kind: "sum", a: a.name, b: b.name } : real),
    globalAveragePool: () => real,
    enlarge: () => real,
    quantise: (x, name) => {
      if (x.kind === "sum") additions.push({ a: x.a, b: x.b, sum: name });
      return { kind: "rounded", name };
    },
  };
  network.build<Planned>(ops, { kind: "input" });
  return { convolutions, additions };
}
