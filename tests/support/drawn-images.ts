export { crowd, type DrawnImage, drawnImages } from "../../bench/src/images/drawn-images.js";
