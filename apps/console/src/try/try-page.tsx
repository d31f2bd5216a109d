import { useState } from "preact/hooks";
import { Icon } from "../parts/icon.js";
import { PictureDrop } from "../parts/picture-drop.js";
import { Problem } from "../parts/problem.js";
import { count } from "../parts/words.js";
import { Camera } from "./camera.js";
import { FaceCard } from "./face-card.js";
import { FaceStrip } from "./face-strip.js";
import { Film } from "./film.js";
import { OptionsPanel } from "./options-panel.js";
import { addPictures, chosen, judge, lookAgain, type Picture, pictures, removePictures } from "./pictures.js";
import { RequestPanel } from "./request-panel.js";
import sample from "./sample.webp";
import { type JudgedFace, placeOf } from "./select-faces.js";
import { Stage } from "./stage.js";
import { Stages } from "./stages.js";

/** What the service sees on pictures. */
export function TryPage() {
  const [hasCamera, setCamera] = useState(false);
  const picture = chosen.value;
  return (
    <>
      <h1 class="hidden">Try a picture</h1>
      {picture ? (
        <div class="try">
          <div class="main">
            <Toolbar picture={picture} onCamera={() => setCamera(true)} />
            <Looked key={picture.id} picture={picture} />
          </div>
          <OptionsPanel />
        </div>
      ) : (
        <Welcome onCamera={() => setCamera(true)} />
      )}
      {hasCamera && <Camera onPicture={(file) => addPictures([file])} onClose={() => setCamera(false)} />}
    </>
  );
}

function Welcome({ onCamera }: { readonly onCamera: () => void }) {
  return (
    <section class="welcome">
      <PictureDrop label="Choose pictures" many anywhere class="large" onFiles={addPictures}>
        <Icon name="face" />
        <strong>Drop pictures here</strong>
        <span class="quiet">or choose them, or paste one. They go to this service and nowhere else.</span>
        <span class="button primary">Choose pictures</span>
      </PictureDrop>
      <div class="row center">
        <button type="button" onClick={onCamera}>
          <Icon name="camera" /> Use the camera
        </button>
        <button type="button" onClick={addSample}>
          <Icon name="face" /> Try a drawn sample
        </button>
      </div>
    </section>
  );
}

async function addSample(): Promise<void> {
  const bytes = await (await fetch(new URL(sample, import.meta.url))).blob();
  addPictures([new File([bytes], "sample.webp", { type: "image/webp" })]);
}

function Toolbar({ picture, onCamera }: { readonly picture: Picture; readonly onCamera: () => void }) {
  const { result } = picture.sight.value;
  return (
    <div class="row toolbar">
      <h2 class="name" title={picture.file.name}>
        {picture.file.name}
      </h2>
      {result && (
        <span class="size quiet small">
          {result.image.width} × {result.image.height} · {result.image.format}
        </span>
      )}
      <span class="grow" />
      <PictureDrop label="Add pictures" many anywhere class="small" onFiles={addPictures}>
        <Icon name="upload" /> Add
      </PictureDrop>
      <button type="button" onClick={onCamera} aria-label="Use the camera" title="Use the camera">
        <Icon name="camera" />
      </button>
      <button
        type="button"
        onClick={() => removePictures([picture])}
        aria-label="Remove this picture"
        title="Remove this picture"
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function Looked({ picture }: { readonly picture: Picture }) {
  const [chosenPlace, setPlace] = useState<string | undefined>();
  const { state, result, fault } = picture.sight.value;
  const faces = result ? judge.value(result) : [];
  const place = faces.findIndex(({ face }) => placeOf(face) === chosenPlace);
  const judged = faces[place] ?? (faces.length === 1 ? faces[0] : undefined);
  const chooseFace = (face: JudgedFace["face"] | undefined) => setPlace(face && placeOf(face));
  return (
    <>
      <Stage picture={picture} faces={faces} chosen={judged?.face} onChoose={chooseFace} />
      {fault && <Problem fault={fault} onAgain={() => lookAgain([picture])} />}
      {pictures.value.length > 1 && <Film />}
      {result && (
        <section class="found" aria-label="What was found">
          <Summary faces={faces} isFresh={state === "seen"} />
          {faces.length > 0 && <FaceStrip faces={faces} chosen={judged?.face} onChoose={chooseFace} />}
          {judged && <FaceCard judged={judged} place={Math.max(place, 0) + 1} />}
          <Stages timings={result.timings} />
        </section>
      )}
      <RequestPanel picture={picture} />
    </>
  );
}

function Summary({ faces, isFresh }: { readonly faces: readonly JudgedFace[]; readonly isFresh: boolean }) {
  const kept = faces.filter(({ reason }) => !reason).length;
  const dropped = faces.length - kept;
  return (
    <p class="summary" role="status">
      <strong>{kept === 0 ? "No face" : count(kept, "face")}</strong>
      {dropped > 0 && <span class="quiet">, {dropped} left out by the limits</span>}
      {faces.length === 0 && isFresh && (
        <span class="quiet">. A smaller “Smallest face to look for” looks more closely.</span>
      )}
    </p>
  );
}
