"use strict";
// The form that brings a list in: files are dropped on it, and it says how far they are. And how far a list's work is.

function going(box, percent, text, wrong) {
  box.hidden = false;
  const bar = box.querySelector("progress");
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
  const said = box.querySelector("p");
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle("error", Boolean(wrong));
}

function tell(zone, text) {
  zone.querySelector(".told").textContent = text;
  if (text) zone.scrollIntoView({ block: "nearest" });
}

// One file goes into one field; what is not taken is said beside it.
function take(zone, carried) {
  const said = zone.closest("form").dataset;
  const entries = [...carried.items].filter((one) => one.kind === "file").map((one) => one.webkitGetAsEntry?.());
  if (!carried.files.length) return;
  if (carried.files.length > 1) return tell(zone, said.one);
  if (entries.some((one) => one?.isDirectory)) return tell(zone, said.folder);
  const only = new DataTransfer();
  only.items.add(carried.files[0]);
  zone.querySelector("input").files = only.files;
  tell(zone, "");
}

function takesDrops(zone) {
  const mark = (over) => () => zone.classList.toggle("over", over);
  zone.addEventListener("dragenter", mark(true));
  zone.addEventListener("dragover", mark(true));
  zone.addEventListener("dragleave", mark(false));
  zone.addEventListener("drop", mark(false));
  zone.querySelector("input").addEventListener("change", () => tell(zone, ""));
}

// Anywhere else on the page the browser would leave it, and show the file instead, personal data and all.
function catchesDrops() {
  const first = document.querySelector(".drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    if (!first) event.dataTransfer.dropEffect = "none";
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const zone = event.target instanceof Element && event.target.closest(".drop");
    if (zone || !first) return zone && take(zone, event.dataTransfer);
    if (event.dataTransfer.files.length && first.querySelector("input").files.length) tell(first, first.closest("form").dataset.which);
    else take(first, event.dataTransfer);
  });
}

async function unreadable(files) {
  for (const file of files) {
    try {
      await file.slice(0, 1).arrayBuffer();
    } catch {
      return true;
    }
  }
  return false;
}

function sends(form) {
  const box = form.querySelector(".going");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const files = [...form.querySelectorAll("input[type=file]")].flatMap((one) => [...one.files]);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > Number(form.dataset.most)) return going(box, 0, form.dataset.large, true);
    const wrong = (text) => {
      button.disabled = false;
      going(box, 0, text, true);
    };
    button.disabled = true;
    if (await unreadable(files)) return wrong(form.dataset.unreadable);
    const call = new XMLHttpRequest();
    call.upload.addEventListener("progress", (sent) => {
      const percent = sent.lengthComputable ? Math.floor(100 * sent.loaded / sent.total) : null;
      going(box, percent, form.dataset.sending.replace("{p}", percent === null ? "…" : percent));
    });
    call.upload.addEventListener("load", () => going(box, 100, form.dataset.sent));
    call.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(call.responseText);
      } catch {
        answer = {};
      }
      if (answer.next) location.assign(answer.next);
      else if (call.status === 401) {
        wrong(form.dataset.signedOut);
        // In a tab of its own: the files that were chosen stay here.
        const way = Object.assign(document.createElement("a"), { href: form.dataset.door, target: "_blank", textContent: form.dataset.signIn });
        box.querySelector("p").append(" ", way);
      }
      else wrong(answer.error || form.dataset.broken);
    });
    call.addEventListener("error", () => wrong(form.dataset.broken));
    call.addEventListener("abort", () => wrong(form.dataset.broken));
    call.open("POST", form.action);
    call.setRequestHeader("Accept", "application/json");
    going(box, 0, form.dataset.sending.replace("{p}", 0));
    call.send(new FormData(form));
  });
}

async function follow(box) {
  try {
    const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
    const told = await answer.json();
    if (told.over) return location.replace(box.dataset.page);
    if (answer.ok) going(box, told.percent, told.text);
  } catch {
    // The server does not answer just now; it is asked again.
  }
  setTimeout(follow, 700, box);
}

// The page of a refused decision is the answer to a POST: to load it anew is to look at the list, not to decide again.
for (const said of document.querySelectorAll(".refusal[data-page]")) history.replaceState(null, "", said.dataset.page);
catchesDrops();
for (const zone of document.querySelectorAll(".drop")) takesDrops(zone);
for (const form of document.querySelectorAll("form.bring")) sends(form);
for (const box of document.querySelectorAll("[data-progress]")) follow(box);
