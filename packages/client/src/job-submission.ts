import type { AnalysisResult, Job, JobRequest, RequestImage, VerifyResult } from "./wire.js";

/** The bytes of an image. */
export type ImageBytes = Blob | Uint8Array | ArrayBuffer;

type AnalysisRequest = Extract<JobRequest, { readonly image: RequestImage }>;

/** A job about one image, named or sent along. */
export type AnalysisSubmission = Omit<AnalysisRequest, "image"> & { readonly image: RequestImage | ImageBytes };

type VerifyRequest = Extract<JobRequest, { readonly task: "verify" }>;

/** A job about two images, both named or both sent along; `upload` gives the names of images that are here. */
export type VerifySubmission = Omit<VerifyRequest, "images"> & {
  readonly images: readonly RequestImage[] | readonly ImageBytes[];
};

export type JobSubmission = AnalysisSubmission | VerifySubmission;

export type AnalysisJob = Omit<Job, "result"> & { readonly result?: AnalysisResult };
export type VerifyJob = Omit<Job, "result"> & { readonly result?: VerifyResult };

interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData;
}

/** The body of POST /v1/jobs: a form where images are sent along. It can be sent more than once. */
export function encodeSubmission(submission: JobSubmission): EncodedBody {
  if ("image" in submission) {
    const { image, ...job } = submission;
    return isBytes(image) ? encodeForm(job, { image }) : encodeJson(submission);
  }
  const { images, ...job } = submission;
  const [image1, image2] = images;
  if (image1 && image2 && isBytes(image1) && isBytes(image2)) return encodeForm(job, { image1, image2 });
  // JSON has no bytes: they would become something else, silently.
  if (images.some(isBytes))
    throw new TypeError("Expected two images that are named or two that are here, not one each");
  return encodeJson(submission);
}

function encodeForm(job: object, images: Readonly<Record<string, ImageBytes>>): EncodedBody {
  const body = new FormData();
  body.append("job", new Blob([JSON.stringify(job)], { type: "application/json" }));
  // Under a name of ours: that of a file may tell who is on it.
  for (const [name, image] of Object.entries(images)) body.append(name, asBlob(image), "image");
  return { headers: {}, body };
}

export function encodeJson(value: unknown): EncodedBody {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

export function asBlob(image: ImageBytes, type?: string): Blob {
  if (image instanceof Blob && (type === undefined || type === image.type)) return image;
  return new Blob([image as Blob | Uint8Array<ArrayBuffer> | ArrayBuffer], {
    type: type ?? "application/octet-stream",
  });
}

function isBytes(image: RequestImage | ImageBytes): image is ImageBytes {
  return image instanceof Blob || image instanceof ArrayBuffer || ArrayBuffer.isView(image);
}
