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

function takesDrops(zone) {
  const input = zone.querySelector("input");
  const mark = (over) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", over);
  };
  zone.addEventListener("dragenter", mark(true));
  zone.addEventListener("dragover", mark(true));
  zone.addEventListener("dragleave", mark(false));
  zone.addEventListener("drop", (event) => {
    mark(false)(event);
    if (!event.dataTransfer.files.length) return;
    const only = new DataTransfer();
    only.items.add(event.dataTransfer.files[0]);
    input.files = only.files;
  });
}

function sends(form) {
  const box = form.querySelector(".going");
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const size = [...form.querySelectorAll("input[type=file]")].flatMap((one) => [...one.files]).reduce((sum, file) => sum + file.size, 0);
    if (size > Number(form.dataset.most)) return going(box, 0, form.dataset.large, true);
    const wrong = (text) => {
      button.disabled = false;
      going(box, 0, text, true);
    };
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
      else wrong(answer.error || form.dataset.broken);
    });
    call.addEventListener("error", () => wrong(form.dataset.broken));
    call.addEventListener("abort", () => wrong(form.dataset.broken));
    call.open("POST", form.action);
    call.setRequestHeader("Accept", "application/json");
    button.disabled = true;
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
for (const zone of document.querySelectorAll(".drop")) takesDrops(zone);
for (const form of document.querySelectorAll("form.bring")) sends(form);
for (const box of document.querySelectorAll("[data-progress]")) follow(box);
