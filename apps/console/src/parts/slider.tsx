interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** What the value is called where it limits nothing. */
  readonly off?: string;
  readonly unit?: string;
  readonly onInput: (value: number) => void;
}

export function Slider({ label, value, min, max, step, off, unit = "", onInput }: SliderProps) {
  const decimals = step < 0.01 ? 3 : step < 1 ? 2 : 0;
  const text = off ?? `${value.toFixed(decimals)}${unit}`;
  return (
    <label class="slider">
      <span>{label}</span>
      <output class={off === undefined ? "" : "quiet"}>{text}</output>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-label={label}
        aria-valuetext={text}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
    </label>
  );
}
