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

/** An image handed to the service with POST /v1/uploads; deleted when the last job that names it ends. */
export const UploadImageRef = Type.Object(
  { upload: Type.String({ pattern: "^[0-9a-f]{32}$", description: "The upload's id." }) },
  { $id: "UploadImageRef", additionalProperties: false },
);

/** An image that the service fetches itself, from a public address. */
export const UrlImageRef = Type.Object({ url: HttpUrl }, { $id: "UrlImageRef", additionalProperties: false });

/** Where an image is. Only references travel in the queue, never pixels. */
export const ImageRef = Type.Union([S3ImageRef, UploadImageRef, UrlImageRef], { $id: "ImageRef" });
export type ImageRef = Static<typeof ImageRef>;
