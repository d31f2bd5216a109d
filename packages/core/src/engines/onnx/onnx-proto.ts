import protobuf from "protobufjs";

/**
 * The part of ONNX's protobuf schema that our graphs use (field numbers from onnx.proto, IR version 10,
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: { type: "int64", id: 1 },
        producerName: { type: "string", id: 2 },
        graph: { type: "GraphProto", id: 7 },
        opsetImport: { rule: "repeated", type: "OperatorSetIdProto", id: 8 },
      },
    },
    OperatorSetIdProto: { fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } } },
    GraphProto: {
      fields: {
        node: { rule: "repeated", type: "NodeProto", id: 1 },
        name: { type: "string", id: 2 },
        initializer: { rule: "repeated", type: "TensorProto", id: 5 },
        input: { rule: "repeated", type: "ValueInfoProto", id: 11 },
        output: { rule: "repeated", type: "ValueInfoProto", id: 12 },
      },
    },
    NodeProto: {
      fields: {
        input: { rule: "repeated", type: "string", id: 1 },
        output: { rule: "repeated", type: "string", id: 2 },
        name: { type: "string", id: 3 },
        opType: { type: "string", id: 4 },
        attribute: { rule: "repeated", type: "AttributeProto", id: 5 },
        domain: { type: "string", id: 7 },
      },
    },
    AttributeProto: {
      fields: {
        name: { type: "string", id: 1 },
        i: { type: "int64", id: 3 },
        s: { type: "bytes", id: 4 },
        ints: { rule: "repeated", type: "int64", id: 8, options: { packed: false } },
        type: { type: "int32", id: 20 },
      },
    },
    TensorProto: {
      fields: {
        dims: { rule: "repeated", type: "int64", id: 1, options: { packed: false } },
        dataType: { type: "int32", id: 2 },
        name: { type: "string", id: 8 },
        rawData: { type: "bytes", id: 9 },
        externalData: { rule: "repeated", type: "StringStringEntryProto", id: 13 },
        dataLocation: { type: "int32", id: 14 },
      },
    },
    StringStringEntryProto: { fields: { key: { type: "string", id: 1 }, value: { type: "string", id: 2 } } },
    ValueInfoProto: { fields: { name: { type: "string", id: 1 }, type: { type: "TypeProto", id: 2 } } },
    TypeProto: { fields: { tensorType: { type: "TensorTypeProto", id: 1 } } },
    TensorTypeProto: {
      fields: { elemType: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
    },
    TensorShapeProto: { fields: { dim: { rule: "repeated", type: "DimensionProto", id: 1 } } },
    DimensionProto: { fields: { dimValue: { type: "int64", id: 1 }, dimParam: { type: "string", id: 2 } } },
  },
});

/** TensorProto.DataType, by what safetensors calls the same. */
export const dataTypes = { F32: 1, U8: 2, I8: 3, I32: 6 } as const;
export const externalLocation = 1;

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}

/** Of the operators that only ONNX Runtime has. */
export const runtimeDomain = "com.microsoft";

export interface OnnxNode {
  readonly opType: string;
  /** ONNX's own unless told. */
  readonly domain?: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}

/** Constant numbers, in the model itself or in another file. */
export type OnnxInitializer = {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
} & (
  | { readonly rawData: Uint8Array }
  | {
      readonly dataLocation: number;
      readonly externalData: readonly { readonly key: string; readonly value: string }[];
    }
);

interface OnnxValue {
  readonly name: string;
  /** A number is a fixed size, a word a size known only at run time. */
  readonly dims: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export type AttributeValue = number | string | readonly number[];

/** An INT, STRING or INTS attribute (AttributeProto.AttributeType 2, 3 and 7). */
export function attribute(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === "number") return { name, type: 2, i: value };
  return typeof value === "string" ? { name, type: 3, s: Buffer.from(value) } : { name, type: 7, ints: value };
}

/** Serialises a graph as an ONNX model of the given operator set. */
export function encodeModel(graph: OnnxGraph, opset: number): Uint8Array {
  const type = root.lookupType("ModelProto");
  const message = type.fromObject({
    irVersion: 10,
    producerName: "facefleet",
    opsetImport: [
      { domain: "", version: opset },
      { domain: runtimeDomain, version: 1 },
    ],
    graph: {
      name: graph.name,
      node: graph.nodes,
      initializer: graph.initializers,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
  });
  return type.encode(message).finish();
}

/** What a model computes, and its constants; of these only what it holds as raw bytes. */
export function decodeModel(bytes: Uint8Array): Pick<OnnxGraph, "nodes" | "initializers"> {
  const type = root.lookupType("ModelProto");
  const { graph } = type.toObject(type.decode(bytes), { longs: Number, arrays: true });
  return { nodes: graph.node, initializers: graph.initializer };
}

function valueInfo({ name, dims }: OnnxValue) {
  const dim = dims.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dataTypes.F32, shape: { dim } } } };
}
