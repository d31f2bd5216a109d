import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findOnPath } from "@facefleet/stack";
import { repository } from "./test-data.js";

const run = promisify(execFile);

// biome-ignore lint/style/noProcessEnv: where programs and the cache folder are, and whom this machine trusts
const { PATH = "", XDG_CACHE_HOME, NODE_EXTRA_CA_CERTS } = process.env;
/** Images of its own, so that the stand-in for a public one is seen by nobody else. */
const storage = join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "facefleet", "images");
const options = [
  ...["--root", storage, "--runroot", "/run/facefleet-images"],
  ...["--runtime", "runc", "--cgroup-manager", "cgroupfs"],
];
/** The most that a process without privileges may give its children on some machines. */
const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"];
/** As docker-compose.yml runs them. */
const hardened = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges"];

/** Why images cannot be built and run here; undefined when they can. */
export async function noContainerEngine(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root can build and run images here";
  for (const program of ["podman", "runc", "mmdebstrap"]) {
    if ((await findOnPath(program, PATH)) === undefined) return `there is no ${program}`;
  }
  return noContainer().catch((error: Error) => `this machine runs no container: ${error.message}`);
}

/** Runs one from this machine's own programs. */
async function noContainer(): Promise<undefined> {
  const root = await mkdtemp(join(tmpdir(), "facefleet-container-"));
  const programs = ["/usr", "/lib", "/lib64"]
    .filter(existsSync)
    .flatMap((folder) => ["--volume", `${folder}:${folder}:ro`]);
  try {
    await podman("run", "--rm", "--network", "host", ...limits, ...programs, "--rootfs", root, "/usr/bin/true");
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Runs podman to its end; resolves with what it printed. */
export async function podman(...args: string[]): Promise<string> {
  const { stdout } = await run("podman", [...options, ...args], { cwd: repository, maxBuffer: 1 << 28 });
  return stdout.trim();
}

/** Provides the base image of the Dockerfiles, once on a machine. */
export async function provideNodeImage(version: string): Promise<void> {
  const name = `docker.io/library/node:${version}-bookworm-slim`;
  if (
    await podman("image", "exists", name).then(
      () => true,
      () => false,
    )
  )
    return;
  const folder = await mkdtemp(join(tmpdir(), "facefleet-base-"));
  try {
    const file = join(folder, "node.tar");
    await run(join(repository, "tests", "support", "node-base-image.sh"), [version, file]);
    const trust = NODE_EXTRA_CA_CERTS ? ["--change", `ENV NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS}`] : [];
    await podman("import", "--quiet", ...trust, file, name);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Builds an image by its Dockerfile, up to a stage or to the end, from the repository. */
export async function buildImage(dockerfile: string, tag: string, stage?: string): Promise<void> {
  const isolation = ["--isolation", "chroot", "--network", "host", "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"];
  const target = stage === undefined ? [] : ["--target", stage];
  const file = ["--file", join("infra", "docker", dockerfile), "--tag", tag];
  await podman("build", "--pull=never", "--format", "docker", ...isolation, ...target, ...file, ".");
}

/** A container of an image, on this machine's network, hardened as in docker-compose.yml; process 1 is the image's. */
export class Container {
  private constructor(private readonly id: string) {}

  static async start(image: string, env: Record<string, string>): Promise<Container> {
    const settings = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const host = ["--network", "host", ...limits, ...hardened];
    return new Container(await podman("run", "--detach", ...host, ...settings, image));
  }

  /** Resolves once the image's own HEALTHCHECK succeeds. */
  async healthy(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (
      !(await podman("healthcheck", "run", this.id).then(
        () => true,
        () => false,
      ))
    ) {
      if (Date.now() > deadline) throw new Error(`Expected a healthy container but received:\n${await this.#logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Sends SIGTERM; resolves with the exit code, 137 when it had to be killed after `graceSeconds`. */
  async stop(graceSeconds: number): Promise<number> {
    await podman("stop", "--time", String(graceSeconds), this.id);
    return Number(await podman("inspect", "--format", "{{.State.ExitCode}}", this.id));
  }

  async remove(): Promise<void> {
    await podman("rm", "--force", this.id);
  }

  async #logs(): Promise<string> {
    const { stdout, stderr } = await run("podman", [...options, "logs", this.id]);
    return stdout + stderr;
  }
}

/** Runs a command in an image, to its end; resolves with what it printed. */
export function runIn(image: string, ...command: string[]): Promise<string> {
  return podman("run", "--rm", "--network", "host", ...limits, ...hardened, image, ...command);
}
