import { Type } from "typebox";

/** An address that the service may be asked to connect to; whether it does is for the egress guard to say. */
export const HttpUrl = Type.String({ minLength: 8, maxLength: 2048, pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s]+$" });
