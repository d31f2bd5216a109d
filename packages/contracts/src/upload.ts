import { type Static, Type } from "typebox";
import { imageContentTypes } from "./image-format.js";

/** The JSON body of POST /v1/uploads. */
export const UploadRequest = Type.Object(
  {
    contentType: Type.Enum(imageContentTypes),
    size: Type.Integer({ minimum: 1, description: "Bytes that will be sent." }),
  },
  { $id: "UploadRequest", additionalProperties: false },
);
export type UploadRequest = Static<typeof UploadRequest>;

/** Where and how to send the bytes; then use `id` as `{ "upload": id }` in a job. */
export const Upload = Type.Object(
  {
    id: Type.String(),
    url: Type.String(),
    method: Type.Literal("PUT"),
    headers: Type.Record(Type.String(), Type.String()),
    expiresAt: Type.String({ format: "date-time" }),
  },
  { $id: "Upload" },
);
export type Upload = Static<typeof Upload>;
