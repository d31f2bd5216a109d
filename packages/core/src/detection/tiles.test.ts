import { describe, expect, it } from "vitest";
import { type Tile, tileOverlap, tileSide, tilesOf } from "./tiles.js";

const sizeOf = ({ level: { width, height } }: Tile) => `${width} x ${height}`;
const levels = (tiles: readonly Tile[]) => [...new Set(tiles.map(sizeOf))];

describe("tilesOf", () => {
  it("looks at a small picture once, as it is", () => {
    const tiles = tilesOf({ width: 640, height: 480 }, 20, 20);
    expect(tiles).toHaveLength(1);
    expect(tiles[0]).toMatchObject({
      part: { left: 0, top: 0, right: 640, bottom: 480 },
      largestFace: Number.POSITIVE_INFINITY,
    });
  });

  it("shrinks a picture in which only larger faces are looked for, and enlarges none", () => {
    expect(levels(tilesOf({ width: 640, height: 480 }, 40, 20))).toEqual(["320 x 240"]);
    expect(levels(tilesOf({ width: 640, height: 480 }, 12, 20))).toEqual(["640 x 480"]);
    expect(levels(tilesOf({ width: 100, height: 3 }, 2000, 20))).toEqual(["1 x 1"]);
  });

  it("looks for faces that are too large at a quarter of the size, and at that of this", () => {
    expect(levels(tilesOf({ width: 600, height: 800 }, 20, 20))).toEqual(["600 x 800", "150 x 200"]);
    expect(levels(tilesOf({ width: 4000, height: 3000 }, 20, 20))).toEqual(["4000 x 3000", "1000 x 750", "250 x 188"]);
    // Cut, however narrow it is: a face as high as the picture lies in no tile as a whole for sure.
    expect(levels(tilesOf({ width: 3000, height: 300 }, 20, 20))).toEqual(["3000 x 300", "750 x 75"]);
  });

  it.each([
    [1025, 1024],
    [1920, 1080],
    [4001, 2999],
    [50_000, 13],
  ])("cuts %i x %i into bounded tiles that overlap, each place the core of one", (width, height) => {
    const first = tilesOf({ width, height }, 20, 20).filter((tile) => sizeOf(tile) === `${width} x ${height}`);
    for (const { part } of first) {
      expect(part.right - part.left).toBeLessThanOrEqual(tileSide);
      expect(part.bottom - part.top).toBeLessThanOrEqual(tileSide);
      expect(part.left).toBeGreaterThanOrEqual(0);
      expect(part.right).toBeLessThanOrEqual(width);
      expect(part.bottom).toBeLessThanOrEqual(height);
    }
    for (let i = 0; i <= 60; i++) {
      const [x, y] = [(width * i) / 60, (height * ((i * 7) % 61)) / 60];
      const owners = first.filter(({ core }) => x >= core.left && x < core.right && y >= core.top && y < core.bottom);
      expect(owners).toHaveLength(1);
      // A face of the overlap's size around any place lies whole in the tile that owns the place.
      const { part } = owners[0]!;
      const reach = tileOverlap / 2;
      expect(part.left).toBeLessThanOrEqual(Math.max(0, x - reach));
      expect(part.right).toBeGreaterThanOrEqual(Math.min(width, x + reach));
      expect(part.top).toBeLessThanOrEqual(Math.max(0, y - reach));
      expect(part.bottom).toBeGreaterThanOrEqual(Math.min(height, y + reach));
    }
  });
});
