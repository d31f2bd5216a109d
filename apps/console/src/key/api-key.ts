import { signal } from "@preact/signals";

const place = "facefleet-api-key";

/** The key that requests carry. It lives as long as this tab does. */
export const apiKey = signal<string | undefined>(stored());

/** Whether the service has refused the key, or that there was none, and what its user says to that. */
export const keyWanted = signal<"asked" | "declined" | undefined>(undefined);

export function keepKey(key: string | undefined): void {
  apiKey.value = key;
  keyWanted.value = undefined;
  try {
    if (key === undefined) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, key);
  } catch {
    // Browsers that are told to keep nothing: until the page is left, it is here.
  }
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(place) ?? undefined;
  } catch {
    return undefined;
  }
}
