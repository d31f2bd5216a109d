declare module "s3rver" {
  import type { RequestListener } from "node:http";

  export default class S3rver {
    constructor(options: { directory: string; silent: boolean; vhostBuckets: boolean });
    readonly logger: { readonly exceptions: { unhandle(): void }; close(): void };
    callback(): RequestListener;
  }
}
