import { Icon } from "./icon.js";

/** The crop of a face as FaceNet gets it, 160 x 160 pixels; an outline where the request asked for none. */
export function CropPicture({ crop, alt = "" }: { readonly crop: string | undefined; readonly alt?: string }) {
  if (crop === undefined) {
    return (
      <span class="crop none">
        <Icon name="face" />
      </span>
    );
  }
  return (
    <img class="crop" src={`data:image/jpeg;base64,${crop}`} alt={alt} width={160} height={160} decoding="async" />
  );
}
