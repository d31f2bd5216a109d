// A face is drawn in a frame of its own: the origin between the eyes, x to the picture's right, y down, one unit
// a pixel at scale 1. `at`, `scale` and `tilt` (degrees) place the frame in the picture.
const ada = {
  at: [240, 292],
  scale: 1,
  tilt: -2,
  shape: { width: 107, jaw: 92, chin: 176, eyes: 48, nose: 70, mouth: 111, smile: 42, brow: -30, lips: 1 },
  skin: { light: "#f7d3b4", base: "#dda67e", shade: "#a9683f", deep: "#7d4430", blush: "#dc8a70" },
  hair: { style: "long", light: "#9a6238", base: "#5b3520", dark: "#2b170e", brow: "#4a2c1b" },
  iris: ["#7fa56b", "#2f4a2c"],
  lips: ["#d0655f", "#a23f43"],
  cloth: ["#3f8c8c", "#1f4f58"],
};

const ben = {
  at: [218, 236],
  scale: 0.8,
  tilt: 4,
  shape: { width: 110, jaw: 103, chin: 186, eyes: 49, nose: 70, mouth: 115, smile: 43, brow: -30, lips: 0.75 },
  skin: { light: "#c68a5f", base: "#94603d", shade: "#633a24", deep: "#351b10", blush: "#8e3f2a" },
  hair: { style: "short", light: "#4a3a33", base: "#241b18", dark: "#0f0a09", brow: "#1a110d" },
  iris: ["#6b4426", "#23120a"],
  lips: ["#94524a", "#6f3a33"],
  stubble: 0.45,
  cloth: ["#d9a441", "#8f6120"],
};

const cleo = {
  at: [578, 246],
  scale: 0.74,
  tilt: -4,
  shape: { width: 104, jaw: 86, chin: 172, eyes: 47, nose: 62, mouth: 106, smile: 38, brow: -34, lips: 1.1 },
  skin: { light: "#fbd7b0", base: "#e2aa7c", shade: "#ad7149", deep: "#6b3b24", blush: "#d06a55" },
  hair: { style: "bun", light: "#d9d4cf", base: "#a29b98", dark: "#5f5857", brow: "#7c706b" },
  iris: ["#7d9fc4", "#2c4263"],
  lips: ["#c4565f", "#933542"],
  cloth: ["#8a5a9e", "#4c2f63"],
};

export const pictures = {
  "portrait.png": { width: 480, height: 640, backdrop: ["#dfe9e4", "#8fb0ad"], people: [ada] },
  "two-portraits.png": { width: 800, height: 500, backdrop: ["#f1e6d6", "#b79f8c"], people: [ben, cleo] },
};
