import { FilePicture } from "../parts/file-picture.js";
import { Icon } from "../parts/icon.js";
import { count, percent } from "../parts/words.js";
import { choose, chosen, judge, lookAgain, type Picture, pictures, removePictures } from "./pictures.js";

/** All pictures, small, and how far they are. */
export function Film() {
  const all = pictures.value;
  const states = all.map(({ sight }) => sight.value.state);
  const done = states.filter((state) => state === "seen" || state === "failed").length;
  const failed = all.filter(({ sight }) => sight.value.state === "failed");
  return (
    <section class="film" aria-label="Pictures">
      <div class="row">
        <p role="status">
          {done < all.length ? `${done} of ${count(all.length, "picture")}` : count(all.length, "picture")}
          {failed.length > 0 && `, ${failed.length} failed`}
        </p>
        {done < all.length && (
          <progress value={done} max={all.length} aria-label="Pictures that were looked at">
            {percent(done / all.length)}
          </progress>
        )}
        <span class="grow" />
        {failed.length > 0 && (
          <button type="button" class="plain" onClick={() => lookAgain(failed)}>
            <Icon name="again" /> Try what failed again
          </button>
        )}
        <button type="button" class="plain" onClick={() => removePictures(all)}>
          Clear
        </button>
      </div>
      <ol>
        {all.map((picture) => (
          <Frame key={picture.id} picture={picture} />
        ))}
      </ol>
    </section>
  );
}

function Frame({ picture }: { readonly picture: Picture }) {
  const { state, result } = picture.sight.value;
  const kept = result && judge.value(result).filter(({ reason }) => !reason).length;
  const badge = state === "failed" ? "failed" : state === "seen" ? count(kept ?? 0, "face") : state;
  return (
    <li>
      <button
        type="button"
        class={`shot ${state}`}
        aria-pressed={picture === chosen.value}
        aria-label={`${picture.file.name}: ${badge}`}
        title={picture.file.name}
        onClick={() => choose(picture)}
      >
        <FilePicture url={picture.url} />
        <span class="badge">{state === "seen" ? kept : state === "failed" ? "!" : "…"}</span>
      </button>
    </li>
  );
}
