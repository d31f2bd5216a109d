/** The part of `node:util` that Node 23 took away and tfjs-node 4.22, the last release, still calls. */
interface Predicates {
  isNullOrUndefined?: (value: unknown) => boolean;
  isArray?: (value: unknown) => boolean;
}

/** Gives `node:util` back the predicates that it lacks; those that it has are left as they are. */
export function restoreRemovedPredicates(util: object): void {
  const predicates: Predicates = util;
  predicates.isNullOrUndefined ??= (value) => value === null || value === undefined;
  predicates.isArray ??= Array.isArray;
}
