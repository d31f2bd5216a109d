import type { TestProject } from "vitest/node";
import { Deployment, type DeploymentInfo } from "../support/deployment.js";
import { noPack, skipped } from "../support/test-data.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Absent where there are no weights to deploy with. */
    deployment: (DeploymentInfo & { readonly metricsUrls: readonly string[] }) | undefined;
  }
}

/** One deployment for all black-box tests. */
export default async function provideDeployment({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (skipped("the black-box tests of a whole deployment", noPack)) {
    provide("deployment", undefined);
    return undefined;
  }
  const deployment = await Deployment.start();
  provide("deployment", { ...deployment.info, metricsUrls: deployment.metricsUrls });
  return () => deployment.stop();
}
