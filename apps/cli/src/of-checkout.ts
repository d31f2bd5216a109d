/** What only developers need is left out of images. */
export async function ofCheckout<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw error;
    throw new Error("Expected a checkout for this command, which is for developers, but received an installation", {
      cause: error,
    });
  }
}
