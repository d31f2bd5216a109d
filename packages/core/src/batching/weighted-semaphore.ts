/**
 * Admits work up to a total weight, urgent work first, else first come, first served. Work heavier than the whole limit is
 * admitted alone, so that nothing waits for ever.
 */
export class WeightedSemaphore {
  private used = 0;
  private readonly queue: { readonly weight: number; readonly admit: () => void }[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves once the weight is admitted, to the function that gives it back. */
  acquire(weight: number, { urgent = false } = {}): Promise<() => void> {
    return new Promise((resolve) => {
      const admit = () => {
        this.used += weight;
        resolve(() => this.release(weight));
      };
      if (urgent) this.queue.unshift({ weight, admit });
      else this.queue.push({ weight, admit });
      this.advance();
    });
  }

  private release(weight: number): void {
    this.used -= weight;
    this.advance();
  }

  private advance(): void {
    while (this.queue.length > 0 && (this.used === 0 || this.used + this.queue[0]!.weight <= this.limit)) {
      this.queue.shift()!.admit();
    }
  }
}
