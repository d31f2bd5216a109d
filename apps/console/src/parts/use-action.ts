import { useEffect, useState } from "preact/hooks";
import { type Fault, faultOf } from "../service.js";

export interface Action {
  readonly isRunning: boolean;
  readonly fault: Fault | undefined;
  readonly run: () => void;
}

/**
 * Something that is done on a click, and what came of it.
 *
 * @param act its signal ends with the part of the page that it is done from
 */
export function useAction(act: (signal: AbortSignal) => Promise<void>): Action {
  const [stop] = useState(() => new AbortController());
  useEffect(() => () => stop.abort(), [stop]);
  const [state, setState] = useState<{ isRunning: boolean; fault?: Fault | undefined }>({ isRunning: false });
  const run = async () => {
    setState({ isRunning: true });
    try {
      await act(stop.signal);
      setState({ isRunning: false });
    } catch (error) {
      setState({ isRunning: false, fault: faultOf(error) });
    }
  };
  return { isRunning: state.isRunning, fault: state.fault, run: () => void run() };
}
