import { isIP } from "node:net";
import { generate } from "selfsigned";

/** A certificate that nobody vouches for, of a host name or an address, with its key; both as PEM. */
export async function selfSigned(host: string): Promise<{ readonly key: string; readonly cert: string }> {
  const name = isIP(host) ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const);
  const { private: key, cert } = await generate([{ name: "commonName", value: host }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [name] }],
  });
  return { key, cert };
}
