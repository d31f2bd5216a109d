import { type Static, Type } from "typebox";
import { BucketName } from "./bucket.js";
import { HttpUrl } from "./http-url.js";

/** An object in a bucket that the service can read. */
export const S3ImageRef = Type.Object(
  {
    s3: Type.Object(
      {
        bucket: BucketName,
        key: Type.String({ minLength: 1, maxLength: 1024 }),
        versionId: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      },
      { additionalProperties: false },
    ),
  },
  { $id: "S3ImageRef", additionalProperties: false },
);

export const UploadId = Type.String({ pattern: "^[0-9a-f]{32}$", description: "The upload's id." });

/** An image handed to the service with POST /v1/uploads; deleted when the last job that names it ends. */
export const UploadImageRef = Type.Object({ upload: UploadId }, { $id: "UploadImageRef", additionalProperties: false });

/** An image that the service fetches itself, from a public address. */
export const UrlImageRef = Type.Object({ url: HttpUrl }, { $id: "UrlImageRef", additionalProperties: false });

/** Where an image is. Only references travel in the queue, never pixels. */
export const ImageRef = Type.Union([S3ImageRef, UploadImageRef, UrlImageRef], { $id: "ImageRef" });
export type ImageRef = Static<typeof ImageRef>;

/** An image itself, in JSON. The service keeps it as an upload, and takes it out of the JSON while that arrives. */
export const InlineImage = Type.Object(
  {
    data: Type.String({
      contentEncoding: "base64",
      description:
        "The image's bytes in base64, or a data URL of them, whose media type says nothing here. They may be as many as of an upload.",
    }),
  },
  { $id: "InlineImage", additionalProperties: false },
);

/** An image of a request: where it is, or the image itself. */
export const RequestImage = Type.Union([...ImageRef.anyOf, InlineImage], { $id: "RequestImage" });
export type RequestImage = Static<typeof RequestImage>;
