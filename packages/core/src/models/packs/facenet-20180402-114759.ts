import { yunetWeights } from "../detectors/yunet.js";
import type { PackManifest } from "../pack-manifest.js";
import { parsePinnedFile } from "../pack-manifest.js";
import distances from "./facenet-20180402-114759.distances.json" with { type: "json" };
import pinned from "./facenet-20180402-114759.files.json" with { type: "json" };
import made from "./facenet-20180402-114759.weights.json" with { type: "json" };

/**
 * MTCNN and FaceNet's Inception-ResNet-v1 of David Sandberg's release 20180402-114759, trained on VGGFace2.
 * MTCNN's numbers are those of facenet-pytorch's defaults.
 */
export const facenet20180402 = {
  name: "facenet-20180402-114759",
  weights: made["facenet-20180402-114759"],
  origin: {
    kind: "upstream",
    borrowed: {
      from: "facenet-20180402-114759-int8.safetensors",
      tensors: {
        "mean/standard": "mean/standard",
        "mean/high": "mean/high",
        "check/crops": "check/crops",
        "check/embeddings": "check/float32-embeddings",
      },
    },
  },
  sources: [
    {
      name: "facenet",
      format: "facenet-npy",
      url: "https://webmachinelearning.github.io/test-data/models/facenet_nhwc/weights/",
      mirrorPath: "facenet_nhwc/weights/",
      licence: "Apache-2.0; made from davidsandberg/facenet (MIT). VGGFace2 was released for research.",
      files: pinned.facenet.map(parsePinnedFile),
    },
    {
      name: "mtcnn",
      format: "mtcnn-tfjs",
      url: "https://raw.githubusercontent.com/justadudewhohacks/face-api.js/a86f011d72124e5fb93e59d5c4ab98f699dd5c9c/weights/",
      mirrorPath: "mtcnn/",
      licence: "MIT, from justadudewhohacks/face-api.js.",
      files: pinned.mtcnn.map(parsePinnedFile),
    },
  ],
  detectors: {
    mtcnn: {
      name: "mtcnn",
      standardisation: { mean: 127.5, scale: 128 },
      pyramidFactor: 0.709,
      thresholds: [0.6, 0.7, 0.7],
      nms: { level: 0.5, pyramid: 0.7, refine: 0.7, output: 0.7 },
    },
    yunet: {
      name: "yunet",
      weights: yunetWeights.weights.sha256,
      threshold: 0.3,
      nms: 0.45,
      smallestFace: 20,
    },
  },
  embedder: {
    name: "inception-resnet-v1",
    dimensions: 512,
    inputSize: 160,
    colourOrder: "rgb",
    standardisation: { mean: 127.5, scale: 128 },
    cropMargin: 32,
    wholePixels: false,
  },
  // The mean positions within the margin crops of LFW.
  alignedLandmarks: {
    leftEye: { x: 52.99, y: 65.36 },
    rightEye: { x: 110.57, y: 64.61 },
    nose: { x: 82.05, y: 90.49 },
    mouthLeft: { x: 57.02, y: 112.74 },
    mouthRight: { x: 107.87, y: 112.17 },
  },
  distances,
} as const satisfies PackManifest;
