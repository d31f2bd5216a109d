import { FacefleetClient, type FacefleetClientOptions, FacefleetError } from "@facefleet/client";
import { isCheckout } from "../checkout.js";

/**
 * Makes sure, before anything is sent, that a service is there that would take it. One that is only busy is.
 * @throws Error that says in one sentence what to do
 */
export async function assertServiceAnswers(options: FacefleetClientOptions): Promise<void> {
  try {
    await new FacefleetClient({ ...options, maxRetries: 0 }).models();
  } catch (error) {
    if (!(error instanceof FacefleetError)) throw error;
    if (error.code === "unreachable") throw nobodyThere(options.url, error);
    if (error.code === "unauthorized") throw keyRefused(options, error);
    if (!error.retryable) throw error;
  }
}

function nobodyThere(url: FacefleetClientOptions["url"], cause: Error): Error {
  const advice = `start one with ${isCheckout ? "npm start" : "facefleet up"}, or name one with --url`;
  return new Error(`Expected a Facefleet service at ${url} but nothing answered; ${advice}`, { cause });
}

function keyRefused({ url, apiKey }: FacefleetClientOptions, cause: Error): Error {
  const received = apiKey === undefined ? "there is none" : "it was refused";
  return new Error(`Expected a key for ${url} in FACEFLEET_API_KEY but ${received}`, { cause });
}
