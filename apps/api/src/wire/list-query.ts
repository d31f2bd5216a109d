import { Type } from "typebox";

/** How many of a list a page has, where nobody says. */
export const defaultLimit = 20;

/** What a page of a list is asked for with. `things`: what it is a list of. */
export function listQuery<const State extends string>(things: string, states: readonly State[]) {
  return Type.Object(
    {
      state: Type.Optional(Type.Enum([...states], { description: `Only ${things} that are in this state.` })),
      cursor: Type.Optional(Type.String({ maxLength: 200, description: "The `cursor` of the page before." })),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 100,
          default: defaultLimit,
          description: `The most ${things} of the page.`,
        }),
      ),
    },
    { additionalProperties: false },
  );
}
