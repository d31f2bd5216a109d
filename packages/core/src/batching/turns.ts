/**
 * Those who wait for something that is given out bit by bit. Flows take turns, and those of one flow take turns within it,
 * so that somebody who comes with a thousand waits no less than somebody who comes with one.
 */
export class Turns<Waiting extends object> {
  /** Whose turn is next is first. */
  private readonly flows = new Map<string, Set<Waiting>>();

  get isEmpty(): boolean {
    return this.flows.size === 0;
  }

  /** Of the flows of those who wait. */
  get names(): string[] {
    return [...this.flows.keys()];
  }

  /** Whose turn it is. */
  get next(): Waiting | undefined {
    for (const waiting of this.heads()) return waiting;
    return undefined;
  }

  /** Whose turn it is in each flow, in the order of the flows' turns. */
  *heads(): Generator<Waiting> {
    for (const flow of this.flows.values()) {
      for (const waiting of flow) {
        yield waiting;
        break;
      }
    }
  }

  /** Takes out whose turn it is; its flow goes last of all. */
  takeNext(): Waiting | undefined {
    for (const [flow, all] of this.flows) {
      for (const waiting of all) {
        this.hadTurn(waiting, flow, { isDone: true });
        return waiting;
      }
    }
    return undefined;
  }

  add(waiting: Waiting, flow: string): void {
    const others = this.flows.get(flow);
    if (others) others.add(waiting);
    else this.flows.set(flow, new Set([waiting]));
  }

  /** Takes somebody out; false when it was not in. */
  delete(waiting: Waiting, flow: string): boolean {
    const all = this.flows.get(flow);
    const wasIn = all?.delete(waiting) ?? false;
    if (all?.size === 0) this.flows.delete(flow);
    return wasIn;
  }

  /** Whoever had its turn goes last in its flow, and its flow last of all, or is done with. */
  hadTurn(waiting: Waiting, flow: string, { isDone }: { isDone: boolean }): void {
    const all = this.flows.get(flow);
    if (!all?.delete(waiting)) return;
    if (!isDone) all.add(waiting);
    this.flows.delete(flow);
    if (all.size > 0) this.flows.set(flow, all);
  }
}
