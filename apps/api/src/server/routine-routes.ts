/** What machines ask for all the time. */
const routineRoutes: readonly (string | undefined)[] = ["/livez", "/readyz", "/health", "/metrics"];

export function isRoutine(route: string | undefined): boolean {
  return routineRoutes.includes(route);
}
