import type { TestProject } from "vitest/node";
import { Deployment, type DeploymentInfo } from "../support/deployment.js";

declare module "vitest" {
  interface ProvidedContext {
    deployment: DeploymentInfo & { readonly metricsUrls: readonly string[] };
  }
}

/** One deployment for all black-box tests. */
export default async function provideDeployment({ provide }: TestProject): Promise<() => Promise<void>> {
  const deployment = await Deployment.start();
  provide("deployment", { ...deployment.info, metricsUrls: deployment.metricsUrls });
  return () => deployment.stop();
}
