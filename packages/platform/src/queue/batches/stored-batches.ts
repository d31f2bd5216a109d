/** A batch with results in the object store. */
export interface StoredBatch {
  readonly id: string;
  /** How many objects they are in. */
  readonly parts: number;
}

/** How it is named among those that are to be deleted. */
export function storedBatchMember({ id, parts }: StoredBatch): string {
  return `${id}/${parts}`;
}

export function storedBatch(member: string): StoredBatch {
  const [id = "", parts = "0"] = member.split("/");
  return { id, parts: Number(parts) };
}
