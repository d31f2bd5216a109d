import { base64Of } from "./base64.js";
import { asBlob, type ImageBytes, isBytes } from "./image-bytes.js";
import type { AnalysisResult, Job, JobRequest, MatchResult, RequestImage, VerifyResult } from "./wire.js";

type AnalysisRequest = Extract<JobRequest, { readonly image: RequestImage }>;

/** A job about one image, named or sent along. */
export type AnalysisSubmission = Omit<AnalysisRequest, "image"> & { readonly image: RequestImage | ImageBytes };

type VerifyRequest = Extract<JobRequest, { readonly task: "verify" }>;

/** A job about two images, each named or sent along. */
export type VerifySubmission = Omit<VerifyRequest, "images"> & {
  readonly images: readonly (RequestImage | ImageBytes)[];
};

type MatchRequest = Extract<JobRequest, { readonly task: "match" }>;
type MatchSubject = MatchRequest["probe"] | ImageBytes;

/** A job about one image or embedding and up to 100 others. */
export type MatchSubmission = Omit<MatchRequest, "probe" | "gallery"> & {
  readonly probe: MatchSubject;
  readonly gallery: readonly MatchSubject[];
};

export type JobSubmission = AnalysisSubmission | VerifySubmission | MatchSubmission;

export type AnalysisJob = Omit<Job, "result"> & { readonly result?: AnalysisResult };
export type VerifyJob = Omit<Job, "result"> & { readonly result?: VerifyResult };
export type MatchJob = Omit<Job, "result"> & { readonly result?: MatchResult };

interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData;
}

/** The body of POST /v1/jobs: a form where all images are sent along, else JSON. It can be sent more than once. */
export async function encodeSubmission(submission: JobSubmission): Promise<EncodedBody> {
  if ("image" in submission) {
    const { image, ...job } = submission;
    return isBytes(image) ? encodeForm(job, { image }) : encodeJson(submission);
  }
  if ("gallery" in submission) {
    const [probe, ...gallery] = await inJson([submission.probe, ...submission.gallery]);
    return encodeJson({ ...submission, probe, gallery });
  }
  const { images, ...job } = submission;
  const [image1, image2] = images;
  if (image1 && image2 && isBytes(image1) && isBytes(image2)) return encodeForm(job, { image1, image2 });
  return encodeJson({ ...job, images: await inJson(images) });
}

/** What JSON has of images, which may be here. */
async function inJson(images: readonly (object | ImageBytes)[]): Promise<object[]> {
  const encoded: object[] = [];
  for (const image of images) encoded.push(isBytes(image) ? { data: await base64Of(image) } : image);
  return encoded;
}

export function encodeForm(job: object, images: Readonly<Record<string, ImageBytes>>): EncodedBody {
  const body = new FormData();
  body.append("job", new Blob([JSON.stringify(job)], { type: "application/json" }));
  // Under a name of ours: that of a file may tell who is on it.
  for (const [name, image] of Object.entries(images)) body.append(name, asBlob(image), "image");
  return { headers: {}, body };
}

export function encodeJson(value: unknown): EncodedBody {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
