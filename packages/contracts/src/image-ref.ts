import { type Static, Type } from "typebox";

/** An object in a bucket that the service can read. */
export const S3ImageRef = Type.Object(
  {
    s3: Type.Object(
      {
        bucket: Type.String({ minLength: 3, maxLength: 63, pattern: "^[a-z0-9][a-z0-9.-]+[a-z0-9]$" }),
        key: Type.String({ minLength: 1, maxLength: 1024 }),
        versionId: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      },
      { additionalProperties: false },
    ),
  },
  { $id: "S3ImageRef", additionalProperties: false },
);

/** An image handed to the service with POST /v1/uploads; deleted when its job ends. */
export const UploadImageRef = Type.Object(
  { upload: Type.String({ pattern: "^[0-9a-f]{32}$", description: "The upload's id." }) },
  { $id: "UploadImageRef", additionalProperties: false },
);

/** Where an image is. Only references travel in the queue, never pixels. */
export const ImageRef = Type.Union([S3ImageRef, UploadImageRef], { $id: "ImageRef" });
export type ImageRef = Static<typeof ImageRef>;
