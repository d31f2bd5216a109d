import { hostileAddresses } from "../../packages/platform/test/egress/hostile-urls.js";

/** What the deployment opens: loopback, in whatever form it is written. */
const isOpened = (url: string) => /^(127\.|localhost$)/.test(new URL(url).hostname);

/** What is refused before anything is looked up, in a deployment that opens 127.0.0.0/8. */
export const forbiddenUrls: readonly string[] = [
  ...Object.values(hostileAddresses)
    .flat()
    .map((host) => `http://${host}:8080/hooks`)
    .filter((url) => !isOpened(url)),
  "https://169.254.169.254/latest/meta-data/",
  "http://user@127.0.0.1:8080/",
  "http://user:secret@photos.example/",
  "http://photos.example@10.0.0.1:8080/",
  ...[22, 25, 53, 389, 445, 465].map((port) => `http://127.0.0.1:${port}/`),
];

/** What is no URL of the web at all. */
export const foreignSchemes: readonly string[] = [
  "ftp://127.0.0.1:8080/a.png",
  "file:///etc/passwd",
  "gopher://127.0.0.1:8080/",
  "data:image/png;base64,iVBORw0KGgo=",
  "javascript:alert(1)",
  "//127.0.0.1:8080/",
  "127.0.0.1:8080",
  "",
];
