import { expect, it } from "vitest";
import { clientSettings } from "./client-options.js";

it("keeps a path before the service's own", () => {
  expect(clientSettings({ url: "http://127.0.0.1:3000" }).baseUrl).toBe("http://127.0.0.1:3000");
  expect(clientSettings({ url: new URL("https://example.com/faces//") }).baseUrl).toBe("https://example.com/faces");
});

it.each(["localhost:3000", "nowhere", "ftp://example.com"])("refuses %s", (url) => {
  expect(() => clientSettings({ url })).toThrow(TypeError);
});

it("refuses a user name in the address without showing the password", () => {
  const make = () => clientSettings({ url: "http://me:hidden@example.com" });
  expect(make).toThrow(/Expected a url without a user name/);
  expect(make).not.toThrow(/hidden/);
});
