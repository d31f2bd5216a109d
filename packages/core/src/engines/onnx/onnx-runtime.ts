// The first import is run first: the library looks at the environment when it is loaded.
import "./no-usage-data.js";

export { InferenceSession, Tensor } from "onnxruntime-node";
