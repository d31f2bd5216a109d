import { expect, it } from "vitest";
import { welcome } from "./welcome.js";

it("shows the addresses and a request to try", () => {
  const facts = {
    address: "http://127.0.0.1:3001",
    rootDir: "/nowhere",
    cwd: "/nowhere",
    dataDir: "/data",
    redisOrigin: "REDIS_URL",
    workers: 2,
  };
  const text = welcome(facts);
  expect(text).toContain("http://127.0.0.1:3001/docs");
  expect(text).toContain("2 workers");
  expect(text).toContain("curl -F image=@photo.jpg http://127.0.0.1:3001/extract-embedding");
});
