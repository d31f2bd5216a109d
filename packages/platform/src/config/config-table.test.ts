import { describe, expect, it } from "vitest";
import { configTable } from "./config-table.js";

describe("configTable", () => {
  it("documents settings", () => {
    const settings = {
      PORT: { type: "integer", default: 3000, description: "Where to listen." },
      MODE: { type: "string", description: "Either a | b." },
      TOKEN: { type: "string", default: "hush", secret: true, description: "A token." },
      URL: { type: "string", default: "redis://127.0.0.1:6379", secret: true, description: "A plain address." },
      LOGIN: { type: "string", default: "redis://me:hush@host", secret: true, description: "A login." },
    } as const;
    expect(configTable("API", settings)).toBe(`## API

| Setting | Default | Meaning |
|---|---|---|
| \`PORT\` | \`3000\` | Where to listen. |
| \`MODE\` | *(unset)* | Either a \\| b. |
| \`TOKEN\` | *(secret)* | A token. |
| \`URL\` | \`redis://127.0.0.1:6379\` | A plain address. |
| \`LOGIN\` | *(secret)* | A login. |
`);
  });
});
