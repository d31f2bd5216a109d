import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon.js";

/** Takes a picture by the camera. Nothing is sent before it is taken. */
export function Camera({ onPicture, onClose }: { onPicture: (file: File) => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [isReady, setReady] = useState(false);
  const [refusal, setRefusal] = useState<string | undefined>();

  useEffect(() => {
    dialog.current?.showModal();
    let stream: MediaStream | undefined;
    let closed = false;
    const open = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1920 } } });
      if (closed) stop(stream);
      else if (video.current) video.current.srcObject = stream;
    };
    // Where the page is not at this machine and has no TLS, browsers have no cameras.
    open().catch((error: unknown) => setRefusal(error instanceof DOMException ? error.message : "There is no camera"));
    return () => {
      closed = true;
      if (stream) stop(stream);
    };
  }, []);

  const take = () => {
    const { videoWidth: width, videoHeight: height } = video.current!;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d")?.drawImage(video.current!, 0, 0);
    canvas.toBlob(
      (blob) => {
        if (blob) onPicture(new File([blob], "camera.jpg", { type: "image/jpeg" }));
        onClose();
      },
      "image/jpeg",
      0.95,
    );
  };

  return (
    <dialog ref={dialog} class="dialog wide" aria-label="Camera" onClose={onClose}>
      {refusal ? (
        <p class="problem" role="alert">
          <Icon name="warning" /> {refusal}
        </p>
      ) : (
        <video ref={video} autoplay playsInline muted onLoadedData={() => setReady(true)} />
      )}
      <div class="row end">
        <button type="button" onClick={onClose}>
          Close
        </button>
        {!refusal && (
          <button type="button" class="primary" onClick={take} disabled={!isReady}>
            Take the picture
          </button>
        )}
      </div>
    </dialog>
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
