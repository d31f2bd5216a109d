import { Type } from "typebox";

export const IdempotencyHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "The same key and request within 24 hours give the same job or batch.",
    }),
  ),
});
