"use strict";
// The customer's code by the camera; the decoder is fetched when it is first wanted.
(() => {
  const { $, t, say } = Till;
  const PAUSE = 120;
  const WIDEST = 960;
  let stream = null;
  let decoder = null;

  function load() {
    const { script, scriptIntegrity, wasm, wasmIntegrity } = $("decoder").dataset;
    const bytes = fetch(wasm, { integrity: wasmIntegrity }).then((answer) => answer.arrayBuffer());
    const loaded = new Promise((done, failed) => {
      const element = document.createElement("script");
      element.src = script;
      element.integrity = scriptIntegrity;
      element.onload = done;
      element.onerror = () => failed(new Error("decoder"));
      document.head.append(element);
    });
    return Promise.all([bytes, loaded]).then(([wasmBinary]) =>
      ZXingWASM.prepareZXingModule({
        overrides: { wasmBinary, locateFile: (path) => path },
        fireImmediately: true,
      }),
    );
  }

  function stop() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    $("video").srcObject = null;
    $("camera").hidden = true;
    $("scan").setAttribute("aria-expanded", "false");
  }

  async function look(found) {
    const video = $("video");
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const mine = stream;
    while (stream && stream === mine) {
      if (video.videoWidth) {
        const scale = Math.min(1, WIDEST / video.videoWidth);
        canvas.width = Math.round(video.videoWidth * scale);
        canvas.height = Math.round(video.videoHeight * scale);
        context.drawImage(video, 0, 0, canvas.width, canvas.height);
        const picture = context.getImageData(0, 0, canvas.width, canvas.height);
        const [read] = await ZXingWASM.readBarcodes(picture, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
        if (stream !== mine) return;
        if (read && read.text.startsWith("AZYQ1:")) {
          stop();
          found(read.text);
          return;
        }
        if (read) say($("camera-say"), t("camera_other"));
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }

  async function start(found) {
    if (stream) return;
    $("camera").hidden = false;
    $("scan").setAttribute("aria-expanded", "true");
    $("scan-stop").focus();
    if (!navigator.mediaDevices) {
      say($("camera-say"), t("camera_insecure"));
      return;
    }
    say($("camera-say"), t("camera_look"));
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      const video = $("video");
      video.srcObject = stream;
      await Promise.all([video.play(), (decoder ||= load())]);
      await look(found);
    } catch {
      decoder = null;
      if (stream) stream.getTracks().forEach((track) => track.stop());
      stream = null;
      $("video").srcObject = null;
      say($("camera-say"), t("camera_off"));
    }
  }

  Till.camera = { start, stop };
})();
