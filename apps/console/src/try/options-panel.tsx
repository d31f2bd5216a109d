import { Choice } from "../parts/choice.js";
import { Slider } from "../parts/slider.js";
import { usualConfidence } from "./options.js";
import { asUsual, changeLimits, changeLook, limits, look } from "./pictures.js";

/** The options: those that ask the service anew, and those that only choose among the faces it has found. */
export function OptionsPanel() {
  return (
    <section class="card options" aria-label="Options">
      <div class="row">
        <h2>Options</h2>
        <span class="grow" />
        <button type="button" class="plain" onClick={asUsual}>
          Reset
        </button>
      </div>
      <LookOptions />
      {look.value.detection === "faces" && <LimitOptions />}
    </section>
  );
}

function LookOptions() {
  const { detection, detector, anyOrientation, task, minFaceSize, embedding } = look.value;
  const detectorChoice = (
    <Choice
      label="Detector"
      name="detector"
      value={detection === "none" ? "none" : detector}
      options={[
        ["mtcnn", "MTCNN"],
        ["yunet", "YuNet"],
        ["none", "None"],
      ]}
      onChange={(value) =>
        changeLook(value === "none" ? { detection: value } : { detection: "faces", detector: value })
      }
    />
  );
  if (detection === "none") {
    return (
      <>
        {detectorChoice}
        <p class="quiet small">The whole picture is taken for the crop of one face, and embedded as it is.</p>
      </>
    );
  }
  return (
    <>
      {detectorChoice}
      <Choice
        label="Embeddings"
        name="embedding"
        value={task === "detect" ? "none" : embedding}
        options={[
          ["none", "None"],
          ["standard", "Standard"],
          ["high", "High"],
        ]}
        onChange={(value) =>
          changeLook(value === "none" ? { task: "detect" } : { task: "embed", embedding: value as typeof embedding })
        }
      />
      <Slider
        label="Smallest face to look for"
        value={minFaceSize}
        min={12}
        max={200}
        step={1}
        unit=" px"
        onInput={(value) => changeLook({ minFaceSize: value })}
      />
      <label class="switch">
        <input
          type="checkbox"
          checked={anyOrientation}
          onChange={(event) => changeLook({ anyOrientation: event.currentTarget.checked })}
        />
        <span>Look for turned faces, too</span>
      </label>
    </>
  );
}

function LimitOptions() {
  const now = limits.value;
  const usual = usualConfidence[look.value.detector];
  return (
    <>
      <h3>Which faces are kept</h3>
      <Slider
        label="Confidence from"
        value={now.minConfidence}
        min={Math.min(0.5, usual)}
        max={1}
        step={0.005}
        onInput={(value) => changeLimits({ minConfidence: value })}
      />
      <Slider
        label="Box from"
        {...{ value: now.minBoxSize, min: 0, max: 400, step: 1, unit: " px" }}
        {...(now.minBoxSize === 0 && { off: "any size" })}
        onInput={(value) => changeLimits({ minBoxSize: value })}
      />
      <Slider
        label="Faces at most"
        {...{ value: now.maxFaces, min: 1, max: 1000, step: 1 }}
        onInput={(value) => changeLimits({ maxFaces: value })}
      />
      <label class="field inline">
        <span>First comes</span>
        <select
          value={now.order}
          onChange={(event) => changeLimits({ order: event.currentTarget.value as typeof now.order })}
        >
          <option value="prominence">the most prominent</option>
          <option value="confidence">the surest</option>
          <option value="left-to-right">the leftmost</option>
        </select>
      </label>
      <details>
        <summary>Pose, sharpness and light</summary>
        <QualityLimits />
      </details>
    </>
  );
}

function QualityLimits() {
  const now = limits.value;
  return (
    <>
      <Angle label="Yaw up to" name="maxYaw" />
      <Angle label="Pitch up to" name="maxPitch" />
      <Angle label="Roll up to" name="maxRoll" />
      <Slider
        label="Sharpness from"
        {...{ value: now.minSharpness, min: 0, max: 1, step: 0.005 }}
        {...(now.minSharpness === 0 && { off: "any" })}
        onInput={(value) => changeLimits({ minSharpness: value })}
      />
      <Slider
        label="Brightness from"
        {...{ value: now.minBrightness, min: 0, max: 1, step: 0.01 }}
        {...(now.minBrightness === 0 && { off: "any" })}
        onInput={(value) => changeLimits({ minBrightness: value })}
      />
      <Slider
        label="Brightness up to"
        {...{ value: now.maxBrightness, min: 0, max: 1, step: 0.01 }}
        {...(now.maxBrightness === 1 && { off: "any" })}
        onInput={(value) => changeLimits({ maxBrightness: value })}
      />
    </>
  );
}

function Angle({ label, name }: { readonly label: string; readonly name: "maxYaw" | "maxPitch" | "maxRoll" }) {
  const value = limits.value[name];
  return (
    <Slider
      label={label}
      {...{ value, min: 0, max: 90, step: 1, unit: "°" }}
      {...(value === 90 && { off: "any" })}
      onInput={(angle) => changeLimits({ [name]: angle })}
    />
  );
}
