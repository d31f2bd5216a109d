/** A model pack that cannot be pulled, verified or loaded. The message is one sentence for the person at the terminal. */
export class PackError extends Error {
  override readonly name = "PackError";
}

/** A failure that may pass: the network, a busy host, a connection cut short. */
export class TransientPackError extends PackError {}
