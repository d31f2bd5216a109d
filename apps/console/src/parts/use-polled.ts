import { useEffect, useRef, useState } from "preact/hooks";
import { apiKey } from "../key/api-key.js";
import { type Fault, faultOf } from "../service.js";

export interface Polled<T> {
  readonly value: T | undefined;
  readonly fault: Fault | undefined;
  /** Asks now. */
  readonly again: () => void;
}

interface Seen<T> {
  readonly subject: string;
  readonly value?: T | undefined;
  readonly fault?: Fault | undefined;
}

/**
 * What a call answers, asked again `everyMs` after each answer; not while nobody looks at the page.
 *
 * @param about what is asked about: another one, or another key, begins anew
 * @param isFinal whether an answer stays as it is, until somebody asks `again`
 */
export function usePolled<T>(
  about: string,
  everyMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  isFinal: (value: T) => boolean = () => false,
): Polled<T> {
  const subject = `${about} ${apiKey.value ?? ""}`;
  const [seen, setSeen] = useState<Seen<T>>({ subject });
  const latest = useRef({ call, isFinal });
  latest.current = { call, isFinal };
  const ask = useRef(() => {});
  useEffect(() => {
    const see = (signal: AbortSignal) =>
      latest.current.call(signal).then(
        (value) => {
          if (!signal.aborted) setSeen({ subject, value });
          return latest.current.isFinal(value);
        },
        (error: unknown) => {
          const fault = faultOf(error);
          if (!signal.aborted) setSeen((before) => ({ ...(before.subject === subject && before), subject, fault }));
        },
      );
    const polling = poll(everyMs, see);
    ask.current = polling.again;
    return polling.end;
  }, [subject, everyMs]);
  const { value, fault } = seen.subject === subject ? seen : {};
  return { value, fault, again: () => ask.current() };
}

/**
 * Calls at once, when told to, and a while after each end; of two calls the later counts.
 *
 * @param call resolves to true where there is nothing more to come: then it is called when told to
 */
export function poll(everyMs: number, call: (signal: AbortSignal) => Promise<unknown>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = new AbortController();
  const look = async () => {
    clearTimeout(timer);
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const isOver = !document.hidden && (await call(signal)) === true;
    if (!signal.aborted && !isOver) timer = setTimeout(look, everyMs);
  };
  const again = () => void look();
  document.addEventListener("visibilitychange", again);
  again();
  const end = () => {
    document.removeEventListener("visibilitychange", again);
    clearTimeout(timer);
    stop.abort();
  };
  return { again, end };
}
