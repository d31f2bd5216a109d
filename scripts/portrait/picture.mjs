import { body, brow, ears, eye, faceOutline, faceShading, lids, mouth, nose } from "./face-parts.mjs";
import { hairBehind, hairInFront } from "./hair.mjs";
import { blur, linear, radial, spot } from "./svg.mjs";

/** Numbers have two decimals at most, so that no platform's arithmetic shows in the digest. */
export function pictureSvg({ width, height, backdrop, people }) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>${radial(
      "backdrop",
      [0.35, 0.3, 0.85],
      [
        [0, backdrop[0]],
        [1, backdrop[1]],
      ],
    )}${[1, 2, 4, 8, 14, 30].map(blur).join("")}</defs>
    <rect width="100%" height="100%" fill="url(#backdrop)"/>
    ${backdropLights(width, height)}
    ${people.map(personSvg).join("")}
  </svg>`;
  return svg.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100));
}

function backdropLights(width, height) {
  const lights = [
    [0.08, 0.2, 46],
    [0.9, 0.14, 60],
    [0.82, 0.55, 38],
    [0.14, 0.66, 54],
    [0.5, 0.05, 34],
  ];
  return lights.map(([x, y, r]) => spot(x * width, y * height, r, r, "#ffffff", 0.22, 14)).join("");
}

/** One person in front of the backdrop, drawn from the back to the front. */
function personSvg(person, index) {
  const id = (name) => `${name}-${index}`;
  const { at, scale, tilt } = person;
  return `<defs>${personDefs(person, id)}</defs>
  <g transform="translate(${at}) scale(${scale})">
    ${hairBehind(person, id)}${body(person, id)}
    <g transform="rotate(${tilt})">
      ${person.hair.style === "long" ? "" : ears(person)}
      <path d="${faceOutline(person.shape)}" fill="url(#${id("skin")})"/>
      <g clip-path="url(#${id("face")})">${faceShading(person)}${nose(person)}</g>
      ${eye(person, id, -1)}${eye(person, id, 1)}${brow(person, -1)}${brow(person, 1)}${mouth(person, id)}
      ${hairInFront(person, id)}
    </g>
  </g>`;
}

function personDefs({ shape, skin, hair, iris, lips, cloth }, id) {
  return [
    radial(
      id("skin"),
      [0.4, 0.38, 0.72],
      [
        [0, skin.light],
        [0.55, skin.base],
        [1, skin.shade],
      ],
    ),
    radial(
      id("iris"),
      [0.5, 0.62, 0.55],
      [
        [0, iris[0]],
        [0.6, iris[0]],
        [1, iris[1]],
      ],
    ),
    linear(id("hair"), [
      [0, hair.light],
      [0.45, hair.base],
      [1, hair.dark],
    ]),
    linear(id("neck"), [
      [0, skin.shade],
      [0.5, skin.base],
      [1, skin.base],
    ]),
    linear(
      id("cloth"),
      cloth.map((colour, stop) => [stop, colour]),
    ),
    linear(id("lower"), [
      [0, lips[0]],
      [1, lips[1]],
    ]),
    `<clipPath id="${id("face")}"><path d="${faceOutline(shape)}"/></clipPath>`,
    `<clipPath id="${id("lids")}"><path d="${lids}"/></clipPath>`,
  ].join("");
}
