import { ProblemError } from "@facefleet/contracts";

/**
 * Embeddings of different fingerprints have distances that mean nothing. One that is not known is let through.
 *
 * @throws ProblemError `fingerprint_mismatch` when both are known and differ.
 */
export function expectSameFingerprint(first: string | undefined, second: string | undefined): void {
  if (first === undefined || second === undefined || first === second) return;
  throw new ProblemError(
    "fingerprint_mismatch",
    `Expected one fingerprint for both embeddings but received ${first} and ${second}`,
  );
}
