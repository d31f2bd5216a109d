import { bytesOfBase64 } from "./base64.js";

/** A CryptoKey, which Node's types know by another name than the DOM's. */
export type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const secretPrefix = "whsec_";

/**
 * The key in a secret such as "whsec_<base64>".
 * @throws TypeError for anything else: it is the receiver's own mistake, not the sender's
 */
export function importSecret(secret: string): Promise<SigningKey> {
  const bytes = bytesOfBase64(secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret);
  // The secret itself stays out of the message.
  if (!bytes || bytes.length === 0) throw new TypeError("Expected a webhook secret of the form whsec_<base64>");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}
