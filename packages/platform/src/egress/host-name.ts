/** A host's name without the dot that says that it is complete, which URLs may have or not. */
export function bareName(host: string): string {
  return host.replace(/\.$/, "");
}

/** RFC 6761: these names are this machine, whatever a resolver says. */
export function isLocalhost(host: string): boolean {
  return /(^|\.)localhost$/.test(bareName(host));
}
