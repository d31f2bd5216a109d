import { Type } from "typebox";
import { AnalysePart } from "./analyse.js";
import { JobPart } from "./job.js";

const binary = (description: string) => Type.String({ format: "binary", description });

/** The form of POST /v1/jobs, as it is described: it has `image`, or `image1` and `image2`. */
export const JobForm = Type.Object(
  {
    job: JobPart,
    image: Type.Optional(binary("The image, of a job about one.")),
    image1: Type.Optional(binary("The image whose first face is looked for, of a job that compares two.")),
    image2: Type.Optional(binary("The image in which it is looked for.")),
  },
  {
    $id: "JobForm",
    description:
      "`detect` and `embed` come with `image`, `verify` with `image1` and `image2`. The parts come in any order.",
  },
);

/** The form of POST /v1/analyse. */
export const AnalyseForm = Type.Object(
  { image: binary("The image itself."), job: Type.Optional(AnalysePart) },
  { $id: "AnalyseForm" },
);

/** The form of the simple endpoints about one image. */
export const ImageForm = Type.Object({ image: binary("The image itself.") }, { $id: "ImageForm" });

/** That of two images which are compared. */
export const ImagePairForm = Type.Object(
  {
    image1: binary("The image whose most prominent face is looked for."),
    image2: binary("The image in which it is looked for, among all of its faces."),
  },
  { $id: "ImagePairForm" },
);
