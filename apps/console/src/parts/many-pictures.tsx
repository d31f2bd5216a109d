import { useState } from "preact/hooks";
import { PictureDrop } from "./picture-drop.js";
import { count } from "./words.js";

interface ManyPicturesProps {
  readonly label: string;
  /** Said where there is no picture yet, as is the hint. */
  readonly title: string;
  readonly hint: string;
  readonly class?: string;
  readonly most: number;
  /** What to do with more than that. */
  readonly beyond?: string;
  readonly files: readonly File[];
  readonly onFiles: (files: readonly File[]) => void;
}

/** A place for many pictures, up to some number. */
export function ManyPictures({
  label,
  title,
  hint,
  class: name = "",
  most,
  beyond = "",
  files,
  onFiles,
}: ManyPicturesProps) {
  const [leftOut, setLeftOut] = useState(0);
  const add = (more: readonly File[]) => {
    const all = [...files, ...more];
    setLeftOut(leftOut + Math.max(0, all.length - most));
    onFiles(all.slice(0, most));
  };
  const clear = () => {
    setLeftOut(0);
    onFiles([]);
  };
  return (
    <div class="many">
      <PictureDrop label={label} many class={`slot ${name}`} onFiles={add}>
        <strong>{files.length === 0 ? title : count(files.length, "picture")}</strong>
        <span class="quiet small">{files.length === 0 ? hint : "drop more here, or choose them"}</span>
      </PictureDrop>
      {leftOut > 0 && (
        <p class="small" role="status">
          {count(leftOut, "picture")} more than {most}, left out. {beyond}
        </p>
      )}
      {files.length > 0 && (
        <button type="button" class="plain" onClick={clear}>
          Clear
        </button>
      )}
    </div>
  );
}
