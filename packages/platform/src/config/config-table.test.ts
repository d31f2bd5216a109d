import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { configTable } from "./config-table.js";

describe("configTable", () => {
  it("documents a schema", () => {
    const schema = Type.Object({
      PORT: Type.Integer({ default: 3000, description: "Where to listen." }),
      MODE: Type.Optional(Type.String({ description: "Either a | b." })),
      NAME: Type.String({ description: "Who." }),
      TOKEN: Type.String({ default: "hush", secret: true, description: "A token." }),
      URL: Type.String({ default: "redis://127.0.0.1:6379", secret: true, description: "A plain address." }),
      LOGIN: Type.String({ default: "redis://me:hush@host", secret: true, description: "A login." }),
    });
    expect(configTable("API", schema)).toBe(`## API

| Setting | Default | Meaning |
|---|---|---|
| \`PORT\` | \`3000\` | Where to listen. |
| \`MODE\` | *(unset)* | Either a \\| b. |
| \`NAME\` | *(required)* | Who. |
| \`TOKEN\` | *(secret)* | A token. |
| \`URL\` | \`redis://127.0.0.1:6379\` | A plain address. |
| \`LOGIN\` | *(secret)* | A login. |
`);
  });
});
