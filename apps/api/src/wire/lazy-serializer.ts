import { type SerializerFactory, SerializerSelector } from "@fastify/fast-json-stringify-compiler";

/**
 * Fastify's serializer, compiled when an answer is first sent by it: to compile all of them takes most of what the start of
 * an API computes.
 */
export const buildLazySerializer: SerializerFactory = (components, options) => {
  const compile = SerializerSelector()(components, options);
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined;
    return (answer) => {
      serialize ??= compile(route);
      return serialize(answer);
    };
  };
};
