import { useState } from "preact/hooks";
import { Icon } from "./icon.js";

/** A file as the browser shows it; an outline where it cannot. */
export function FilePicture({ url }: { readonly url: string }) {
  const [unseen, setUnseen] = useState<string | undefined>();
  if (unseen === url) {
    return (
      <span class="unseen">
        <Icon name="warning" />
      </span>
    );
  }
  return <img src={url} alt="" loading="lazy" decoding="async" onError={() => setUnseen(url)} />;
}
