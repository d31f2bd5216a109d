/** Other names that some store, proxy or file system takes for a key. */
export function keyAliases(key: string): string[] {
  const [first = "", ...rest] = key.split("/");
  const inFirst = (name: string) => [name, ...rest].join("/");
  return [
    `/${key}`,
    `//${key}`,
    `\\${key}`,
    key.replaceAll("/", "\\"),
    key.replaceAll("/", "//"),
    key.replaceAll("/", "\\/"),
    `\\${key.replaceAll("/", "\\/")}`,
    key.replace("/", "%2F"),
    key.replace("/", "%255C"),
    key.replace("/", "／"),
    key.replace("/", "/./"),
    `elsewhere/../${key}`,
    `elsewhere\\..\\${key}`,
    `elsewhere/%2e%2e/${key}`,
    `./${key}`,
    key.toUpperCase(),
    `${key}/`,
    `${key}\\`,
    `${key} `,
    `${key}.`,
    inFirst(`${first}.`),
    inFirst(`${first} `),
    inFirst(`${first}\u200b`),
    inFirst(`%${first.charCodeAt(0).toString(16)}${first.slice(1)}`),
  ];
}
