// The few SVG elements that the portraits are made of.

export function radial(id, [x, y, r], stops) {
  return `<radialGradient id="${id}" cx="${x}" cy="${y}" r="${r}">${stops.map(stop).join("")}</radialGradient>`;
}

export function linear(id, stops) {
  return `<linearGradient id="${id}" x1="0.3" y1="0" x2="0.6" y2="1">${stops.map(stop).join("")}</linearGradient>`;
}

function stop([offset, colour]) {
  return `<stop offset="${offset}" stop-color="${colour}"/>`;
}

export function blur(radius) {
  return `<filter id="blur${radius}" x="-100%" y="-100%" width="300%" height="300%"><feGaussianBlur stdDeviation="${radius}"/></filter>`;
}

/** A soft ellipse of light or shadow. */
export function spot(x, y, rx, ry, colour, opacity, softness) {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${colour}" opacity="${opacity}" filter="url(#blur${softness})"/>`;
}

export function stroke(d, colour, width, opacity = 1, softness = 0) {
  const filter = softness > 0 ? ` filter="url(#blur${softness})"` : "";
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" opacity="${opacity}"${filter}/>`;
}

export function fill(d, paint, opacity = 1, softness = 0) {
  const filter = softness > 0 ? ` filter="url(#blur${softness})"` : "";
  return `<path d="${d}" fill="${paint}" opacity="${opacity}"${filter}/>`;
}
