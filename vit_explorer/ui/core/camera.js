/* The camera, for every widget that has its parts: .camera (opens), .live with .video, .shoot and .quit. */
/**
 * Wire a widget's camera. It closes after a shot, on Escape, and when the widget leaves the screen.
 * @param {HTMLElement} root
 * @param {(shot: Blob) => void} take receives a PNG
 * @param {(sentence: string) => void} complain is told why there is no camera
 */
export function wireCamera(root, take, complain) {
  const $ = (selector) => root.querySelector(selector);
  const REASONS = {
    NotAllowedError: "the browser refused it: allow it beside the page's address, then try again.",
    NotFoundError: "none was found: plug one in, or upload or paste a picture.",
    NotReadableError: "another program holds it: close that, then try again.",
  };
  const FRAMED =
    "the page around this one may not allow it. Open this page in a tab of its own, or upload or paste a picture.";
  const visible = () => root.isConnected && root.offsetParent !== null;
  let stream = null;

  async function open() {
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
      complain("Camera: browsers give it only to pages at https or localhost addresses; upload or paste a picture.");
      return;
    }
    $(".camera").disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, facingMode: "environment" },
      });
    } catch (error) {
      const framed = error.name === "NotAllowedError" && window.parent !== window;
      complain(
        `Camera: ${framed ? FRAMED : REASONS[error.name] || "it could not be opened: upload or paste a picture."}`,
      );
      $(".camera").disabled = false;
      return;
    }
    if (!visible()) return close();
    $(".live").hidden = false;
    $(".video").srcObject = stream;
    $(".video")
      .play()
      .catch(() => {}); // closed before it began
    $(".shoot").focus();
  }

  function close() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    $(".video").srcObject = null;
    $(".live").hidden = true;
    $(".camera").disabled = false;
  }

  function shoot() {
    const video = $(".video");
    if (!video.videoWidth) return;
    const shot = document.createElement("canvas");
    [shot.width, shot.height] = [video.videoWidth, video.videoHeight];
    shot.getContext("2d").drawImage(video, 0, 0);
    close();
    $(".camera").focus();
    shot.toBlob((blob) => blob && take(blob), "image/png");
  }

  $(".camera").addEventListener("click", open);
  $(".shoot").addEventListener("click", shoot);
  $(".quit").addEventListener("click", close);
  $(".live").addEventListener("keydown", (event) => event.key === "Escape" && close());
  new ResizeObserver(() => !visible() && close()).observe(root);
}
