import type { Face } from "@facefleet/client";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { FaceMarks } from "./face-marks.js";
import type { Picture } from "./pictures.js";
import type { JudgedFace } from "./select-faces.js";

interface StageProps {
  readonly picture: Picture;
  readonly faces: readonly JudgedFace[];
  readonly chosen: Face | undefined;
  readonly onChoose: (face: Face) => void;
}

/** A picture as large as there is room, with what was found on it. */
export function Stage({ picture, faces, chosen, onChoose }: StageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [natural, setNatural] = useState<{ width: number; height: number } | undefined>();
  const [isShown, setShown] = useState(true);
  const { state, result } = picture.sight.value;
  const size = result?.image ?? natural ?? (isShown ? { width: 4, height: 3 } : { width: 6, height: 1 });

  useLayoutEffect(() => {
    if (!frame.current) return;
    const watch = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);

  const kept = faces.filter(({ reason }) => !reason).length;
  return (
    <div class="stage" aria-busy={state === "waiting" || state === "looking"}>
      <div
        ref={frame}
        class="frame"
        style={{ aspectRatio: `${size.width} / ${size.height}`, "--ratio": size.width / size.height }}
      >
        {isShown ? (
          <img
            src={picture.url}
            alt={`${picture.file.name}${result ? `, in which ${kept} faces are kept` : ""}`}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setNatural({ width: naturalWidth, height: naturalHeight })
            }
            onError={() => setShown(false)}
          />
        ) : (
          <p class="unseen">This browser cannot show the picture.</p>
        )}
        {result && width > 0 && (
          <FaceMarks faces={faces} scale={width / size.width} chosen={chosen} onChoose={onChoose} />
        )}
        {(state === "waiting" || state === "looking") && <div class="sweep" />}
      </div>
    </div>
  );
}
