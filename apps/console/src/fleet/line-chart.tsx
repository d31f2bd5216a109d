interface LineChartProps {
  readonly label: string;
  readonly values: readonly number[];
  readonly now: string;
}

const [width, height] = [240, 48];

/** How a number went, in a small line. */
export function LineChart({ label, values, now }: LineChartProps) {
  const most = Math.max(...values, 1);
  const step = width / Math.max(values.length - 1, 1);
  const y = (value: number) => height - 2 - (value / most) * (height - 6);
  const line = values.map(
    (value, index) => `${index === 0 ? "M" : "L"}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  const area = `${line.join("")}L${width} ${height}L0 ${height}Z`;
  return (
    <figure class="card chart">
      <figcaption>
        <span class="quiet">{label}</span>
        <strong>{now}</strong>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {values.length > 1 && (
          <>
            <path class="area" d={area} />
            <path class="line" d={line.join("")} />
          </>
        )}
      </svg>
    </figure>
  );
}
