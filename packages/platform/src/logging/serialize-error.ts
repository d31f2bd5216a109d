/**
 * An error as it is logged, with its chain of causes, ten at most: only named fields, so that nothing
 * attached to an error leaks. Values that are no errors stay as they are.
 */
export function serializeError(error: unknown, depth = 10): unknown {
  if (!(error instanceof Error) || depth === 0) return error instanceof Error ? error.message : error;
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    // It is printed raw for people, and what callers sent may be in it: no terminal codes.
    ...(stack !== undefined && { stack: stack.replaceAll(/[^\P{Cc}\n]/gu, "?") }),
    ...(cause !== undefined && { cause: serializeError(cause, depth - 1) }),
  };
}
