import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface PictureDropProps {
  readonly label: string;
  readonly many?: boolean;
  /** Whether it also takes what is dropped or pasted anywhere on the page. */
  readonly anywhere?: boolean;
  readonly class?: string;
  readonly onFiles: (files: File[]) => void;
  readonly children: ComponentChildren;
}

/** Takes pictures that are dropped, pasted, or chosen. */
export function PictureDrop({
  label,
  many = false,
  anywhere = false,
  class: name = "",
  onFiles,
  children,
}: PictureDropProps) {
  const place = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  const take = (files: Iterable<File> | null | undefined) => {
    const taken = [...(files ?? [])].slice(0, many ? undefined : 1);
    if (taken.length > 0) onFiles(taken);
  };
  useEffect(() => {
    const target: HTMLElement = anywhere ? document.body : place.current!;
    const stop = new AbortController();
    const { signal } = stop;
    target.addEventListener("dragover", () => setOver(true), { signal });
    target.addEventListener("dragleave", () => setOver(false), { signal });
    target.addEventListener(
      "drop",
      ({ dataTransfer }) => {
        setOver(false);
        take(dataTransfer?.files);
      },
      { signal },
    );
    if (anywhere) document.addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files), { signal });
    return () => stop.abort();
  });
  return (
    <div ref={place} class={`drop ${over ? "over" : ""} ${name}`}>
      <label class="picker">
        <input
          type="file"
          accept="image/*,.heic,.heif,.tif,.tiff"
          multiple={many}
          aria-label={label}
          onChange={(event) => {
            take(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
        {children}
      </label>
    </div>
  );
}
