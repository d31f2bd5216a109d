import type { TestProject } from "vitest/node";
import { RedisCluster } from "./support/redis-cluster.js";

/** Gives the tests a Redis Cluster; `redis-cluster.env.ts` puts its address into REDIS_URL. */
export default async function provideCluster({ provide }: TestProject): Promise<() => Promise<void>> {
  const cluster = await RedisCluster.start("{facefleet}");
  provide("clusterUrl", cluster.url);
  return () => cluster.remove();
}

declare module "vitest" {
  interface ProvidedContext {
    clusterUrl: string;
  }
}
