import { useEffect, useState } from "preact/hooks";
import { FilePicture } from "./file-picture.js";
import { Icon } from "./icon.js";
import { PictureDrop } from "./picture-drop.js";

interface PictureSlotProps {
  readonly label: string;
  readonly file: File | undefined;
  readonly onFile: (file: File) => void;
}

/** A place for one picture. */
export function PictureSlot({ label, file, onFile }: PictureSlotProps) {
  const [url, setUrl] = useState<string | undefined>();
  useEffect(() => {
    if (!file) return setUrl(undefined);
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    <PictureDrop
      label={file ? `${label}: ${file.name}. Choose another` : label}
      class={file ? "slot filled" : "slot"}
      onFiles={([first]) => first && onFile(first)}
    >
      {file && url ? (
        <>
          <FilePicture url={url} />
          <span class="name quiet small">{file.name}</span>
        </>
      ) : (
        <>
          <Icon name="face" />
          <strong>{label}</strong>
          <span class="quiet small">drop it here, or choose it</span>
        </>
      )}
    </PictureDrop>
  );
}
