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

  /** Whose turn it is in a flow. */
  headOf(flow: string): Waiting | undefined {
    const [head] = this.flows.get(flow) ?? [];
    return head;
  }

  /** Whose turn it is in each flow, in the order of the flows' turns. */
  *heads(): Generator<Waiting> {
    for (const flow of this.flows.keys()) yield this.headOf(flow)!;
  }

  /** Takes out whose turn it is; its flow goes last of all. */
  takeNext(): Waiting | undefined {
    const [flow] = this.flows.keys();
    if (flow === undefined) return undefined;
    const waiting = this.headOf(flow)!;
    this.hadTurn(waiting, flow, { isDone: true });
    return waiting;
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
