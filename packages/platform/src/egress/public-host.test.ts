import { expect, it } from "vitest";
import { isPublicHost } from "./public-host.js";

it.each([
  ["https://s3.eu-central-1.amazonaws.com", true],
  ["https://account.r2.cloudflarestorage.com", true],
  ["http://8.8.8.8:9000", true],
  ["http://[2606:4700::1111]", true],
  ["http://s3:8333", false],
  ["http://localhost:8333", false],
  ["http://minio.storage.svc", false],
  ["http://minio.storage.svc.cluster.local:9000", false],
  ["http://s3.internal.", false],
  ["http://127.0.0.1:8333", false],
  ["http://10.1.2.3", false],
  ["http://192.168.1.5:9000", false],
  ["http://[::1]:8333", false],
  ["http://[fd00::1]", false],
])("whether %s can be reached from outside: %s", (url, expected) => {
  expect(isPublicHost(url)).toBe(expected);
});
