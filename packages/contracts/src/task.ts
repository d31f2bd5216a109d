import { Type } from "typebox";

interface TaskDefinition {
  /** What it is asked about: one image, as batches and `/v1/analyse` take it, too; two; or a probe and a gallery. */
  readonly about: "image" | "pair" | "gallery";
  /** Whether the faces that are found are embedded. */
  readonly embeds: boolean;
  /** What the description says of it, after its name. */
  readonly does: string;
}

/** Every task. What else a new one takes: docs/extending.md. */
export const taskCatalogue = {
  detect: { about: "image", embeds: false, does: "finds faces" },
  embed: { about: "image", embeds: true, does: "also computes their embeddings" },
  verify: { about: "pair", embeds: true, does: "compares the faces of two images" },
  match: { about: "gallery", embeds: true, does: "one with many" },
} as const satisfies Record<string, TaskDefinition>;

type Catalogue = typeof taskCatalogue;
export type Task = keyof Catalogue;
/** A task about what is named. */
type TaskAbout<What> = { [T in Task]: Catalogue[T]["about"] extends What ? T : never }[Task];
export type ImageTask = TaskAbout<"image">;

export const tasks = Object.keys(taskCatalogue) as Task[];

export const Task = Type.Enum(tasks, {
  $id: "Task",
  description: `${tasks.map((task) => `\`${task}\` ${taskCatalogue[task].does}`).join("; ")}.`,
});

/** Those about one image. */
export const imageTasks = tasks.filter((task): task is ImageTask => taskCatalogue[task].about === "image");

/** Those whose images are sent along as parts of a form. */
export const formTasks = tasks.filter(
  (task): task is TaskAbout<"image" | "pair"> => taskCatalogue[task].about !== "gallery",
);
