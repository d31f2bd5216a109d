import { describe, expect, it } from "vitest";
import { JsonPlaces } from "./json-places.js";

const wanted = /^\/(image|images\/\d+)\/data$/;

/** What is found in JSON that arrives in pieces of so many bytes. */
function read(json: string, pieceBytes: number) {
  const reader = new JsonPlaces((place) => wanted.test(place));
  const bytes = Buffer.from(json);
  const found: { place: string; inside: string }[] = [];
  let text = "";
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const piece of reader.read(bytes.subarray(at, at + pieceBytes))) {
      if (piece.kind === "text") text += piece.bytes.toString("latin1");
      if (piece.kind === "begin") found.push({ place: piece.place, inside: "" });
      if (piece.kind === "inside") found.at(-1)!.inside += piece.bytes.toString("latin1");
    }
  }
  return { text: Buffer.from(text, "latin1").toString(), found };
}

describe.each([1, 2, 3, 7, 1000])("JSON in pieces of %d bytes", (pieceBytes) => {
  it("gives the strings at the wanted places, and all else as it is", () => {
    const json = JSON.stringify({
      metadata: { data: 'no "place" \\', "image/data": "nor this" },
      images: [{ data: "first" }, { url: "https://a.example/?data=x" }, { data: "" }, [{ data: "deeper" }]],
      options: { list: [[[[{ image: { data: "far too deep" } }]]]], text: 'a \\" b' },
      image: { more: { data: "beside" }, data: "QUJD", after: 1 },
      data: "at the top",
    });
    expect(read(json, pieceBytes)).toEqual({
      text: json.replace('"first"', '""').replace('"QUJD"', '""'),
      found: [
        { place: "/images/0/data", inside: "first" },
        { place: "/images/2/data", inside: "" },
        { place: "/image/data", inside: "QUJD" },
      ],
    });
  });

  it("gives them as they are written, whatever escapes they and their names have", () => {
    const json = '{"im\\u0061ge" : {"d\\u0061ta"\n:\t"a\\/b\\\\\\"c\\u002b" }}';
    expect(read(json, pieceBytes)).toEqual({
      text: '{"im\\u0061ge" : {"d\\u0061ta"\n:\t"" }}',
      found: [{ place: "/image/data", inside: 'a\\/b\\\\\\"c\\u002b' }],
    });
  });

  it.each([
    '{"image":{"data":5}}',
    '"data"',
    "]]}}{",
    '{"image" {"data" "a"',
    "[".repeat(50),
    '{"image":["data","a"]}',
    "{{{{{",
    '{"\ud800":1,"image":{"dat":"a"}}',
  ])("leaves %j to its parser", (json) => {
    expect(read(json, pieceBytes).text).toBe(Buffer.from(json).toString());
  });
});
