import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { skipped } from "../../../tests/support/test-data.js";

const run = promisify(execFile);

/** Why processors that are not this one cannot be tried; undefined when they can. */
const noEmulator = (() => {
  if (process.arch !== "x64" || process.platform !== "linux") return "only on Linux on x64";
  try {
    execFileSync("qemu-x86_64", ["--version"]);
    return undefined;
  } catch {
    return "no qemu-x86_64 (Debian's qemu-user)";
  }
})();

async function openOn(cpu: string): Promise<{ arithmetic: string; refusals: string[] }> {
  const fixture = join(import.meta.dirname, "fixtures", "open-pack.mjs");
  const { stdout } = await run("qemu-x86_64", ["-cpu", cpu, process.execPath, fixture], { timeout: 240_000 });
  return JSON.parse(stdout);
}

describe.skipIf(skipped("the built-in pack on other processors", noEmulator))("the built-in pack", () => {
  // They have AVX2, whose multiplication of u8 and s8 adds two products in 16 bits.
  it.each(["Haswell", "EPYC"])(
    "is computed without overflow where there is no VNNI: %s",
    async (cpu) => {
      const { arithmetic, refusals } = await openOn(cpu);
      expect(arithmetic).toBe("int8-widened");
      expect(refusals).toEqual([
        expect.stringMatching(/^not by int8: the check .* expects a cosine of 0.99999 but it is 0.9/),
      ]);
    },
    300_000,
  );

  it("is computed by what there was before AVX", async () => {
    expect((await openOn("Nehalem")).arithmetic).toMatch(/^int8|^float32/);
  }, 300_000);
});
