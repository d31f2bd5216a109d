/** What is wrong with an address that others are to find the API by; undefined when nothing is. */
export function publicUrlFault(text: string): string | undefined {
  const received = `but received ${JSON.stringify(text)}`;
  if (!URL.canParse(text)) return `Expected a URL such as https://example.com/faces ${received}`;
  const { protocol, username, password, search, hash } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") return `Expected an http or https URL ${received}`;
  if (username !== "" || password !== "") return "Expected a URL without a user name but received one with it";
  return search === "" && hash === "" ? undefined : `Expected a URL without a query or a fragment ${received}`;
}

/**
 * The address as it is put before paths, which begin with a slash.
 * @param text without a fault
 */
export function publicBase(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, "");
}
