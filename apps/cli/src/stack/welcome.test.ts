import { expect, it } from "vitest";
import { welcome } from "./welcome.js";

const facts = {
  address: "http://127.0.0.1:3001",
  rootDir: "/nowhere",
  cwd: "/nowhere",
  dataDir: "/data",
  redisOrigin: "REDIS_URL",
  workers: 2,
  needsKey: false,
};

it("shows the addresses and a request to try", () => {
  const text = welcome(facts);
  expect(text).toContain("http://127.0.0.1:3001/docs");
  expect(text).toContain("2 workers");
  expect(text).toContain("curl -F image=@photo.jpg http://127.0.0.1:3001/extract-embedding");
});

it("shows where the key goes when there have to be keys", () => {
  expect(welcome({ ...facts, needsKey: true })).toContain(
    'curl -H "Authorization: Bearer $FACEFLEET_API_KEY" -F image=@photo.jpg http://127.0.0.1:3001/extract-embedding',
  );
});
