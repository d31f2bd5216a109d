import { InvalidArgumentError } from "commander";

/** Reads an option that is a whole number within a range. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum} but received "${text}".`);
  };
}

/** Reads an option that is a part of one: 0 to 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`Expected a number from 0 to 1 but received "${text}".`);
}
