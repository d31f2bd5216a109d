import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon.js";
import { apiKey, keepKey, keyWanted } from "./api-key.js";

export const keyDialogOpen = signal(false);

/** Asks for a key: when somebody wants to give one, or the service wants to have one. */
export function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isRefused = keyWanted.value !== undefined;
  const isOpen = keyDialogOpen.value || keyWanted.value === "asked";
  useEffect(() => {
    if (isOpen && !dialog.current?.open) dialog.current?.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);

  const decline = () => {
    keyDialogOpen.value = false;
    if (keyWanted.value === "asked") keyWanted.value = "declined";
  };
  const keep = (key: string | undefined) => {
    keyDialogOpen.value = false;
    keepKey(key);
  };
  const take = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("key");
    keep(String(given ?? "").trim() || undefined);
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="key-title" onCancel={decline}>
      {isOpen && (
        <form onSubmit={take}>
          <h2 id="key-title">
            <Icon name="key" /> API key
          </h2>
          <p class="quiet">
            {isRefused && apiKey.value !== undefined
              ? "The service does not know this key, or knows it no more."
              : isRefused
                ? "This service wants a key. Its operator makes them with facefleet keys."
                : "Sent with every request. This tab keeps it, and so does a copy of it; other pages of this address can read it."}
          </p>
          <label class="field">
            <span>Key</span>
            <input
              name="key"
              type="password"
              autocomplete="off"
              spellcheck={false}
              placeholder="ff_…"
              required
              defaultValue={apiKey.value ?? ""}
            />
          </label>
          <div class="row end">
            {apiKey.value !== undefined && (
              <button type="button" class="plain danger" onClick={() => keep(undefined)}>
                Forget it
              </button>
            )}
            <span class="grow" />
            <button type="button" onClick={decline}>
              Not now
            </button>
            <button type="submit" class="primary">
              Use it
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}
