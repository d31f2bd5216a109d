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
      <h3>Which faces are kept</h3>
      <LimitSliders />
    </section>
  );
}

function LookOptions() {
  const { detector, task, minFaceSize, embedding } = look.value;
  return (
    <>
      <Choice
        label="Detector"
        name="detector"
        value={detector}
        options={[
          ["mtcnn", "MTCNN"],
          ["yunet", "YuNet"],
        ]}
        onChange={(value) => changeLook({ detector: value })}
      />
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
        label="Smallest face"
        value={minFaceSize}
        min={12}
        max={200}
        step={1}
        unit=" px"
        onInput={(value) => changeLook({ minFaceSize: value })}
      />
    </>
  );
}

function LimitSliders() {
  const now = limits.value;
  const usual = usualConfidence[look.value.detector];
  return (
    <>
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
      <Angle label="Turned aside up to" name="maxYaw" />
      <Angle label="Turned up or down to" name="maxPitch" />
      <Angle label="Tilted up to" name="maxRoll" />
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
