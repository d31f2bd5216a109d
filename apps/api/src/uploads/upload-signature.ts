import { createHmac, timingSafeEqual } from "node:crypto";

/** What a signed upload URL allows: these bytes' number and type, under this id, until then. */
export interface UploadGrant {
  readonly id: string;
  readonly size: number;
  readonly type: string;
  /** Unix time in seconds. */
  readonly expires: number;
  /** What the API key is called that asked for it; undefined where there are none. */
  readonly keyId: string | undefined;
}

/** @returns the grant's HMAC-SHA256, base64url */
export function signUpload(grant: UploadGrant, secret: string): string {
  const { id, size, type, expires, keyId } = grant;
  const text = ["PUT", id, size, type, expires, keyId ?? ""].join("\n");
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** Takes the same time for every wrong signature. */
export function isSigned(grant: UploadGrant, signature: string, secret: string): boolean {
  const expected = Buffer.from(signUpload(grant, secret));
  const received = Buffer.from(signature);
  return expected.length === received.length && timingSafeEqual(expected, received);
}
