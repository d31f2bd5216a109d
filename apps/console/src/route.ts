import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

/** What the page shows, as parts of the address behind `#/`: `["jobs", "j0190..."]`. */
export const route = computed(() => {
  const parts = hash.value.replace(/^#\/?/, "").split("/").filter(Boolean);
  return parts.length > 0 ? parts : ["try"];
});
