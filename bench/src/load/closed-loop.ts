export interface ClosedLoop {
  /** Callers that each wait for their answer before they ask again. */
  readonly clients: number;
  readonly milliseconds: number;
  readonly request: (client: number) => Promise<unknown>;
}

/** Calls as fast as answers come. */
export async function closedLoop({
  clients,
  milliseconds,
  request,
}: ClosedLoop): Promise<{ answered: number; perSecond: number }> {
  const started = performance.now();
  let answered = 0;
  const call = async (client: number) => {
    while (performance.now() - started < milliseconds) {
      await request(client);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => call(client)));
  return { answered, perSecond: (1000 * answered) / (performance.now() - started) };
}
