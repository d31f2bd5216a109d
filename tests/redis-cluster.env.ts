import { inject } from "vitest";

// biome-ignore lint/style/noProcessEnv: tests find Redis through it
process.env.REDIS_URL = inject("clusterUrl");
