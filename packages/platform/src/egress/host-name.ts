import { isIPv4 } from "node:net";

/** A host's name without the dot that says that it is complete, which URLs may have or not. */
export function bareName(host: string): string {
  return host.replace(/\.$/, "");
}

/** RFC 6761: these names are this machine, whatever a resolver says. */
export function isLocalhost(host: string): boolean {
  return /(^|\.)localhost$/.test(bareName(host));
}

/** Whether a host, a name or an address as URLs have them, is this machine for this machine alone. */
export function isThisMachine(host: string): boolean {
  return isLocalhost(host) || /^(\[::1\]|::1)$/.test(host) || (isIPv4(host) && host.startsWith("127."));
}

/** The URL that was looked at last: most requests are for the host of the one before. */
let last: { readonly url: string; readonly name: string | undefined } = { url: "", name: undefined };

/** The host of a URL, without its port, in the one form that URLs have for it; undefined for what is no URL. */
export function hostNameOf(url: string): string | undefined {
  if (last.url !== url) last = { url, name: URL.canParse(url) ? bareName(new URL(url).hostname) : undefined };
  return last.name;
}
