import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface PictureDropProps {
  readonly label: string;
  readonly many?: boolean;
  /** Whether it also takes what is pasted anywhere on the page. */
  readonly pasted?: boolean;
  readonly class?: string;
  readonly onFiles: (files: File[]) => void;
  readonly children: ComponentChildren;
}

/** Takes pictures that are dropped, pasted, or chosen. */
export function PictureDrop({
  label,
  many = false,
  pasted = false,
  class: name = "",
  onFiles,
  children,
}: PictureDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (files: Iterable<File> | null | undefined) => {
    const taken = [...(files ?? [])].slice(0, many ? undefined : 1);
    if (taken.length > 0) onFiles(taken);
  };
  useEffect(() => {
    if (!pasted) return;
    const paste = (event: ClipboardEvent) => take(event.clipboardData?.files);
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: by the keyboard its input is reached
    <div
      class={`drop ${over ? "over" : ""} ${name}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <label class="picker">
        <input
          ref={input}
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
