import type { FastifyInstance } from "fastify";

/** The routes that are registered from now on, and how each may be asked. */
export class KnownRoutes {
  readonly #methods = new Map<string, Set<string>>();

  constructor(app: FastifyInstance) {
    app.addHook("onRoute", ({ url, method }) => {
      const methods = this.#methods.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      this.#methods.set(url, methods);
    });
  }

  /** The methods of a path, in the order of the alphabet; none where no route has it. */
  methodsOf(path: string): string[] {
    const segments = path.split("/");
    const routes = [...this.#methods].filter(([url]) => isAt(url.split("/"), segments));
    return [...new Set(routes.flatMap(([, methods]) => [...methods]))].sort();
  }
}

/** A parameter is any one segment that is not empty. A star is no address of its own. */
function isAt(route: readonly string[], segments: readonly string[]): boolean {
  if (route.length !== segments.length) return false;
  return route.every((part, at) => (part.startsWith(":") ? segments[at] !== "" : part === segments[at]));
}
